"""AMOR's gates, one per file, and the controls."""

from amor_models.gates.always import AlwaysGate
from amor_models.gates.entropy import EntropyGate
from amor_models.gates.gate import Gate, GateInput, GateOutput
from amor_models.gates.learned_rl import LearnedRlGate
from amor_models.gates.learned_ste import LearnedSteGate
from amor_models.gates.never import NeverGate
from amor_models.gates.oracle import OracleGate
from amor_models.gates.random_rate import RandomGate

__all__ = [
    "AlwaysGate",
    "EntropyGate",
    "Gate",
    "GateInput",
    "GateOutput",
    "LearnedRlGate",
    "LearnedSteGate",
    "NeverGate",
    "OracleGate",
    "RandomGate",
]
