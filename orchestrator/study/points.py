"""What tells the cells of one variant apart, for people."""

from collections.abc import Mapping, Sequence

from orchestrator.document.changes import ConfigPath
from orchestrator.space.cells import AnyCell


class Points:
    """Names the cells of variants by the values in which they differ, such as `top_k=3, scale=5.0`.

    Args:
        variants: names of the variants.
        cells: all cells of the study.
    """

    def __init__(self, variants: Sequence[str], cells: Sequence[AnyCell]) -> None:
        self._texts: dict[tuple[str, str], Mapping[ConfigPath, str]] = {}
        for variant in variants:
            leaves = {cell.cell_id: cell.leaves() for cell in cells if variant in cell.variants}
            paths = dict.fromkeys(path for values in leaves.values() for path in values)
            varying = [path for path in paths if len({repr(values.get(path)) for values in leaves.values()}) > 1]
            last_names = [path[-1] for path in varying]
            names = {path: path[-1] if last_names.count(path[-1]) == 1 else ".".join(path) for path in varying}
            for cell_id, values in leaves.items():
                self._texts[variant, cell_id] = {
                    path: f"{names[path]}={values[path]}" for path in varying if values.get(path) is not None
                }

    def of(self, variant: str, cell_id: str, leave_out: ConfigPath = ()) -> str:
        """What tells a cell from the variant's others; empty where it has only one.

        Args:
            variant: name of the variant.
            cell_id: one of its cells.
            leave_out: a key that is told otherwise.
        """
        return ", ".join(text for path, text in self._texts[variant, cell_id].items() if path != leave_out)
