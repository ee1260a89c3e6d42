"""Evaluating a stack on one split.

Shapes: M trials, B sequences, T time steps.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from amor_models.evaluation.counts import NUM_ENTROPY_BINS, Counts
from amor_models.evaluation.split import Split
from amor_models.models import Amor, Model, ModelOutput, normalised_entropy

BATCH_SIZE = 100
"""Sequences per pass: more would not be faster. Part of the arithmetic, so the same for all trials."""


def read_entropy(model: Model, output: ModelOutput) -> Tensor | None:
    """The normalised entropy that this model's metrics are about.

    For AMOR with an entropy gate it is what the gate reads; with another gate the backbone's own output layer
    is not trained, and nothing is reported. For other models it is the entropy of the prediction.
    """
    if isinstance(model, Amor):
        return output.entropy if model.gate.reads_entropy else None
    return normalised_entropy(output.logits)


def _batches(splits: Sequence[Split]) -> list[slice]:
    return [slice(start, start + BATCH_SIZE) for start in range(0, splits[0].tokens.shape[0], BATCH_SIZE)]


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
    for batch in _batches(splits):
        tokens = torch.stack([split.tokens[batch] for split in splits])
        labels = torch.stack([split.needs_retrieval[batch] for split in splits])
        targets = tokens[..., 1:]
        output = model(tokens[..., :-1], needs_retrieval=labels)
        correct = output.logits.argmax(dim=-1) == targets
        losses = functional.cross_entropy(output.logits.flatten(0, 2), targets.flatten(), reduction="none")
        losses = losses.view(targets.shape)
        entropy = read_entropy(model, output)
        for trial, split in enumerate(splits):
            counts[trial].add(
                correct=correct[trial],
                cross_entropy=losses[trial],
                needs_retrieval=labels[trial],
                is_impossible=None if split.is_impossible is None else split.is_impossible[batch],
                gate=None if output.gate is None else output.gate[trial],
                entropy=None if entropy is None else entropy[trial],
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
    tokens = torch.stack([split.tokens[:num_sequences] for split in splits])
    labels = torch.stack([split.needs_retrieval[:num_sequences] for split in splits])
    output = model(tokens[..., :-1], needs_retrieval=labels)
    entropy = read_entropy(model, output)
    return [
        tuple(
            {
                "sequence": index,
                "tokens": tokens[trial, index, :-1].tolist(),
                "targets": tokens[trial, index, 1:].tolist(),
                "needs_retrieval": labels[trial, index].tolist(),
                "gate": None if output.gate is None else output.gate[trial, index].tolist(),
                "entropy": None if entropy is None else entropy[trial, index].tolist(),
            }
            for index in range(tokens.shape[1])
        )
        for trial in range(len(splits))
    ]
