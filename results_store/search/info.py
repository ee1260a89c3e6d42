"""What a submission records of each search of its study: the one place that knows the format of that JSON."""

from __future__ import annotations

import json
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from results_store.records import Direction

__all__ = ["SearchConstraint", "SearchInfo", "SearchObjective", "confirming_metric"]

_MAX_COUNT = 2**63 - 1
_MAX_OBJECTIVES = 100
"""More cannot be compared in one query."""


def confirming_metric(metric: str, known: Container[str]) -> str:
    """The metric that winners are reported by: the same one on the test split if it is known, else the metric itself.

    Args:
        metric: What candidates are judged by.
        known: Metrics that trials report.
    """
    split, _, name = metric.partition("_")
    counterpart = f"test_{name}"
    return counterpart if split == "validation" and counterpart in known else metric


@dataclass(frozen=True, kw_only=True)
class SearchObjective:
    """What candidates are judged by.

    Attributes:
        name: The metric, or the dotted key of a searched parameter.
        kind: Which of the two it is.
        direction: What is better.
    """

    name: str
    kind: Literal["metric", "parameter"]
    direction: Direction

    @property
    def is_metric(self) -> bool:
        """Whether trials report it."""
        return self.kind == "metric"


@dataclass(frozen=True, kw_only=True)
class SearchConstraint:
    """A bound that feasible candidates keep; one of the two is set.

    Attributes:
        metric: The metric.
        at_most: Feasible up to this value.
        at_least: Feasible from this value on.
    """

    metric: str
    at_most: float | None = None
    at_least: float | None = None


@dataclass(frozen=True, kw_only=True)
class SearchInfo:
    """A search as it stands in the column `searches` of a submission: `dataclasses.asdict` of this, in a JSON list.

    Attributes:
        search_id: Identity of the search.
        variants: The variants that it belongs to, in the study's order.
        point: What tells the study's searches of one variant apart, for people: the values of the grid, such as
            `epochs=1, sleep_s=0.001`; empty where there is one.
        parameters: What is searched: by dotted key the distribution, as the text that Optuna reads and writes.
        objectives: What candidates are judged by, in the order in which values are told.
        constraints: What feasible candidates keep, in the order in which violations are told.
        sampler: Who proposes: its name, seed and settings.
        max_trials: How many candidates the study wants; a search may have more, asked for by another study.
        round_size: How many are asked for together.
        seeds: The seeds of every candidate.
        reduction: How the replicates of a candidate become one value.
        pruning: How candidates are given up early, or None.
        confirm: How many winners are confirmed on how many fresh seeds (`top`, `seeds`), or None.
    """

    search_id: str
    variants: Sequence[str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    objectives: Sequence[SearchObjective]
    constraints: Sequence[SearchConstraint] = ()
    sampler: Mapping[str, Any] = field(default_factory=dict)
    max_trials: int
    round_size: int = 1
    seeds: Sequence[int] = ()
    reduction: str = "mean"
    pruning: Mapping[str, Any] | None = None
    confirm: Mapping[str, Any] | None = None
    point: str = ""

    @property
    def objective_metrics(self) -> tuple[str, ...]:
        """The objectives that trials report."""
        return tuple(objective.name for objective in self.objectives if objective.is_metric)

    @staticmethod
    def parse(text: str | None) -> tuple[SearchInfo, ...]:
        """The searches of a submission, in its order.

        What another program wrote there and makes no sense is left out; of two with one identity the first counts.
        """
        try:
            entries = json.loads(text or "[]")
        except (ValueError, TypeError, RecursionError):
            return ()
        found: dict[str, SearchInfo] = {}
        for entry in entries if isinstance(entries, list) else ():
            try:
                info = _info(entry)
            except (ValueError, TypeError, LookupError, AttributeError, OverflowError):
                continue
            found.setdefault(info.search_id, info)
        return tuple(found.values())


def _info(entry: Any) -> SearchInfo:
    """Reads one search; raises whatever comes of it where it has another shape."""
    return SearchInfo(
        search_id=_text(entry["search_id"]),
        variants=tuple(dict.fromkeys(_text(variant) for variant in _list(entry["variants"], least=1))),
        parameters={_text(key): _text(value) for key, value in _mapping(entry.get("parameters", {})).items()},
        objectives=tuple(
            _objective(objective) for objective in _list(entry["objectives"], least=1, most=_MAX_OBJECTIVES)
        ),
        constraints=tuple(_constraint(constraint) for constraint in _list(entry.get("constraints", []))),
        sampler=_mapping(entry.get("sampler", {})),
        max_trials=_count(entry["max_trials"]),
        round_size=_count(entry.get("round_size", 1)),
        seeds=tuple(_count(seed) for seed in _list(entry.get("seeds", []))),
        reduction=_text(entry.get("reduction", "mean")),
        pruning=None if (pruning := entry.get("pruning")) is None else _mapping(pruning),
        confirm=None if (confirm := entry.get("confirm")) is None else _mapping(confirm),
        point=_text_or_none(entry.get("point")),
    )


def _objective(entry: Any) -> SearchObjective:
    kind, direction = entry["kind"], entry["direction"]
    if kind not in ("metric", "parameter") or direction not in ("maximize", "minimize"):
        raise ValueError
    return SearchObjective(name=_text(entry["name"]), kind=kind, direction=direction)


def _constraint(entry: Any) -> SearchConstraint:
    return SearchConstraint(
        metric=_text(entry["metric"]), at_most=_bound(entry.get("at_most")), at_least=_bound(entry.get("at_least"))
    )


def _bound(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | None):
        raise TypeError
    return None if value is None else float(value)


def _text(value: Any) -> str:
    """A text that SQL can hold."""
    if not isinstance(value, str) or not value or "\0" in value:
        raise TypeError
    value.encode()
    return value


def _text_or_none(value: Any) -> str:
    """A text that is nothing but shown: where it makes no sense, the search is no worse without it."""
    try:
        return _text(value)
    except (TypeError, ValueError):
        return ""


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MAX_COUNT:
        raise TypeError
    return value


def _list(value: Any, *, least: int = 0, most: int = _MAX_COUNT) -> list[Any]:
    if not isinstance(value, list) or not least <= len(value) <= most:
        raise TypeError
    return value


def _mapping(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError
    return value
