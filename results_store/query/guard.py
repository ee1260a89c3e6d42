"""What a query may be: exactly one statement that reads.

DuckDB's own type of a statement is not enough: `WITH x AS (COPY (SELECT 1) TO 'file') SELECT * FROM x`
has type SELECT and writes the file, and so do INSERT, UPDATE and DELETE in a WITH clause. So the parsed
statement is looked through as well: every query node in it has to be one that reads.
"""

from __future__ import annotations

import json
from typing import Any

import duckdb

from results_store.errors import QueryError, query_error

__all__ = ["check_table_sql", "checked_select"]

_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

_ADVICE = "a query is exactly one SELECT"


def checked_select(sql: str, connection: duckdb.DuckDBPyConnection) -> duckdb.Statement:
    """Parses a query and returns its only statement.

    Raises:
        QueryError: It does not parse, or it is anything but one statement that only reads.
    """
    try:
        statements = duckdb.extract_statements(sql)
        kinds = [statement.type.name for statement in statements]
    except (duckdb.Error, ValueError) as error:
        # A statement that the Python client has no type for comes as a ValueError.
        message = str(error) if isinstance(error, duckdb.Error) else f"this statement is not allowed; {_ADVICE}"
        raise query_error(message) from None
    if len(statements) != 1:
        raise QueryError(f"the query has {len(statements)} statements; {_ADVICE}")
    statement, kind = statements[0], kinds[0]
    if kind != "SELECT":
        if kind == "MULTI":
            raise QueryError(
                f"a PIVOT that finds its own columns is several statements; list them with IN, for {_ADVICE}"
            )
        raise QueryError(f"{kind} statements are not allowed; {_ADVICE}")
    writing = _writing_node(_parsed(statement.query, connection))
    if writing is not None:
        raise QueryError(f"{writing} is not allowed inside a query; {_ADVICE}")
    return statement


def _parsed(sql: str, connection: duckdb.DuckDBPyConnection) -> Any:
    try:
        row = connection.execute("SELECT json_serialize_sql($sql)", {"sql": sql}).fetchone()
        tree = json.loads(row[0]) if row else {"error": True}
    except (duckdb.Error, RecursionError, ValueError):
        tree = {"error": True}
    if tree.get("error", True):
        raise QueryError(f"the statement could not be checked; {_ADVICE}")
    return tree["statements"]


def _writing_node(tree: Any) -> str | None:
    """What the first node does that does not only read, or None if there is none."""
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            kind = node.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING_NODES:
                return kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")
            pending.extend(node.values())
    return None


def check_table_sql(sql: str) -> None:
    """Checks a table's query as far as that is possible without a store.

    Raises:
        QueryError: It does not parse, is not one SELECT, or has another parameter than `$study`.
    """
    with duckdb.connect(":memory:") as connection:
        statement = checked_select(sql, connection)
    others = sorted(statement.named_parameters - {"study"})
    if others:
        raise QueryError(f"unknown parameter ${others[0]}; the only parameter of a table's query is $study")
