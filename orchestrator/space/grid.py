"""The grid of a study: axes, what walks together (`zip`), what is left out (`exclude`), where an axis applies (`when`).

grid:
  model.attention.top_k: [3, 8, 16]
  model.gate.scale: [2.0, 5.0]
  zip:
    - {task.num_train: [500, 2000], training.epochs: [60, 15]}
  exclude:
    - {variant: ssm_only, model.attention.top_k: [8, 16]}
  when:
    model.gate.scale: {model.gate.name: entropy}
"""

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from orchestrator.document.changes import Change, ConfigPath, Origin, flatten
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.document.yaml_document import KeyPath

RESERVED = ("zip", "exclude", "when")
VARIANT = ("variant",)

Report = Callable[[KeyPath, str], None]
"""Called with the place in the study file and what is wrong there."""


WithDefaults = Callable[[Mapping[ConfigPath, Any]], Mapping[ConfigPath, Any]]
"""Completes written values, by path, by those that are at their default."""


@dataclass(frozen=True, kw_only=True)
class Condition:
    """Holds where every key has one of its values; the key `variant` stands for the variant's name."""

    values: Mapping[ConfigPath, tuple[Any, ...]]
    at: KeyPath

    def holds(self, variant: str, config: Mapping[ConfigPath, Any]) -> bool:
        """Whether the condition holds for a variant and its merged configuration."""
        return all((variant if path == VARIANT else config.get(path)) in wanted for path, wanted in self.values.items())


