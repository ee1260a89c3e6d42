"""The record of a submission: what was asked for, so that the store alone can answer for it."""

from dataclasses import asdict
from datetime import UTC, datetime

from orchestrator.identity.identifiers import new_submission_id
from orchestrator.study.claims.record import claim_records
from orchestrator.study.figures.record import figure_record
from orchestrator.study.points import Points
from orchestrator.study.study import Study
from results_store.records import MemberRecord, MetricInfo, SubmissionRecord, TableRecord, TableRow
from results_store.search import SearchInfo
from results_store.tables import search_tables


def submission_record(study: Study) -> SubmissionRecord:
    """The study as submitted: file, settings, cells, seeds, trial ids, tables, figures, claims and searches.

    A search brings tables of its own; a table of the study that has the name of one stands instead of it.
    """
    searches = _searches(study)
    points = Points(list(study.file.variants), study.cells)
    metrics = tuple(
        MetricInfo(
            name=metric.name,
            unit=metric.unit,
            direction=metric.direction,
            title=metric.title,
            description=metric.description,
        )
        for metric in study.trainable.metrics
    )
    own_tables = [
        TableRecord(
            name=table.name,
            title=table.title,
            sql=study.table_sql[table.name],
            rows=tuple(TableRow(variant=row.variant, label=row.label, published=row.published) for row in table.rows),
            summaries=table.summaries_as_data(),
        )
        for table in study.file.tables
    ]
    own_names = {table.name for table in own_tables}
    searched = {name for search in study.searches for name in search.variants}
    return SubmissionRecord(
        submission_id=new_submission_id(),
        study=study.name,
        description=study.file.description,
        tags=tuple(study.file.tags),
        submitted_at=datetime.now(UTC),
        file_name=study.document.source,
        file_text=study.document.text,
        settings=study.settings,
        trainable=study.trainable.name,
        trainable_version=study.trainable.version,
        metrics=metrics,
        members=tuple(_members(study, points)),
        limits=study.file.limits.model_dump(mode="json"),
        tables=(*own_tables, *(table for table in search_tables(searches, metrics) if table.name not in own_names)),
        claims=claim_records(study.file.claims, study.cells, points, study=study.name),
        figures=tuple(figure_record(figure, study.file, searched) for figure in study.file.figures),
        searches=tuple(asdict(search) for search in searches),
    )


def _searches(study: Study) -> tuple[SearchInfo, ...]:
    if not study.searches:
        return ()
    from orchestrator.search.record import search_info  # Optuna takes time to import

    return tuple(search_info(search) for search in study.searches)


def _members(study: Study, points: Points) -> list[MemberRecord]:
    configs = {cell.cell_id: cell.config.model_dump(mode="json") for cell in study.cells}
    return [
        MemberRecord(
            variant=variant,
            cell_id=trial.cell.cell_id,
            trial_id=trial.trial_id,
            seed=trial.seed,
            config=configs[trial.cell.cell_id],
            point=points.of(variant, trial.cell.cell_id),
        )
        for trial in study.trials
        for variant in trial.cell.variants
    ]
