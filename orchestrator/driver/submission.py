"""The record of a submission: what was asked for, so that the store alone can answer for it."""

from datetime import UTC, datetime

from orchestrator.identity.identifiers import new_submission_id
from orchestrator.study.study import Study
from results_store.records import MemberRecord, MetricInfo, SubmissionRecord, TableRecord, TableRow


def submission_record(study: Study) -> SubmissionRecord:
    """The study as submitted: file, settings, cells, seeds, trial ids, tables and claims."""
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
        metrics=tuple(
            MetricInfo(
                name=metric.name,
                unit=metric.unit,
                direction=metric.direction,
                title=metric.title,
                description=metric.description,
            )
            for metric in study.trainable.metrics
        ),
        members=tuple(_members(study)),
        limits=study.file.limits.model_dump(mode="json"),
        tables=tuple(
            TableRecord(
                name=table.name,
                title=table.title,
                sql=study.table_sql[table.name],
                rows=tuple(
                    TableRow(variant=row.variant, label=row.label, published=row.published) for row in table.rows
                ),
            )
            for table in study.file.tables
        ),
        claims=tuple(claim.model_dump(mode="json") for claim in study.file.claims),
    )


def _members(study: Study) -> list[MemberRecord]:
    configs = {cell.cell_id: cell.config.model_dump(mode="json") for cell in study.cells}
    return [
        MemberRecord(
            variant=variant,
            cell_id=trial.cell.cell_id,
            trial_id=trial.trial_id,
            seed=trial.seed,
            config=configs[trial.cell.cell_id],
        )
        for trial in study.trials
        for variant in trial.cell.variants
    ]
