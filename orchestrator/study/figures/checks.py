"""What a study file says about its figures: variants, metrics, keys and cells must exist."""

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any

from orchestrator.document.changes import ConfigPath
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.document.yaml_document import KeyPath
from orchestrator.space.cells import Cell
from orchestrator.space.fields import all_paths
from orchestrator.space.grid_points import by_path, stands_at
from orchestrator.study.checks import check_name
from orchestrator.study.figures.schema import (
    EntropyHistogram,
    Figure,
    FigureVariant,
    GatePattern,
    MetricByEpoch,
    PublishedPoint,
    Survival,
    Sweep,
    Tradeoff,
)
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.contract import Metric, Trainable
from results_store.charts import SURVIVAL_METRICS, TRADEOFF_METRICS
from results_store.figures import FIGURE_NAMES

Report = Callable[[KeyPath, str], None]


def check_figures(
    file: StudyFile,
    trainable: Trainable,
    cells: Sequence[Cell] | None,
    seeds: Collection[int] | None,
    searched: Collection[str],
    report: Report,
) -> None:
    """Every figure names variants, metrics, keys and cells that exist; what came of them only a store can tell.

    Args:
        file: the study.
        trainable: what is trained.
        cells: the study's cells; None where other problems hide some: then cells are not looked up.
        seeds: the study's seeds; None where somebody chose others from the command line.
        searched: variants without cells of their own.
        report: takes what is wrong, and where.
    """
    names: set[str] = set()
    for index, figure in enumerate(file.figures):
        at: KeyPath = ("figures", index)
        if figure.name in names:
            report((*at, "name"), f"two figures are called {figure.name!r}")
        if figure.name in FIGURE_NAMES:
            report((*at, "name"), f"{figure.name!r} is the name of a figure that searches have; take another")
        names.add(figure.name)
        _FigureCheck(figure, at, file, trainable, cells, seeds, searched, report).run()


