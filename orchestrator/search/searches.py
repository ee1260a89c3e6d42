"""From a checked section to searches: one for each variant and grid point, tried at the ends of all ranges."""

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel

from orchestrator.document.changes import ConfigPath
from orchestrator.document.model import Scalar
from orchestrator.document.yaml_document import KeyPath
from orchestrator.errors import TrainableError
from orchestrator.search.parameters import CategoricalParameter
from orchestrator.search.search import Search, point_text, short_names
from orchestrator.search.section import Halving, SearchSection
from orchestrator.search.space import SearchedParameter, SearchSpace
from orchestrator.space.grid import VARIANT, Condition, Report
from orchestrator.space.layers import Context, Layers
from orchestrator.space.resolution import Finding, Resolved
from orchestrator.trainables.estimates import Estimates

MAX_COMBINATIONS = 64
"""Combinations of choices that are tried before anything runs; of more, each choice is tried with the others' first."""


@dataclass(frozen=True, kw_only=True)
class Searched:
    """The searches of a study.

    Attributes:
        searches: equal ones once.
        tried: for each context of the layers, in their order, the configurations that were tried beforehand; none
            where nothing is searched, which makes it an ordinary cell.
    """

    searches: tuple[Search, ...] = ()
    tried: tuple[tuple[Resolved, ...], ...] = ()


def make_searches(
    section: SearchSection,
    parameters: Sequence[SearchedParameter],
    study: Layers,
    report: Report,
    at: KeyPath,
) -> Searched:
    """One search for each variant and grid point that uses a searched key; equal ones are one.

    Args:
        section: the section, valid in itself.
        parameters: its parameters, in order.
        study: what surrounds it.
        report: called with whatever is wrong, in which case the searches are worth nothing.
        at: the section's place in the study file.
    """
    return _Maker(study, report, at).searches(section, parameters)


