"""The check of a store: every file is read again, every row looked at; what can be repaired is.

Nothing is believed that was remembered, and nothing is deleted but unfinished files of dead processes, copies in the
cache, and files whose rows a merged one holds. A store that cannot be written to is checked all the same.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Sequence
from pathlib import Path

import duckdb

from results_store.catalogue import Problem, Scan, VerifiedFile, foreign_entries, lost_retractions
from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.scan import NotTrustedError, read_whole, scan_kind
from results_store.catalogue.sources import columns_of, source
from results_store.compaction import end_earlier_one
from results_store.compaction.lock import only_one
from results_store.errors import CompactionError, StorePathError, first_line
from results_store.layout import Layout
from results_store.query import connect
from results_store.schemas import Kind
from results_store.stores.publishing import check_writable, refuse_other_folders
from results_store.stores.quarantine import move_to_quarantine
from results_store.upkeep.leavings import check_cache, check_temporary
from results_store.upkeep.report import READ_ONLY, DoctorReport, Finding
from results_store.upkeep.rows import RowChecks
from results_store.upkeep.weights import scan_weights

__all__ = ["doctor"]

_NOT_ITS_FAULT = (duckdb.OutOfMemoryException, duckdb.InterruptException, duckdb.PermissionException)
"""Why a sound file may not be read."""


def doctor(store: str | Path) -> DoctorReport:
    """Checks every file and every row of a store, and repairs what can be repaired.

    Others may read and write the store meanwhile.

    Args:
        store: Its folder.

    Raises:
        StorePathError: There is no such store, or it cannot be read.
        CompactionError: A compaction, or another check, is running.
    """
    started_s = time.monotonic()
    layout = Layout(store)
    if not layout.is_there():
        raise StorePathError(f"there is no store at {layout.root}")
    refuse_other_folders(layout)
    check = _Check(layout)
    check.check_folders()  # a store is written to after this only
    layout.refuse_strangers()
    try:
        check_writable(layout)
    except StorePathError as error:
        check.is_writable = False
        check.notes.append(f"nothing can be repaired: {error}")
        check.run()
    else:
        with only_one(layout):
            check.run()
    return DoctorReport(
        findings=tuple(check.findings),
        notes=tuple(check.notes),
        num_files=check.num_files,
        num_rows=check.num_rows,
        duration_s=time.monotonic() - started_s,
    )


class _Check:
    """One check of a store; see `DoctorReport` for most of its attributes.

    Attributes:
        is_writable: Whether anything can be repaired.
    """

    def __init__(self, layout: Layout) -> None:
        self.is_writable = True
        self.findings: list[Finding] = []
        self.notes: list[str] = []
        self.num_files = 0
        self.num_rows = 0
        self._layout = layout
        self._memory = VerificationMemory(layout.verified, is_fresh=True)

    def run(self) -> None:
        with connect(self._layout.root) as connection:
            scans = {kind: self._check_files(kind, connection) for kind in Kind}
            self._check_rows(scans, self._check_weights(), connection)
        found, notes = check_temporary(self._layout, is_writable=self.is_writable)
        self.findings += found
        self.notes += notes
        self.findings += check_cache(self._layout, self._memory, is_writable=self.is_writable)
        if self.is_writable:
            self._memory.save()

    def check_folders(self) -> None:
        for problem in foreign_entries(self._layout):
            self._tell(problem.path, problem.reason, "left there: it is not amor's to move")
        for problem in lost_retractions(self._layout):
            self._tell(problem.path, problem.reason, "it stays in quarantine/")
        folders = [*(self._layout.folder(kind) for kind in Kind), self._layout.weights]
        misplaced = [folder for folder in folders if not folder.is_dir()]
        self._layout.refuse_strangers(but_for=misplaced)  # the quarantine may be a link to elsewhere
        for folder in misplaced:
            if not os.path.lexists(folder):
                continue
            target = self._layout.quarantine / f"{folder.name}.no-folder"
            done = "it cannot be moved to quarantine/: move it elsewhere"
            if not os.path.lexists(target):
                with contextlib.suppress(OSError):
                    target.parent.mkdir(exist_ok=True)
                    folder.rename(target)
                    done = "moved to quarantine/"
            self._tell(folder, "it should be a folder", done, is_repaired=done.startswith("moved"))

    def _check_files(self, kind: Kind, connection: duckdb.DuckDBPyConnection) -> Scan:
        if not self._layout.folder(kind).is_dir():
            return Scan(files=(), problems=())
        scan = scan_kind(self._layout, kind, self._memory)
        self.num_files += len(scan.files) + len(scan.problems)
        self._quarantine(scan.problems)
        undecodable = _undecodable(self._layout, kind, scan.files)
        self._quarantine(undecodable)
        gone = {problem.path for problem in undecodable}
        scan = Scan(files=tuple(file for file in scan.files if file.path not in gone), problems=())
        try:
            replaced = end_earlier_one(self._layout, kind, scan, self._memory, connection, deletes=self.is_writable)
        except CompactionError as error:
            self._tell(self._layout.folder(kind), str(error), "nothing was changed")
            replaced = {}
        for path, merged in replaced.items():
            what = f"a compaction that was stopped has merged its rows into {merged.name}"
            self._tell(path, what, "deleted", is_repaired=True)
        scan = Scan(files=tuple(file for file in scan.files if file.path not in replaced), problems=())
        self.num_rows += scan.num_rows
        return scan

    def _check_weights(self) -> frozenset[str]:
        """Names of the sound files of weights."""
        if not self._layout.weights.is_dir():
            return frozenset()
        names, problems = scan_weights(self._layout)
        self.num_files += len(names) + len(problems)
        self._quarantine(problems)
        return names

    def _check_rows(
        self, scans: dict[Kind, Scan], weights: frozenset[str], connection: duckdb.DuckDBPyConnection
    ) -> None:
        try:
            checks = RowChecks(connection, scans)
            for path, what in checks.findings():
                self._tell(path, what, "it stays: amor retract withdraws what was trained, and rows are never changed")
            for path, what in checks.lost_weights(weights):
                self._tell(path, what, "amor replay TRIAL_ID --save-weights trains it again and keeps them")
            self.notes += [*checks.notes(), *checks.notes_on_weights(weights)]
        except duckdb.Error as error:
            # Where locks do not work, a compaction may delete a file meanwhile.
            if all(file.path.exists() for scan in scans.values() for file in scan.files):
                raise StorePathError(f"cannot check the rows of {self._layout.root}: {first_line(error)}") from error
            raise CompactionError(f"files of {self._layout.root} went while they were checked; try again") from error

    def _quarantine(self, problems: tuple[Problem, ...]) -> None:
        moved = set(move_to_quarantine(self._layout, problems)) if self.is_writable else set()
        for problem in problems:
            is_moved = problem in moved
            done = "moved to quarantine/" if is_moved else "it cannot be moved to quarantine/, and no query reads it"
            if problem.is_unreadable:
                done = "it stays: it may be sound, and no query reads it meanwhile"
            self._tell(problem.path, problem.reason, done, is_repaired=is_moved)

    def _tell(self, path: Path, what: str, done: str, *, is_repaired: bool = False) -> None:
        if not self.is_writable:
            done, is_repaired = READ_ONLY, False
        self.findings.append(Finding(path=path, what=what, done=done, is_repaired=is_repaired))


def _undecodable(layout: Layout, kind: Kind, files: Sequence[VerifiedFile]) -> tuple[Problem, ...]:
    """Files of the right name and footer whose rows cannot be read: never amor's, and every query would fail."""
    error = _error_of(layout, kind, files)
    if error is None:
        return ()
    if len(files) > 1:
        half = len(files) // 2
        return (*_undecodable(layout, kind, files[:half]), *_undecodable(layout, kind, files[half:]))
    path = files[0].path
    if isinstance(error, _NOT_ITS_FAULT):
        return (Problem(path=path, reason=f"its rows cannot be read: {first_line(error)}", is_unreadable=True),)
    try:
        read_whole(path)
    except FileNotFoundError:
        return ()
    except OSError as refused:
        return (Problem.unreadable(path, refused),)
    except NotTrustedError as changed:
        return (Problem(path=path, reason=str(changed)),)
    return (Problem(path=path, reason=f"its rows cannot be read: {first_line(error)}"),)


def _error_of(layout: Layout, kind: Kind, files: Sequence[VerifiedFile]) -> duckdb.Error | None:
    scan = Scan(files=tuple(files), problems=())
    rows = source(kind, scan, columns_of(kind, scan))
    try:
        # On a connection of its own: after an internal error DuckDB refuses everything else on the same one.
        with connect(layout.root) as connection:
            connection.execute(f"SELECT bit_xor(hash(rows)) FROM ({rows}) AS rows").fetchall()  # noqa: S608 - quoted
    except duckdb.Error as error:
        return error
    return None
