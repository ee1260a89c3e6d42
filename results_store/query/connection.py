"""A DuckDB connection that can read one folder and nothing else."""

from __future__ import annotations

import os
from pathlib import Path

import duckdb

from results_store.catalogue.sources import literal

__all__ = ["connect"]


def connect(root: Path) -> duckdb.DuckDBPyConnection:
    """Opens a database in memory that may read files below `root`, load no extension and change no setting.

    It may still write below `root`: the guard of statements prevents that.
    """
    connection = duckdb.connect(
        ":memory:",
        config={
            "threads": str(_num_threads()),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "python_enable_replacements": "false",  # a query must not see variables of this process
            "temp_directory": "",  # the folder for spilling would be allowed for reading, too
        },
    )
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET enable_progress_bar = false")  # DuckDB draws it on stdout where it takes us for a shell
    connection.execute(f"SET allowed_directories = [{literal(str(root))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def _num_threads() -> int:
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(available, 8))
