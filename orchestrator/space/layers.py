"""What a study writes about configurations, layer upon layer: base, variants, grid, `--set`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from orchestrator.document.changes import Change, ConfigPath, merge
from orchestrator.identity.identifiers import Pins
from orchestrator.space.grid import Condition, Grid
from orchestrator.space.resolution import with_defaults
from orchestrator.trainables.contract import Trainable


@dataclass(frozen=True, kw_only=True)
class Variant:
    """A named set of changes to the base configuration."""

    name: str
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Context:
    """One variant at one grid point, as written.

    Attributes:
        variant: its name.
        written: what holds there: later layers have won.
        changes: everything that was written for it, also what was overridden.
    """

    variant: str
    written: Mapping[ConfigPath, Change]
    changes: tuple[Change, ...]


@dataclass(frozen=True, kw_only=True)
class Layers:
    """Everything that cells and searches are made of.

    Attributes:
        trainable: its configuration model decides what is valid.
        base: the base configuration.
        variants: changes to it.
        grid: axes crossed with the variants.
        settings: `--set`, which win over everything.
        pins: pinned streams; they enter the identity of cells.
        seeds: the study's seeds.
    """

    trainable: Trainable
    base: Sequence[Change] = ()
    variants: Sequence[Variant] = (Variant(name="base"),)
    grid: Grid = field(default_factory=Grid)
    settings: Sequence[Change] = ()
    pins: Pins = field(default_factory=dict)
    seeds: Sequence[int] = (0,)

    def contexts(self, met: Callable[[Condition], None] = lambda _: None) -> Iterator[Context]:
        """Every variant at every grid point, always in the same order.

        Args:
            met: called with every condition of the grid that applied somewhere.
        """
        for variant in self.variants:
            without_grid = merge([self.base, variant.changes, self.settings])
            written = {path: change.value for path, change in without_grid.items()}
            for point in self.grid.points(variant.name, written, self._with_defaults, met):
                layers = [self.base, variant.changes, point, self.settings]
                yield Context(
                    variant=variant.name,
                    written=merge(layers),
                    changes=tuple(change for layer in layers for change in layer),
                )

    def _with_defaults(self, written: Mapping[ConfigPath, Any]) -> Mapping[ConfigPath, Any]:
        return with_defaults(self.trainable, written)
