"""What a query may be: exactly one statement that reads.

DuckDB's own type of a statement is not enough: `WITH x AS (COPY (SELECT 1) TO 'file') SELECT * FROM x`
has type SELECT and writes the file, and so do INSERT, UPDATE and DELETE in a WITH clause. So the parsed
statement is looked through as well: every query node in it has to be one that reads, and every table function
one of those below. For some of DuckDB's do things: `json_execute_serialized_sql` runs any statement, also one
that writes, and nobody sees it in the tree; others keep settings, logs or resources.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import duckdb

from results_store.errors import QueryError, query_error
from results_store.text import inert

__all__ = ["check_table_sql", "checked_select"]

_READING_NODES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})

_READING_FUNCTIONS = frozenset(
    """
    generate_series glob histogram histogram_values icu_calendar_names json_each json_tree pg_timezone_names query
    query_table range repeat repeat_row sniff_csv summary test_all_types unnest
    read_blob read_csv read_csv_auto read_json read_json_auto read_json_objects read_json_objects_auto read_ndjson
    read_ndjson_auto read_ndjson_objects read_parquet read_text
    parquet_bloom_probe parquet_file_metadata parquet_full_metadata parquet_kv_metadata parquet_metadata parquet_scan
    parquet_schema
    duckdb_columns duckdb_constraints duckdb_databases duckdb_dependencies duckdb_functions duckdb_indexes
    duckdb_keywords duckdb_memory duckdb_optimizers duckdb_schemas duckdb_sequences duckdb_settings duckdb_tables
    duckdb_temporary_files duckdb_types duckdb_variables duckdb_views
    pragma_collations pragma_database_size pragma_metadata_info pragma_platform pragma_show pragma_storage_info
    pragma_table_info pragma_user_agent pragma_version
    """.split()  # noqa: SIM905 - a list would have sixty lines
)
"""A list of what is allowed, not of what is not: the next version of DuckDB brings functions that nobody has seen."""

_MAX_DEPTH = 10
"""Of queries in the texts of queries."""

_ADVICE = "a query is exactly one SELECT"


def checked_select(sql: str, connection: duckdb.DuckDBPyConnection) -> duckdb.Statement:
    """Parses a query and returns its only statement.

    Raises:
        QueryError: It does not parse, or it is anything but one statement that only reads.
    """
    return _checked(sql, connection, depth=0)


def _checked(sql: str, connection: duckdb.DuckDBPyConnection, *, depth: int) -> duckdb.Statement:
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
    for inner in _check_nodes(_parsed(statement.query, connection)):
        if depth == _MAX_DEPTH:
            raise QueryError(f"query() stands in query() more than {_MAX_DEPTH} times; write out what they say")
        _checked(inner, connection, depth=depth + 1)
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


def _check_nodes(tree: Any) -> Iterator[str]:
    """Refuses the first node that does not only read; gives the queries that stand in texts.

    Raises:
        QueryError: There is such a node.
    """
    pending = [tree]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            kind = node.get("type")
            if isinstance(kind, str) and kind.endswith("_NODE") and kind not in _READING_NODES:
                name = kind.removesuffix("_NODE").removesuffix("_QUERY").replace("_", " ")
                raise QueryError(f"{name} is not allowed inside a query; {_ADVICE}")
            if kind == "TABLE_FUNCTION":
                yield from _check_function(node["function"])
            pending.extend(node.values())


def _check_function(function: Any) -> Iterator[str]:
    """Refuses a table function that may do more than read; gives the query that is an argument of `query`."""
    name = str(function.get("function_name")).lower()
    if name not in _READING_FUNCTIONS:
        raise QueryError(inert(f"the table function {name} is not allowed; {_ADVICE}, and reads tables and files"))
    if name == "query":
        for argument in function["arguments"]:
            literal = argument["expression"].get("literal", {})
            if literal.get("kind") != "STRING":
                raise QueryError("query() takes a text that stands in the query, so that it can be checked, too")
            yield literal["text"]


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
