"""Commands on searches: `search export`."""

import shlex
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, StoreOption
from orchestrator.command_line.stores import open_existing, outside_of_store
from orchestrator.document.problems import printable
from results_store.figures import file_stem
from results_store.search import export_journal, read_searches

app = typer.Typer(help="Searches of a study.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def _group() -> None:
    """Keeps `export` a word of its own; a group of a single command would be that command."""


@app.command()
def export(
    study: Annotated[str, typer.Argument(help="Name of a study in the store that has a search.")],
    store: StoreOption = DEFAULT_STORE,
    file: Annotated[
        Path | None,
        typer.Option("--output", metavar="FILE", help="A new file; STUDY.journal.log if left out.", show_default=False),
    ] = None,
) -> None:
    """Write a study's searches as a journal of Optuna's, for optuna-dashboard and optuna.load_study."""
    results = open_existing(store)
    path = file if file is not None else Path(f"{file_stem(study)}.journal.log")
    outside_of_store(results, path)
    histories = read_searches(results, study)
    export_journal(histories, path)
    num_candidates = sum(len(history.candidates) for history in histories)
    output.data(printable(str(path)))
    output.message(f"{num_candidates:,} candidates; to look at them: optuna-dashboard {shlex.quote(str(path))}")
