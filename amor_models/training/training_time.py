"""How long training takes: alone, and in a stack.

Measured by `python -m benchmarks --only training` (NeedleHaystack, batches of 32, width 64, one thread of an AMD EPYC
with AVX2): milliseconds per step and trial in stacks of 1, 2, 4 and 8. Elsewhere times differ, their ratios less.
"""

import numpy as np

from amor_models.configuration import GATES_WITH_GRADIENT, AmorModel, ExperimentConfig, HeuristicModel
from amor_models.training.setup import max_stack_size

TOKENS_PER_STEP = 32 * 255
STACK_SIZES = (1, 2, 4, 8)
STEP_MS = {
    "ssm": (75.0, 61.0, 55.0, 52.0),
    "ssm_mlp": (86.0, 70.0, 63.0, 60.0),  # not timed: 1.15 times the SSM's, by its products
    "full_attention": (229.0, 248.0, 243.0, 248.0),
    "amor": (97.0, 86.0, 81.0, 82.0),
    "amor, gate with gradient": (137.0, 120.0, 115.0, 114.0),
}
HEURISTIC_TOKEN_S = 1e-7


def training_time(config: ExperimentConfig, stack_size: int = 1) -> float:
    """Expected seconds of training a whole stack of trials like this one, on the machine of the measurements."""
    task = config.task
    if isinstance(config.model, HeuristicModel):
        return stack_size * (task.num_validation + task.num_test) * task.seq_length * HEURISTIC_TOKEN_S
    name: str = config.model.name
    if isinstance(config.model, AmorModel) and isinstance(config.model.gate, GATES_WITH_GRADIENT):
        name = "amor, gate with gradient"
    # Too large a stack is trained one trial after another.
    size = stack_size if stack_size <= max_stack_size(config) else 1
    token_s = float(np.interp(size, STACK_SIZES, STEP_MS[name])) / TOKENS_PER_STEP / 1000
    return stack_size * token_s * task.num_train * task.seq_length * (config.training.epochs or 0)
