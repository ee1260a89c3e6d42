"""Commands that keep a store in order: `compact`, `doctor`, `retract`."""

from typing import Annotated, Any

import typer

from orchestrator.command_line import output
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.options import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.command_line.stores import check_exists, open_existing
from orchestrator.command_line.trial_ids import whole_trial_id
from orchestrator.errors import ExecutionError
from results_store import CompactionError, KindReport
from results_store import compact as compact_store
from results_store import doctor as check_store
from results_store import retract as retract_trials


def compact(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Merge the store's small files; queries give the same before, during and after."""
    check_exists(store)
    try:
        report = compact_store(store)
    except CompactionError as error:
        raise ExecutionError(str(error)) from error
    rows = [_row(kind) for kind in report.kinds]
    moved = [{"path": str(problem.path), "reason": problem.reason} for problem in report.quarantined]
    if as_json:
        output.data_json({"kinds": rows, "quarantined": moved, "duration_s": round(report.duration_s, 3)})
    else:
        output.listing(list(rows[0]), [list(row.values()) for row in rows], as_json=False)
    for problem in report.quarantined:
        output.warning(f"moved to quarantine/: {problem.path}: {problem.reason}")
    if moved:
        raise typer.Exit(ExitCode.FAILED)


def doctor(store: StoreOption = DEFAULT_STORE, as_json: JsonOption = False) -> None:
    """Check every file and row of the store and repair what can be repaired; exit 1 if anything was found.

    Damaged and foreign files go to quarantine/, the next submit trains what was in them; what a killed compaction
    left is ended; old unfinished files are removed. Rows are never changed: what is wrong in them is listed.
    """
    check_exists(store)
    try:
        report = check_store(store)
    except CompactionError as error:
        raise ExecutionError(str(error)) from error
    if as_json:
        findings = [
            {"path": str(found.path), "what": found.what, "done": found.done, "repaired": found.is_repaired}
            for found in report.findings
        ]
        output.data_json(
            {
                "files": report.num_files,
                "rows": report.num_rows,
                "findings": findings,
                "notes": list(report.notes),
                "duration_s": round(report.duration_s, 3),
            }
        )
    else:
        for finding in report.findings:
            output.data(str(finding))
        for note in report.notes:
            output.message(f"note: {note}")
    num_repaired = sum(finding.is_repaired for finding in report.findings)
    noun = "finding" if len(report.findings) == 1 else "findings"
    outcome = f"{len(report.findings)} {noun}, {num_repaired} repaired" if report.findings else "all is well"
    output.message(f"{report.num_files:,} files, {report.num_rows:,} rows: {outcome}")
    if report.findings:
        raise typer.Exit(ExitCode.FAILED)


def retract(
    trial_ids: Annotated[
        list[str], typer.Argument(metavar="TRIAL_ID...", help="Ids of trials, or their first digits.")
    ],
    why: Annotated[str, typer.Option("--why", help="The reason; kept with the retraction.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Withdraw trials whose rows are wrong: they stay on disk, marked, and no table counts them.

    A retracted trial is not done: the next submit of a study that has it trains it again, and the new run counts.
    Take it out of the study, or raise the trainable's version, if it should not be trained again as it is.
    """
    results = open_existing(store)
    whole = [whole_trial_id(results, digits) for digits in trial_ids]
    retracted = retract_trials(store, whole, why=why)
    rows = [[found.trial_id, list(found.attempt_ids), found.reason] for found in retracted]
    if as_json:
        output.listing(["trial_id", "attempt_ids", "reason"], rows, as_json=True)
        return
    for found in retracted:
        count = f"{len(found.attempt_ids)} attempt" + ("" if len(found.attempt_ids) == 1 else "s")
        output.message(f"retracted {found.trial_id} ({count}): {found.reason}")


def _row(report: KindReport) -> dict[str, Any]:
    before, after = report.before, report.after
    return {
        "kind": report.kind.value,
        "files_before": before.num_files,
        "files_after": after.num_files,
        "rows_before": before.num_rows,
        "rows_after": after.num_rows,
        "bytes_before": before.num_bytes,
        "bytes_after": after.num_bytes,
    }
