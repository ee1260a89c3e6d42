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
_AMOUNT = re.compile(r"(\d+|\d*\.\d+) ?(?![A-Za-z]*bit)[A-Za-z]*", re.ASCII | re.IGNORECASE)
"""pydantic alone takes `4GB or so` for 4 GB, `1.2.3GB` for 1 byte, and `4Gbit` for 500 MB."""
MOST_BYTES = 10**18
"""1000 PB: far more than a machine has."""


def memory_bytes(text: str | None) -> int | None:
    """The number of bytes that `--memory-per-worker` asks for; None if it asks for nothing.

    Raises:
        UsageError: the text is no amount of memory, less than a byte, or more than `MOST_BYTES`.
    """
    if text is None:
        return None
    try:
        amount = int(TypeAdapter(ByteSize).validate_python(text)) if _AMOUNT.fullmatch(text) else 0
    except (ValidationError, ValueError, OverflowError):
        amount = 0
    if amount > MOST_BYTES:
        raise UsageError(f"--memory-per-worker {text!r:.60}: no machine has as much; give 1000PB at most")
    if amount < 1:
        raise UsageError(f"--memory-per-worker {text!r:.60}: give an amount such as 4GB, 512MB, 1.5GiB, or bytes")
    return amount
