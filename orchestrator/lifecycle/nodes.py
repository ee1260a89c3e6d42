"""Which nodes lose workers again and again."""

from collections.abc import Iterable
from dataclasses import dataclass, field

MAX_LOSSES = 3
"""A node that loses the workers of this many different trials, and trains none in between, is avoided."""


@dataclass(kw_only=True)
class _Losses:
    number: int = 0
    trial_ids: set[str] = field(default_factory=set)


class Nodes:
    """Counts losses per node since its last success. A trial that is lost twice counts once: it may be poisonous."""

    def __init__(self) -> None:
        self._losses: dict[str, _Losses] = {}
        self._told: set[str] = set()

    def trained(self, node: str) -> None:
        """A node has trained a stack."""
        self._losses.pop(node, None)

    def lost(self, node: str, trial_ids: Iterable[str]) -> bool:
        """A node has lost a worker, which trained these trials (none: it was starting).

        Returns:
            Whether it is avoided from now on, for the first time.
        """
        if not node:
            return False
        losses = self._losses.setdefault(node, _Losses())
        ids = set(trial_ids)
        losses.number += not ids & losses.trial_ids
        losses.trial_ids |= ids
        is_new = losses.number >= MAX_LOSSES and node not in self._told
        if is_new:
            self._told.add(node)
        return is_new

    def avoided(self) -> frozenset[str]:
        """Nodes on which no worker should be placed."""
        return frozenset(node for node, losses in self._losses.items() if losses.number >= MAX_LOSSES)

    def forgive(self) -> None:
        """Counts anew: there is nowhere else to go."""
        self._losses.clear()
