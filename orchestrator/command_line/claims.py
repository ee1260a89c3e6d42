"""The command `claims`."""

from dataclasses import asdict
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.command_line.query import TableFormat, rendered
from orchestrator.command_line.stores import open_existing
from results_store import ClaimVerdicts


def claims(
    studies: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[STUDY...]", help="Names of studies in the store; all if left out.", show_default=False
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    table_format: Annotated[TableFormat, typer.Option("--format", help="Form of the table.")] = TableFormat.MARKDOWN,
    as_json: JsonOption = False,
) -> None:
    """Print what became of the claims of studies: verdict, effect with interval, corrected p, published values."""
    found = open_existing(store).claims(*studies or [])
    tell_notes(found)
    if as_json:
        output.data_json([asdict(verdict) for verdict in found.verdicts])
    elif found.verdicts:
        output.data(rendered(found.table(), table_format))
    elif not found.notes:
        output.message(f"no claims in {', '.join(studies) if studies else f'the studies of {store}'}")


def tell_notes(found: ClaimVerdicts) -> None:
    """Says on stderr what could not be decided at all."""
    for note in found.notes:
        output.warning(note)
