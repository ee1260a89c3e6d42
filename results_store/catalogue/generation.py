"""The generation of a store: how a listing of files notices that rows have moved while it was made.

Reading a folder is not one moment: while files x and y are merged into m, a listing may come by too early
to see m and too late to see x. So a compaction publishes m, then renews the generation, then deletes x. A
listing that found the same generation before and after has missed no row: a file that was deleted meanwhile
was announced earlier, and then the file that holds its rows was there from the start.
"""

from __future__ import annotations

import os
import secrets

from results_store.layout import Layout
from results_store.regular_file import open_regular

__all__ = ["generation", "renew_generation"]


def generation(layout: Layout) -> bytes:
    """The store's generation: any bytes, equal as long as no file of rows was to be deleted.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with open_regular(layout.generation) as stream:
            return stream.read()
    except FileNotFoundError:
        return b""


def renew_generation(layout: Layout) -> None:
    """Announces that files are going to be deleted whose rows are in others.

    Raises:
        OSError: It cannot be written; then nothing may be deleted.
    """
    token = secrets.token_hex(16)
    temporary = layout.generation.with_name(f"{layout.generation.name}.{os.getpid()}.{token}")
    layout.generation.parent.mkdir(exist_ok=True)
    temporary.write_text(token, encoding="ascii")
    temporary.replace(layout.generation)
