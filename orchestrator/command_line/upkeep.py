"""Commands that keep a store in order: `compact`."""

from typing import Any

import typer

from orchestrator.command_line import output
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.options import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.command_line.stores import check_exists
from orchestrator.errors import ExecutionError
from results_store import CompactionError, KindReport
from results_store import compact as compact_store


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
