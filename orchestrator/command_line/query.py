"""Commands that ask the store: `query` and `table`."""

import sys
from contextlib import ExitStack
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, StoreOption
from orchestrator.command_line.stores import open_existing, outside_of_store
from orchestrator.errors import UsageError
from results_store import ClaimTable, OutputFormat, Table
from results_store import write as write_result


class TableFormat(StrEnum):
    """How `table` and `claims` print."""

    MARKDOWN = "markdown"
    LATEX = "latex"
    CSV = "csv"


def query(
    sql: Annotated[
        str | None, typer.Argument(help="One SELECT over the views of the store.", show_default=False)
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Read the SELECT from this file.", show_default=False)
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    output_format: Annotated[OutputFormat, typer.Option("--format", help="Form of the result.")] = OutputFormat.TABLE,
    output_file: Annotated[
        Path | None, typer.Option("--output", help="Write the result to this file.", show_default=False)
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="Show DuckDB's plan instead of running it.")] = False,
) -> None:
    """Run one SELECT over the store: results, trials, epochs, candidates, rounds, failures, studies, entropy, gates."""
    text = _query_text(sql, file)
    if output_format is OutputFormat.PARQUET and output_file is None and sys.stdout.isatty():
        raise UsageError("Parquet is not for terminals; write it to a file with --output")
    results = open_existing(store)
    if output_file is not None:
        outside_of_store(results, output_file)
    if explain:
        output.data(results.explain(text))
        return
    found = results.sql(text)
    if output_file is None:
        write_result(found, output_format, sys.stdout.buffer)
        sys.stdout.flush()
        return
    with ExitStack() as stack:
        try:
            stream = stack.enter_context(output_file.open("wb"))
        except OSError as error:
            raise UsageError(f"{output_file} cannot be written: {(error.strerror or str(error)).lower()}") from error
        write_result(found, output_format, stream)


def table(
    study: Annotated[str, typer.Argument(help="Name of a study in the store.")],
    name: Annotated[str | None, typer.Argument(help="Name of a table; all if left out.", show_default=False)] = None,
    store: StoreOption = DEFAULT_STORE,
    table_format: Annotated[TableFormat, typer.Option("--format", help="Form of the table.")] = TableFormat.MARKDOWN,
    values: Annotated[
        bool, typer.Option("--values", help="Show every replicate's value instead of means and intervals.")
    ] = False,
) -> None:
    """Print the tables of a study: mean, interval and number of replicates of every cell, or the single values."""
    results = open_existing(store)
    if name is None and not results.tables(study):
        output.message(f"study {study} asks for no tables; amor query reads its results")
    for table_name in [name] if name is not None else results.tables(study):
        built = results.table(study, table_name)
        output.data(rendered(built.values() if values else built, table_format))


def rendered(built: Table | ClaimTable, table_format: TableFormat) -> str:
    """The table as text."""
    match table_format:
        case TableFormat.MARKDOWN:
            return built.markdown()
        case TableFormat.LATEX:
            return built.latex()
        case TableFormat.CSV:
            return built.csv()


def _query_text(sql: str | None, file: Path | None) -> str:
    if (sql is None) == (file is None):
        raise UsageError("give one SELECT, or a file that holds one with --file")
    if sql is not None:
        if not sql.isprintable() and any("\ud800" <= character <= "\udfff" for character in sql):
            raise UsageError("the query is not UTF-8 text")
        return sql
    assert file is not None
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {(error.strerror or str(error)).lower()}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{file} is not UTF-8 text") from error
