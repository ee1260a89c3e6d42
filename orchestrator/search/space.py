"""The space of a search: its parameters in the order in which they are chosen, and the configuration of a choice."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator.document.changes import Change, ConfigPath, Origin, merge
from orchestrator.document.model import Scalar
from orchestrator.document.yaml_document import KeyPath
from orchestrator.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from orchestrator.space.grid import Condition
from orchestrator.space.resolution import Resolved, resolve, with_defaults
from orchestrator.trainables.contract import Trainable

Values = Mapping[str, Scalar]
"""The value of each active parameter by its dotted name."""


@dataclass(frozen=True, kw_only=True)
class SearchedParameter:
    """One key of the configuration that is searched.

    Attributes:
        path: the key.
        domain: its values.
        when: where it is searched, or None for everywhere.
        at: its place in the study file.
    """

    path: ConfigPath
    domain: FloatParameter | IntParameter | CategoricalParameter
    when: Condition | None
    at: KeyPath

    @property
    def name(self) -> str:
        """The key with dots."""
        return ".".join(self.path)


@dataclass(frozen=True, kw_only=True)
class SearchSpace:
    """What one search may choose.

    Attributes:
        trainable: validates configurations.
        written: the configuration around the search: base, variant, grid point and settings, merged.
        parameters: each after those that its condition names, else by name, so that the file's order does not matter.
    """

    trainable: Trainable
    written: Mapping[ConfigPath, Change]
    parameters: tuple[SearchedParameter, ...]

    def walk(self, choose: Callable[[SearchedParameter], Scalar]) -> dict[str, Scalar]:
        """Asks for the value of each parameter that is active under the values chosen before it."""
        values: dict[str, Scalar] = {}
        for parameter in self.parameters:
            if self.is_active(parameter, values):
                values[parameter.name] = parameter.domain.normal(choose(parameter))
        return values

    def is_active(self, parameter: SearchedParameter, values: Values) -> bool:
        """Whether the parameter's condition holds under values chosen before it."""
        if parameter.when is None:
            return True
        written: Mapping[ConfigPath, Any] = {path: change.value for path, change in self._changes(values).items()}
        if not parameter.when.values.keys() <= written.keys():
            written = with_defaults(self.trainable, written)
        return parameter.when.holds("", written)

    def resolve(self, values: Values) -> Resolved:
        """The configuration of a candidate, validated."""
        return resolve(self.trainable, self._changes(values))

    def _changes(self, values: Values) -> dict[ConfigPath, Change]:
        layer = [
            Change(path=parameter.path, value=values[parameter.name], origin=Origin(path=parameter.at))
            for parameter in self.parameters
            if parameter.name in values
        ]
        return merge([self.written.values(), layer])

    def max_points(self) -> float:
        """How many points there are at most, before conditions; infinity for a range of any numbers."""
        counts = [parameter.domain.num_values() for parameter in self.parameters]
        # Whole numbers only: a large one times infinity does not fit into a float.
        return math.inf if None in counts else math.prod(count for count in counts if count is not None)

    def points(self) -> Iterator[dict[str, Scalar]]:
        """Every point of a finite space once, in a fixed order."""
        yield from self._points(0, {})

    def _points(self, index: int, values: dict[str, Scalar]) -> Iterator[dict[str, Scalar]]:
        if index == len(self.parameters):
            yield values
            return
        parameter = self.parameters[index]
        if not self.is_active(parameter, values):
            yield from self._points(index + 1, values)
            return
        for value in parameter.domain.values():
            yield from self._points(index + 1, {**values, parameter.name: value})


def in_order(parameters: Sequence[SearchedParameter]) -> tuple[list[SearchedParameter], list[SearchedParameter]]:
    """The parameters in the order in which they can be chosen, and those whose conditions go in a circle."""
    rest = sorted(parameters, key=lambda parameter: parameter.path)
    ordered: list[SearchedParameter] = []
    while rest:
        waiting = {parameter.path for parameter in rest}
        ready = [p for p in rest if p.when is None or not waiting & p.when.values.keys()]
        if not ready:
            return ordered, rest
        ordered += ready
        rest = [parameter for parameter in rest if parameter not in ready]
    return ordered, []