@dataclass(frozen=True, kw_only=True)
class Axis:
    """One or more keys that walk together through their values."""

    steps: tuple[tuple[Change, ...], ...]
    when: Condition | None = None

    @property
    def paths(self) -> tuple[ConfigPath, ...]:
        """The keys that the axis sets."""
        return tuple(change.path for change in self.steps[0])


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Axes and exclusions."""

    axes: tuple[Axis, ...] = ()
    exclude: tuple[Condition, ...] = ()

    def points(
        self,
        variant: str,
        config: Mapping[ConfigPath, Any],
        with_defaults: WithDefaults,
        met: Callable[["Condition"], None],
    ) -> Iterator[tuple[Change, ...]]:
        """The grid points of one variant.

        Args:
            variant: its name.
            config: its configuration without the grid, by path.
            with_defaults: completes a configuration by what is at its default, so that conditions may ask for it.
            met: called with every condition that applied somewhere.
        """
        free = [axis for axis in self.axes if axis.when is None]
        bound = [axis for axis in self.axes if axis.when is not None]
        for steps in itertools.product(*(axis.steps for axis in free)):
            outer = [change for step in steps for change in step]
            merged = {**config, **{change.path: change.value for change in outer}}
            complete = with_defaults(merged) if bound else merged
            applying = [axis for axis in bound if axis.when is not None and axis.when.holds(variant, complete)]
            for axis in applying:
                if axis.when is not None:
                    met(axis.when)
            for inner_steps in itertools.product(*(axis.steps for axis in applying)):
                point = (*outer, *(change for step in inner_steps for change in step))
                if self.exclude:
                    full = with_defaults({**merged, **{change.path: change.value for change in point}})
                    holding = [condition for condition in self.exclude if condition.holds(variant, full)]
                    for condition in holding:
                        met(condition)
                    if holding:
                        continue
                yield point

    def max_points(self) -> int:
        """How many points there are at most, before `when` and `exclude`."""
        return math.prod(len(axis.steps) for axis in self.axes)

    def with_changes(self, read: Callable[[Change], Change]) -> "Grid":
        """The grid with each value of its axes as `read` gives it back."""
        axes = tuple(
            replace(axis, steps=tuple(tuple(read(change) for change in step) for step in axis.steps))
            for axis in self.axes
        )
        return replace(self, axes=axes)

    def conditions(self) -> Iterator[Condition]:
        """All conditions, of `when` and of `exclude`."""
        yield from (axis.when for axis in self.axes if axis.when is not None)
        yield from self.exclude


def parse_grid(section: Mapping[str, Any], report: Report) -> Grid:
    """Reads the `grid` section; what is wrong is reported, and left out."""
    at: KeyPath = ("grid",)
    when = _parse_when(section.get("when", {}), (*at, "when"), report)
    axes = [
        *_parse_axes({key: value for key, value in section.items() if key not in RESERVED}, at, report),
        *_parse_zip(section.get("zip", []), (*at, "zip"), report),
    ]
    _refuse_repeated(axes, report)
    known = {path for axis in axes for path in axis.paths}
    for path, condition in when.items():
        if path not in known:
            near = suggestion(".".join(path), [".".join(name) for name in known])
            report(condition.at, f"no axis of the grid is called so{near}")
    conditional = tuple(
        Axis(steps=axis.steps, when=next((when[path] for path in axis.paths if path in when), None)) for axis in axes
    )
    return Grid(axes=conditional, exclude=tuple(_parse_exclude(section.get("exclude", []), (*at, "exclude"), report)))


def _parse_axes(section: Mapping[str, Any], at: KeyPath, report: Report) -> Iterator[Axis]:
    for change in flatten(section, at):
        steps = _values(change, report)
        if steps:
            yield Axis(steps=tuple((step,) for step in steps))


def _parse_zip(section: Any, at: KeyPath, report: Report) -> Iterator[Axis]:
    groups = section if isinstance(section, list) else [section]
    for index, group in enumerate(groups):
        place = (*at, index) if isinstance(section, list) else at
        if not isinstance(group, Mapping) or not group:
            report(place, f"should be a mapping of keys to lists of equal length (got {shown(group)})")
            continue
        columns = [_values(change, report) for change in flatten(group, place)]
        if not all(columns):
            continue
        lengths = {len(column) for column in columns}
        if len(lengths) > 1:
            report(
                place,
                f"lists that walk together have equal lengths (got {', '.join(map(str, sorted(lengths)))})",
            )
            continue
        yield Axis(steps=tuple(zip(*columns, strict=True)))


def _values(change: Change, report: Report) -> list[Change]:
    if not isinstance(change.value, list):
        report(change.origin.path, f"an axis is a list of values (got {shown(change.value)})")
        return []
    if not change.value:
        report(change.origin.path, "an axis needs at least one value")
        return []
    return [
        Change(path=change.path, value=value, origin=Origin(path=(*change.origin.path, index)))
        for index, value in enumerate(change.value)
    ]


def _refuse_repeated(axes: Sequence[Axis], report: Report) -> None:
    seen: set[ConfigPath] = set()
    for axis in axes:
        for change in axis.steps[0]:
            if change.path in seen:
                report(change.origin.path[:-1], "this key is an axis of the grid twice")
            seen.add(change.path)


def _parse_when(section: Any, at: KeyPath, report: Report) -> dict[ConfigPath, Condition]:
    if not isinstance(section, Mapping):
        report(at, f"should map an axis to the condition under which it applies (got {shown(section)})")
        return {}
    conditions = {}
    for key, condition in section.items():
        parsed = parse_condition(condition, (*at, key), report)
        if parsed is not None:
            conditions[tuple(key.split("."))] = parsed
    return conditions


def _parse_exclude(section: Any, at: KeyPath, report: Report) -> Iterator[Condition]:
    if not isinstance(section, list):
        report(at, f"should be a list of conditions (got {shown(section)})")
        return
    for index, condition in enumerate(section):
        parsed = parse_condition(condition, (*at, index), report)
        if parsed is not None:
            yield parsed


def parse_condition(section: Any, at: KeyPath, report: Report) -> Condition | None:
    """Reads one condition; what is wrong is reported."""
    if not isinstance(section, Mapping) or not section:
        report(at, f"a condition maps keys to a value or a list of values (got {shown(section)})")
        return None
    values = {
        change.path: tuple(change.value) if isinstance(change.value, list) else (change.value,)
        for change in flatten(section, at)
    }
    return Condition(values=values, at=at)