class _FigureCheck:
    """The checks of one figure."""

    def __init__(
        self,
        figure: Figure,
        at: KeyPath,
        file: StudyFile,
        trainable: Trainable,
        cells: Sequence[Cell] | None,
        seeds: Collection[int] | None,
        searched: Collection[str],
        report: Report,
    ) -> None:
        self._figure = figure
        self._at = at
        self._file = file
        self._trainable = trainable
        self._seeds = seeds
        self._searched = searched
        self._report_at = report
        self._leaves: dict[str, list[dict[ConfigPath, Any]]] | None = None
        if cells is not None:
            leaves = [(cell.variants, cell.leaves()) for cell in cells]
            self._leaves = {name: [one for names, one in leaves if name in names] for name in file.variants}

    def run(self) -> None:
        """Reports everything that is wrong with the figure."""
        figure = self._figure
        self._check_variants()
        knows_where = self._check_where()
        match figure:
            case EntropyHistogram():
                self._check_seeds(figure.seeds, "seeds")
            case MetricByEpoch():
                metric = self._metric(figure.metric, self._trainable.epoch_metrics, "metric that is reported per epoch")
                self._check_published(figure.published, metric, None)
            case Sweep():
                metric = self._metric(figure.metric, self._trainable.metrics, "metric")
                self._check_published(figure.published, metric, None)
                if knows_where:
                    self._check_sweep(figure)
            case GatePattern():
                self._check_seeds([] if figure.seed is None else [figure.seed], "seed")
            case Tradeoff():
                metric = self._metric(figure.metric, self._trainable.metrics, "metric")
                self._need(TRADEOFF_METRICS)
                rate = next((one for one in self._trainable.metrics if one.name == TRADEOFF_METRICS[0]), None)
                self._check_published(figure.published, metric, rate)
            case Survival():
                self._need(SURVIVAL_METRICS)
        if knows_where and not isinstance(figure, Sweep):
            self._check_cells(is_one=isinstance(figure, GatePattern))

    def _report(self, at: Iterable[str | int], message: str) -> None:
        self._report_at((*self._at, *at), message)

    def _named(self) -> list[tuple[KeyPath, FigureVariant]]:
        """The variants that the figure names, and where each stands."""
        figure = self._figure
        if isinstance(figure, GatePattern):
            return [(("variant",), shown) for shown in figure.shown]
        named: list[tuple[KeyPath, FigureVariant]] = [
            (("variants", index), shown) for index, shown in enumerate(figure.shown)
        ]
        return [*named, *((("references", index), shown) for index, shown in enumerate(figure.compared_with))]

    def _check_variants(self) -> None:
        met: set[str] = set()
        labels: dict[str, str] = {}
        for at, named in self._named():
            name, label = named.variant, named.label or named.variant
            is_known = check_name(name, self._file.variants, (*self._at, *at), "variant", self._report_at)
            if is_known and name in self._searched:
                self._report(at, f"variant {name!r} is searched; a figure is about cells that the file itself names")
            if name in met:
                self._report(at, f"variant {name!r} is named twice")
            elif label in labels and not isinstance(self._figure, Sweep):
                self._report(at, f"variants {labels[label]!r} and {name!r} have one label, {label!r}")
            met.add(name)
            labels[label] = name
        if not self._shown():
            self._report((), "the study has no variant that it could show")

    def _shown(self) -> list[str]:
        """The variants whose values it shows."""
        if self._figure.shown:
            return [shown.variant for shown in self._figure.shown]
        others = {shown.variant for shown in self._figure.compared_with} | set(self._searched)
        return [name for name in self._file.variants if name not in others]

    def _check_where(self) -> bool:
        """Whether the cells can be looked up: they are known, and so are the keys of `where`."""
        known = [".".join(path) for path in all_paths(self._trainable.config_model)]
        unknown = [key for key in self._figure.where if key not in known]
        for key in unknown:
            self._report(("where", key), f"no configuration has this key{suggestion(key, known)}")
        return not unknown and self._leaves is not None

    def _cells(self, variant: str) -> list[dict[ConfigPath, Any]]:
        """The leaves of the cells of a variant that the figure shows."""
        wanted = by_path(self._figure.where)
        return [leaves for leaves in (self._leaves or {}).get(variant, ()) if stands_at(leaves, wanted)]

    def _check_cells(self, *, is_one: bool) -> None:
        for variant in self._shown():
            if variant not in self._file.variants or variant in self._searched:
                continue
            cells = self._cells(variant)
            if not cells:
                self._report(("where",), f"variant {variant!r} has no cell at this grid point")
            elif is_one and len(cells) > 1:
                varying = sorted(".".join(path) for path in cells[0] if len({repr(c.get(path)) for c in cells}) > 1)
                place = ("where",) if self._figure.where else ()
                self._report(place, f"names {len(cells)} cells of variant {variant!r}; say where: {', '.join(varying)}")

    def _check_sweep(self, figure: Sweep) -> None:
        path = tuple(figure.along.split("."))
        known = list(all_paths(self._trainable.config_model))
        if path not in known:
            near = suggestion(figure.along, [".".join(name) for name in known])
            self._report(("along",), f"no configuration has the key {shown(figure.along)}{near}")
            return
        self._check_cells(is_one=False)
        self._check_lines(figure, path)
        for index, point in enumerate(figure.published):
            if figure.log and point.x <= 0:
                self._report(("published", index, "x"), f"a logarithmic axis takes values above 0 (got {point.x:g})")
        for variant in self._shown():
            values = [leaves.get(path) for leaves in self._cells(variant)]
            if variant in self._searched or not values:
                continue
            if all(value is None for value in values):
                self._report(
                    ("along",), f"variant {variant!r} does not use {figure.along}; it may be one of the `references`"
                )
                continue
            numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
            if len(numbers) < len(values):
                wrong = next(value for value in values if value not in numbers)
                self._report(("along",), f"takes a key whose values are numbers (got {shown(wrong)})")
            elif figure.log and min(numbers) <= 0:
                self._report(("log",), f"a logarithmic axis takes values above 0 (got {shown(min(numbers))})")

    def _check_lines(self, figure: Sweep, path: ConfigPath) -> None:
        """Variants of one label make one line, which has one cell at each value."""
        met: dict[tuple[str, str], str] = {}
        for at, named in self._named():
            values = {repr(leaves.get(path)) for leaves in self._cells(named.variant)}
            for value in values:
                label = named.label or named.variant
                other = met.setdefault((label, value), named.variant)
                if other != named.variant:
                    message = f"variants {other!r} and {named.variant!r} have one label, {label!r}, and one value of "
                    self._report(at, f"{message}{figure.along} ({value})")

    def _check_seeds(self, seeds: Sequence[int], key: str) -> None:
        for index, seed in enumerate(seeds):
            if self._seeds is not None and seed not in self._seeds:
                at = (key,) if key == "seed" else (key, index)
                self._report(at, f"seed {seed} is not one of the study's seeds")

    def _metric(self, name: str, known: Sequence[Metric], kind: str) -> Metric | None:
        if not known:
            self._report(("metric",), f"trainable {self._trainable.name!r} has no {kind}")
            return None
        check_name(name, [metric.name for metric in known], (*self._at, "metric"), kind, self._report_at)
        return next((metric for metric in known if metric.name == name), None)

    def _need(self, names: Iterable[str]) -> None:
        known = {metric.name for metric in self._trainable.metrics}
        missing = [name for name in names if name not in known]
        if missing:
            kind, trainable = self._figure.kind, self._trainable.name
            self._report(
                ("kind",), f"a {kind} needs {', '.join(missing)}, which trainable {trainable!r} does not report"
            )

    def _check_published(self, points: Sequence[PublishedPoint], of_y: Metric | None, of_x: Metric | None) -> None:
        """Percent where a fraction is meant would be wrong by a factor of a hundred."""
        for index, point in enumerate(points):
            for key, metric in (("x", of_x), ("y", of_y), ("low", of_y), ("high", of_y)):
                value = getattr(point, key)
                if metric is not None and metric.unit == "fraction" and value is not None and not 0 <= value <= 1:
                    message = f"{metric.name} is a fraction between 0 and 1 (got {value:g}; 5 % is 0.05)"
                    self._report(("published", index, key), message)
