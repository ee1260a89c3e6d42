"""From variants and grid to cells: every configuration resolved, every problem at its place in the file."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from orchestrator.document.changes import Change, ConfigPath, Origin
from orchestrator.document.problems import suggestion
from orchestrator.document.yaml_document import KeyPath
from orchestrator.identity.identifiers import Pins, cell_id, hex_digest
from orchestrator.space.fields import all_paths
from orchestrator.space.grid import VARIANT, Condition
from orchestrator.space.layers import Context, Layers
from orchestrator.space.measured import Measured
from orchestrator.space.resolution import Finding, Resolved, leaves_of, resolve
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import asking

MAX_POINTS = 20_000
"""Grid points of all variants together; more is hardly meant, and would take minutes to resolve."""


@dataclass(frozen=True, kw_only=True)
class Cell:
    """One full configuration without a seed.

    Attributes:
        cell_id: 32 hex digits; equal for equal configurations.
        config: the validated configuration, all defaults filled in.
        variants: the names under which it appears in the study, without repetitions.
        saves_weights: whether any of the configurations that are this cell asks for weights; it is no part of them.
    """

    cell_id: str
    config: BaseModel
    variants: tuple[str, ...]
    saves_weights: bool = False

    def leaves(self) -> dict[ConfigPath, Any]:
        """The configuration's values by path."""
        return leaves_of(self.config.model_dump(mode="json"))

    def joined(self, other: "Cell") -> "Cell":
        """This cell under the names of both, which keeps its weights if one of them does."""
        return replace(
            self,
            variants=tuple(dict.fromkeys((*self.variants, *other.variants))),
            saves_weights=self.saves_weights or other.saves_weights,
        )


def cell_of(trainable: Trainable, config: BaseModel, pins: Pins, variants: Sequence[str]) -> Cell:
    """The cell that a configuration is.

    Raises:
        TrainableError: the trainable raises.
    """
    identity = cell_id(trainable, config, pins)
    with asking(trainable, "saves_weights"):
        saves_weights = bool(trainable.saves_weights(config))
    return Cell(cell_id=identity, config=config, variants=tuple(variants), saves_weights=saves_weights)


@dataclass(frozen=True, kw_only=True)
class WaitingCell:
    """A cell of which a value is not known yet: it is measured in another cell.

    Attributes:
        written: what is written for it, merged.
        config: its configuration with stand-ins for what is to be measured.
        measured: what is to be measured, by path.
        variants: the names under which it appears in the study, without repetitions.
        sources: in which cell, by path.
    """

    written: Mapping[ConfigPath, Change]
    config: BaseModel
    measured: Mapping[ConfigPath, Measured]
    variants: tuple[str, ...]
    sources: Mapping[ConfigPath, Cell] = field(default_factory=dict)

    @cached_property
    def cell_id(self) -> str:
        """Stands in for its id: the same for cells that will be equal, and no known cell has it."""
        measured = [(path, self.measured[path].metric, source.cell_id) for path, source in self.sources.items()]
        return hex_digest(f"waiting {sorted(self.leaves().items())} {sorted(measured)}")

    def leaves(self) -> dict[ConfigPath, Any]:
        """The configuration's values by path, as far as they are known."""
        leaves = leaves_of(self.config.model_dump(mode="json"))
        return {path: value for path, value in leaves.items() if path not in self.measured}

    def stand_in(self) -> Cell:
        """A cell with stand-ins for the values."""
        return Cell(cell_id=self.cell_id, config=self.config, variants=self.variants)

    def resolve(self, trainable: Trainable, values: Mapping[ConfigPath, float]) -> Resolved:
        """The configuration with the values that were measured, by path."""
        found = {
            path: Change(path=path, value=value, origin=self.written[path].origin) for path, value in values.items()
        }
        return resolve(trainable, {**self.written, **found})

    def joined(self, other: "WaitingCell") -> "WaitingCell":
        """This cell under the names of both."""
        return replace(self, variants=tuple(dict.fromkeys((*self.variants, *other.variants))))


AnyCell = Cell | WaitingCell


