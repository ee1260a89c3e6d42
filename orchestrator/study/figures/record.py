"""A figure of a study file as the store records it, so that the store alone can draw it."""

from collections.abc import Collection

from orchestrator.study.figures.schema import Figure, FigureVariant, GatePattern
from orchestrator.study.schema import StudyFile
from results_store import records


def figure_record(figure: Figure, file: StudyFile, searched: Collection[str] = ()) -> records.FigureRecord:
    """The figure with its variants and seeds spelled out.

    Args:
        figure: as it stands in the file.
        file: the study.
        searched: variants that have no cells of their own.
    """
    compared_with = [shown.variant for shown in figure.compared_with]
    others = [name for name in file.variants if name not in searched and name not in compared_with]
    shown = figure.shown or [FigureVariant(variant=name) for name in others]
    given = figure.model_dump(exclude={"variants", "variant", "references", "seed", "published"})
    if isinstance(figure, GatePattern):
        given["seeds"] = (file.seed_list()[0] if figure.seed is None else figure.seed,)
    published = getattr(figure, "published", ())
    return records.FigureRecord(
        **given | {"kind": records.FigureKind(figure.kind)},
        variants=tuple(map(_variant, shown)),
        references=tuple(map(_variant, figure.compared_with)),
        published=tuple(records.PublishedPoint(**point.model_dump()) for point in published),
    )


def _variant(shown: FigureVariant) -> records.FigureVariant:
    return records.FigureVariant(variant=shown.variant, label=shown.label)
