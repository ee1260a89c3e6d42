"""The tables that every search brings with it: its best candidates, or its Pareto front."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from results_store.catalogue.sources import identifier, literal
from results_store.records import MetricInfo, TableRecord
from results_store.schemas import ColumnType, common_type, config_columns
from results_store.search.info import SearchInfo, confirming_metric

__all__ = ["search_tables"]

_NUM_BEST = 10

# The same trial may belong to two searches of one variant, which then have the same cell.
_SQL = """\
WITH runs AS (
    SELECT DISTINCT variant, cell_id, phase, trial_id, seed, state{metrics}
    FROM results WHERE study = $study AND phase <> 'grid'
), replicates AS (
    SELECT variant, cell_id, phase, list(state ORDER BY seed) AS state{lists}
    FROM runs GROUP BY variant, cell_id, phase
)
SELECT candidates.variant, {point} AS point{columns}, confirming.state
FROM candidates
LEFT JOIN replicates AS searching ON searching.variant = candidates.variant
    AND searching.cell_id = candidates.cell_id AND searching.phase = 'search'
LEFT JOIN replicates AS confirming ON confirming.variant = candidates.variant
    AND confirming.cell_id = candidates.cell_id AND confirming.phase = 'confirm'
WHERE candidates.study = $study AND {chosen}
ORDER BY list_position({variants}, candidates.variant), list_position({searches}, candidates.search_id), {order},
    candidates.candidate
"""

_BEST = """candidates.rank IS NOT NULL
QUALIFY candidates.confirmed_n IS NOT NULL OR row_number() OVER (
    PARTITION BY candidates.variant, candidates.search_id ORDER BY candidates.rank, candidates.candidate
) <= {number}"""


def search_tables(infos: Sequence[SearchInfo], metrics: Sequence[MetricInfo]) -> list[TableRecord]:
    """The tables of a study's searches: `best` if all of them have one objective, `front` if some have several.

    `best` has the ten best of each search and variant, and all that were confirmed; `front` what nothing dominates.
    A line has the searched parameters, then for each objective that is a metric the replicates of the search, and
    beside them those that confirm it, on the test split if there is such a metric; without them it has a dash.

    Args:
        infos: The searches of the study.
        metrics: The metrics of its trainable.
    """
    if not infos:
        return []
    is_front = any(len(info.objectives) > 1 for info in infos)
    columns = _Columns(metrics)
    if not is_front:
        columns.add("rank", "candidates.rank")
    types = _types_of_parameters(infos)
    for key, title in _short_titles(types).items():
        # From the JSON, for the column is not there before the first candidate is.
        pointer = literal("/" + key.replace("~", "~0").replace("/", "~1"))
        value = f"TRY_CAST(json_extract_string(candidates.parameters, {pointer}) AS {types[key].value})"
        columns.add(next(iter(config_columns({key: None}))), value, title)
    if any(info.constraints for info in infos):
        columns.add("is_feasible", "candidates.is_feasible", "feasible")
    is_confirmed = any(info.confirm is not None for info in infos)
    reductions = sorted({info.reduction for info in infos} - {"mean"})
    for metric in dict.fromkeys(name for info in infos for name in info.objective_metrics):
        columns.add_metric(metric, reductions=reductions, is_confirmed=is_confirmed)
    titles = ["Pareto front" if is_front else f"Best {_NUM_BEST} candidates", *columns.splits]
    first = infos[0].objectives[0]
    sql = _SQL.format(
        metrics="".join(f", {identifier(name)}" for name in columns.metrics),
        lists="".join(f", list({(name := identifier(metric))} ORDER BY seed) AS {name}" for metric in columns.metrics),
        point=_point(infos),
        columns="".join(f",\n    {value} AS {identifier(name)}" for name, value in columns.values.items()),
        chosen="candidates.on_front" if is_front else _BEST.format(number=_NUM_BEST),
        variants=_texts(dict.fromkeys(variant for info in infos for variant in info.variants)),
        searches=_texts(info.search_id for info in infos),
        order=f"candidates.objective_values[1] {'DESC' if first.direction == 'maximize' else 'ASC'}"
        if is_front
        else "candidates.rank",
    )
    name = "front" if is_front else "best"
    return [TableRecord(name=name, title="; ".join(titles), sql=sql, titles=columns.titles)]


class _Columns:
    """The columns of the table so far.

    Attributes:
        values: SQL by name.
        titles: Headings by name, where they are not made of the name.
        metrics: Of which replicates are wanted.
        splits: What the numbers of the search and of the winners are measured on.
    """

    def __init__(self, metrics: Iterable[MetricInfo]) -> None:
        self.values: dict[str, str] = {}
        self.titles: dict[str, str] = {}
        self.metrics: dict[str, None] = {}
        self.splits: dict[str, None] = {}
        self._known = {metric.name: metric for metric in metrics}

    def add(self, name: str, value: str, title: str | None = None) -> None:
        self.values[name] = value
        if title is not None:
            self.titles[name] = title[:1].upper() + title[1:]

    def add_metric(self, metric: str, *, reductions: Sequence[str], is_confirmed: bool) -> None:
        told = f"candidates.{identifier(metric)}"
        if metric not in self._known:  # then perhaps no trial has such a column
            self.add(metric, told)
            return
        self.metrics[metric] = None
        if metric.startswith("validation_"):
            self.splits["search: validation split, its own seeds"] = None
        self.add(metric, f"searching.{identifier(metric)}")
        if reductions:
            self.add(f"told_{metric}", told, f"{', '.join(reductions)} of them".replace("_", " "))
        if is_confirmed:
            counterpart = confirming_metric(metric, self._known)
            self.metrics[counterpart] = None
            is_test = counterpart != metric
            title = "confirmed, test" if is_test else "confirmed"
            self.splits[f"confirmed: {'test split, ' if is_test else ''}fresh seeds"] = None
            self.add(f"confirmed_{counterpart}", f"confirming.{identifier(counterpart)}", title)


def _point(infos: Sequence[SearchInfo]) -> str:
    """What tells the lines of a variant apart: the candidate's number, and the search where a variant has several."""
    variants = [variant for info in infos for variant in info.variants]
    number = "'#' || candidates.candidate"
    if len(set(variants)) == len(variants):
        return number
    length = next(
        (n for n in range(4, 32) if len({info.search_id[:n] for info in infos}) == len({i.search_id for i in infos})),
        32,
    )
    return f"{number} || ' of ' || left(candidates.search_id, {length})"


