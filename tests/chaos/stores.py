"""Stores made for tests out of others."""

from pathlib import Path

import pyarrow.parquet as pq

from results_store import Kind, Layout
from results_store.stores.publishing import encode, publish, publish_weights


def one_row_per_file(source: Path, target: Path) -> None:
    """The same rows, each of a trial in a file of its own; what a slow study leaves behind.

    Rows of studies and epochs stay together as they were published: a few to a file.
    """
    layout = Layout(target)
    for kind in Kind:
        files = sorted((source / kind.value).glob("*.parquet"))
        for file in files:
            table = pq.read_table(file)
            num_rows_each = 1 if kind is Kind.TRIALS else max(1, -(-table.num_rows // 8))
            for start in range(0, table.num_rows, num_rows_each):
                publish(layout, kind, encode(table.slice(start, num_rows_each)))
    for file in (source / "weights").glob("*"):
        publish_weights(layout, file.read_bytes())
