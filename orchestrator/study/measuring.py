"""Resolves what waits for measured values, as far as the store holds what they are measured in."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.document.changes import ConfigPath
from orchestrator.identity.identifiers import trial_ids
from orchestrator.space.cells import AnyCell, Cell, WaitingCell, cell_of
from orchestrator.space.measured import measured_value
from orchestrator.study.points import Points
from orchestrator.study.study import Study
from orchestrator.trainables.contract import TrialStatus
from results_store import Results
from results_store.catalogue.sources import literal
from results_store.wording import counted


@dataclass(frozen=True, kw_only=True)
class Wait:
    """What a variant at a grid point waits for.

    Attributes:
        variant: the variant.
        point: which of its cells, as text; empty where it has only one.
        reason: what is missing.
    """

    variant: str
    point: str
    reason: str

    def __str__(self) -> str:
        return f"{_named(self.variant, self.point)}: {self.reason}"


@dataclass(frozen=True, kw_only=True)
class Known:
    """A value that was measured for a variant at a grid point.

    Attributes:
        variant: the variant.
        point: which of its cells, as text; empty where it has only one.
        key: what has the value.
        value: the value.
        metric: whose mean it is.
        source: the cell in which it is measured, as text.
        num_seeds: over how many seeds.
    """

    variant: str
    point: str
    key: str
    value: float
    metric: str
    source: str
    num_seeds: int

    def __str__(self) -> str:
        origin = f"mean {self.metric} of {self.source}, {counted(self.num_seeds, 'seed')}"
        return f"{_named(self.variant, self.point)}: {self.key} = {self.value:.10g} ({origin})"


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A study against a store.

    Attributes:
        study: with every cell resolved of which the values are known.
        waits: what the others wait for, each thing once.
        known: these values.
    """

    study: Study
    waits: tuple[Wait, ...] = ()
    known: tuple[Known, ...] = ()


def measure(study: Study, results: Results) -> Measurement:
    """Resolves every waiting cell of which the values are known.

    They are known when the cells in which they are measured are completed for all seeds of the study. They depend on
    the rows that count and on nothing else, so a study grows into the same cells whenever and by whomever it is asked.

    Args:
        study: the study.
        results: the store, opened after what may have come of the trials in question.
    """
    if not study.waiting:
        return Measurement(study=study)
    measuring = _Measuring(study, results)
    places = tuple(measuring.resolved(cell) for cell in study.places)
    return Measurement(
        study=replace(study, places=places),
        waits=tuple(dict.fromkeys(measuring.waits)),
        known=tuple(dict.fromkeys(measuring.known)),
    )


class _Measuring:
    def __init__(self, study: Study, results: Results) -> None:
        self._study = study
        self._points = Points(list(study.file.variants), study.all_cells)
        self._trial_ids = {
            source.cell_id: list(trial_ids(study.trainable, source.config, study.pins, study.file.seed_list()).values())
            for cell in study.waiting
            for source in cell.sources.values()
        }
        self._rows = _rows(results, study.waiting, self._trial_ids)
        self.waits: list[Wait] = []
        self.known: list[Known] = []

    def resolved(self, cell: AnyCell) -> AnyCell:
        """The cell with its values, which are noted, if they are known; else it is noted what it waits for."""
        if isinstance(cell, Cell):
            return cell
        study = self._study
        values: dict[ConfigPath, float] = {}
        reasons: list[str] = []
        for path, source in cell.sources.items():
            value = self._value(source, cell.measured[path].metric)
            if isinstance(value, str):
                reasons.append(value)
            else:
                values[path] = value
        if not reasons:
            resolved = cell.resolve(study.trainable, values)
            if resolved.config is not None:
                self.known += self._known(cell, values)
                return cell_of(study.trainable, resolved.config, study.pins, cell.variants)
            reasons += _refusals(cell, values, [finding.message for finding in resolved.findings])
        for variant in cell.variants:
            point = self._points.of(variant, cell.cell_id)
            self.waits += [Wait(variant=variant, point=point, reason=reason) for reason in reasons]
        return cell

    def _known(self, cell: WaitingCell, values: Mapping[ConfigPath, float]) -> Iterator[Known]:
        for variant in cell.variants:
            for path, value in values.items():
                source = cell.sources[path]
                yield Known(
                    variant=variant,
                    point=self._points.of(variant, cell.cell_id),
                    key=".".join(path),
                    value=value,
                    metric=cell.measured[path].metric,
                    source=self._name(source),
                    num_seeds=len(self._trial_ids[source.cell_id]),
                )

    def _name(self, source: Cell) -> str:
        return _named(source.variants[0], self._points.of(source.variants[0], source.cell_id))

    def _value(self, source: Cell, metric: str) -> float | str:
        """The value, or why there is none yet."""
        wanted = self._trial_ids[source.cell_id]
        rows = [self._rows[trial_id] for trial_id in wanted if trial_id in self._rows]
        name = self._name(source)
        if len(rows) < len(wanted):
            return f"{len(rows)} of {len(wanted)} seeds of {name} are done"
        num_diverged = sum(row["status"] != TrialStatus.COMPLETED for row in rows)
        if num_diverged:
            return f"{num_diverged} of {len(wanted)} seeds of {name} diverged"
        numbers = [number for row in rows if (number := _number(row.get(metric))) is not None]
        if len(numbers) < len(wanted):
            return f"{len(wanted) - len(numbers)} of {len(wanted)} seeds of {name} have no {metric}"
        return measured_value(numbers)


def _rows(
    results: Results, waiting: Sequence[WaitingCell], trial_ids_of_cells: Mapping[str, Sequence[str]]
) -> dict[str, dict[str, Any]]:
    """Status and metrics of the trials in which something is measured, as far as they have ended."""
    metrics = {value.metric for cell in waiting for value in cell.measured.values()}
    # Chosen by name, for the column of a metric that no trial has reported yet is not there.
    names = ", ".join(map(literal, ("trial_id", "status", *sorted(metrics))))
    rows = results.sql(
        f"""
        SELECT COLUMNS(lambda name: name IN ({names})) FROM trials
        WHERE status <> 'pruned' AND trial_id IN (SELECT unnest($wanted::VARCHAR[]))
        """,  # noqa: S608  the names of metrics, as literals
        {"wanted": [trial_id for ids in trial_ids_of_cells.values() for trial_id in ids]},
    ).dicts()
    return {row["trial_id"]: row for row in rows}


def _number(value: Any) -> float | None:
    """A metric as a finite number; it is text where another trainable has a field of text by its name."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if math.isfinite(number) else None


def _refusals(cell: WaitingCell, values: Mapping[ConfigPath, float], messages: Sequence[str]) -> Iterator[str]:
    """What is wrong with a configuration that would be valid with other values."""
    measured = ", ".join(f"{cell.measured[path]} is {value}, as {'.'.join(path)}" for path, value in values.items())
    for message in messages:
        yield f"{measured}: {message}"


def _named(variant: str, point: str) -> str:
    return f"{variant} ({point})" if point else variant