@dataclass(kw_only=True)
class Space:
    """All cells of a study, and what is wrong with it.

    Attributes:
        places: the cell of every variant at every grid point that is not searched, in the order of the file.
        searched: variants that are searched.
        invalid: variants of which a configuration is invalid.
        findings: problems with written values.
    """

    places: list[AnyCell] = field(default_factory=list)
    searched: set[str] = field(default_factory=set)
    invalid: set[str] = field(default_factory=set)
    findings: list[Finding] = field(default_factory=list)


def folded(places: Iterable[AnyCell]) -> list[AnyCell]:
    """Equal cells as one, in the order in which they first appear."""
    found: dict[str, AnyCell] = {}
    for cell in places:
        match found.get(cell.cell_id), cell:
            case Cell() as known, Cell():
                found[cell.cell_id] = known.joined(cell)
            case WaitingCell() as known, WaitingCell():
                found[cell.cell_id] = known.joined(cell)
            case _:
                found[cell.cell_id] = cell
    return list(found.values())


def known_or_stand_in(cell: AnyCell) -> Cell:
    """The cell itself, or what stands in for it until its values are measured."""
    return cell.stand_in() if isinstance(cell, WaitingCell) else cell


def too_many_points(layers: Layers) -> str | None:
    """What is wrong with the number of grid points of all variants together; None where nothing is."""
    num_points = layers.grid.max_points() * len(layers.variants)
    if num_points <= MAX_POINTS:
        return None
    return f"{num_points:,} points (axes times variants) are more than the {MAX_POINTS:,} that a study may have"


def build_space(layers: Layers, searched: Sequence[Sequence[Resolved]] | None = None) -> Space:
    """Resolves every variant at every grid point.

    Args:
        layers: what the study writes.
        searched: for each context of the layers, in their order, configurations that a search may make of it: such a
            context is no cell, and uses what any of them uses. Empty for one that is not searched; None: none is.
    """
    return _Builder(layers).build(searched)


class _Builder:
    def __init__(self, layers: Layers) -> None:
        self._layers = layers
        self._findings: dict[Finding, None] = {}
        self._used: set[Origin] = set()
        self._met: set[KeyPath] = set()
        self._unused: dict[Origin, Finding] = {}
        self._places: list[AnyCell] = []
        self._searched: set[str] = set()
        self._invalid: set[str] = set()

    def build(self, searched: Sequence[Sequence[Resolved]] | None) -> Space:
        self._check_conditions()
        if (message := too_many_points(self._layers)) is not None:
            self._report(Origin(path=("grid",)), (), message)
            return Space(findings=list(self._findings))
        num_points = dict.fromkeys((variant.name for variant in self._layers.variants), 0)
        for index, context in enumerate(self._layers.contexts(self._note_met)):
            num_points[context.variant] += 1
            tried = searched[index] if searched is not None else ()
            for resolved in tried:
                self._note_use(resolved, context.changes)
                self._refuse_measured(context, resolved)
            if tried:
                self._searched.add(context.variant)
            else:
                self._place(context)
        for variant, number in num_points.items():
            if not number:
                self._report(Origin(path=("grid", "exclude")), (), f"leaves no grid point of variant {variant!r}")
        for condition in self._layers.grid.conditions():
            if condition.at not in self._met and not self._findings:
                self._report(Origin(path=condition.at), (), "holds at no grid point of any variant")
        for origin, finding in self._unused.items():
            if origin not in self._used:
                self._findings[finding] = None
        return Space(places=self._places, searched=self._searched, invalid=self._invalid, findings=list(self._findings))

    def _place(self, context: Context) -> None:
        trainable = self._layers.trainable
        resolved = resolve(trainable, context.written)
        self._findings |= dict.fromkeys(resolved.findings)
        self._note_use(resolved, context.changes)
        if resolved.config is None:
            self._invalid.add(context.variant)
        elif measured := resolved.measured():
            waiting = WaitingCell(
                written=context.written, config=resolved.config, measured=measured, variants=(context.variant,)
            )
            self._places.append(waiting)
        else:
            self._places.append(cell_of(trainable, resolved.config, self._layers.pins, (context.variant,)))

    def _refuse_measured(self, context: Context, resolved: Resolved) -> None:
        for path in resolved.measured():
            message = f"variant {context.variant!r} is searched; its cells cannot wait for a value that is measured"
            self._report(context.written[path].origin, path, message)

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
        known = {*all_paths(self._layers.trainable.config_model), VARIANT}
        for condition in self._layers.grid.conditions():
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
