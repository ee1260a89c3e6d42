"""What processes that died have left, and what is wrong in the cache."""

from __future__ import annotations

import contextlib
from pathlib import Path

from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.scan import NotTrustedError, verify
from results_store.catalogue.segments import key_of_segments
from results_store.layout import Layout
from results_store.leftovers import old_entries
from results_store.schemas import Kind
from results_store.upkeep.report import READ_ONLY, Finding

__all__ = ["check_cache", "check_temporary"]


def check_temporary(layout: Layout, *, is_writable: bool) -> tuple[list[Finding], list[str]]:
    """Removes unfinished files that are old; findings, and a note on recent ones."""
    places = {
        layout.temporary: frozenset[str](),
        layout.verified.parent: {layout.verified.name, "segments"},
        layout.generation.parent: {layout.generation.name, layout.compaction_lock.name},
    }
    findings = [
        _removed(path, "left by a process that died", is_writable=is_writable)
        for folder, used in places.items()
        for path in old_entries(folder, used)
    ]
    told = {finding.path for finding in findings}
    recent: list[Path] = []
    with contextlib.suppress(OSError):
        recent = [path for path in layout.temporary.iterdir() if path not in told]
    if not recent:
        return findings, []
    return findings, [
        f"{len(recent)} files in {layout.temporary} are less than an hour old: of processes that run, or died lately"
    ]


def check_cache(layout: Layout, renewed: VerificationMemory, *, is_writable: bool) -> list[Finding]:
    """Reads the copies of small files again; the sound ones are noted in the renewed memory, the others deleted."""
    remembered = VerificationMemory(layout.verified)
    findings = []
    if remembered.is_damaged:
        done = "written anew" if is_writable else "it is not used"
        what = "the memory of verified files is damaged"
        findings.append(Finding(path=layout.verified, what=what, done=done, is_repaired=is_writable))
    for kind in Kind:
        known = remembered.segments(kind.value)
        sound = {}
        for name, members in known.items():
            path = layout.segment(kind, name)
            try:
                file, key = verify(path, kind)
            except FileNotFoundError:
                continue
            except (NotTrustedError, OSError) as error:
                findings.append(_removed(path, f"a copy in the cache: {error}", is_writable=is_writable))
                continue
            renewed.remember(key_of_segments(kind), name, key, columns=file.columns, num_rows=file.num_rows)
            sound[name] = members
        renewed.set_segments(kind.value, sound)
        findings += [
            _removed(path, "a copy in the cache that nobody uses", is_writable=is_writable)
            for path in old_entries(layout.segments(kind), known)
        ]
    return findings


def _removed(path: Path, what: str, *, is_writable: bool) -> Finding:
    done, is_repaired = READ_ONLY, False
    if is_writable:
        try:
            path.unlink()
        except OSError as error:
            done = f"it cannot be deleted: {error.strerror}"
        else:
            done, is_repaired = "deleted", True
    return Finding(path=path, what=what, done=done, is_repaired=is_repaired)
