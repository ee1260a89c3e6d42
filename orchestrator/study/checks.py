"""What a study file says about its own results: tables must speak of things that exist."""

import errno
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.document.yaml_document import FileTooLargeError, KeyPath, read_text
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.contract import Trainable
from results_store import QueryError, check_table_sql

Report = Callable[[KeyPath, str], None]


def check_tables(file: StudyFile, folder: Path, report: Report) -> Mapping[str, str]:
    """Reads the SQL of every table; returns it by the table's name."""
    sql_by_name: dict[str, str] = {}
    for index, table in enumerate(file.tables):
        at: KeyPath = ("tables", index)
        if table.name in sql_by_name:
            report((*at, "name"), f"two tables are called {table.name!r}")
        try:
            path = folder / table.sql
            if path.exists() and not path.is_file():
                raise OSError(errno.EINVAL, "not a file")
            sql = read_text(path)
            check_table_sql(sql)
        except OSError as error:
            report((*at, "sql"), f"{table.sql} cannot be read: {(error.strerror or str(error)).lower()}")
        except FileTooLargeError as error:
            report((*at, "sql"), f"{table.sql} is {error}; no query")
        except QueryError as error:
            report((*at, "sql"), query_problem(table.sql, error))
        except ValueError:  # bytes that are no text, or a path that no file can have
            report((*at, "sql"), f"{table.sql!r} is not a path of UTF-8 text")
        else:
            sql_by_name[table.name] = sql
        for row_index, row in enumerate(table.rows):
            check_name(row.variant, file.variants, (*at, "rows", row_index, "variant"), "variant", report)
    return sql_by_name


def check_published(file: StudyFile, trainable: Trainable, report: Report) -> None:
    """Every published value of a table is one of a metric that exists."""
    metrics = [metric.name for metric in trainable.metrics]
    for index, table in enumerate(file.tables):
        for row_index, row in enumerate(table.rows):
            for metric, value in row.published.items():
                at_metric = ("tables", index, "rows", row_index, "published", metric)
                check_name(metric, metrics, at_metric, "metric", report)
                check_fraction(metric, value, trainable, at_metric, report)


def check_fraction(metric: str, value: float | None, trainable: Trainable, at: KeyPath, report: Report) -> None:
    """Percent where a fraction is meant would be wrong by a factor of a hundred in every table."""
    is_fraction = any(known.name == metric and known.unit == "fraction" for known in trainable.metrics)
    if is_fraction and value is not None and not 0 <= value <= 1:
        report(at, f"{metric} is a fraction between 0 and 1 (got {value:g}; 5 % is 0.05)")


def check_name(name: str, known: Iterable[str], at: KeyPath, kind: str, report: Report) -> bool:
    """Whether a name is known; reports one that is not."""
    names = list(known)
    if name not in names:
        near = suggestion(name, names) or f"; known: {', '.join(names)}"
        report(at, f"there is no {kind} {shown(name)}{near}")
    return name in names


def query_problem(file: str, error: QueryError) -> str:
    """What is wrong with a table's SQL, with its place in the SQL file."""
    place = file
    if error.line is not None:
        place += f":{error.line}" + (f":{error.column}" if error.column is not None else "")
    return f"{place}: {error.summary}"
