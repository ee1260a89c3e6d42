"""How much memory a worker needs that trains a stack."""

from amor_models.configuration import ExperimentConfig, HeuristicModel

PROCESS_BYTES = 500_000_000
"""A worker with its libraries, before it trains anything."""

_TENSORS_PER_LAYER = 40
"""Roughly as many tensors of the hidden state's shape live at once in a training step, per layer."""


def stack_memory(config: ExperimentConfig, stack_size: int) -> int:
    """Peak resident memory, in bytes, of a process that trains a stack of `stack_size` trials like this one."""
    task, model = config.task, config.model
    num_tokens = (task.num_train + task.num_validation + task.num_test) * task.seq_length
    per_trial = 16 * num_tokens  # tokens and labels
    if not isinstance(model, HeuristicModel):
        hidden = config.training.batch_size * task.seq_length * model.d_model
        logits = config.training.batch_size * task.seq_length * config.total_vocab_size
        per_trial += 4 * (_TENSORS_PER_LAYER * model.num_layers * hidden + 4 * logits)
    return PROCESS_BYTES + stack_size * per_trial
