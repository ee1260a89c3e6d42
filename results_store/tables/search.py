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
_MAX_WHOLE = 2**53
"""Up to here a number written with a point is the whole number that it is read as."""

# The same trial may belong to two searches of one variant, which then have the same cell. What is noted has a line of
# its own without a variant; the orders have names that no column of a table can have.
_SQL = """\
WITH runs AS (
    SELECT DISTINCT variant, cell_id, phase, trial_id, seed, state{metrics}
    FROM results WHERE study = $study AND phase <> 'grid'
), replicates AS (
    SELECT variant, cell_id, phase, list(state ORDER BY seed) AS state{lists}
    FROM runs GROUP BY variant, cell_id, phase
), lines AS (
    SELECT candidates.variant, {search_point} AS search_point, {point} AS point{columns}, confirming.state,
        list_position({variants}, candidates.variant) AS "order 1",
        list_position({searches}, candidates.search_id) AS "order 2",
        {order} AS "order 3", candidates.candidate AS "order 4"
    FROM candidates
    LEFT JOIN replicates AS searching ON searching.variant = candidates.variant
        AND searching.cell_id = candidates.cell_id AND searching.phase = 'search'
    LEFT JOIN replicates AS confirming ON confirming.variant = candidates.variant
        AND confirming.cell_id = candidates.cell_id AND confirming.phase = 'confirm'
    WHERE candidates.study = $study AND {chosen}
), reasons AS (
    SELECT variant, search_id, reason FROM candidates
    WHERE study = $study AND state IN ('failed', 'pruned') AND reason <> '' GROUP BY variant, search_id, reason
    QUALIFY row_number() OVER (PARTITION BY variant, search_id ORDER BY count(*) DESC, reason) = 1
), counts AS (
    SELECT variant, search_id, concat_ws(', ', variant, {search_point}) AS name,
        count(*) FILTER (state <> 'pending') AS told, count(*) FILTER (state = 'completed') AS completed,
        count(*) FILTER (state = 'failed') AS failed, count(*) FILTER (state = 'pruned') AS pruned,
        count(*) FILTER (state = 'retracted') AS retracted, count(*) FILTER (is_feasible) AS feasible,
        string_agg('#' || candidate, ', ' ORDER BY candidate)
            FILTER (confirmed_asked IS NOT NULL AND NOT on_front) AS outdone
    FROM candidates WHERE study = $study GROUP BY variant, search_id
), notes AS (
    SELECT {note} AS footnote, list_position({variants}, variant) AS "order 1",
        list_position({searches}, search_id) AS "order 2"
    FROM counts LEFT JOIN reasons USING (variant, search_id)
)
SELECT * EXCLUDE ("order 1", "order 2", "order 3", "order 4")
FROM (FROM lines UNION ALL BY NAME SELECT * FROM notes WHERE footnote IS NOT NULL)
ORDER BY "order 1", "order 2", "order 3", "order 4"
"""

_BEST = """candidates.rank IS NOT NULL
QUALIFY candidates.confirmed_asked IS NOT NULL OR row_number() OVER (
    PARTITION BY candidates.variant, candidates.search_id ORDER BY candidates.rank, candidates.candidate
) <= {number}"""

_WITHOUT_LINES = """CASE WHEN told > 0 AND completed = 0 THEN
        name || ': candidates told: ' || told || '; ' || concat_ws(', ', 'completed: 0',
            'failed: ' || nullif(failed, 0), 'pruned: ' || nullif(pruned, 0), 'retracted: ' || nullif(retracted, 0))
        || coalesce('; most frequent reason: ' || reason, '') || '.'"""
_INFEASIBLE = """
    WHEN completed > 0 AND feasible = 0 THEN
        name || ': no front, for none of ' || completed || ' completed candidates keeps every constraint.'"""
_OUTDONE = """
    WHEN outdone IS NOT NULL THEN name || ': confirmed earlier, and not on the front now: ' || outdone || '.'"""


def search_tables(infos: Sequence[SearchInfo], metrics: Sequence[MetricInfo]) -> list[TableRecord]:
    """The tables of a study's searches: `best`, and `front` if some have several objectives.

    `best` has the ten best of each search and variant, and all that were confirmed; with several objectives those that
    were confirmed (ends and knee of the front as it was then) and are on the front. `front` has what nothing dominates.
    Footnotes say why a search has no line, and which confirmed candidates have been outdone since.
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
    first = infos[0].objectives[0]
    by_objective = f"{'-' if first.direction == 'maximize' else ''}candidates.objective_values[1]"

    def table(name: str, title: str, chosen: str, order: str, notes: str = "") -> TableRecord:
        sql = _sql(infos, columns, chosen, order, f"{_WITHOUT_LINES}{notes} END")
        return TableRecord(name=name, title="; ".join([title, *columns.splits]), sql=sql, titles=columns.titles)

    if not is_front:
        best = _BEST.format(number=_NUM_BEST)
        return [table("best", f"Best {_NUM_BEST} candidates", best, "candidates.rank")]
    tables = [table("front", "Pareto front", "candidates.on_front", by_objective, _INFEASIBLE)]
    if is_confirmed:
        chosen = "candidates.confirmed_asked IS NOT NULL AND candidates.on_front"
        title = "Winners: candidates of the Pareto front that were run again"
        tables.append(table("best", title, chosen, by_objective, _INFEASIBLE + _OUTDONE))
    return tables


def _sql(infos: Sequence[SearchInfo], columns: _Columns, chosen: str, order: str, note: str) -> str:
    return _SQL.format(
        metrics="".join(f", {identifier(name)}" for name in columns.metrics),
        lists="".join(f", {_replicates(identifier(metric))}" for metric in columns.metrics),
        search_point=_search_point(infos),
        point=_point(infos),
        note=note,
        columns="".join(f",\n    {value} AS {identifier(name)}" for name, value in columns.values.items()),
        chosen=chosen,
        variants=_texts(dict.fromkeys(variant for info in infos for variant in info.variants)),
        searches=_texts(info.search_id for info in infos),
        order=order,
    )


def _replicates(metric: str) -> str:
    """The numbers of replicates; one that diverged may have reported some, and counts as missing."""
    return f"list(CASE WHEN state = 'completed' THEN {metric} END ORDER BY seed) AS {metric}"


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
    """What tells the lines of a search apart: the candidate's number; and searches that nothing else tells apart."""
    searched = [(variant, info.point) for info in infos for variant in info.variants]
    number = "'#' || candidates.candidate"
    if len(set(searched)) == len(searched):
        return number
    length = next(
        (n for n in range(4, 32) if len({info.search_id[:n] for info in infos}) == len({i.search_id for i in infos})),
        32,
    )
    return f"{number} || ' of ' || left(candidates.search_id, {length})"


def _search_point(infos: Sequence[SearchInfo]) -> str:
    """The grid point of a candidate's search; NULL where it has none."""
    points = {info.search_id: info.point for info in infos if info.point}
    cases = "".join(f" WHEN {literal(search)} THEN {literal(point)}" for search, point in points.items())
    return f"CASE candidates.search_id{cases} END" if cases else "NULL::VARCHAR"


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
    if not choices or not all(isinstance(one, int | float) and not isinstance(one, bool) for one in choices):
        return ColumnType.VARCHAR
    is_whole = all(float(choice).is_integer() and abs(choice) < _MAX_WHOLE for choice in choices)
    return ColumnType.BIGINT if is_whole else ColumnType.DOUBLE


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