class _Maker:
    def __init__(self, study: Layers, report: Report, at: KeyPath) -> None:
        self._study = study
        self._report_outside = report
        self._at = at
        self._reported: set[tuple[KeyPath, str]] = set()

    def _report(self, path: KeyPath, message: str) -> None:
        """Reports once what holds for several grid points."""
        if (path, message) not in self._reported:
            self._reported.add((path, message))
            self._report_outside(path, message)

    def searches(self, section: SearchSection, parameters: Sequence[SearchedParameter]) -> Searched:
        used: set[str] = set()
        active: set[str] = set()
        unused: dict[str, str] = {}
        refused: dict[tuple[str, str], Finding | None] = {}
        searches: list[tuple[Context, SearchSpace]] = []
        tried_points: list[tuple[Resolved, ...]] = []
        contexts = list(self._study.contexts())
        if not contexts:  # whatever left none has been told; nothing is known about the space
            return Searched()
        for context in contexts:
            variant = context.variant
            space = SearchSpace(
                trainable=self._study.trainable,
                written=context.written,
                parameters=tuple(_within(parameters, variant)),
            )
            trials = [(values, space.resolve(values)) for values in _trial_points(space)]
            in_use = _used(space, trials)
            met = {name for values, _ in trials for name in values}
            if not _is_small(space):  # what was never met may be met where nobody looked
                in_use |= {parameter.name for parameter in space.parameters} - met
            used |= in_use
            active |= met | in_use
            unused |= _reasons(space, trials)
            space = replace(space, parameters=tuple(p for p in space.parameters if p.name in in_use))
            searches.append((context, space))
            tried_points.append(tuple(resolved for _, resolved in trials) if space.parameters else ())
            broken = _broken_around(trials)
            for finding in broken:
                self._report(finding.origin.path or ("base", *finding.path), finding.message)
            for place, refusal in ({} if broken else _refusals(space, trials)).items():
                refused[place] = refusal if refused.get(place, refusal) is not None else None
        by_name = {parameter.name: parameter for parameter in parameters}
        for name, parameter in by_name.items():
            if name not in active:
                self._report((*parameter.at, "when"), "holds nowhere in the space")
            elif name not in used:
                self._report(parameter.at, f"no variant uses this key ({unused[name]})")
        for (name, sample), refusal in refused.items():
            if refusal is not None:
                self._report(_sample_place(by_name[name], sample), refusal.message)
        if self._reported:
            return Searched()
        seeds = tuple(self._study.seeds[: section.replicates])
        tried: set[int] = set()
        found: list[Search] = []
        points = _points([context for context, space in searches if space.parameters], self._study, parameters)
        for context, space in searches:
            variant = context.variant
            names = {parameter.name for parameter in space.parameters}
            for index, objective in enumerate(section.objectives):
                if names and objective.parameter is not None and objective.parameter not in names:
                    message = f"variant {variant!r} is searched, too, but does not use this key"
                    self._report((*self._at, "objectives", index, "parameter"), message)
            if space.parameters:
                fixed = self._fixed_points(section, space, tried)
                found.append(
                    Search(
                        section=section,
                        space=space,
                        variants=(variant,),
                        pins=self._study.pins,
                        replicate_seeds=seeds,
                        fixed=tuple(fixed),
                        point=next(points),
                    )
                )
        self._check_halving(section, [resolved.config for points in tried_points for resolved in points])
        return Searched(searches=_folded(found), tried=tuple(tried_points))

    def _check_halving(self, section: SearchSection, tried: Sequence[BaseModel | None]) -> None:
        """Refuses halving that finds nothing to cut anywhere: not even the longest trials come to the first cut."""
        if not isinstance(section.pruning, Halving):
            return
        estimates = Estimates(self._study.trainable)
        try:
            numbers = {estimates.num_epochs(config) for config in tried if config is not None}
        except TrainableError:
            return  # told where it is planned
        known = {number for number in numbers if number is not None}
        first = section.pruning.first_epochs
        if known == numbers and known and max(known) <= first:
            message = (
                f"halving cuts after {first} epoch{'' if first == 1 else 's'} first, but trials have "
                f"{max(known) if len(known) == 1 else f'at most {max(known)}'}; lower it, or leave out pruning"
            )
            self._report((*self._at, "pruning", "first_epochs"), message)

    def _fixed_points(self, section: SearchSection, space: SearchSpace, tried: set[int]) -> list[dict[str, Scalar]]:
        """The fixed points as far as this search has their parameters."""
        points: list[dict[str, Scalar]] = []
        names = {parameter.name for parameter in space.parameters}
        for index, point in enumerate(section.fixed):
            missing: list[str] = []

            def take(
                parameter: SearchedParameter, point: Mapping[str, Scalar] = point, missing: list[str] = missing
            ) -> Scalar:
                if parameter.name in point:
                    return point[parameter.name]
                missing.append(parameter.name)
                return next(iter(parameter.domain.samples().values()))

            values = space.walk(take)
            idle = [name for name in point if name in names and name not in values]
            place: KeyPath = (*self._at, "fixed", index)
            if index in tried:
                pass
            elif missing:
                self._report(place, f"a fixed point has every parameter; missing: {', '.join(missing)}")
            elif idle:
                self._report(place, f"{idle[0]!r} is not searched at this point, where its `when` does not hold")
            elif resolved_findings := space.resolve(values).findings:
                self._report(place, f"is no valid configuration: {resolved_findings[0].message}")
            if missing or idle:
                tried.add(index)
            if values not in points:
                points.append(values)
        return points


def _folded(searches: Sequence[Search]) -> tuple[Search, ...]:
    found: dict[str, Search] = {}
    for search in searches:
        same = found.get(search.search_id)
        variants = (*same.variants, *search.variants) if same is not None else search.variants
        found[search.search_id] = replace(search, variants=tuple(dict.fromkeys(variants)))
    return tuple(found.values())


def _points(contexts: Sequence[Context], study: Layers, parameters: Sequence[SearchedParameter]) -> Iterator[str]:
    """What tells the contexts of each variant apart: the values of those axes of the grid that differ between them."""
    axes = [path for axis in study.grid.axes for path in axis.paths]
    of_variants: dict[str, list[Context]] = {}
    for context in contexts:
        of_variants.setdefault(context.variant, []).append(context)
    # Differing for one variant is enough: so the point depends on the configuration only, as equal searches are one.
    varying = [path for path in axes if any(_differ(path, of_one) for of_one in of_variants.values())]
    names = short_names([*varying, *(parameter.path for parameter in parameters)])
    for context in contexts:
        yield point_text({names[path]: context.written[path].value for path in varying if path in context.written})


def _differ(path: ConfigPath, contexts: Sequence[Context]) -> bool:
    """Whether a key has another value, or none, in some of the contexts."""
    values = [context.written[path].value if path in context.written else None for context in contexts]
    return any(value != values[0] for value in values)


