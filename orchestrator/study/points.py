"""What tells the cells of one variant apart, for people: such as `top_k=3, scale=5.0`."""

from collections.abc import Mapping

from orchestrator.study.study import Study


def points_of(study: Study) -> Mapping[tuple[str, str], str]:
    """The text by variant and cell id, empty where a variant has one cell."""
    points = {}
    for variant in study.file.variants:
        of_variant = {cell.cell_id: cell.leaves() for cell in study.all_cells if variant in cell.variants}
        paths = dict.fromkeys(path for values in of_variant.values() for path in values)
        varying = [path for path in paths if len({repr(values.get(path)) for values in of_variant.values()}) > 1]
        last_names = [path[-1] for path in varying]
        names = {path: path[-1] if last_names.count(path[-1]) == 1 else ".".join(path) for path in varying}
        for cell_id, values in of_variant.items():
            points[variant, cell_id] = ", ".join(
                f"{names[path]}={values[path]}" for path in varying if values.get(path) is not None
            )
    return points
