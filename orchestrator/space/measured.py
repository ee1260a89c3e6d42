"""Values of the configuration that are measured in another cell, as a study file writes them.

    model.gate: {name: random, rate: {of: amor_entropy, metric: validation_gate_rate}}

The value is the mean over the study's seeds of a metric in the completed trials of another variant's cell, rounded so
that the last bits of a mean do not make another cell. `space/sources.py` says which cell it is.
"""

import math
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from orchestrator.document.changes import MEASURED_BY, Change, ConfigPath, Origin, flatten
from orchestrator.document.model import Scalar
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import REQUIRED, shown, unknown_key
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.fields import all_paths, fields_at
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.unseen_split import refusal_of_metric

DECIMALS = 4
"""Of a measured value."""

KEYS = (MEASURED_BY, "metric", "where")


@dataclass(frozen=True, kw_only=True)
class Measured:
    """A number that is measured elsewhere; a configuration as written may hold it as a value.

    Attributes:
        of: the variant in whose cell it is measured.
        metric: what is measured there.
        where: the values that choose the cell where the variant has several.
        stand_in: a number that may stand in its place until it is known: to check the rest, to foresee times.
    """

    of: str
    metric: str
    where: tuple[tuple[ConfigPath, Scalar], ...] = ()
    stand_in: float = 0.5

    def __str__(self) -> str:
        return f"{self.metric} of {self.of}"


def measured_value(values: Iterable[float]) -> float:
    """The value that replicates give, whatever their order."""
    numbers = list(values)
    return round(math.fsum(numbers) / len(numbers), DECIMALS)


def stand_in(value: Any) -> float:
    """For `json.dumps(default=…)`: writes a measured value as the number that stands in for it."""
    if isinstance(value, Measured):
        return value.stand_in
    raise TypeError(f"{type(value).__name__} is no value of a study file")


class References:
    """Reads measured values where changes of the configuration are written; what is wrong is reported.

    Args:
        trainable: its configuration and its metrics.
        variants: the names of the study's variants; None where not all are known.
    """

    def __init__(self, trainable: Trainable, variants: Collection[str] | None) -> None:
        self._trainable = trainable
        self._variants = variants
        self.problems: list[tuple[Origin, ConfigPath, str]] = []
        """Where the value stands, its key, and what is wrong."""

    def read(self, change: Change) -> Change:
        """The change with a `Measured` instead of the mapping that stands for one; any other change as it is."""
        written = change.value
        if not isinstance(written, Mapping) or MEASURED_BY not in written:
            return change
        of = self._variant(written, change)
        metric = self._metric(written, change)
        where = self._where(written.get("where", {}), change)
        value = Measured(
            of=of if where is not None else "",  # of a wrong grid point nothing can be said
            metric=metric,
            where=tuple((where or {}).items()),
            stand_in=number_for(self._trainable.config_model, change.path),
        )
        for key in written:
            if key not in KEYS:
                self._report(change, (key,), unknown_key(key, KEYS))
        return Change(path=change.path, value=value, origin=change.origin)

    def _metric(self, written: Mapping[str, Any], change: Change) -> str:
        name = self._name("metric", written, change, "metric")
        rule = "a configuration never depends on the test split"
        refusal = refusal_of_metric(name, self._trainable, rule) if name else None
        if refusal is not None:
            self._report(change, ("metric",), refusal)
        return name

    def _variant(self, written: Mapping[str, Any], change: Change) -> str:
        name, known = self._name(MEASURED_BY, written, change, "variant"), self._variants
        if name and known is not None and name not in known:
            near = suggestion(name, known) or f"; known: {', '.join(known)}"
            self._report(change, (MEASURED_BY,), f"there is no variant {shown(name)}{near}")
        return name

    def _name(self, key: str, written: Mapping[str, Any], change: Change, kind: str) -> str:
        """The name as written; empty where there is none."""
        if key not in written:
            self._report(change, (key,), REQUIRED)
            return ""
        name = written[key]
        if not isinstance(name, str) or not name:
            self._report(change, (key,), f"should be the name of a {kind} (got {shown(name)})")
            return ""
        return name

    def _where(self, written: Any, change: Change) -> dict[ConfigPath, Scalar] | None:
        """The values that choose a cell; None if something is wrong with them."""
        if not isinstance(written, Mapping):
            self._report(change, ("where",), f"should map keys to values (got {shown(written)})")
            return None
        known = set(all_paths(self._trainable.config_model))
        where: dict[ConfigPath, Scalar] = {}
        is_sound = True
        for wanted in flatten(written, ("where",)):
            if wanted.path not in known:
                near = suggestion(".".join(wanted.path), [".".join(path) for path in known])
                self._report(change, wanted.origin.path, f"no configuration has this key{near}")
            elif isinstance(wanted.value, Mapping | list):
                self._report(change, wanted.origin.path, f"should be one value (got {shown(wanted.value)})")
            else:
                where[wanted.path] = wanted.value
                continue
            is_sound = False
        return where if is_sound else None

    def _report(self, change: Change, below: KeyPath, message: str) -> None:
        origin = change.origin
        place = origin if origin.setting is not None else Origin(path=(*origin.path, *below))
        self.problems.append((place, (*change.path, *map(str, below)), message))


def number_for(model: type[BaseModel], path: ConfigPath) -> float:
    """A number with decimals that a key of the configuration may have: the middle of its range, if it has one."""
    for info in fields_at(model, path):
        bounds = dict(_bounds(info))
        low = bounds.get("ge", bounds.get("gt"))
        high = bounds.get("le", bounds.get("lt"))
        if low is not None and high is not None:
            return (low + high) / 2
        default = info.get_default()
        if isinstance(default, float):
            return default
        if low is not None:
            return low + 1.0
        if high is not None:
            return high - 1.0
    return 0.5


def _bounds(info: Any) -> Iterator[tuple[str, float]]:
    """The bounds of a field, also where they stand within an optional type."""
    for constraint in getattr(info, "metadata", ()) if isinstance(info, FieldInfo) else (info,):
        for name in ("ge", "gt", "le", "lt"):
            bound = getattr(constraint, name, None)
            if isinstance(bound, int | float):
                yield name, float(bound)
    annotation = info.annotation if isinstance(info, FieldInfo) else info
    for argument in get_args(annotation):
        yield from _bounds(argument)
