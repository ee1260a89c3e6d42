"""A search: one space, resolved, with everything that decides what is proposed."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from orchestrator.document.changes import ConfigPath
from orchestrator.identity.canonical import canonical_json
from orchestrator.identity.identifiers import DIGITS, Pins
from orchestrator.search.candidates import Candidate
from orchestrator.search.parameters import FloatParameter
from orchestrator.search.section import SearchSection
from orchestrator.search.space import SearchedParameter, SearchSpace, Values
from orchestrator.space.cells import cell_of
from orchestrator.space.measured import Measured
from orchestrator.space.resolution import Resolved

PROPOSALS_VERSION = 1
"""Enters the identity of every search; raised when the same history would give other proposals."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """One search of a study: there is one for each variant and grid point that differ.

    Attributes:
        section: what the study file asks for.
        space: what may be chosen.
        variants: the names of the variants that it belongs to; they enter its candidates, not its identity.
        pins: pinned streams, part of the candidates' identity.
        replicate_seeds: the seeds of every candidate.
        fixed: points to try first, distinct and valid.
        point: what tells it from the study's other searches of its variants, for people: the values of the grid. No
            part of its identity, for another study may reach the same search by another grid.
    """

    section: SearchSection
    space: SearchSpace
    variants: tuple[str, ...]
    pins: Pins
    replicate_seeds: tuple[int, ...]
    fixed: tuple[Values, ...] = ()
    point: str = ""

    @property
    def name(self) -> str:
        """What people call it: its variants, and the grid point where the study has several searches of them."""
        return ", ".join(filter(None, (*self.variants, self.point)))

    def candidate(self, values: Values) -> Candidate | Resolved:
        """The candidate with these values, or what is wrong with its configuration."""
        resolved = self.space.resolve(values)
        if resolved.config is None:
            return resolved
        cell = cell_of(self.space.trainable, resolved.config, self.pins, self.variants)
        return Candidate(parameters=values, cell=cell)

    def sample(self) -> BaseModel | None:
        """The configuration at the beginning of all ranges; None if that one is not valid."""
        values = self.space.walk(lambda parameter: next(iter(parameter.domain.samples().values())))
        return self.space.resolve(values).config

    @cached_property
    def search_id(self) -> str:
        """32 hex digits over everything that decides what is proposed and told.

        `max_trials` and `confirm` do not enter: raising the one continues the search, the other comes after it. The
        configuration enters as written, so a default written out is another search; it proposes the same candidates,
        whose trials are found in the store.
        """
        return hashlib.sha256(canonical_json(self._content()).encode("ascii")).hexdigest()[:DIGITS]

    def _content(self) -> dict[str, Any]:
        section = self.section
        return {
            "proposals": PROPOSALS_VERSION,
            "trainable": self.space.trainable.name,
            "version": self.space.trainable.version,
            "base": {
                ".".join(path): change.value
                for path, change in self.space.written.items()
                if not isinstance(change.value, Measured)  # used by other variants: none that is searched may use it
            },
            "randomness": {name: dict(pin) if isinstance(pin, Mapping) else pin for name, pin in self.pins.items()},
            "parameters": [_parameter(parameter) for parameter in self.space.parameters],
            "fixed": [dict(values) for values in self.fixed],
            "objectives": [objective.model_dump(exclude_none=True) for objective in section.objectives],
            "constraints": [constraint.model_dump(exclude_none=True) for constraint in section.constraints],
            "sampler": section.sampler.model_dump(exclude_none=True),
            "round_size": section.round_size,
            "seeds": list(self.replicate_seeds),
            "reduction": section.reduction.value,
            "pruning": None if section.pruning is None else section.pruning.model_dump(),
        }


def short_names(paths: Iterable[ConfigPath]) -> dict[ConfigPath, str]:
    """The last part of each key where no other key ends in it, else the whole key with dots."""
    distinct = list(dict.fromkeys(paths))
    last_names = [path[-1] for path in distinct]
    return {path: path[-1] if last_names.count(path[-1]) == 1 else ".".join(path) for path in distinct}


def point_text(values: Mapping[str, Any]) -> str:
    """Named values for people, such as `scale=5.32147, top_k=3`."""
    return ", ".join(
        f"{name}={value:.6g}" if isinstance(value, float) else f"{name}={value}" for name, value in values.items()
    )


def _parameter(parameter: SearchedParameter) -> dict[str, Any]:
    """A parameter as it enters the identity: what is left out and what is at its default are the same."""
    domain = parameter.domain
    content = {
        key: value
        for key, value in domain.model_dump(exclude_none=True).items()
        if key != "when" and value is not False
    }
    if isinstance(domain, FloatParameter):
        content |= {key: float(content[key]) for key in ("low", "high", "step") if key in content}
    if content.get("step") == 1 and content["type"] == "int":
        del content["step"]
    if parameter.when is not None:
        content["when"] = {".".join(path): list(wanted) for path, wanted in parameter.when.values.items()}
    return {"name": parameter.name, **content}
