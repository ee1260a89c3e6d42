"""F5: what the gate of a trained model does on a sequence of the test split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from results_store.charts.cells import ShownTrial
from results_store.charts.chart import Axis, Chart, Line, Mark, Panel, Points, Reference, Spans
from results_store.charts.source import FigureSource
from results_store.charts.wording import spoken
from results_store.numbers import finite_number

__all__ = ["gate_pattern"]

_RETRIEVAL, _ENTROPY, _GATE, _THRESHOLD = "target needs retrieval", "entropy", "gate fires", "gate's threshold"
_COLUMNS, _MAY_LACK = ("sequence", "needs_retrieval"), ("gate", "entropy")
_WHOLE_SPLIT = {
    "test_gate_rate": "gate rate",
    "test_gate_precision": "precision",
    "test_gate_recall": "recall",
}
_NO_ENTROPY_AT = 0.5
"""Where firing is drawn if there is no entropy."""


def gate_pattern(source: FigureSource) -> Chart:
    """The entropy along the positions, where the gate fires, and where the target has to be retrieved."""
    figure = source.figure
    cells = source.cells(optional=(*_WHOLE_SPLIT, "gate_threshold"))
    found = [(cell, trial) for cell in cells for trial in cell.completed]
    seed = f"seed {figure.seeds[0]}" if figure.seeds else "any seed"
    if not found:
        raise source.missing(f"{_variants(source)}, {seed}: no completed trial", cells)
    cell, trial = found[0]
    rows = source.reports("gates", _COLUMNS, cells, optional=_MAY_LACK).get(trial.trial_id, [])
    row = next((row for row in rows if row["sequence"] == figure.sequence), None)
    if row is None:
        known = ", ".join(str(row["sequence"]) for row in rows) or "none"
        raise source.missing(f"{cell.label}, {seed}: sequence {figure.sequence} is not recorded; recorded: {known}")
    pattern = _Pattern(row)
    if not pattern.has_gate and not pattern.has_entropy:
        raise source.missing(f"{cell.label}, {seed}: it has neither a gate nor an entropy")
    threshold = trial.values.get("gate_threshold")
    marks = pattern.marks(threshold)
    counted = pattern.sentence()
    return Chart(
        name=figure.name,
        title=figure.title,
        panels=(
            Panel(
                x=Axis(title="Position", bounds=(0.0, float(pattern.length + 1))),
                y=Axis(title="Normalised entropy" if pattern.has_entropy else "Gate", bounds=(0.0, 1.05)),
                marks=tuple(marks),
            ),
        ),
        groups=tuple(dict.fromkeys(mark.group for mark in marks)),
        caption=(
            f"{cell.label}, seed {trial.seed}, test sequence {figure.sequence}, trained model.",
            counted,
            *_whole_split(trial),
        ),
        alternative=f"{cell.label}, seed {trial.seed}: {counted}",
        is_wide=True,
    )


class _Pattern:
    """One sequence; positions count from 1."""

    def __init__(self, row: Mapping[str, Any]) -> None:
        retrieval, gate, entropy = (_list(row[name]) for name in ("needs_retrieval", "gate", "entropy"))
        self.length = max(len(retrieval), len(gate), len(entropy))
        self.retrieval = {place for place, needs in enumerate(retrieval, 1) if needs}
        self.fired = {place for place, fires in enumerate(gate, 1) if fires}
        self.entropy = {place: at for place, value in enumerate(entropy, 1) if (at := finite_number(value)) is not None}
        self.has_gate, self.has_entropy = bool(gate), bool(self.entropy)

    def marks(self, threshold: float | None) -> list[Mark]:
        """What is drawn."""
        marks: list[Mark] = []
        if self.retrieval:
            starts, ends = _stretches(sorted(self.retrieval))
            marks.append(Spans(group=_RETRIEVAL, starts=starts, ends=ends))
        if self.entropy:
            marks.append(Line(group=_ENTROPY, x=list(self.entropy), y=list(self.entropy.values())))
        if self.has_gate and self.entropy and threshold is not None:
            marks.append(Reference(group=_THRESHOLD, y=threshold))
        if self.fired:
            places = sorted(self.fired)
            heights = [self.entropy.get(place, _NO_ENTROPY_AT) for place in places]
            marks.append(Points(group=_GATE, x=places, y=heights, texts=[f"fires at position {p}" for p in places]))
        return marks

    def sentence(self) -> str:
        """How often it fires, and where it should."""
        if not self.has_gate:
            return "The model has no gate."
        right = len(self.fired & self.retrieval)
        return (
            f"The gate fires at {len(self.fired)} of {self.length} positions, and at {right} of the "
            f"{len(self.retrieval)} whose target needs retrieval."
        )


def _stretches(places: Sequence[int]) -> tuple[list[float], list[float]]:
    starts = [place - 0.5 for place in places if place - 1 not in places]
    ends = [place + 0.5 for place in places if place + 1 not in places]
    return starts, ends


def _whole_split(trial: ShownTrial) -> list[str]:
    values = [(title, trial.values.get(metric)) for metric, title in _WHOLE_SPLIT.items()]
    parts = [f"{title} {spoken(value, 'fraction')}" for title, value in values if value is not None]
    return [f"On the whole test split: {', '.join(parts)}."] if parts else []


def _variants(source: FigureSource) -> str:
    return ", ".join(shown.label or shown.variant for shown in source.figure.variants)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
