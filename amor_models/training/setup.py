"""What is to be trained together, and what may be."""

from collections.abc import Hashable
from dataclasses import dataclass

import torch

from amor_models.configuration import AmorModel, ExperimentConfig, FullAttentionModel, HeuristicModel
from amor_models.randomness import Streams


@dataclass(frozen=True, kw_only=True)
class TrialSetup:
    """One trial: its name in the reports, its configuration, its random streams."""

    key: str
    config: ExperimentConfig
    streams: Streams


def stack_key(config: ExperimentConfig) -> Hashable:
    """Trials with equal keys may be trained in one stack: equal shapes and an equal program.

    What may differ inside a stack: seeds and streams, the task's probabilities and noise lengths, the
    dropout rate, the gate's numbers, learning rate, weight decay, clipping and balance weight.
    """
    task, model, training = config.task, config.model, config.training
    data = (task.name, task.seq_length, task.vocab_size, task.num_train, task.num_validation, task.num_test)
    if isinstance(model, HeuristicModel):
        return ("heuristic", *data)
    shape: tuple[Hashable, ...] = (model.name, model.d_model, model.num_layers, model.dropout > 0)
    if isinstance(model, FullAttentionModel):
        shape += (model.num_heads,)
    elif isinstance(model, AmorModel):
        shape += (model.num_heads, model.gate.name, model.attention.top_k, model.attention.kv)
    return (*data, *shape, training.batch_size, training.epochs)


def prepare_worker() -> None:
    """Puts this process into the state that trials are trained in: one thread, deterministic algorithms.

    Results are promised bit for bit only after this call; it is cheap and may be repeated.
    """
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
