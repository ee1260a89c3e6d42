"""What a study file says about its own results: tables and claims must speak of things that exist."""

import errno
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from orchestrator.document.problems import suggestion
from orchestrator.document.validation import shown
from orchestrator.document.yaml_document import FileTooLargeError, KeyPath, read_text
from orchestrator.space.cells import Cell
from orchestrator.space.fields import all_paths
from orchestrator.study.schema import Claim, StudyFile
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
            _check_name(row.variant, file.variants, (*at, "rows", row_index, "variant"), "variant", report)
    return sql_by_name


def check_claims(
    file: StudyFile,
    trainable: Trainable,
    cells: Sequence[Cell] | None,
    report: Report,
    searched: Collection[str] = (),
) -> None:
    """Every claim, and every published value, names metrics, variants and a grid point that exist.

    Without cells (the study has other problems, which hide some), grid points are not looked up. Variants that are
    searched have no cells that a claim could name.
    """
    metrics = [metric.name for metric in trainable.metrics]
    for index, table in enumerate(file.tables):
        for row_index, row in enumerate(table.rows):
            for metric, value in row.published.items():
                at_metric = ("tables", index, "rows", row_index, "published", metric)
                _check_name(metric, metrics, at_metric, "metric", report)
                _check_fraction(metric, value, trainable, at_metric, report)
    names: set[str] = set()
    for index, claim in enumerate(file.claims):
        at: KeyPath = ("claims", index)
        if claim.name in names:
            report((*at, "name"), f"two claims are called {claim.name!r}")
        names.add(claim.name)
        _check_name(claim.metric, metrics, (*at, "metric"), "metric", report)
        published = claim.published if isinstance(claim.published, list) else [claim.published]
        for value in [claim.value, *published]:
            _check_fraction(claim.metric, value, trainable, at, report)
        compared = claim.compare or []
        for position, variant in enumerate(compared):
            _check_name(variant, file.variants, (*at, "compare", position), "variant", report)
        if claim.variant is not None:
            _check_name(claim.variant, file.variants, (*at, "variant"), "variant", report)
        for variant in [*compared, *([claim.variant] if claim.variant is not None else [])]:
            if variant in searched:
                report(at, f"variant {variant!r} is searched; a claim is about cells that the file itself names")
            elif variant in file.variants and cells is not None:
                _check_point(claim, variant, trainable, cells, at, report)


def _check_fraction(metric: str, value: float | None, trainable: Trainable, at: KeyPath, report: Report) -> None:
    """Percent where a fraction is meant would be wrong by a factor of a hundred in every table."""
    is_fraction = any(known.name == metric and known.unit == "fraction" for known in trainable.metrics)
    if is_fraction and value is not None and not 0 <= value <= 1:
        report(at, f"{metric} is a fraction between 0 and 1 (got {value:g}; 5 % is 0.05)")


def _check_name(name: str, known: Iterable[str], at: KeyPath, kind: str, report: Report) -> None:
    names = list(known)
    if name not in names:
        near = suggestion(name, names) or f"; known: {', '.join(names)}"
        report(at, f"there is no {kind} {shown(name)}{near}")


def _check_point(
    claim: Claim, variant: str, trainable: Trainable, cells: Sequence[Cell], at: KeyPath, report: Report
) -> None:
    """A claim is about one cell of each variant; `where` may name keys that the variant does not use."""
    known = set(all_paths(trainable.config_model))
    wanted = {}
    for key, value in claim.where.items():
        path = tuple(key.split("."))
        if path not in known:
            near = suggestion(key, [".".join(name) for name in known])
            report((*at, "where", key), f"no configuration has this key{near}")
            return
        wanted[path] = value
    candidates = [cell.leaves() for cell in cells if variant in cell.variants]
    matching = [
        leaves
        for leaves in candidates
        if all(leaves[path] == value for path, value in wanted.items() if path in leaves)
    ]
    place = (*at, "where") if claim.where else at
    if not matching:
        report(place, f"variant {variant!r} has no cell at this grid point")
    elif len(matching) > 1:
        varying = sorted(
            ".".join(path) for path in matching[0] if len({repr(leaves.get(path)) for leaves in matching}) > 1
        )
        report(place, f"names {len(matching)} cells of variant {variant!r}; say where: {', '.join(varying)}")


def query_problem(file: str, error: QueryError) -> str:
    """What is wrong with a table's SQL, with its place in the SQL file."""
    place = file
    if error.line is not None:
        place += f":{error.line}" + (f":{error.column}" if error.column is not None else "")
    return f"{place}: {error.summary}"
