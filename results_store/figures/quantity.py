"""What an axis shows: an objective or a parameter, with its title, unit and scale."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from results_store.figures.style import broken, plain_text
from results_store.query.formats import plain
from results_store.records import MetricInfo, Value
from results_store.search.history import SearchHistory

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from optuna.distributions import BaseDistribution

__all__ = ["Quantity", "confirmed_quantity", "objective_quantity", "parameter_quantity", "whole_ticks"]


@dataclass(frozen=True, kw_only=True)
class Quantity:
    """A number, or one of several choices, on an axis.

    Attributes:
        title: What it is called.
        is_key: Whether it is called by the key of a parameter.
        unit: Shown in brackets; fractions are shown in percent.
        is_log: Whether its axis is logarithmic.
        choices: The values that it can have, if they have no order.
        bounds: The range that it was searched in.
    """

    title: str
    is_key: bool = False
    unit: str = ""
    is_log: bool = False
    choices: tuple[Value, ...] | None = None
    bounds: tuple[float, float] | None = None

    def label(self, width: int) -> str:
        """Title and unit in lines of about so many characters."""
        unit = "%" if self.unit == "fraction" else plain_text(self.unit, 20)
        heading = plain_text(self.heading, 2 * width)
        return broken(f"{heading} ({unit})" if unit and unit != "count" else heading, width)

    @property
    def heading(self) -> str:
        """The title as a line begins with it; the key of a parameter stays as it is written."""
        return self.title if self.is_key else self.title[:1].upper() + self.title[1:]

    def shown(self, value: Any) -> float:
        """Where a value stands on the axis."""
        if self.choices is not None:
            return float(_place(self.choices, value))
        return 100 * float(value) if self.unit == "fraction" else float(value)

    def dress(self, axes: Axes, width: int) -> None:
        """Gives the x-axis its scale and ticks; to be called when everything is drawn.

        Args:
            axes: The panel.
            width: How many characters fit below it.
        """
        if self.choices is not None:
            _choice_ticks(axes, self.choices, width)
            return
        low, high = self.bounds if self.bounds is not None else (math.nan, math.nan)
        if self.is_log:
            axes.set_xscale("log")
            if 0 < low < high:
                margin = (high / low) ** 0.05
                axes.set_xlim(low / margin, high * margin)
            _log_ticks(axes)
        elif low < high:
            axes.set_xlim(low - 0.05 * (high - low), high + 0.05 * (high - low))


def objective_quantity(history: SearchHistory, index: int) -> Quantity:
    """The axis of an objective."""
    objective = history.info.objectives[index]
    if objective.is_metric:
        return _metric_quantity(objective.name, history.metrics.get(objective.name))
    return Quantity(title=objective.name, is_key=True)


def confirmed_quantity(history: SearchHistory, index: int) -> Quantity:
    """What winners are confirmed by."""
    if not history.info.objectives[index].is_metric or index >= len(history.confirmed_metrics):
        return objective_quantity(history, index)
    name = history.confirmed_metrics[index]
    return _metric_quantity(name, history.metrics.get(name))


def parameter_quantity(name: str, distribution: BaseDistribution) -> Quantity:
    """The axis of a parameter."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    quantity = Quantity(title=name, is_key=True)
    if isinstance(distribution, CategoricalDistribution):
        return replace(quantity, choices=tuple(distribution.choices))
    if isinstance(distribution, FloatDistribution | IntDistribution):
        return replace(quantity, is_log=distribution.log, bounds=(float(distribution.low), float(distribution.high)))
    return quantity


def whole_ticks(axes: Axes) -> None:
    """Ticks at whole numbers on the x-axis: candidates and rounds are counted."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True, steps=[1, 2, 5, 10]))


def _metric_quantity(name: str, metric: MetricInfo | None) -> Quantity:
    known = metric or MetricInfo(name=name)
    return Quantity(title=known.shown_title, unit=known.unit)


def _place(choices: Sequence[Value], value: Any) -> int:
    same = [index for index, choice in enumerate(choices) if choice == value and type(choice) is type(value)]
    return (same or [index for index, choice in enumerate(choices) if choice == value] or [-1])[0]


def _choice_ticks(axes: Axes, choices: Sequence[Value], width: int) -> None:
    names = [broken(plain_text(plain(choice) or "null", 24), 12) for choice in choices]
    axes.set_xticks(range(len(names)), labels=names)
    axes.set_xlim(-0.6, len(names) - 0.4)
    is_crowded = sum(max(map(len, name.split("\n"))) + 1 for name in names) > width
    for text in axes.get_xticklabels():
        text.set_parse_math(False)
        if is_crowded:
            text.set(rotation=35, ha="right", rotation_mode="anchor")


def _log_ticks(axes: Axes) -> None:
    """A few plain numbers: matplotlib's own powers of ten are mathematical text, and rare in a short range."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

    low, high = axes.get_xlim()
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    tens = [10.0**exponent for exponent in exponents if low <= 10.0**exponent <= high]
    ticks = tens[:: max(1, math.ceil(len(tens) / 4))]
    for digits in ((1, 3), (1, 2, 5), range(1, 10)):
        if len(ticks) < 3:
            ticks = [digit * 10.0**e for e in exponents for digit in digits if low <= digit * 10.0**e <= high]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
