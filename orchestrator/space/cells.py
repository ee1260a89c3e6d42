"""From variants and grid to cells: every configuration resolved, every problem at its place in the file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from orchestrator.document.changes import Change, ConfigPath, Origin
from orchestrator.document.problems import suggestion
from orchestrator.document.yaml_document import KeyPath
from orchestrator.identity.identifiers import cell_id
from orchestrator.space.fields import all_paths
from orchestrator.space.grid import VARIANT, Condition
from orchestrator.space.layers import Context, Layers
from orchestrator.space.placed import Place, Placed, Waiting
from orchestrator.space.resolution import Finding, Resolved, leaves_of, resolve
from orchestrator.space.sources import Sources

MAX_POINTS = 20_000
"""Grid points of all variants together; more is hardly meant, and would take minutes to resolve."""


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


@dataclass(frozen=True, kw_only=True)
class WaitingCell:
    """A cell of which a value is not known yet: it is measured in other cells.

    Attributes:
        waiting: what it waits for.
        variants: the names under which it appears in the study, without repetitions.
    """

    waiting: Waiting
    variants: tuple[str, ...]

    @property
    def cell_id(self) -> str:
        """Stands in for its id, which depends on the values: the same for the same cell, and no known cell has it."""
        return self.waiting.key()

    def leaves(self) -> dict[ConfigPath, Any]:
        """The configuration's values by path, as far as they are known."""
        return self.waiting.leaves()

    def stand_in(self) -> Cell:
        """A cell with stand-ins for the values."""
        return Cell(cell_id=self.cell_id, config=self.waiting.config, variants=self.variants)


@dataclass(kw_only=True)
class Space:
    """All cells of a study, and what is wrong with it.

    Attributes:
        places: every variant at every grid point that is not searched, in the order of the file.
        findings: problems with written values.
    """

    places: list[Place] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def folded(places: Iterable[Place]) -> list[Cell | WaitingCell]:
    """Equal configurations as one cell, in the order in which they first appear."""
    found: dict[str, tuple[Place, dict[str, None]]] = {}
    for place in places:
        found.setdefault(place.key(), (place, {}))[1][place.variant] = None
    return [
        WaitingCell(waiting=place, variants=tuple(names))
        if isinstance(place, Waiting)
        else Cell(cell_id=place.cell_id, config=place.config, variants=tuple(names))
        for place, names in found.values()
    ]


def known_or_stand_in(cell: Cell | WaitingCell) -> Cell:
    """The cell itself, or what stands in for it until its values are measured."""
    return cell.stand_in() if isinstance(cell, WaitingCell) else cell


def too_many_points(layers: Layers) -> str | None:
    """What is wrong with the number of grid points of all variants together; None where nothing is."""
    num_points = layers.grid.max_points() * len(layers.variants)
    if num_points <= MAX_POINTS:
        return None
    return f"{num_points:,} points (axes times variants) are more than the {MAX_POINTS:,} that a study may have"


def build_space(layers: Layers, searched: Sequence[Sequence[Resolved]] | None = None) -> Space:
    """Resolves every variant at every grid point; equal configurations become one cell.

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
        self._places: list[Place] = []
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
        sources = Sources(
            self._places,
            axes={path for axis in self._layers.grid.axes for path in axis.paths},
            searched=self._searched,
            unknown=self._invalid,
            report=lambda finding: self._findings.setdefault(finding),
        )
        places = [sources.linked(place) if isinstance(place, Waiting) else place for place in self._places]
        return Space(places=places, findings=list(self._findings))

    def _place(self, context: Context) -> None:
        trainable = self._layers.trainable
        resolved = resolve(trainable, context.written)
        self._findings |= dict.fromkeys(resolved.findings)
        self._note_use(resolved, context.changes)
        if resolved.config is None:
            self._invalid.add(context.variant)
        elif measured := resolved.measured():
            self._places.append(
                Waiting(variant=context.variant, written=context.written, config=resolved.config, measured=measured)
            )
        else:
            identity = cell_id(trainable, resolved.config, self._layers.pins)
            self._places.append(Placed(variant=context.variant, cell_id=identity, config=resolved.config))

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
