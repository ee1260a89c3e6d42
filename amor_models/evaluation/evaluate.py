"""Evaluating a stack on one split.

Shapes: M trials, B sequences, T time steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from amor_models.evaluation.counts import NUM_ENTROPY_BINS, Counts
from amor_models.evaluation.split import Split
from amor_models.layers import ALIGNED
from amor_models.models import Amor, Model, ModelOutput, normalised_entropy

BATCH_SIZE = 128
"""Sequences per pass: more would not be faster. Part of the arithmetic, so the same for all trials."""


@dataclass(frozen=True, kw_only=True)
class PredictionEntropy:
    """The normalised entropy that a model's metrics are about, and the tokens that its distribution predicts.

    Attributes:
        entropy: (M, B, T), normalised.
        predicted: (M, B, T), int64.
    """

    entropy: Tensor
    predicted: Tensor

    @classmethod
    def of(cls, model: Model, output: ModelOutput) -> "PredictionEntropy | None":
        """For AMOR with an entropy gate it is of what the gate reads: the backbone's own prediction.

        With another gate the backbone's output layer is not trained, and there is none. For other models it is of the
        model's prediction.
        """
        if not isinstance(model, Amor):
            return cls(entropy=normalised_entropy(output.logits), predicted=output.logits.argmax(dim=-1))
        if not model.gate.reads_entropy:
            return None
        assert output.entropy is not None
        assert output.backbone_predicted is not None
        return cls(entropy=output.entropy, predicted=output.backbone_predicted)


def _stack_rows(tensors: Sequence[Tensor], rows: slice) -> Tensor:
    """One batch (M, B, ...), its last row repeated until every trial's slice is aligned."""
    batch = torch.stack([tensor[rows] for tensor in tensors])
    padding = -batch.shape[1] % ALIGNED
    return torch.cat([batch, batch[:, -1:].expand(-1, padding, -1)], dim=1) if padding else batch


def _predict(model: Model, splits: Sequence[Split], rows: slice) -> tuple[Tensor, ModelOutput]:
    tokens = _stack_rows([split.tokens for split in splits], rows)
    labels = _stack_rows([split.needs_retrieval for split in splits], rows)
    return tokens, model(tokens[..., :-1], needs_retrieval=labels)


@torch.no_grad()
def evaluate(model: Model, splits: Sequence[Split], name: str) -> list[Counts]:
    """Counts everything over a split.

    Args:
        model: the stack; left in evaluation mode.
        splits: one per trial, of equal shapes.
        name: the split's name ("validation", "test"), for gates that draw.
    """
    model.eval()
    model.begin_evaluation(name)
    counts = [Counts(vocab_size=model.vocab_size) for _ in splits]
    num_sequences = splits[0].tokens.shape[0]
    for start in range(0, num_sequences, BATCH_SIZE):
        batch = slice(start, min(start + BATCH_SIZE, num_sequences))
        tokens, output = _predict(model, splits, batch)
        targets = tokens[..., 1:]
        correct = output.logits.argmax(dim=-1) == targets
        losses = functional.cross_entropy(output.logits.flatten(0, 2), targets.flatten(), reduction="none")
        losses = losses.view(targets.shape)
        of_prediction = PredictionEntropy.of(model, output)
        real = slice(0, batch.stop - batch.start)
        for trial, split in enumerate(splits):
            counts[trial].add(
                correct=correct[trial, real],
                cross_entropy=losses[trial, real],
                needs_retrieval=split.needs_retrieval[batch],
                is_impossible=None if split.is_impossible is None else split.is_impossible[batch],
                gate=None if output.gate is None else output.gate[trial, real],
                entropy=None if of_prediction is None else of_prediction.entropy[trial, real],
                is_error=None if of_prediction is None else (of_prediction.predicted != targets)[trial, real],
                attention_madds=output.attention_madds[trial],
            )
    return counts


def entropy_rows(counts: Counts) -> tuple[dict[str, Any], ...]:
    """The histogram of the entropy, empty bins left out."""
    return tuple(
        {
            "position": position,
            "bin_low": index / NUM_ENTROPY_BINS,
            "bin_high": (index + 1) / NUM_ENTROPY_BINS,
            "count": count,
        }
        for position, bins in counts.entropy_bins.items()
        for index, count in enumerate(bins)
        if count
    )


@torch.no_grad()
def sample_rows(
    model: Model, splits: Sequence[Split], name: str, num_sequences: int
) -> list[tuple[dict[str, Any], ...]]:
    """For each trial, the first sequences of a split with what the gate did on them."""
    model.eval()
    model.begin_evaluation(name)
    tokens, output = _predict(model, splits, slice(0, num_sequences))
    of_prediction = PredictionEntropy.of(model, output)
    return [
        tuple(
            {
                "sequence": index,
                "tokens": tokens[trial, index, :-1].tolist(),
                "targets": tokens[trial, index, 1:].tolist(),
                "needs_retrieval": splits[trial].needs_retrieval[index].tolist(),
                "gate": None if output.gate is None else output.gate[trial, index].tolist(),
                "entropy": None if of_prediction is None else of_prediction.entropy[trial, index].tolist(),
            }
            for index in range(min(num_sequences, splits[trial].tokens.shape[0]))
        )
        for trial in range(len(splits))
    ]
