"""How much memory a worker needs that trains a stack.

Estimated from what a training step and an evaluation keep, with factors fitted to measured peaks (x86-64, glibc,
which keeps what it has once had); a test holds the estimate against real processes. Fitted for stacks of 1 to 8,
widths of 64 to 512, up to 6 layers, vocabularies of 8 to 1000 and batches of 16 to 128; beyond, it extrapolates.

Shapes: P positions of a batch, D width, V tokens, H heads, K chosen keys, T time steps.
"""

from amor_models.attention import causal, selection
from amor_models.configuration import (
    NUM_POSITIONS,
    AmorModel,
    EntropyGate,
    ExperimentConfig,
    FullAttentionModel,
    HeuristicModel,
    SsmMlpModel,
)
from amor_models.evaluation import BATCH_SIZE
from amor_models.tasks import CACHE_BYTES

PROCESS_BYTES = 600_000_000
"""A worker with its libraries, before it trains anything."""

SAFETY = 1.25
FLOAT_BYTES = 4
BYTES_PER_TOKEN = 20
"""Of data: the token and its labels, as generated and as tensors."""
CHOSEN_BYTES = 24
"""Index, score, weight and line of one chosen key."""
COPIES_OF_WEIGHTS = 6
"""The weights, two moments, gradients, and what autograd and the optimiser make of them on the way."""
VOCABULARIES_TRAINED = 6
"""Floats per position and token: logits, log-softmax, their gradients, and one-hot rows of the input."""
VOCABULARIES_OF_ENTROPY = 6
"""The same of the entropy that a gate reads: logits, softmax, logarithm, and gradients."""
VOCABULARIES_EVALUATED = 5
"""Logits, and what the entropy of them takes."""


def stack_memory(config: ExperimentConfig, stack_size: int) -> int:
    """Peak resident memory, in bytes, of a process that trains a stack of `stack_size` trials like this one."""
    task = config.task
    data = (task.num_train + task.num_validation + task.num_test) * task.seq_length * BYTES_PER_TOKEN
    if isinstance(config.model, HeuristicModel):
        return PROCESS_BYTES + CACHE_BYTES + data  # one trial after another
    evaluated = min(BATCH_SIZE, max(task.num_validation, task.num_test))
    trained = min(config.training.batch_size, task.num_train)
    floats = max(_training_floats(config, trained), _evaluation_floats(config, evaluated))
    per_trial = (floats + COPIES_OF_WEIGHTS * num_weights(config)) * FLOAT_BYTES
    shared = _attention_bytes(config, evaluated) if isinstance(config.model, AmorModel) else 0.0
    return PROCESS_BYTES + CACHE_BYTES + round(SAFETY * (stack_size * (per_trial + data) + shared))


def num_weights(config: ExperimentConfig) -> int:
    """Weights of one trial, without biases, norms and gates, which are few."""
    model = config.model
    assert not isinstance(model, HeuristicModel)
    width, square = model.d_model, model.d_model**2
    of_tokens = 2 * config.total_vocab_size * width  # embedding and output layer
    if isinstance(model, FullAttentionModel):
        return 12 * model.num_layers * square + of_tokens + NUM_POSITIONS * width
    backbone = 6 * model.num_layers * square + of_tokens
    if isinstance(model, AmorModel):
        return backbone + 6 * square + of_tokens
    return backbone + 4 * square + of_tokens if isinstance(model, SsmMlpModel) else backbone


def _training_floats(config: ExperimentConfig, num_sequences: int) -> float:
    """Kept by a training step of one trial, at its peak."""
    model, num_steps = config.model, config.task.seq_length - 1
    assert not isinstance(model, HeuristicModel)
    positions = num_sequences * num_steps
    vocabularies = VOCABULARIES_TRAINED * config.total_vocab_size
    if isinstance(model, FullAttentionModel):
        seen = (num_steps + causal.QUERY_BLOCK) / 2
        weights = 2.5 * model.num_heads * seen  # before and after dropout, and a gradient of one block
        return positions * (model.num_layers * (32 * model.d_model + weights) + 15 * model.d_model + vocabularies)
    floats = (8 * model.num_layers + 6) * model.d_model + vocabularies
    if isinstance(model, AmorModel):
        floats += 20 * model.d_model  # projections, their heads, what attention gives, and gradients
        floats += min(model.attention.top_k, num_steps) * model.d_model  # the chosen values, in the backward pass
        if isinstance(model.gate, EntropyGate):
            floats += VOCABULARIES_OF_ENTROPY * config.total_vocab_size
    attention = _attention_bytes(config, num_sequences) / FLOAT_BYTES if isinstance(model, AmorModel) else 0.0
    return positions * floats + attention


def _evaluation_floats(config: ExperimentConfig, num_sequences: int) -> float:
    """Kept by a pass over a batch without gradients, for one trial."""
    model, positions = config.model, num_sequences * (config.task.seq_length - 1)
    assert not isinstance(model, HeuristicModel)
    vocabularies = VOCABULARIES_EVALUATED * config.total_vocab_size
    if isinstance(model, FullAttentionModel):
        return positions * (16 * model.d_model + vocabularies)
    extra = 4 if isinstance(model, AmorModel) else 0
    return positions * ((4 * model.num_layers + 6 + extra) * model.d_model + vocabularies)


def _attention_bytes(config: ExperimentConfig, num_sequences: int) -> float:
    """Scores of one block of queries, and the chosen keys of all; in evaluation one trial after another."""
    model, num_steps = config.model, config.task.seq_length - 1
    assert isinstance(model, AmorModel)
    attentions = num_sequences * model.num_heads
    scores = 1.5 * selection.QUERY_BLOCK * num_steps * FLOAT_BYTES
    chosen = num_steps * min(model.attention.top_k, num_steps) * CHOSEN_BYTES
    return attentions * (scores + chosen)
