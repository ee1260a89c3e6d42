"""How long a stack takes against one trial alone."""

import numpy as np

from amor_models.configuration import ExperimentConfig, FullAttentionModel, HeuristicModel
from amor_models.training.setup import max_stack_size

_SIZES = (1, 2, 4, 8)
_RECURRENT = (1.0, 0.85, 0.75, 0.8)
_ATTENTION = (1.0, 1.05, 1.15, 1.2)
"""Time per trial in stacks of these sizes, against a trial alone: larger stacks fall out of cache."""


def relative_stack_time(config: ExperimentConfig, stack_size: int) -> float:
    """Time of training a stack of `stack_size` trials like this one, relative to one trial alone (1.0 at size 1)."""
    if isinstance(config.model, HeuristicModel) or stack_size > max_stack_size(config):
        return float(stack_size)  # one after another
    per_trial = _ATTENTION if isinstance(config.model, FullAttentionModel) else _RECURRENT
    return stack_size * float(np.interp(stack_size, _SIZES, per_trial))
