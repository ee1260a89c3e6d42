"""The table of the importances of a study's searches."""

from __future__ import annotations

from collections.abc import Sequence

from results_store.records import MetricInfo
from results_store.search.history import SearchHistory
from results_store.search.importances import (
    ImportanceMethod,
    importances,
    method_notes,
    most_important_first,
    result_notes,
)
from results_store.tables.cell import Cell, Line
from results_store.tables.column import Column
from results_store.tables.table import Table
from results_store.wording import capital

__all__ = ["IMPORTANCES", "importances_table"]

IMPORTANCES = "importances"
"""Name of the table."""


def importances_table(histories: Sequence[SearchHistory]) -> Table:
    """The importances of a study's searches as a table: a line per parameter, a column per objective and method.

    Raises:
        StoreError: What the store holds of a search makes no sense.
    """
    columns: dict[tuple[str, ImportanceMethod], Column] = {}
    lines = []
    notes: list[str] = []
    assessed = [(history, importances(history)) for history in histories]
    for history, found in assessed:
        for importance in found:
            name = importance.objective.name
            metric = history.metrics.get(name)
            title = (metric or MetricInfo(name=name)).shown_title
            columns[name, importance.method] = Column(
                name=f"{name}_{importance.method.name.lower()}",
                title=f"{capital(title)}, {importance.method}",
                unit="fraction",
            )
    for history, found in assessed:
        of = {(importance.objective.name, importance.method): importance for importance in found}
        for parameter in most_important_first(history, found):
            shares = [of[key].shares.get(parameter) if key in of else None for key in columns]
            label = f"{history.label}: {parameter}" if history.label else parameter
            variant = history.label or None
            lines.append(Line(label=label, variant=variant, cells=[Cell(value=share) for share in shares]))
        own = result_notes(history, found)
        notes += [f"{history.label}: {note}" for note in own] if history.label else own
    return Table(
        name=IMPORTANCES,
        title="Importance of parameters (PED-ANOVA and fANOVA)",
        columns=list(columns.values()),
        lines=lines,
        label_title="Parameter",
        notes=[*method_notes([importance for _, found in assessed for importance in found]), *notes],
    )
