"""Where the numbers of a study come from: code, versions, machines, time, submissions."""

# ruff: noqa: S608 - everything that enters this SQL is ours or goes through `identifier`

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from results_store.report.content import Fact, TextTable
from results_store.wording import counted, ranges

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["duration", "moment", "provenance", "submissions"]

_TRIALS = """
    SELECT * FROM trials SEMI JOIN (SELECT trial_id FROM results WHERE study = $study) USING (trial_id)
"""
_SUBMISSIONS = """
    SELECT submission_id, any_value(submitted_at) AS submitted_at, any_value(settings) AS settings,
        count(DISTINCT variant) AS num_variants, count(DISTINCT cell_id) AS num_cells,
        count(DISTINCT trial_id) AS num_trials, list_sort(list(DISTINCT seed)) AS seeds,
        any_value(file_text) AS file_text
    FROM raw.studies WHERE study = $study GROUP BY submission_id ORDER BY submitted_at, submission_id
"""


def provenance(results: Results, study: str) -> list[Fact]:
    """By which code and versions, on which machines, and in how much time a study's trials were trained."""

    def by(columns: str) -> list[tuple[Any, ...]]:
        grouped = f"GROUP BY {columns} ORDER BY num_trials DESC, {columns}"
        query = f"SELECT {columns}, count(*) AS num_trials FROM ({_TRIALS}) {grouped}"
        return results.sql(query, {"study": study}).rows()

    totals = results.sql(
        f"SELECT count(*), sum(duration_s), min(finished_at), max(finished_at) FROM ({_TRIALS})", {"study": study}
    ).rows()[0]
    num_trials, seconds, first, last = totals
    if not num_trials:
        return [Fact(name="Trials", text="none is finished yet")]
    return [
        *(_fact("Code", _commit(commit, dirty), count) for commit, dirty, count in by("git_commit, git_dirty")),
        *(
            _fact("Trainable", f"{name} version {version}, source {str(source or 'unknown')[:12]}", count)
            for name, version, source, count in by("trainable, trainable_version, source_hash")
        ),
        *(_fact("Versions", _versions(versions), count) for versions, count in by("versions")),
        *(
            _fact("Machine", f"{host}: {cpu}, {counted(threads or 0, 'thread')} per trial", count)
            for host, cpu, threads, count in by("host, cpu, threads")
        ),
        Fact(name="Time", text=f"{duration(seconds or 0.0)} in all, one core per trial"),
        Fact(name="Finished", text=" to ".join(dict.fromkeys((moment(first), moment(last))))),
    ]


def submissions(results: Results, study: str) -> TextTable:
    """Each submission: when, what it changed, what it asked for. Seeds that were added later are said to be so."""
    rows = results.sql(_SUBMISSIONS, {"study": study}).dicts()
    lines, notes = [], []
    seen: set[int] = set()
    text = None
    for row in rows:
        seeds = {seed for seed in row["seeds"] or [] if seed is not None}
        changed = "" if text is None or text == row["file_text"] else "; another study file"
        text = row["file_text"]
        settings = ", ".join(row["settings"] or []) or "none"
        added = seeds - seen
        if seen and added:
            notes.append(
                f"Seeds {ranges(added)} were added on {moment(row['submitted_at'])}, after others were asked for."
            )
        seen |= seeds
        lines.append(
            [
                moment(row["submitted_at"]),
                settings + changed,
                f"{row['num_variants']:,}",
                f"{row['num_cells']:,}",
                ranges(seeds) or "—",
                f"{row['num_trials']:,}",
            ]
        )
    return TextTable(
        title="Submissions",
        header=["Submitted", "Settings", "Variants", "Cells", "Seeds", "Trials"],
        is_numeric=[False, False, True, True, False, True],
        lines=lines,
        notes=notes,
    )


def duration(seconds: float) -> str:
    """A time that people can judge."""
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= (2 if unit == "days" else 1) * length:
            return f"{seconds / length:.1f} {unit}"
    return f"{seconds:.1f} seconds"


def moment(time: datetime | None) -> str:
    """A moment of the store, which is in UTC."""
    return "an unknown time" if time is None else f"{time:%Y-%m-%d %H:%M} UTC"


def _fact(name: str, text: str, num_trials: int) -> Fact:
    return Fact(name=name, text=f"{text}: {counted(num_trials, 'trial')}")


def _commit(commit: str | None, is_dirty: bool | None) -> str:
    if commit is None:
        return "no commit known"
    state = {True: "with uncommitted changes", False: "without uncommitted changes", None: "changes unknown"}[is_dirty]
    return f"commit {commit[:12]}, {state}"


def _versions(text: str | None) -> str:
    """Recorded versions; the text itself where another program wrote what is no mapping."""
    try:
        versions = json.loads(text or "{}")
        return ", ".join(f"{name} {version}" for name, version in sorted(versions.items())) or "unknown"
    except (ValueError, AttributeError, RecursionError):
        return str(text)
