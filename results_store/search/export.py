"""Searches as a journal of Optuna's: a file that `optuna-dashboard` and `optuna.load_study` open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results_store.errors import ExportError
from results_store.search.history import SearchHistory
from results_store.search.optuna_study import optuna_study, quiet_optuna
from results_store.text import inert

if TYPE_CHECKING:
    from optuna.storages.journal import BaseJournalBackend

__all__ = ["export_journal", "journal_text"]

_WRITER = "amor"
"""Optuna's own name for a writer is another one each time; the same search should give the same file."""


def export_journal(histories: Sequence[SearchHistory], path: str | Path) -> None:
    """Writes searches to a new file, each as a study of Optuna under its own name.

    Args:
        histories: The searches; several ones need different names.
        path: The file.

    Raises:
        ExportError: There is such a file already, or it cannot be written.
        StoreError: What the store holds of a search makes no sense.
    """
    text = journal_text(histories)
    path = Path(path)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ExportError(inert(f"{path} is there already; name another file, or remove it")) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise ExportError(inert(f"{path} cannot be written: {reason.lower()}")) from None


def journal_text(histories: Sequence[SearchHistory]) -> str:
    """The content of the file.

    Raises:
        StoreError: What the store holds of a search makes no sense.
    """
    from optuna.storages import JournalStorage

    backend, entries = _backend()
    with quiet_optuna():
        for history in histories:
            optuna_study(history, JournalStorage(backend), for_dashboard=True)
    return "".join(_line({**entry, "worker_id": _WRITER}) for entry in entries)


def _backend() -> tuple[BaseJournalBackend, list[dict[str, Any]]]:
    """A journal in memory, and its entries: Optuna's own file is synchronised to disk for every trial."""
    from optuna.storages.journal import BaseJournalBackend

    entries: list[dict[str, Any]] = []

    class Memory(BaseJournalBackend):
        def read_logs(self, log_number_from: int) -> Iterator[dict[str, Any]]:
            # Written and read again, as from a file: numbers of operations are enums on the way in.
            return (json.loads(_line(entry)) for entry in entries[log_number_from:])

        def append_logs(self, logs: list[dict[str, Any]]) -> None:
            entries.extend(logs)

    return Memory(), entries


def _line(entry: dict[str, Any]) -> str:
    return json.dumps(entry, separators=(",", ":")) + "\n"