def _types_of_parameters(infos: Sequence[SearchInfo]) -> dict[str, ColumnType]:
    types: dict[str, ColumnType] = {}
    for info in infos:
        for key, distribution in info.parameters.items():
            types[key] = common_type(types.get(key), _type_of(distribution)) or ColumnType.VARCHAR
    return types


def _type_of(distribution: str) -> ColumnType:
    """The type of a parameter's values, by its distribution as Optuna writes it; text if that makes no sense."""
    try:
        content: Any = json.loads(distribution)
        name = content["name"]
        choices = content["attributes"]["choices"] if name == "CategoricalDistribution" else []
    except (ValueError, TypeError, LookupError, RecursionError):
        return ColumnType.VARCHAR
    if name == "FloatDistribution":
        return ColumnType.DOUBLE
    if name == "IntDistribution":
        return ColumnType.BIGINT
    is_number = choices and all(isinstance(choice, int | float) and not isinstance(choice, bool) for choice in choices)
    return ColumnType.DOUBLE if is_number else ColumnType.VARCHAR


def _short_titles(keys: Mapping[str, Any]) -> dict[str, str]:
    """The last part of each dotted key, and as many more as it takes to tell them apart."""
    parts = {key: key.split(".") for key in keys}
    titles = {}
    for key, own in parts.items():
        others = [other for name, other in parts.items() if name != key]
        length = next((n for n in range(1, len(own)) if all(other[-n:] != own[-n:] for other in others)), len(own))
        titles[key] = " ".join(own[-length:]).replace("_", " ")
    return titles


def _texts(texts: Iterable[str]) -> str:
    return f"[{', '.join(map(literal, texts))}]"
