"""Which summaries a study asks for, checked against the columns that its query gives."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence

from results_store.errors import SummariesError
from results_store.records import TableRecord
from results_store.tables.summary import Of, Summary

__all__ = ["asked_summaries"]


def asked_summaries(
    record: TableRecord, replicates: Mapping[str, Of], units: Mapping[str, str]
) -> dict[str, Sequence[Summary]]:
    """The summaries of each column of replicates.

    Args:
        record: What the study says about the table.
        replicates: The columns of replicates that the query gives.
        units: Their units.

    Raises:
        SummariesError: It asks for a column, or for summaries of one, that there are not; carries all such problems.
    """
    summaries: dict[str, Sequence[Summary]] = {name: of.default for name, of in replicates.items()}
    problems: dict[tuple[str, int | None], str] = {}
    for name, asked in record.summaries.items():
        if name not in replicates:
            problems[name, None] = _unknown(name, list(replicates))
            continue
        parsed = []
        for place, given in enumerate(asked):
            try:
                parsed.append(_checked(Summary.parse(given), replicates[name], units[name]))
            except ValueError as error:
                problems[name, place] = str(error)
        summaries[name] = parsed or summaries[name]
    if problems:
        raise SummariesError(record.name, problems)
    return summaries


def _unknown(name: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    listed = f"it gives {', '.join(known)}" if known else "it gives none"
    return "this key names no column of replicates of the query; " + (f"did you mean {near[0]!r}?" if near else listed)


def _checked(summary: Summary, of: Of, unit: str) -> Summary:
    if summary.kind not in of.kinds:
        kinds = ", ".join(of.kinds)
        raise ValueError(f"there is no {summary.kind} of {of}; they have {kinds}")
    threshold = summary.threshold
    if threshold is not None and unit == "fraction" and not 0 <= threshold < 1:
        raise ValueError(f"the threshold of a fraction is at least 0 and below 1 (got {threshold:g}; 90 % is 0.9)")
    return dataclasses.replace(summary, of=of)
