"""One split of one trial's data, as tensors."""

from dataclasses import dataclass

import torch
from torch import Tensor

from amor_models.tasks import Dataset


@dataclass(frozen=True, kw_only=True)
class Split:
    """Tokens (N, L) and labels aligned with the targets (N, L - 1)."""

    tokens: Tensor
    needs_retrieval: Tensor
    is_impossible: Tensor | None

    @classmethod
    def of(cls, dataset: Dataset) -> "Split":
        """Copies a generated data set."""
        impossible = dataset.is_impossible
        return cls(
            tokens=torch.tensor(dataset.tokens),
            needs_retrieval=torch.tensor(dataset.needs_retrieval[:, 1:]),
            is_impossible=None if impossible is None else torch.tensor(impossible[:, 1:]),
        )
