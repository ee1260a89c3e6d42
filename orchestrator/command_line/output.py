"""How commands speak: data on stdout, messages on stderr, listings as a table or as JSON."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from orchestrator.document.problems import printable
from orchestrator.progress.reporter import console_on_stderr
from results_store.text import inert_json

PLAIN_WIDTH = 200
"""Columns of a listing that does not go to a terminal."""


def message(text: str, *, style: str = "") -> None:
    """Writes a message for the user to stderr, one line per line of the text."""
    console = console_on_stderr()
    for line in text.splitlines():
        console.print(Text(printable(line), style=style), soft_wrap=True)


def error(text: str) -> None:
    """Writes an error to stderr."""
    message(text, style="red")


def warning(text: str) -> None:
    """Writes a warning to stderr."""
    message(f"warning: {text}", style="yellow")


def data(text: str) -> None:
    """Writes data to stdout."""
    sys.stdout.write(text if text.endswith("\n") else text + "\n")
    sys.stdout.flush()


def listing(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, as_json: bool) -> None:
    """Writes rows to stdout, as a table or as a JSON list of objects."""
    if as_json:
        data_json([dict(zip(columns, row, strict=True)) for row in rows])
        return
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(Text(printable(column.replace("_", " "))), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_cell(value)) for value in row))
    console = Console(file=sys.stdout, highlight=False)
    if not console.is_terminal:
        console.width = PLAIN_WIDTH
    console.print(table)


def data_json(value: Any) -> None:
    """Writes a value to stdout as JSON."""
    data(inert_json(json.dumps(value, indent=2, ensure_ascii=False, default=str)))


def facts(pairs: Mapping[str, Any]) -> None:
    """Writes names and values to stdout, one per line, aligned."""
    shown = [(printable(name), _cell(value)) for name, value in pairs.items()]
    width = max((len(name) for name, _ in shown), default=0)
    data("\n".join(f"{name:<{width}}  {value}".rstrip() for name, value in shown))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S} UTC"
    return printable(str(value))


def printable_block(text: str) -> str:
    """A text of several lines with everything that a terminal would obey made visible."""
    return "\n".join(printable(line) for line in text.splitlines())
