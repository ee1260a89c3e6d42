"""The models: one per file, each a stack of trials."""

from amor_models.models.amor import Amor
from amor_models.models.build import build_stack
from amor_models.models.full_attention import FullAttention
from amor_models.models.heuristic import heuristic_accuracy
from amor_models.models.output import Model, ModelOutput, normalised_entropy
from amor_models.models.ssm import Ssm
from amor_models.models.ssm_mlp import SsmMlp

__all__ = [
    "Amor",
    "FullAttention",
    "Model",
    "ModelOutput",
    "Ssm",
    "SsmMlp",
    "build_stack",
    "heuristic_accuracy",
    "normalised_entropy",
]
