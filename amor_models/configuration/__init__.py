"""Configuration of experiments: frozen, strict, every field explained."""

from amor_models.configuration.experiment import NUM_POSITIONS, ExperimentConfig
from amor_models.configuration.gates import (
    AlwaysGate,
    EntropyGate,
    GateConfig,
    LearnedRlGate,
    LearnedSteGate,
    NeverGate,
    OracleGate,
    RandomGate,
)
from amor_models.configuration.identity import GATES_WITH_GRADIENT, identity_config
from amor_models.configuration.models import (
    AmorModel,
    FullAttentionModel,
    HeuristicModel,
    ModelConfig,
    SparseAttention,
    SsmMlpModel,
    SsmModel,
)
from amor_models.configuration.tasks import NeedleHaystackTask, SimpleRetrievalTask, TaskConfig
from amor_models.configuration.training import TrainingConfig

__all__ = [
    "GATES_WITH_GRADIENT",
    "NUM_POSITIONS",
    "AlwaysGate",
    "AmorModel",
    "EntropyGate",
    "ExperimentConfig",
    "FullAttentionModel",
    "GateConfig",
    "HeuristicModel",
    "LearnedRlGate",
    "LearnedSteGate",
    "ModelConfig",
    "NeedleHaystackTask",
    "NeverGate",
    "OracleGate",
    "RandomGate",
    "SimpleRetrievalTask",
    "SparseAttention",
    "SsmMlpModel",
    "SsmModel",
    "TaskConfig",
    "TrainingConfig",
    "identity_config",
]
