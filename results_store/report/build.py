"""From a store to the content of a report."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from results_store.charts.learning_curves import learning_curves
from results_store.charts.members import CellMembers, read_members
from results_store.errors import StoreError, UnknownNameError, first_line
from results_store.figures import FigureFormat, figure_bytes, figure_names, search_figure
from results_store.recorded import recorded_tables
from results_store.report.chart_tables import chart_tables
from results_store.report.claims import claims_of
from results_store.report.content import (
    Fact,
    Figure,
    Report,
    SearchPicture,
    StudyFile,
    StudyReport,
    StudyTable,
    TextTable,
)
from results_store.report.failures import failures
from results_store.report.provenance import duration, provenance, submissions
from results_store.report.seed_values import seed_tables, shown_metrics
from results_store.report.strips import strips
from results_store.search import read_searches
from results_store.tables import Table
from results_store.text import inert

if TYPE_CHECKING:
    from results_store.charts import Chart
    from results_store.results import Results

__all__ = ["build_report"]

_PICTURES = {
    "front": "Pareto front",
    "history": "History",
    "slices": "Slices",
    "importances": "Importances of parameters",
}

_SCREEN_DPI = 160

_TOTALS = """
    WITH members AS (
        SELECT DISTINCT study, cell_id, seed, trial_id, state FROM results WHERE list_contains($studies, study)
    )
    SELECT count(DISTINCT study), count(DISTINCT cell_id), count(DISTINCT seed), count(DISTINCT trial_id),
        count(DISTINCT trial_id) FILTER (state = 'completed'),
        (SELECT sum(duration_s) FROM trials SEMI JOIN members USING (trial_id))
    FROM members
"""


def build_report(results: Results, studies: Sequence[str], title: str = "", introduction: str = "") -> Report:
    """What came of studies.

    Args:
        results: The store.
        studies: Their names, in the order of the report.
        title: Its heading; made of the studies if empty.
        introduction: What stands below the heading: paragraphs, parted by empty lines.

    Raises:
        UnknownNameError: A study was never submitted to this store.
        QueryError: The query of a table fails.
    """
    names = list(dict.fromkeys(studies))
    submitted = _submissions(results, names)
    reports = [_study(results, name, submitted[name]) for name in names]
    claims, undecided = claims_of(results, names)
    return Report(
        title=title or _title(names, submitted),
        introduction=[part for part in re.split(r"\n\s*\n", introduction.strip("\n")) if part.strip()],
        facts=_facts(results, names, submitted),
        claims=claims,
        notes=undecided,
        studies=reports,
    )


def _submissions(results: Results, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The latest submission of each study."""
    rows = results.sql(
        "SELECT * FROM studies WHERE is_latest AND list_contains($studies, study)", {"studies": list(names)}
    ).dicts()
    found = {row["study"]: row for row in rows}
    missing = [name for name in names if name not in found]
    if missing:
        listed = ", ".join(repr(name) for name in missing)
        word = "study was" if len(missing) == 1 else "studies were"
        raise UnknownNameError(inert(f"the {word} never submitted to the store {results.path}: {listed}"))
    return found


def _title(names: Sequence[str], submitted: Mapping[str, Mapping[str, Any]]) -> str:
    if len(names) == 1:
        return f"Study {names[0]}"
    tags = [set(submitted[name]["tags"] or []) for name in names]
    common = sorted(set.intersection(*tags)) if tags else []
    return f"{len(names)} studies: {', '.join(common)}" if common else f"{len(names)} studies"


def _facts(results: Results, names: Sequence[str], submitted: Mapping[str, Mapping[str, Any]]) -> list[Fact]:
    found = results.sql(_TOTALS, {"studies": list(names)}).rows()[0]
    num_studies, num_cells, num_seeds, num_trials, num_completed, seconds = found
    tags = dict.fromkeys(tag for name in names for tag in submitted[name]["tags"] or [])
    return [
        *([Fact(name="Tags", text=", ".join(tags))] if tags else []),
        Fact(name="Studies", text=f"{max(num_studies, len(names)):,}"),
        Fact(name="Cells", text=f"{num_cells:,}"),
        Fact(name="Seeds", text=f"{num_seeds:,}"),
        Fact(name="Trials", text=f"{num_trials:,}, of which {num_completed:,} are completed"),
        Fact(name="Time", text=f"{duration(seconds or 0.0)} of training, one core per trial"),
    ]


