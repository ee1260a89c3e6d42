"""Amounts of memory on the command line: `4GB`, `1.5GiB`, or plain bytes."""

import re
from typing import Annotated

import typer
from pydantic import ByteSize, TypeAdapter, ValidationError

from orchestrator.errors import UsageError

MemoryOption = Annotated[
    str | None,
    typer.Option(
        metavar="SIZE",
        help="Memory that a worker may use, such as 4GB; its share of its machine's if left out. Bounds stacks.",
    ),
]
_AMOUNT = re.compile(r"(\d+|\d*\.\d+) ?[A-Za-z]*", re.ASCII)
"""pydantic alone takes `4GB or so` for 4 GB, and `1.2.3GB` for 1 byte."""


def memory_bytes(text: str | None) -> int | None:
    """The number of bytes that `--memory-per-worker` asks for; None if it asks for nothing.

    Raises:
        UsageError: the text is no amount of memory, or less than a byte.
    """
    if text is None:
        return None
    try:
        amount = int(TypeAdapter(ByteSize).validate_python(text)) if _AMOUNT.fullmatch(text) else 0
    except (ValidationError, ValueError, OverflowError):
        amount = 0
    if amount < 1:
        raise UsageError(f"--memory-per-worker {text!r:.60}: give an amount such as 4GB, 512MB, 1.5GiB, or bytes")
    return amount
