"""A store in a folder of a local or shared file system."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from results_store.catalogue import Problem
from results_store.layout import Layout
from results_store.records import Record
from results_store.results import open_store
from results_store.schemas import Kind, to_table
from results_store.stores.publishing import check_writable, encode, publish, publish_weights
from results_store.stores.quarantine import move_to_quarantine
from results_store.weights import read_weights

__all__ = ["FolderStore"]


class FolderStore:
    """A store in a folder; making one neither reads nor writes.

    Args:
        path: The folder, made by the first `publish`.

    Raises:
        StorePathError: The path is a file.
    """

    def __init__(self, path: str | Path) -> None:
        self._layout = Layout(path)

    def __repr__(self) -> str:
        return f"FolderStore({str(self.path)!r})"

    @property
    def path(self) -> Path:
        """The folder."""
        return self._layout.root

    def check_writable(self) -> None:
        """Makes sure before a run that the store can be written to.

        Raises:
            StorePathError: It cannot.
        """
        check_writable(self._layout)

    def publish(self, records: Sequence[Record]) -> None:
        """Stores records of one kind in one new file; see `Store.publish`."""
        if not records:
            return
        kind, table = to_table(records)
        publish(self._layout, kind, encode(table))

    def publish_weights(self, content: bytes) -> str:
        """Stores a file of trained weights; see `Store.publish_weights`."""
        return publish_weights(self._layout, content).name

    def weights(self, name: str) -> bytes:
        """The bytes of a file of weights; see `Store.weights`."""
        return read_weights(self._layout, name)

    def published(self, attempt_ids: Iterable[str]) -> set[str]:
        """Those of the attempts whose trial record is in the store."""
        wanted = list(attempt_ids)
        sql = """
            SELECT DISTINCT attempt_id FROM raw.trials
            WHERE attempt_id IN (SELECT unnest($wanted::VARCHAR[]))
        """
        return {row[0] for row in self._query(sql, wanted)} if wanted else set()

    def finished(self, trial_ids: Iterable[str]) -> dict[str, str]:
        """The status of those of the trials that need no further run."""
        wanted = list(trial_ids)
        sql = """
            SELECT trial_id, status FROM trials
            WHERE status <> 'pruned' AND trial_id IN (SELECT unnest($wanted::VARCHAR[]))
        """
        return dict(self._query(sql, wanted)) if wanted else {}

    def rows(self, kind: Kind) -> list[dict[str, Any]]:
        """All rows of a kind as they were published, without those of damaged files."""
        return open_store(self.path).sql(f"SELECT * FROM raw.{kind.value}").dicts()  # noqa: S608 - a fixed name

    def quarantine(self) -> tuple[Problem, ...]:
        """Moves the files that queries leave out into the store's quarantine; nothing is ever deleted.

        Returns:
            The files that were moved, with their reasons. What cannot be moved stays, and is left out as before.
        """
        return move_to_quarantine(self._layout, self.problems())

    def problems(self) -> tuple[Problem, ...]:
        """The files that queries leave out."""
        return open_store(self.path).problems

    def _query(self, sql: str, wanted: list[str]) -> list[tuple[Any, ...]]:
        return open_store(self.path).sql(sql, {"wanted": wanted}).rows()
