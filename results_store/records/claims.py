"""What a submission records of its study's claims: statements about cells, so that the store alone can decide them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["ArmRecord", "ClaimRecord", "Expectation", "StatementRecord"]

Expectation = Literal["greater", "less", "equivalent", "ratio", "at_least", "at_most", "all", "monotone", "drop"]


@dataclass(frozen=True, kw_only=True)
class ArmRecord:
    """A cell that a claim speaks of.

    Attributes:
        variant: The variant whose cell it is.
        label: What it is called: the variant, and what tells its cells apart.
        cell_id: The cell; None where it cannot be known before others are done.
        reason: Why it is not known.
        published: The published value, if there is one.
        position: Where it stands in a series.
    """

    variant: str
    label: str
    cell_id: str | None
    reason: str = ""
    published: float | None = None
    position: float | None = None


@dataclass(frozen=True, kw_only=True)
class StatementRecord:
    """What is stated of cells.

    Attributes:
        expect: The kind of statement.
        metric: The metric; empty for `all`, whose parts have their own.
        arms: Two cells that are compared, one that is compared with a number, or a series in ascending order.
        margin: By how much; of `monotone`, how far a mean may go the wrong way.
        ratio: What the second arm is multiplied by, for `ratio`.
        value: The number, for `at_least` and `at_most`.
        subject: What the series is of.
        along: The key along which the series ascends.
        is_rising: Which way, for `monotone`.
        beyond: The last position before the drop, for `drop`.
        parts: The parts, for `all`.
    """

    expect: Expectation
    metric: str = ""
    arms: Sequence[ArmRecord] = ()
    margin: float = 0.0
    ratio: float = 1.0
    value: float | None = None
    subject: str = ""
    along: str = ""
    is_rising: bool = True
    beyond: float | None = None
    parts: Sequence[StatementRecord] = ()


@dataclass(frozen=True, kw_only=True)
class ClaimRecord:
    """A claim of a study.

    Attributes:
        name: The claim in words, unique in its study.
        family: Claims of one family, also those of other studies, are corrected together.
        statement: What is claimed.
    """

    name: str
    family: str
    statement: StatementRecord
