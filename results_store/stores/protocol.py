"""What the orchestrator needs of a store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from results_store.records import Record
from results_store.schemas import Kind

__all__ = ["Store"]


class Store(Protocol):
    """Rows, published once and never changed.

    Concurrency: any number of processes may publish and ask at the same time; nobody holds a lock.
    Atomicity: the records of one call become visible together or not at all.
    Durability: what `publish` has returned from is there after a crash, and visible to every later call
    of every process. If `publish` raises, the records are absent or whole; publishing them again is safe.
    """

    def publish(self, records: Sequence[Record]) -> None:
        """Stores records of one kind; does nothing for no records.

        Raises:
            RecordError: The records are of several kinds, or a value cannot be stored.
            StorePathError: The store cannot be written to.
        """
        ...

    def publish_weights(self, content: bytes) -> str:
        """Stores a file of trained weights, durably as rows are; the same bytes are one file.

        Returns:
            Its name, `Layout.name_of_weights`, by which the trial's row, published after it, knows it.

        Raises:
            StorePathError: The store cannot be written to.
        """
        ...

    def weights(self, name: str) -> bytes:
        """The bytes of a file of weights.

        Raises:
            WeightsError: It is not there, or damaged.
        """
        ...

    def published(self, attempt_ids: Iterable[str]) -> set[str]:
        """Those of the attempts whose trial record is in the store, whatever its status."""
        ...

    def finished(self, trial_ids: Iterable[str]) -> dict[str, str]:
        """The status of those of the trials that need no further run.

        A completed or diverged attempt finishes its trial. A pruned or retracted one does not.
        """
        ...

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """All rows of a kind as they were published, of every attempt, in no order."""
        ...
