"""Counts and sums over all positions of a split, and the metrics that follow from them.

Everything is pooled: sums are taken over the whole split, and divided once at the end.
"""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from scipy.stats import rankdata
from torch import Tensor

NUM_ENTROPY_BINS = 50


def ratio(numerator: float, denominator: float) -> float | None:
    """The quotient, or None where nothing was counted."""
    return numerator / denominator if denominator else None


def difference(first: float | None, second: float | None) -> float | None:
    """The difference, or None where either is undefined."""
    return None if first is None or second is None else first - second


def auroc(ranks: np.ndarray, is_positive: np.ndarray) -> float | None:
    """The area under the ROC curve: the chance that a positive has a higher score than a negative.

    It is the Mann-Whitney statistic divided by the number of pairs (Hanley and McNeil, 1982).

    Args:
        ranks: of all scores, from 1 on; the mean rank where scores are equal.
        is_positive: which of them belong to positives.

    Returns:
        None where there are no positives, or no negatives.
    """
    num_positive = int(is_positive.sum())
    wins = float(ranks[is_positive].sum()) - num_positive * (num_positive + 1) / 2
    return ratio(wins, num_positive * (len(ranks) - num_positive))


@dataclass(kw_only=True)
class Counts:
    """What is counted for one trial while a split passes by.

    Attributes:
        entropies: normalised, by batch, each (N,): ranks need them all.
        entropy_needs: whether the target of each needs retrieval.
        entropy_errors: whether the prediction that each belongs to is wrong.
    """

    vocab_size: int
    targets: int = 0
    correct: int = 0
    retrieval: int = 0
    retrieval_correct: int = 0
    cross_entropy: float = 0.0
    attention_madds: int = 0
    has_gate: bool = False
    fired: int = 0
    fired_retrieval: int = 0
    impossible: int = 0
    fired_impossible: int = 0
    has_queries: bool = False
    has_entropy: bool = False
    entropy_retrieval: float = 0.0
    entropy_local: float = 0.0
    entropy_bins: dict[str, list[int]] = field(
        default_factory=lambda: {name: [0] * NUM_ENTROPY_BINS for name in ("local", "retrieval")}
    )
    entropies: list[Tensor] = field(default_factory=list)
    entropy_needs: list[Tensor] = field(default_factory=list)
    entropy_errors: list[Tensor] = field(default_factory=list)

    def add(
        self,
        *,
        correct: Tensor,
        cross_entropy: Tensor,
        needs_retrieval: Tensor,
        is_impossible: Tensor | None = None,
        gate: Tensor | None = None,
        entropy: Tensor | None = None,
        is_error: Tensor | None = None,
        attention_madds: int = 0,
    ) -> None:
        """Adds one batch; all tensors are (B, T), the entropy normalised.

        `is_error` says where the prediction that the entropy belongs to is wrong; by default it is the one that is
        counted.
        """
        self.targets += correct.numel()
        self.correct += int(correct.sum())
        self.retrieval += int(needs_retrieval.sum())
        self.retrieval_correct += int((correct & needs_retrieval).sum())
        self.cross_entropy += float(cross_entropy.double().sum())
        self.attention_madds += attention_madds
        if is_impossible is not None:
            self.has_queries = True
            self.impossible += int(is_impossible.sum())
        if gate is not None:
            self.has_gate = True
            self.fired += int(gate.sum())
            self.fired_retrieval += int((gate & needs_retrieval).sum())
            if is_impossible is not None:
                self.fired_impossible += int((gate & is_impossible).sum())
        if entropy is not None:
            self.has_entropy = True
            for name, positions in (("retrieval", needs_retrieval), ("local", ~needs_retrieval)):
                self._add_entropy(name, entropy[positions].double())
            self.entropies.append(entropy.flatten())
            self.entropy_needs.append(needs_retrieval.flatten())
            self.entropy_errors.append((~correct if is_error is None else is_error).flatten())

    def _add_entropy(self, name: str, entropy: Tensor) -> None:
        total = float(entropy.sum())
        if name == "retrieval":
            self.entropy_retrieval += total
        else:
            self.entropy_local += total
        finite = entropy[entropy.isfinite()].clamp(0, 1)
        bins = torch.histc(finite.float(), bins=NUM_ENTROPY_BINS, min=0, max=1)
        self.entropy_bins[name] = [
            before + int(more) for before, more in zip(self.entropy_bins[name], bins.tolist(), strict=True)
        ]

    def metrics(self) -> dict[str, float | None]:
        """All metrics of the split, by name without the split; None where undefined."""
        local = self.targets - self.retrieval
        values: dict[str, float | None] = {
            "accuracy": ratio(self.correct, self.targets),
            "retrieval_accuracy": ratio(self.retrieval_correct, self.retrieval),
            "local_accuracy": ratio(self.correct - self.retrieval_correct, local),
            "cross_entropy_nats": ratio(self.cross_entropy, self.targets),
        }
        return values | self._gate_metrics() | self._entropy_metrics()

    def _gate_metrics(self) -> dict[str, float | None]:
        defined = self.has_gate
        queries = defined and self.has_queries
        possible = ratio(self.fired_retrieval, self.retrieval) if queries else None
        impossible = ratio(self.fired_impossible, self.impossible) if queries else None
        return {
            "gate_rate": ratio(self.fired, self.targets) if defined else None,
            "gate_precision": ratio(self.fired_retrieval, self.fired) if defined else None,
            "gate_recall": ratio(self.fired_retrieval, self.retrieval) if defined else None,
            "gate_f1": ratio(2 * self.fired_retrieval, self.fired + self.retrieval) if defined else None,
            "gate_rate_possible": possible,
            "gate_rate_impossible": impossible,
            "metacognitive_gap": difference(possible, impossible),
        }

    def _entropy_metrics(self) -> dict[str, float | None]:
        nats = math.log(self.vocab_size)
        retrieval = local = None
        if self.has_entropy:
            retrieval = ratio(self.entropy_retrieval, self.retrieval)
            local = ratio(self.entropy_local, self.targets - self.retrieval)
        gap = difference(retrieval, local)
        return {
            "entropy_at_retrieval_nats": None if retrieval is None else retrieval * nats,
            "entropy_at_local_nats": None if local is None else local * nats,
            "entropy_gap_nats": None if gap is None else gap * nats,
            "entropy_at_retrieval_normalised": retrieval,
            "entropy_at_local_normalised": local,
            "entropy_gap_normalised": gap,
            **self._aurocs(),
        }

    def _aurocs(self) -> dict[str, float | None]:
        names = ("entropy_retrieval_auroc", "entropy_error_auroc")
        if not self.entropies:
            return dict.fromkeys(names)
        ranks = rankdata(torch.cat(self.entropies).numpy())
        labels = (torch.cat(self.entropy_needs).numpy(), torch.cat(self.entropy_errors).numpy())
        return {name: auroc(ranks, is_positive) for name, is_positive in zip(names, labels, strict=True)}