def _study(results: Results, study: str, submission: Mapping[str, Any]) -> StudyReport:
    metrics = results.metrics(study)
    notes: list[str] = []
    tables = _tables(results, study, notes)
    columns = set(results.sql("SELECT * FROM results LIMIT 0").columns)
    shown = [metric for metric in shown_metrics(tables, metrics) if metric.name in columns]
    cells = read_members(results, study, _labels(submission), shown)
    curves = learning_curves(results, study, cells, metrics, [metric.name for metric in shown])
    return StudyReport(
        name=study,
        description=submission["description"] or "",
        facts=_study_facts(submission, cells),
        tables=[_table(table) for table in tables],
        seed_tables=seed_tables(cells, shown),
        figures=[_figure(chart) for chart in (*_charts(results, study, notes), curves) if chart is not None],
        pictures=_pictures(results, study, notes),
        failures=failures(results, study, cells),
        provenance=provenance(results, study),
        submissions=submissions(results, study),
        file=StudyFile(name=_base_name(submission["file_name"]), text=submission["file_text"] or ""),
        notes=notes,
    )


def _tables(results: Results, study: str, notes: list[str]) -> list[Table]:
    """A study's tables; one whose query fails does not take the others along."""
    tables = []
    for name in results.tables(study):
        try:
            tables.append(results.table(study, name))
        except StoreError as error:
            notes.append(f"Table {name}: {first_line(error)}")
    return tables


def _charts(results: Results, study: str, notes: list[str]) -> list[Chart]:
    """The figures that a study asks for, as far as there is something to show."""
    charts = []
    for name in results.figures(study):
        try:
            charts.append(results.chart(study, name))
        except StoreError as error:
            notes.append(f"Figure {name}: {first_line(error)}")
    return charts


def _labels(submission: Mapping[str, Any]) -> dict[str, str]:
    """What a study calls its variants in the rows of its tables, where it calls them by one name."""
    names: dict[str, set[str]] = {}
    for table in recorded_tables(submission):
        for row in table.rows:
            if row.label:
                names.setdefault(row.variant, set()).add(row.label)
    return {variant: next(iter(labels)) for variant, labels in names.items() if len(labels) == 1}


def _study_facts(submission: Mapping[str, Any], cells: Sequence[CellMembers]) -> list[Fact]:
    trials = {member.trial_id for cell in cells for member in cell.members}
    seeds = {member.seed for cell in cells for member in cell.members}
    tags = submission["tags"] or []
    counts = {
        "Variants": len({cell.variant for cell in cells}),
        "Cells": len({cell.cell_id for cell in cells}),
        "Seeds": len(seeds),
        "Trials": len(trials),
    }
    return [
        *([Fact(name="Tags", text=", ".join(tags))] if tags else []),
        *(Fact(name=name, text=f"{count:,}") for name, count in counts.items()),
    ]


def _table(table: Table) -> StudyTable:
    header, is_numeric, lines = table.texts()
    shown = TextTable(
        title=table.title or table.name, header=header, is_numeric=is_numeric, lines=lines, notes=table.footnotes()
    )
    return StudyTable(name=table.name, table=shown, strips=strips(table), sql=table.sql)


def _figure(chart: Chart) -> Figure:
    return Figure(chart=chart, data=chart_tables(chart))


def _pictures(results: Results, study: str, notes: list[str]) -> list[SearchPicture]:
    """The figures of a study's searches."""
    pictures = []
    for history in read_searches(results, study) if results.searches(study) else ():
        for name in figure_names(history):
            title = f"{_PICTURES[name]}: {history.name}"
            try:
                png = figure_bytes(search_figure(history, name), FigureFormat.PNG, dpi=_SCREEN_DPI)
            except StoreError as error:
                notes.append(f"{title}: {first_line(error)}")
                continue
            alternative = f"{title}, drawn; the numbers stand in the tables of this study."
            pictures.append(SearchPicture(name=name, title=title, alternative=alternative, png=png))
    return pictures


def _base_name(path: str | None) -> str:
    """The name of a study file, without the folders of the machine that it was submitted from."""
    return (path or "").replace("\\", "/").rpartition("/")[2]
