"""Where charts of a study get their rows from: the cells that a figure shows, and what their trials told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results_store.catalogue.sources import identifier
from results_store.charts.cells import ShownCell, ShownTrial, describe_gaps, labelled
from results_store.errors import MissingRowsError
from results_store.numbers import finite_number
from results_store.records import FigureRecord, FigureVariant, MetricInfo, TrialState
from results_store.text import inert

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["FigureSource"]


class FigureSource:
    """The rows behind one figure of a study.

    Args:
        results: A store opened for reading.
        study: Name of the study.
        figure: The figure.
    """

    def __init__(self, results: Results, study: str, figure: FigureRecord) -> None:
        self._results = results
        self._study = study
        self._metrics = {metric.name: metric for metric in results.metrics(study)}
        self.figure = figure

    def metric(self, name: str) -> MetricInfo:
        """What is known about a metric; at least its name."""
        return self._metrics.get(name, MetricInfo(name=name))

    def cells(
        self,
        metrics: Sequence[str] = (),
        *,
        optional: Sequence[str] = (),
        variants: Sequence[FigureVariant] | None = None,
        along: str = "",
    ) -> list[ShownCell]:
        """The cells that the figure shows, in the order of its variants, each with its trials by seed.

        Args:
            metrics: The metrics of trials that are needed.
            optional: Metrics that are taken where there are such columns.
            variants: Other variants than the figure's.
            along: The key whose values do not tell series apart.

        Raises:
            MissingRowsError: The store has no column for a metric that is needed.
        """
        figure = self.figure
        variants = figure.variants if variants is None else variants
        columns = set(self._results.sql("SELECT * FROM results LIMIT 0").columns)
        unknown = [name for name in metrics if name not in columns]
        if unknown:
            raise self.missing(f"no trial reports {', '.join(unknown)}")
        taken = [*metrics, *(name for name in optional if name in columns)]
        chosen = ["variant", "cell_id", "config", "trial_id", "seed", "state", *taken]
        rows = self._results.sql(
            f"SELECT {', '.join(map(identifier, chosen))} FROM results "  # noqa: S608 - identifiers
            "WHERE study = $study AND phase = 'grid' ORDER BY member",
            {"study": self._study},
        ).dicts()
        found: list[ShownCell] = []
        for shown in variants:
            by_cell: dict[str, list[Mapping[str, Any]]] = {}
            for row in rows:
                if row["variant"] == shown.variant and (not figure.seeds or row["seed"] in figure.seeds):
                    by_cell.setdefault(str(row["cell_id"]), []).append(row)
            cells = [_cell(shown, own, taken, along) for own in by_cell.values()]
            found += labelled([cell for cell in cells if cell.is_at(figure.where)], along)
        return found

    def reports(
        self, view: str, columns: Sequence[str], cells: Iterable[ShownCell], *, optional: Sequence[str] = ()
    ) -> dict[str, list[dict[str, Any]]]:
        """The rows that completed trials have in a view, by trial id, in the order of the columns.

        Args:
            view: `epochs`, `entropy` or `gates`.
            columns: The columns that are needed; without one of them there are no rows.
            cells: Whose trials.
            optional: Columns that are None in every row where no trial ever reported them.
        """
        wanted = [trial.trial_id for cell in cells for trial in cell.completed]
        known = set(self._results.sql(f"SELECT * FROM {view} LIMIT 0").columns)  # noqa: S608 - one of three names
        if not wanted or not known.issuperset(columns):
            return {}
        chosen = ["trial_id", *columns, *(name for name in optional if name in known)]
        rows = self._results.sql(
            f"SELECT {', '.join(map(identifier, chosen))} FROM {view} "  # noqa: S608 - identifiers
            "WHERE trial_id IN (SELECT unnest($trials)) ORDER BY ALL",
            {"trials": wanted},
        ).dicts()
        found: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            found.setdefault(row["trial_id"], []).append(dict.fromkeys(optional) | row)
        return found

    def missing(self, what: str, cells: Iterable[ShownCell] = ()) -> MissingRowsError:
        """The error that says why there is nothing to draw."""
        trials = [trial for cell in cells for trial in cell.trials]
        gaps = describe_gaps(trials)
        counted = f" ({gaps})" if gaps else ""
        return MissingRowsError(inert(f"figure {self.figure.name!r} of study {self._study!r}: {what}{counted}"))


def _cell(shown: FigureVariant, rows: Sequence[Mapping[str, Any]], metrics: Sequence[str], along: str) -> ShownCell:
    leaves = _leaves(rows[0]["config"])
    trials = [
        ShownTrial(
            trial_id=str(row["trial_id"]),
            seed=int(row["seed"]),
            is_completed=row["state"] == TrialState.COMPLETED,
            state=str(row["state"]),
            values={name: finite_number(row[name]) for name in metrics},
        )
        for row in rows
    ]
    return ShownCell(
        variant=shown.variant,
        label=shown.label or shown.variant,
        leaves=leaves,
        x=finite_number(leaves.get(along)) if along else None,
        trials=tuple(sorted(trials, key=lambda trial: (trial.seed, trial.trial_id))),
    )


def _leaves(config: str | None) -> dict[str, Any]:
    """The configuration's values by dotted key; none where another program wrote there what is no configuration."""
    try:
        nested = json.loads(config or "{}")
    except (ValueError, RecursionError):
        return {}
    leaves: dict[str, Any] = {}
    to_visit: list[tuple[str, Any]] = [("", nested)]
    while to_visit:
        key, node = to_visit.pop()
        if isinstance(node, dict):
            to_visit += [(f"{key}.{name}" if key else str(name), inner) for name, inner in reversed(node.items())]
        elif key:
            leaves[key] = node
    return leaves
