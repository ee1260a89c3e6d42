"""In which cell a value of a waiting configuration is measured: exactly one, known from the start."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from orchestrator.document.changes import MEASURED_BY, ConfigPath, Origin
from orchestrator.space.measured import Measured
from orchestrator.space.placed import Place, Placed, Waiting
from orchestrator.space.resolution import Finding


class Sources:
    """Finds the cells in which values are measured.

    Of the variant that a reference names, it is the cell with the values of its `where`, and with the waiting
    variant's own values of those axes of the grid that both of them have.

    Args:
        places: every variant at every grid point that is not searched.
        axes: the keys of the grid's axes.
        searched: variants that are searched.
        unknown: variants of which some configuration is invalid, so that nothing can be said of their cells.
        report: called with whatever is wrong.
    """

    def __init__(
        self,
        places: Sequence[Place],
        *,
        axes: Collection[ConfigPath],
        searched: Collection[str],
        unknown: Collection[str],
        report: Callable[[Finding], None],
    ) -> None:
        self._axes = axes
        self._searched = searched
        self._unknown = unknown
        self._report = report
        wanted = {value.of for place in places if isinstance(place, Waiting) for value in place.measured.values()}
        self._of_variants: dict[str, list[tuple[Place, Mapping[ConfigPath, Any]]]] = {name: [] for name in wanted}
        for place in places:
            if place.variant in wanted:
                self._of_variants[place.variant].append((place, place.leaves()))

    def linked(self, waiting: Waiting) -> Waiting:
        """The same with the cells in which its values are measured, as far as there is nothing wrong with them."""
        sources: dict[ConfigPath, Placed] = {}
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
                self._report(Finding(origin=origin, path=path, message=str(error)))
        return replace(waiting, sources=sources)

    def _source(self, waiting: Waiting, value: Measured) -> Placed:
        if value.of in self._searched:
            message = f"variant {value.of!r} is searched; a value is measured in a cell that the file itself names"
            raise _NoSourceError(message, MEASURED_BY)
        matching = self._matching(waiting, value)
        place_of_point = "where" if value.where else MEASURED_BY
        if not matching:
            raise _NoSourceError(f"variant {value.of!r} has no cell at this grid point", place_of_point)
        if any(isinstance(place, Waiting) for place, _ in matching):
            itself = "itself" if value.of == waiting.variant else f"{value.of!r}, which waits for a value, too"
            message = f"variant {waiting.variant!r} would wait for {itself}; name one whose configuration is known"
            raise _NoSourceError(message, MEASURED_BY)
        by_cell = {place.cell_id: (place, leaves) for place, leaves in matching if isinstance(place, Placed)}
        if len(by_cell) > 1:
            keys = ", ".join(_varying([leaves for _, leaves in by_cell.values()]))
            message = f"names {len(by_cell)} cells of variant {value.of!r}; say where: {keys}"
            raise _NoSourceError(message, place_of_point)
        ((source, _),) = by_cell.values()
        return source

    def _matching(self, waiting: Waiting, value: Measured) -> list[tuple[Place, Mapping[ConfigPath, Any]]]:
        own = waiting.leaves()
        chosen = dict(value.where)
        alike = {key: own[key] for key in self._axes if key in own and key not in chosen}
        return [
            (place, leaves)
            for place, leaves in self._of_variants[value.of]
            if all(key in leaves and leaves[key] == wanted for key, wanted in chosen.items())
            and all(leaves[key] == wanted for key, wanted in alike.items() if key in leaves)
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
