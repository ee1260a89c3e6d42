"""Writing the result of a query: for people, for spreadsheets, for programs, for papers."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from results_store.query.latex_text import latex
from results_store.query.result import QueryResult, translated_errors
from results_store.text import inert, inert_json

__all__ = ["FORMATS", "OutputFormat", "latex", "latex_table", "markdown", "markdown_table", "plain", "write"]


class OutputFormat(StrEnum):
    """How a result is written.

    `table` is for a terminal; `csv` and `json` are written row by row in bounded memory; not-a-number and
    infinities are the texts `NaN`, `Infinity` and `-Infinity` in `json`, which has no numbers for them.
    """

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    MARKDOWN = "markdown"
    LATEX = "latex"
    PARQUET = "parquet"


FORMATS = tuple(OutputFormat)

# Underscores inside words, brackets without a target and a lone ampersand are no markup.
_MARKUP = re.compile(r"[\\`*<>|~$]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|(?<=\])\(|&(?=#?\w+;)")


def write(result: QueryResult, output_format: OutputFormat | str, stream: BinaryIO) -> None:
    """Writes a result as UTF-8 text, or as Parquet.

    Args:
        result: What to write.
        output_format: One of `table, csv, json, markdown, latex, parquet`.
        stream: Where to write it: a file opened in binary mode, or `sys.stdout.buffer`.

    Raises:
        QueryError: The query failed while it ran.
        ValueError: There is no such format.
    """
    output_format = OutputFormat(output_format)
    with translated_errors():
        reader = result.reader()
        if output_format is OutputFormat.PARQUET:
            _write_parquet(reader, stream)
            return
        for piece in _WRITERS[output_format](reader):
            stream.write(piece.encode())


def markdown_table(header: Sequence[str], lines: Iterable[Sequence[str]], *, numeric: Sequence[bool]) -> str:
    """A table in Markdown; whatever stands in it is shown as it is, not as markup."""
    rows = [[markdown(cell) for cell in line] for line in lines]
    rule = ["---:" if is_numeric else "---" for is_numeric in numeric]
    body = [[markdown(name) for name in header], rule, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in body)


def latex_table(header: Sequence[str], lines: Iterable[Sequence[str]], *, numeric: Sequence[bool]) -> str:
    """A `tabular` with the rules of booktabs; whatever stands in it is shown as it is."""
    alignment = "".join("r" if is_numeric else "l" for is_numeric in numeric)
    head, *body = [" & ".join(map(latex, line)) + r" \\" for line in [header, *lines]]
    rows = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule", head, r"\midrule", *body, r"\bottomrule"]
    return "\n".join([*rows, r"\end{tabular}", ""])


def _write_parquet(reader: pa.RecordBatchReader, stream: BinaryIO) -> None:
    with pq.ParquetWriter(stream, reader.schema, compression="zstd") as writer:
        for batch in reader:
            writer.write_batch(batch)


def _rows(reader: pa.RecordBatchReader) -> Iterator[tuple[Any, ...]]:
    for batch in reader:
        yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)


def _csv(reader: pa.RecordBatchReader) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")

    def flushed() -> str:
        text = buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
        return text

    writer.writerow([inert(name, keep="\n\t") for name in reader.schema.names])
    yield flushed()
    for row in _rows(reader):
        writer.writerow([inert(plain(value), keep="\n\t") for value in row])
        yield flushed()


def _json(reader: pa.RecordBatchReader) -> Iterator[str]:
    names = reader.schema.names
    separator = "["
    for row in _rows(reader):
        values = {name: _json_value(value) for name, value in zip(names, row, strict=True)}
        yield separator + "\n" + inert_json(json.dumps(values, ensure_ascii=False, allow_nan=False))
        separator = ","
    yield "[]\n" if separator == "[" else "\n]\n"


def _table(reader: pa.RecordBatchReader) -> Iterator[str]:
    numeric = _numeric(reader)
    header = [inert(name) for name in reader.schema.names]
    rows = [[inert(plain(value)) for value in row] for row in _rows(reader)]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    for line in [header, ["-" * width for width in widths], *rows]:
        cells = [
            cell.rjust(width) if is_numeric else cell.ljust(width)
            for cell, width, is_numeric in zip(line, widths, numeric, strict=True)
        ]
        yield "  ".join(cells).rstrip() + "\n"


def _markdown_of(reader: pa.RecordBatchReader) -> Iterator[str]:
    lines = [[plain(value) for value in row] for row in _rows(reader)]
    yield markdown_table(reader.schema.names, lines, numeric=_numeric(reader))


def _latex_of(reader: pa.RecordBatchReader) -> Iterator[str]:
    lines = [[plain(value) for value in row] for row in _rows(reader)]
    yield latex_table(reader.schema.names, lines, numeric=_numeric(reader))


_WRITERS: dict[OutputFormat, Callable[[pa.RecordBatchReader], Iterator[str]]] = {
    OutputFormat.TABLE: _table,
    OutputFormat.CSV: _csv,
    OutputFormat.JSON: _json,
    OutputFormat.MARKDOWN: _markdown_of,
    OutputFormat.LATEX: _latex_of,
}


def _numeric(reader: pa.RecordBatchReader) -> list[bool]:
    kinds = ("int", "uint", "float", "double", "decimal", "halffloat")
    return [str(field.type).startswith(kinds) for field in reader.schema]


def plain(value: Any) -> str:
    """A value as text: nothing for NULL, all digits of a number, JSON for what is nested."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict) or type(value) is tuple:
        return json.dumps(_json_value(value), ensure_ascii=False)
    if isinstance(value, bytes):
        return value.hex()
    return str(value)


def _json_value(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):  # sums of whole numbers are 128 bits wide
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {str(key): _json_value(item) for key, item in value.items()}
    if isinstance(value, list) or type(value) is tuple:
        return [_json_value(item) for item in value]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return plain(value)


def markdown(text: str) -> str:
    """Text that Markdown shows as it is."""
    return _MARKUP.sub(r"\\\g<0>", inert(text))
