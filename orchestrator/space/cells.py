"""From variants and grid to cells: every configuration resolved, every problem at its place in the file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from orchestrator.document.changes import Change, ConfigPath, Origin, merge
from orchestrator.document.problems import suggestion
from orchestrator.document.yaml_document import KeyPath
from orchestrator.identity.identifiers import Pins, cell_id
from orchestrator.space.fields import all_paths
from orchestrator.space.grid import VARIANT, Condition, Grid
from orchestrator.space.resolution import Finding, Resolved, leaves_of, resolve, with_defaults
from orchestrator.trainables.contract import Trainable

MAX_POINTS = 20_000
"""Grid points of all variants together; more is hardly meant, and would take minutes to resolve."""


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named set of changes to the base configuration."""

    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One full configuration without a seed.

    Attributes:
        cell_id: 32 hex digits; equal for equal configurations.
        config: the validated configuration, all defaults filled in.
        variants: the names under which it appears in the study, without repetitions.
    """

    cell_id: str
    config: BaseModel
    variants: tuple[str, ...]

    def leaves(self) -> dict[ConfigPath, Any]:
        """The configuration's values by path."""
        return leaves_of(self.config.model_dump(mode="json"))


@dataclass(kw_only=True)
class Space:
    """All cells of a study, and what is wrong with it.

    Attributes:
        cells: in the order in which they first appear.
        findings: problems with written values.
    """

    cells: list[Cell] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def build_space(
    *,
    trainable: Trainable,
    base: Sequence[Change],
    variants: Sequence[Variant],
    grid: Grid,
    settings: Sequence[Change],
    pins: Pins,
) -> Space:
    """Resolves every variant at every grid point; equal configurations become one cell.

    Args:
        trainable: its configuration model decides what is valid.
        base: the base configuration.
        variants: changes to it.
        grid: axes crossed with the variants.
        settings: `--set`, which win over everything.
        pins: pinned streams; they enter the cells' identity.
    """
    return _Builder(trainable, base, grid, settings, pins).build(variants)


class _Builder:
    def __init__(
        self, trainable: Trainable, base: Sequence[Change], grid: Grid, settings: Sequence[Change], pins: Pins
    ) -> None:
        self._trainable = trainable
        self._base = base
        self._grid = grid
        self._settings = settings
        self._pins = pins
        self._findings: dict[Finding, None] = {}
        self._used: set[Origin] = set()
        self._met: set[KeyPath] = set()
        self._unused: dict[Origin, Finding] = {}

    def build(self, variants: Sequence[Variant]) -> Space:
        self._check_conditions()
        num_points = self._grid.max_points() * len(variants)
        if num_points > MAX_POINTS:
            message = (
                f"{num_points:,} points (axes times variants) are more than the {MAX_POINTS:,} that a study may have"
            )
            self._report(Origin(path=("grid",)), (), message)
            return Space(findings=list(self._findings))
        found: dict[str, tuple[BaseModel, dict[str, None]]] = {}
        for variant in variants:
            num_points = 0
            for resolved in self._points(variant):
                num_points += 1
                if resolved.config is not None:
                    identity = cell_id(self._trainable, resolved.config, self._pins)
                    found.setdefault(identity, (resolved.config, {}))[1][variant.name] = None
            if not num_points:
                self._report(Origin(path=("grid", "exclude")), (), f"leaves no grid point of variant {variant.name!r}")
        for condition in self._grid.conditions():
            if condition.at not in self._met and not self._findings:
                self._report(Origin(path=condition.at), (), "holds at no grid point of any variant")
        for origin, finding in self._unused.items():
            if origin not in self._used:
                self._findings[finding] = None
        cells = [
            Cell(cell_id=identity, config=config, variants=tuple(names)) for identity, (config, names) in found.items()
        ]
        return Space(cells=cells, findings=list(self._findings))

    def _points(self, variant: Variant) -> Iterator[Resolved]:
        without_grid = merge([self._base, variant.changes, self._settings])
        written = {path: change.value for path, change in without_grid.items()}
        for point in self._grid.points(variant.name, written, self._with_defaults, self._note_met):
            resolved = self._resolve(merge([self._base, variant.changes, point, self._settings]))
            self._note_use(resolved, [*self._base, *variant.changes, *point, *self._settings])
            yield resolved

    def _resolve(self, changes: dict[ConfigPath, Change]) -> Resolved:
        resolved = resolve(self._trainable, changes)
        self._findings |= dict.fromkeys(resolved.findings)
        return resolved

    def _with_defaults(self, written: Mapping[ConfigPath, Any]) -> Mapping[ConfigPath, Any]:
        return with_defaults(self._trainable, written)

    def _note_use(self, resolved: Resolved, written: Iterable[Change]) -> None:
        """A value is used where it, or the value that replaced it, is part of the configuration."""
        unused = resolved.selection.unused
        for change in written:
            reason = next((unused[path] for path in unused if path[: len(change.path)] == change.path), None)
            if reason is None:
                self._used.add(change.origin)
            elif change.origin not in self._unused:
                message = f"no variant uses this key ({reason})"
                self._unused[change.origin] = Finding(origin=change.origin, path=change.path, message=message)

    def _note_met(self, condition: Condition) -> None:
        self._met.add(condition.at)

    def _check_conditions(self) -> None:
        known = {*all_paths(self._trainable.config_model), VARIANT}
        for condition in self._grid.conditions():
            for path in condition.values:
                if path not in known:
                    near = suggestion(".".join(path), [".".join(name) for name in known])
                    self._report(
                        Origin(path=condition.at),
                        path,
                        f"no configuration has the key {'.'.join(path)!r}{near}",
                    )

    def _report(self, origin: Origin, path: ConfigPath, message: str) -> None:
        self._findings[Finding(origin=origin, path=path, message=message)] = None
