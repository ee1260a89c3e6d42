"""One search of a study as typed values: what was asked, what was told, and the replicates behind it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from results_store.errors import UnknownNameError
from results_store.records import CandidateState, MetricInfo, Value
from results_store.search.info import SearchInfo, confirming_metric
from results_store.text import inert

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["RETRACTED", "SearchHistory", "ToldCandidate", "read_search", "read_searches"]

RETRACTED = "retracted"
"""The state of a candidate that was told, and whose trials were withdrawn since."""

_OBJECTIVE = "objective "


@dataclass(frozen=True, kw_only=True)
class ToldCandidate:
    """A candidate of which the search was told what came of it.

    Attributes:
        candidate: Its number in the search, in the order asked.
        round_index: The round in which it was asked for.
        cell_id: Identity of its configuration.
        point: Its parameters as a short text.
        parameters: The values of its active parameters by dotted key.
        state: `completed`, `failed`, `pruned` or `retracted`.
        values: One per objective; empty unless it is completed.
        violations: One per constraint, 0 or less where it is kept; empty unless it is completed.
        rank: 1 for the best or those on the front; None for one without values.
        on_front: Whether no feasible candidate is better in every objective.
        is_feasible: Whether it keeps every constraint; None without values.
        reason: Why it failed or was pruned.
        trial_ids: Its trials.
        replicates: Per objective the values of the search's seeds, as far as they were reported.
        confirmed: Per objective the values of the seeds that confirm it, None for one that is not completed with a
            number; empty for a candidate that was not confirmed.
        asked_at: When it was asked for.
        told_at: When it was told.
    """

    candidate: int
    round_index: int
    cell_id: str
    point: str = ""
    parameters: Mapping[str, Value]
    state: str
    values: Sequence[float] = ()
    violations: Sequence[float] = ()
    rank: int | None = None
    on_front: bool = False
    is_feasible: bool | None = None
    reason: str = ""
    trial_ids: Sequence[str] = ()
    replicates: Sequence[Sequence[float | None]] = ()
    confirmed: Sequence[Sequence[float | None]] = ()
    asked_at: datetime | None = None
    told_at: datetime | None = None

    @property
    def is_completed(self) -> bool:
        """Whether it has values."""
        return self.state == CandidateState.COMPLETED

    @property
    def is_confirmed(self) -> bool:
        """Whether all seeds that were to confirm it came to numbers: a mean over some of them would be a lie."""
        return bool(self.confirmed) and all(value is not None for values in self.confirmed for value in values)


@dataclass(frozen=True, kw_only=True)
class SearchHistory:
    """A search of a study, and every candidate that it was told of.

    Attributes:
        study: Name of the study.
        info: What the study records of the search.
        candidates: In the order asked.
        metrics: What is known about metrics, by name.
        confirmed_metrics: Per objective what winners are confirmed by: the metric of the test split where there is
            one, else the objective itself.
        label: What tells it from the study's other searches; empty where it is the only one.
    """

    study: str
    info: SearchInfo
    candidates: Sequence[ToldCandidate]
    metrics: Mapping[str, MetricInfo] = field(default_factory=dict)
    confirmed_metrics: Sequence[str] = ()
    label: str = ""

    @property
    def completed(self) -> list[ToldCandidate]:
        """The candidates that have values."""
        return [candidate for candidate in self.candidates if candidate.is_completed]

    @property
    def name(self) -> str:
        """The study's name, with the label where the study has several searches."""
        return f"{self.study} {self.label}" if self.label else self.study


def read_search(results: Results, study: str, search: str | None = None) -> SearchHistory:
    """One search of a study.

    Args:
        results: A store opened for reading.
        study: Name of the study.
        search: A variant that is searched, the label of one of several searches, or the first digits of the search's
            id; may be left out where the study has one search.

    Raises:
        UnknownNameError: There is no such study, it has no search, no such one, or several to choose from.
    """
    infos = _infos(results, study)
    labels = _labels(infos)
    found = [
        position
        for position, info in enumerate(infos)
        if search is None
        or search in (*info.variants, _name(info), labels[position])
        or (search and info.search_id.startswith(search))
    ]
    if len(found) == 1:
        return _read(results, study, infos[found[0]], labels[found[0]])
    if not found:
        raise UnknownNameError(inert(f"study {study!r} has no search {search!r}; it searches: {_listed(infos)}"))
    raise UnknownNameError(inert(f"study {study!r} has several searches; name one of: {_listed(infos)}"))


def read_searches(results: Results, study: str) -> tuple[SearchHistory, ...]:
    """Every search of a study, in the study's order.

    Raises:
        UnknownNameError: There is no such study, or it has no search.
    """
    infos = _infos(results, study)
    return tuple(_read(results, study, info, label) for info, label in zip(infos, _labels(infos), strict=True))


def _infos(results: Results, study: str) -> Sequence[SearchInfo]:
    infos = results.searches(study)
    if not infos:
        raise UnknownNameError(inert(f"study {study!r} has no search; the section `search` of a study file makes one"))
    return infos


def _labels(infos: Sequence[SearchInfo]) -> list[str]:
    """What tells searches apart: their variants and grid points, and their ids where those are the same."""
    if len(infos) == 1:
        return [""]
    names = [_name(info) for info in infos]
    return [
        name if names.count(name) == 1 else f"{name} {info.search_id[:8]}"
        for name, info in zip(names, infos, strict=True)
    ]


