"""In which cell a value of a waiting configuration is measured: exactly one, known from the start."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.document.changes import MEASURED_BY, ConfigPath, Origin
from orchestrator.space.cells import AnyCell, Cell, Space, WaitingCell
from orchestrator.space.grid_points import stands_at
from orchestrator.space.layers import Layers
from orchestrator.space.measured import Measured
from orchestrator.space.resolution import Finding


def with_sources(space: Space, layers: Layers) -> Space:
    """The space with the cells in which values are measured; what is wrong with them is a finding.

    Of the variant that a measured value names, it is the cell with the values of its `where`, and with the waiting
    cell's own values of those axes of the grid that both of them have.
    """
    sources = _Sources(space, axes={path for axis in layers.grid.axes for path in axis.paths})
    places = [sources.linked(cell) if isinstance(cell, WaitingCell) else cell for cell in space.places]
    return replace(space, places=places, findings=list(dict.fromkeys((*space.findings, *sources.findings))))


class _Sources:
    def __init__(self, space: Space, axes: Collection[ConfigPath]) -> None:
        self._axes = axes
        self._searched = space.searched
        self._unknown = space.invalid
        self.findings: list[Finding] = []
        waiting = [cell for cell in space.places if isinstance(cell, WaitingCell)]
        wanted = {value.of for cell in waiting for value in cell.measured.values()}
        self._of_variants: dict[str, list[tuple[AnyCell, Mapping[ConfigPath, Any]]]] = {name: [] for name in wanted}
        for cell in space.places:
            for name in wanted.intersection(cell.variants):
                self._of_variants[name].append((cell, cell.leaves()))

    def linked(self, waiting: WaitingCell) -> WaitingCell:
        """The same with the cells in which its values are measured, as far as there is nothing wrong with them."""
        sources: dict[ConfigPath, Cell] = {}
        for path, value in waiting.measured.items():
            has_cells = value.of in self._searched or self._of_variants[value.of]
            if value.of in self._unknown or not has_cells:
                continue  # it has been told why there are none
            try:
                sources[path] = self._source(waiting, value)
            except _NoSourceError as error:
                origin = waiting.written[path].origin
                if origin.setting is None:
                    origin = Origin(path=(*origin.path, error.key))
                self.findings.append(Finding(origin=origin, path=path, message=str(error)))
        return replace(waiting, sources=sources)

    def _source(self, waiting: WaitingCell, value: Measured) -> Cell:
        if value.of in self._searched:
            message = f"variant {value.of!r} is searched; a value is measured in a cell that the file itself names"
            raise _NoSourceError(message, MEASURED_BY)
        matching = self._matching(waiting, value)
        place_of_point = "where" if value.where else MEASURED_BY
        if not matching:
            raise _NoSourceError(f"variant {value.of!r} has no cell at this grid point", place_of_point)
        if any(isinstance(cell, WaitingCell) for cell, _ in matching):
            (variant,) = waiting.variants
            itself = "itself" if value.of == variant else f"{value.of!r}, which waits for a value, too"
            message = f"variant {variant!r} would wait for {itself}; name one whose configuration is known"
            raise _NoSourceError(message, MEASURED_BY)
        by_cell = {cell.cell_id: (cell, leaves) for cell, leaves in matching if isinstance(cell, Cell)}
        if len(by_cell) > 1:
            keys = ", ".join(_varying([leaves for _, leaves in by_cell.values()]))
            message = f"names {len(by_cell)} cells of variant {value.of!r}; say where: {keys}"
            raise _NoSourceError(message, place_of_point)
        ((source, _),) = by_cell.values()
        return source

    def _matching(self, waiting: WaitingCell, value: Measured) -> list[tuple[AnyCell, Mapping[ConfigPath, Any]]]:
        own = waiting.leaves()
        chosen = dict(value.where)
        alike = {key: own[key] for key in self._axes if key in own and key not in chosen}
        return [
            (cell, leaves)
            for cell, leaves in self._of_variants[value.of]
            if all(key in leaves and leaves[key] == wanted for key, wanted in chosen.items())
            and stands_at(leaves, alike)
        ]


class _NoSourceError(Exception):
    """There is not exactly one known cell; `key` is what of the reference is to blame."""

    def __init__(self, message: str, key: str) -> None:
        super().__init__(message)
        self.key = key


def _varying(configurations: Sequence[Mapping[ConfigPath, Any]]) -> list[str]:
    """The keys by which configurations differ."""
    keys = dict.fromkeys(key for leaves in configurations for key in leaves)
    return sorted(".".join(key) for key in keys if len({repr(leaves.get(key)) for leaves in configurations}) > 1)
