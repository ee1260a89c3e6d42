"""Measured figures: what came out, how much it spreads, what it has to reach."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Spread:
    """Median and quartiles of repeated measurements.

    Attributes:
        values: the measurements in the order in which they were made.
    """

    median: float
    low: float
    high: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Of at least one value; the quartiles of a single one are itself."""
        low = median = high = values[0]
        if len(values) > 1:
            low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median=median, low=low, high=high, values=tuple(values))


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Of measurements that were made in pairs, one after the other."""
    return [one / other for one, other in zip(above, below, strict=True)]


def geometric_mean(values: Sequence[float]) -> float:
    return math.exp(statistics.fmean(map(math.log, values)))


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """A bound on a figure's median."""

    kind: Literal["at least", "less than"]
    value: float

    def is_met(self, measured: float) -> bool:
        return measured >= self.value if self.kind == "at least" else measured < self.value


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One line of the table.

    Attributes:
        part: which part of the benchmarks it belongs to.
        name: what was measured.
        unit: of the numbers; "" for a ratio.
        spread: the numbers.
        required: what the median has to reach; None where nothing is required.
        note: how it was measured, in a few words.
        details: further numbers for the JSON file.
    """

    part: str
    name: str
    unit: str
    spread: Spread
    required: Requirement | None = None
    note: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_met(self) -> bool | None:
        return None if self.required is None else self.required.is_met(self.spread.median)

    def as_json(self) -> dict[str, Any]:
        return asdict(self) | {"is_met": self.is_met}


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _with_unit(value: float, unit: str) -> str:
    if unit == "fraction":
        return f"{100 * value:.1f} %"
    return f"{_number(value)} {unit}" if unit else f"{_number(value)}x"


def _measured(figure: Figure) -> str:
    text = _with_unit(figure.spread.median, figure.unit)
    if len(figure.spread.values) > 1:
        low, high = _with_unit(figure.spread.low, figure.unit), _with_unit(figure.spread.high, figure.unit)
        text += f" [{low.split()[0].rstrip('x')}, {high.split()[0].rstrip('x')}]"
    return text


def print_table(figures: Sequence[Figure], machine: dict[str, Any], *, is_quick: bool) -> None:
    """Prints one line per figure to stdout."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    title = f"{machine['cpu']}, {machine['num_cpus']} CPUs, torch {machine['versions']['torch']}"
    if is_quick:
        title += "; a quick run: it shows that everything works, its numbers mean nothing"
    table = Table("part", "figure", "measured", "required", "met", "how", title=title, title_justify="left")
    part = None
    for figure in figures:
        required = figure.required
        table.add_row(
            "" if figure.part == part else figure.part,
            figure.name,
            _measured(figure),
            "" if required is None else f"{required.kind} {_with_unit(required.value, figure.unit)}",
            "" if is_quick else {True: "yes", False: "NO", None: ""}[figure.is_met],
            figure.note,
        )
        part = figure.part
    console.print(table)
    console.print("Medians; in brackets the quartiles of the repetitions.", highlight=False)


def write_json(path: Path, figures: Sequence[Figure], machine: dict[str, Any], *, is_quick: bool) -> None:
    """Writes everything, single measurements included."""
    content = {"machine": machine, "quick": is_quick, "figures": [figure.as_json() for figure in figures]}
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
