"""A store in memory, for tests: the same rows, without files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from results_store.errors import WeightsError
from results_store.layout import Layout
from results_store.records import Record, TrialStatus
from results_store.schemas import Kind, to_table

__all__ = ["MemoryStore"]


class MemoryStore:
    """Keeps rows in this process; has the behaviour of `FolderStore` but for durability."""

    def __init__(self) -> None:
        self._rows: dict[Kind, list[dict[str, Any]]] = {kind: [] for kind in Kind}
        self._seen: set[str] = set()
        self._weights: dict[str, bytes] = {}

    def publish(self, records: Sequence[Record]) -> None:
        """Stores records of one kind."""
        if not records:
            return
        kind, table = to_table(records)
        rows = table.to_pylist()
        content = f"{kind.value}{rows!r}"
        if content not in self._seen:  # the same bytes are one file
            self._seen.add(content)
            self._rows[kind].extend(rows)

    def publish_weights(self, content: bytes) -> str:
        """Stores a file of trained weights."""
        name = Layout.name_of_weights(content)
        self._weights[name] = content
        return name

    def weights(self, name: str) -> bytes:
        """The bytes of a file of weights."""
        if name not in self._weights:
            raise WeightsError(f"there are no weights {name!r} in the store")
        return self._weights[name]

    def published(self, attempt_ids: Iterable[str]) -> set[str]:
        """Those of the attempts whose trial record is in the store."""
        known = {row["attempt_id"] for row in self._rows[Kind.TRIALS]}
        return known & set(attempt_ids)

    def finished(self, trial_ids: Iterable[str]) -> dict[str, str]:
        """The status of those of the trials that need no further run."""
        wanted = set(trial_ids)
        withdrawn = {(row["trial_id"], row["attempt_id"]) for row in self._rows[Kind.RETRACTIONS]}
        done = [
            row
            for row in self._rows[Kind.TRIALS]
            if row["trial_id"] in wanted and TrialStatus(row["status"]).is_finished
            if (row["trial_id"], row["attempt_id"]) not in withdrawn
        ]
        done.sort(key=lambda row: (row["finished_at"], row["attempt_id"]), reverse=True)
        return {row["trial_id"]: row["status"] for row in done}

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """All rows of a kind as they were published."""
        return [dict(row) for row in self._rows[kind]]
