"""From the `search` section as written to searches, or to everything that is wrong with it, before anything runs."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from orchestrator.document.changes import Change, ConfigPath, flatten
from orchestrator.document.model import Scalar
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import errors_of, shown, unknown_key
from orchestrator.document.yaml_document import KeyPath
from orchestrator.search.parameters import CategoricalParameter, FloatParameter, IntParameter
from orchestrator.search.searches import Searched, make_searches
from orchestrator.search.section import (
    Confirm,
    Constraint,
    Halving,
    Objective,
    Racing,
    Sampler,
    SamplerName,
    SearchSection,
)
from orchestrator.search.space import SearchedParameter, in_order
from orchestrator.space.fields import all_paths
from orchestrator.space.grid import VARIANT, Condition, Report, parse_condition
from orchestrator.space.layers import Layers
from orchestrator.trainables.unseen_split import refusal_of_metric


def check_search(
    raw: Any, study: Layers, report: Report, at: KeyPath = ("search",), *, is_study_whole: bool = True
) -> Searched:
    """One search for each variant and grid point that uses a searched key; equal ones are one.

    Variants that use none of the searched keys have no search; they are ordinary cells.

    Args:
        raw: the section as written.
        study: what surrounds it.
        report: called with the place of whatever is wrong, in which case there is no search.
        at: the section's place in the study file.
        is_study_whole: whether all variants are known. If not, there is no search, and nothing is said about what the
            variants would make of it.
    """
    return _Checker(study, report, at).check(raw, is_study_whole=is_study_whole)


class _Checker:
    def __init__(self, study: Layers, report: Report, at: KeyPath) -> None:
        self._study = study
        self._report_outside = report
        self._at = at
        self._num_problems = 0
        self._places: dict[str, KeyPath] = {}
        self._fixed: list[dict[str, Change]] = []

    def check(self, raw: Any, *, is_study_whole: bool) -> Searched:
        if not isinstance(raw, Mapping):
            self._report(self._at, f"should be a mapping of parameters, objectives and max_trials (got {shown(raw)})")
            return Searched()
        section = self._validate(raw)
        if section is None:
            return Searched()
        self._check_metrics(section)
        self._check_seeds(section)
        parameters = self._parameters(section)
        if not self._is_sound():
            return Searched()
        self._check_sampler(section, parameters)
        self._check_parameter_objectives(section, parameters)
        self._check_fixed(section, parameters)
        if not self._is_sound() or not is_study_whole:
            return Searched()
        searched = make_searches(section, parameters, self._study, self._report, self._at)
        return searched if self._is_sound() else Searched()

    def _is_sound(self) -> bool:
        return not self._num_problems

    def _report(self, path: KeyPath, message: str) -> None:
        self._num_problems += 1
        self._report_outside(path, message)

    # The section's own fields

    def _validate(self, raw: Mapping[str, Any]) -> SearchSection | None:
        data = dict(raw)
        if isinstance(raw.get("parameters"), Mapping):
            data["parameters"] = dict(self._flat_parameters(raw["parameters"], (*self._at, "parameters"), ()))
        if isinstance(raw.get("fixed"), list):
            data["fixed"] = [
                self._flat_point(point, (*self._at, "fixed", index)) for index, point in enumerate(raw["fixed"])
            ]
        try:
            return SearchSection.model_validate(data)
        except ValidationError as error:
            for path, message in errors_of(error, data):
                if message == "unknown key":
                    message = unknown_key(str(path[-1]), _known(path[:-1], data))
                self._report(self._place(path), message)
            return None

    def _flat_parameters(
        self, written: Mapping[str, Any], at: KeyPath, prefix: ConfigPath
    ) -> Iterator[tuple[str, Any]]:
        """Parameters by dotted name. A mapping of nothing but mappings is no parameter but a section above some."""
        for key, value in written.items():
            path = (*prefix, *key.split("."))
            if isinstance(value, Mapping) and value and all(isinstance(inner, Mapping) for inner in value.values()):
                yield from self._flat_parameters(value, (*at, key), path)
                continue
            name = ".".join(path)
            if name in self._places:
                self._report((*at, key), f"{name!r} is written twice, nested and with dots")
            self._places[name] = (*at, key)
            yield name, value

    def _flat_point(self, point: Any, at: KeyPath) -> Any:
        if not isinstance(point, Mapping):
            return point
        flat = {".".join(change.path): change for change in flatten(point, at)}
        self._fixed.append(flat)
        return {name: change.value for name, change in flat.items()}

    def _place(self, path: Sequence[str | int]) -> KeyPath:
        if len(path) > 1 and path[0] == "parameters":
            return (*self._places.get(str(path[1]), (*self._at, *path[:2])), *path[2:])
        return (*self._at, *path)

    # What must exist elsewhere

    def _check_metrics(self, section: SearchSection) -> None:
        fractions = {metric.name for metric in self._study.trainable.metrics if metric.unit == "fraction"}
        per_epoch = {metric.name for metric in self._study.trainable.epoch_metrics}
        named = [("objectives", index, objective.metric) for index, objective in enumerate(section.objectives)]
        named += [("constraints", index, constraint.metric) for index, constraint in enumerate(section.constraints)]
        for key, index, metric in named:
            if metric is None:
                continue
            place: KeyPath = (*self._at, key, index, "metric")
            refusal = refusal_of_metric(metric, self._study.trainable, "a search never sees the test split")
            if refusal is not None:
                self._report(place, refusal)
            elif isinstance(section.pruning, Halving) and metric not in per_epoch:
                message = f"pruning: halving takes metrics that are reported per epoch, which {metric!r} is not"
                self._report(place, message)
        for index, constraint in enumerate(section.constraints):
            bound, name = (
                (constraint.at_most, "at_most") if constraint.at_most is not None else (constraint.at_least, "at_least")
            )
            if constraint.metric in fractions and bound is not None and not 0 <= bound <= 1:
                message = f"{constraint.metric} is a fraction between 0 and 1 (got {bound:g}; 5 % is 0.05)"
                self._report((*self._at, "constraints", index, name), message)
        repeated = [
            o.name for i, o in enumerate(section.objectives) if o.name in [p.name for p in section.objectives[:i]]
        ]
        if repeated:
            self._report((*self._at, "objectives"), f"{repeated[0]!r} is an objective twice")
        elif all(objective.metric is None for objective in section.objectives):
            # The best parameters would be known without training anything.
            self._report((*self._at, "objectives"), "an objective at least is a metric")
        self._check_contradictions(section.constraints)

    def _check_contradictions(self, constraints: Sequence[Constraint]) -> None:
        for metric in dict.fromkeys(constraint.metric for constraint in constraints):
            of_metric = [(index, one) for index, one in enumerate(constraints) if one.metric == metric]
            least = max((one.at_least for _, one in of_metric if one.at_least is not None), default=-math.inf)
            most = min((one.at_most for _, one in of_metric if one.at_most is not None), default=math.inf)
            if least > most:
                place: KeyPath = (*self._at, "constraints", of_metric[-1][0])
                self._report(place, f"nothing keeps both: {metric} at least {least:g} and at most {most:g}")

    def _check_seeds(self, section: SearchSection) -> None:
        if section.replicates > len(self._study.seeds):
            message = (
                f"{section.replicates} replicates are more than the study's {len(self._study.seeds)} seeds; "
                "raise `seeds`, or lower `replicates`"
            )
            self._report((*self._at, "replicates"), message)

    def _parameters(self, section: SearchSection) -> list[SearchedParameter]:
        known = dict.fromkeys(all_paths(self._study.trainable.config_model))
        axes = [path for axis in self._study.grid.axes for path in axis.paths]
        found: list[SearchedParameter] = []
        for name, domain in section.parameters.items():
            path, place = tuple(name.split(".")), self._places[name]
            if path not in known:
                near = suggestion(name, [".".join(other) for other in known])
                self._report(place, f"no configuration has the key {name!r}{near}")
            for axis in axes:
                if _overlap(path, axis):
                    self._report(
                        place, f"{'.'.join(axis)!r} is an axis of the grid, too; search it or list it, not both"
                    )
            when = self._condition(domain.when, (*place, "when"), known) if domain.when else None
            for variant in self._study.variants:
                is_searched = when is None or variant.name in when.values.get(VARIANT, (variant.name,))
                if is_searched and any(_overlap(path, change.path) for change in variant.changes):
                    self._report(place, f"variant {variant.name!r} sets this key; it cannot be searched as well")
            for change in self._study.settings:
                if _overlap(path, change.path):
                    self._report(
                        place, f"--set {change.origin.setting} gives it a value; it cannot be searched as well"
                    )
            found.append(SearchedParameter(path=path, domain=domain, when=when, at=place))
        for one, other in itertools.combinations(found, 2):
            if _overlap(one.path, other.path):
                self._report(one.at, f"{one.name!r} and {other.name!r} contain each other; search one of them")
        ordered, circle = in_order(found)
        if circle:
            names = ", ".join(repr(parameter.name) for parameter in circle)
            self._report((*circle[0].at, "when"), f"conditions go in a circle: {names}")
        return [*ordered, *circle]

    def _condition(self, written: Mapping[str, Any], at: KeyPath, known: Mapping[ConfigPath, None]) -> Condition | None:
        condition = parse_condition(written, at, self._report)
        if condition is not None:
            for path in condition.values:
                if path not in known and path != VARIANT:
                    near = suggestion(".".join(path), [".".join(name) for name in (*known, VARIANT)])
                    self._report(at, f"no configuration has the key {'.'.join(path)!r}{near}")
        return condition

    def _check_sampler(self, section: SearchSection, parameters: Sequence[SearchedParameter]) -> None:
        name = section.sampler.name
        place: KeyPath = (*self._at, "sampler", "name")
        conditional = [p for p in parameters if p.when is not None and set(p.when.values) - {VARIANT}]
        if not name.takes_conditions and conditional:
            message = f"sampler {name} cannot search {conditional[0].name!r}, which has a `when`; take tpe or random"
            self._report(place, message)
        if section.constraints and not name.takes_constraints:
            message = (
                f"sampler {name} does not steer by constraints; take tpe, nsga2 or gp, or leave the constraints to a "
                "query over `candidates`"
            )
            self._report(place, message)
        if name is SamplerName.GP and len(section.objectives) > 1:
            self._report(place, "sampler gp takes minutes per round with several objectives; take tpe or nsga2")

    def _check_parameter_objectives(self, section: SearchSection, parameters: Sequence[SearchedParameter]) -> None:
        by_name = {parameter.name: parameter for parameter in parameters}
        for index, objective in enumerate(section.objectives):
            if objective.parameter is None:
                continue
            place: KeyPath = (*self._at, "objectives", index, "parameter")
            parameter = by_name.get(objective.parameter)
            if parameter is None:
                near = suggestion(objective.parameter, by_name) or f"; searched: {', '.join(by_name)}"
                self._report(place, f"no parameter {shown(objective.parameter)} is searched{near}")
            elif isinstance(parameter.domain, CategoricalParameter):
                self._report(place, f"an objective is a number; {parameter.name!r} is categorical")
            elif parameter.when is not None and set(parameter.when.values) - {VARIANT}:
                # What depends on the variant alone has a value all over a search, or none in it: `make_searches` tells.
                self._report(place, f"an objective has a value everywhere; {parameter.name!r} has a `when`")

    def _check_fixed(self, section: SearchSection, parameters: Sequence[SearchedParameter]) -> None:
        if len(section.fixed) > section.max_trials:
            message = (
                f"{len(section.fixed)} points are more than max_trials ({section.max_trials}) allows; raise "
                "`max_trials`, or leave points out"
            )
            self._report((*self._at, "fixed"), message)
        by_name = {parameter.name: parameter for parameter in parameters}
        seen: list[Mapping[str, Scalar]] = []
        for index, (point, changes) in enumerate(zip(section.fixed, self._fixed, strict=True)):
            if point in seen:
                self._report((*self._at, "fixed", index), "this point is written twice")
            seen.append(point)
            for name, value in point.items():
                place = changes[name].origin.path
                if name not in by_name:
                    near = suggestion(name, by_name) or f"; searched: {', '.join(by_name)}"
                    self._report(place, f"no parameter {shown(name)} is searched{near}")
                elif not by_name[name].domain.contains(value):
                    self._report(
                        place, f"is no value of this parameter, {_described(by_name[name])} (got {shown(value)})"
                    )


def _overlap(one: ConfigPath, other: ConfigPath) -> bool:
    length = min(len(one), len(other))
    return one[:length] == other[:length]


def _described(parameter: SearchedParameter) -> str:
    domain = parameter.domain
    if isinstance(domain, CategoricalParameter):
        return f"one of {', '.join(shown(choice) for choice in domain.choices)}"
    steps = f" in steps of {domain.step}" if domain.step is not None else ""
    kind = "a whole number" if isinstance(domain, IntParameter) else "a number"
    return f"{kind} from {domain.low} to {domain.high}{steps}"


def _known(path: Sequence[str | int], data: Mapping[str, Any]) -> list[str]:
    """The keys that may stand at a place of the section."""
    models: dict[str, type[BaseModel]] = {
        "sampler": Sampler,
        "objectives": Objective,
        "constraints": Constraint,
        "confirm": Confirm,
    }
    if not path:
        return list(SearchSection.model_fields)
    key = str(path[0])
    if key == "parameters":
        models = {"float": FloatParameter, "int": IntParameter, "categorical": CategoricalParameter}
        key = data["parameters"][path[1]]["type"]
    elif key == "pruning":
        models = {"racing": Racing, "halving": Halving}
        key = data["pruning"]["method"]
    return list(models[key].model_fields)