def _within(parameters: Sequence[SearchedParameter], variant: str) -> Iterator[SearchedParameter]:
    """The parameters of one variant: conditions on the variant's name are decided here."""
    for parameter in parameters:
        when = parameter.when
        if when is not None and VARIANT in when.values:
            if variant not in when.values[VARIANT]:
                continue
            rest = {path: wanted for path, wanted in when.values.items() if path != VARIANT}
            parameter = replace(parameter, when=Condition(values=rest, at=when.at) if rest else None)
        yield parameter


def _is_small(space: SearchSpace) -> bool:
    """Whether all combinations of choices can be tried."""
    counts = [len(p.domain.choices) for p in space.parameters if isinstance(p.domain, CategoricalParameter)]
    return math.prod(counts) <= MAX_COMBINATIONS


def _trial_points(space: SearchSpace) -> Iterator[dict[str, Scalar]]:
    """Points at which the ends of every range and every choice are tried, with the others at their ends."""
    categorical = [p for p in space.parameters if isinstance(p.domain, CategoricalParameter)]
    numeric = [p for p in space.parameters if not isinstance(p.domain, CategoricalParameter)]
    choices = [p.domain.choices for p in categorical if isinstance(p.domain, CategoricalParameter)]
    if _is_small(space):
        combinations = list(itertools.product(*choices))
    else:
        first = tuple(values[0] for values in choices)
        combinations = [
            (*first[:index], choice, *first[index + 1 :]) for index, values in enumerate(choices) for choice in values
        ]
    seen: list[dict[str, Scalar]] = []
    for combination in combinations:
        chosen = {p.name: choice for p, choice in zip(categorical, combination, strict=True)}
        for end in ("low", "high"):
            fillings = [{p.name: p.domain.samples()[end] for p in numeric}]
            fillings += [
                {**fillings[0], p.name: p.domain.samples()["high" if end == "low" else "low"]} for p in numeric
            ]
            for filling in fillings:
                values = space.walk(lambda parameter, all_=chosen | filling: all_[parameter.name])  # type: ignore[misc]
                if values not in seen:
                    seen.append(values)
                    yield values


Tried = Sequence[tuple[Mapping[str, Scalar], Resolved]]


def _used(space: SearchSpace, tried: Tried) -> set[str]:
    """The parameters that some configuration uses."""
    return {
        parameter.name
        for parameter in space.parameters
        for values, resolved in tried
        if parameter.name in values and not _unused_reason(parameter, resolved)
    }


def _reasons(space: SearchSpace, tried: Tried) -> dict[str, str]:
    return {
        parameter.name: reason
        for parameter in space.parameters
        for values, resolved in tried
        if parameter.name in values and (reason := _unused_reason(parameter, resolved))
    }


def _unused_reason(parameter: SearchedParameter, resolved: Resolved) -> str:
    unused = resolved.selection.unused
    return next((unused[path] for path in unused if path[: len(parameter.path)] == parameter.path), "")


def _broken_around(tried: Tried) -> list[Finding]:
    """What is wrong wherever in the space, and was written outside the search: no range is to blame for it."""
    if any(resolved.config is not None for _, resolved in tried):
        return []
    return [
        finding
        for finding in tried[0][1].findings
        if all(finding in resolved.findings for _, resolved in tried) and finding.origin.path[:1] != ("search",)
    ]


def _refusals(space: SearchSpace, tried: Tried) -> dict[tuple[str, str], Finding | None]:
    """For each end and choice that is used: None if some configuration with it is valid, else what is wrong with it."""
    found: dict[tuple[str, str], Finding | None] = {}
    paths = {parameter.path for parameter in space.parameters}
    for values, resolved in tried:
        for parameter in space.parameters:
            for sample, value in parameter.domain.samples().items():
                if parameter.name not in values or values[parameter.name] != value:
                    continue
                if _unused_reason(parameter, resolved):
                    continue
                place = (parameter.name, sample)
                if resolved.config is not None:
                    found[place] = None
                elif place not in found:
                    own = [finding for finding in resolved.findings if finding.path == parameter.path]
                    # What is another parameter's own is told there; its value is no value of this one.
                    nobodys = [finding for finding in resolved.findings if finding.path not in paths]
                    if own or nobodys:
                        found[place] = (own or nobodys)[0]
    return found


def _sample_place(parameter: SearchedParameter, sample: str) -> KeyPath:
    if isinstance(parameter.domain, CategoricalParameter):
        return (*parameter.at, "choices", int(sample))
    return (*parameter.at, sample)