def _name(info: SearchInfo) -> str:
    return ", ".join(filter(None, (*info.variants, info.point)))


def _listed(infos: Sequence[SearchInfo]) -> str:
    labels = _labels(infos) if len(infos) > 1 else [_name(infos[0])]
    return "; ".join(f"{label} ({info.search_id[:8]})" for label, info in zip(labels, infos, strict=True))


def _read(results: Results, study: str, info: SearchInfo, label: str) -> SearchHistory:
    columns = results.sql("SELECT * FROM results LIMIT 0").columns
    confirmed_metrics = tuple(
        confirming_metric(objective.name, columns) if objective.is_metric else objective.name
        for objective in info.objectives
    )
    asked_of = {"study": study, "search_id": info.search_id, "variant": info.variants[0]}
    rows = results.sql(
        """
        SELECT candidate, round_index, cell_id, point, parameters, state, objective_values, violations, rank, on_front,
            is_feasible, reason, asked_at, told_at
        FROM candidates
        WHERE study = $study AND search_id = $search_id AND variant = $variant AND state != 'pending'
        ORDER BY candidate
        """,
        asked_of,
    ).dicts()
    replicates = _replicates(results, asked_of, info, confirmed_metrics, columns)
    candidates = [
        _candidate(row, info, replicates.get(row["cell_id"], {})) for row in rows if _parameters(row) is not None
    ]
    return SearchHistory(
        study=study,
        info=info,
        candidates=candidates,
        metrics={metric.name: metric for metric in results.metrics(study)},
        confirmed_metrics=confirmed_metrics,
        label=label,
    )


def _replicates(
    results: Results,
    asked_of: Mapping[str, Any],
    info: SearchInfo,
    confirmed_metrics: Sequence[str],
    columns: Sequence[str],
) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """The rows of trials by cell and phase, in the order of seeds."""
    wanted = [
        f"TRY_CAST({_quoted(name)} AS DOUBLE) AS {_quoted(f'{_OBJECTIVE}{phase} {index}')}"
        for phase, names in (
            ("search", [objective.name for objective in info.objectives]),
            ("confirm", confirmed_metrics),
        )
        for index, name in enumerate(names)
        if info.objectives[index].is_metric and name in columns
    ]
    rows = results.sql(
        f"""
        SELECT DISTINCT cell_id, phase, seed, trial_id, state{"".join(f", {column}" for column in wanted)}
        FROM results
        WHERE study = $study AND variant = $variant AND phase IN ('search', 'confirm')
        ORDER BY cell_id, phase, seed, trial_id
        """,  # noqa: S608 - what enters is quoted
        {"study": asked_of["study"], "variant": asked_of["variant"]},
    ).dicts()
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for row in rows:
        found.setdefault(row["cell_id"], {}).setdefault(row["phase"], []).append(row)
    return found


def _candidate(
    row: Mapping[str, Any], info: SearchInfo, replicates: Mapping[str, Sequence[Mapping[str, Any]]]
) -> ToldCandidate:
    parameters = _parameters(row) or {}
    values = _numbers(row["objective_values"])
    is_whole = len(values) == len(info.objectives)
    state = str(row["state"])
    if state == CandidateState.COMPLETED and not is_whole:
        # What another program wrote: a completed candidate has a number for every objective.
        state = str(CandidateState.FAILED)
    is_completed = state == CandidateState.COMPLETED
    searched = replicates.get("search", ())
    return ToldCandidate(
        candidate=row["candidate"],
        round_index=row["round_index"],
        cell_id=row["cell_id"],
        point=row["point"] or "",
        parameters=parameters,
        state=state,
        values=values if is_completed else (),
        violations=_numbers(row["violations"]) if is_completed else (),
        rank=row["rank"] if is_completed else None,
        on_front=is_completed and bool(row["on_front"]),
        is_feasible=row["is_feasible"] if is_completed else None,
        reason=row["reason"] or "",
        trial_ids=[replicate["trial_id"] for replicate in searched],
        replicates=_of_objectives("search", searched, info, parameters),
        confirmed=_of_objectives("confirm", replicates.get("confirm", ()), info, parameters),
        asked_at=_moment(row["asked_at"]),
        told_at=_moment(row["told_at"]),
    )


def _of_objectives(
    phase: str, rows: Sequence[Mapping[str, Any]], info: SearchInfo, parameters: Mapping[str, Value]
) -> list[list[float | None]]:
    if not rows:
        return []
    found: list[list[float | None]] = []
    for index, objective in enumerate(info.objectives):
        if objective.is_metric:
            values = [
                None if phase == "confirm" and row["state"] != "completed" else row.get(f"{_OBJECTIVE}{phase} {index}")
                for row in rows
            ]
        else:
            values = [parameters.get(objective.name)] * len(rows)
        found.append([_number(value) for value in values])
    return found


def _parameters(row: Mapping[str, Any]) -> dict[str, Value] | None:
    """The parameters of a candidate; None where another program wrote what is none."""
    try:
        found = json.loads(row["parameters"])
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(found, dict) or any(isinstance(value, list | dict) for value in found.values()):
        return None
    return found


def _numbers(values: Sequence[float | None] | None) -> tuple[float, ...]:
    """The numbers of a list that has nothing else."""
    numbers = [_number(value) for value in values or ()]
    return () if None in numbers else tuple(number for number in numbers if number is not None)


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def _moment(value: datetime | None) -> datetime | None:
    return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
