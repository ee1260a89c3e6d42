"""Whether two claims say the same."""

from __future__ import annotations

from results_store.records import ArmRecord, StatementRecord

__all__ = ["is_same", "is_same_form"]


def is_same(one: StatementRecord, other: StatementRecord, *, with_cells: bool) -> bool:
    """Whether two statements say the same of the same cells, whatever those are called and was published of them.

    Args:
        one: A statement.
        other: Another one.
        with_cells: Whether their cells have to be the same; else those may be other configurations of one name.
    """
    return (
        _numbers(one) == _numbers(other)
        and len(one.arms) == len(other.arms)
        and len(one.parts) == len(other.parts)
        and all(_is_same_arm(*arms, with_cells=with_cells) for arms in zip(one.arms, other.arms, strict=True))
        and all(is_same(*parts, with_cells=with_cells) for parts in zip(one.parts, other.parts, strict=True))
    )


def is_same_form(one: StatementRecord, other: StatementRecord) -> bool:
    """Whether two statements say the same, if perhaps of cells that are configured otherwise.

    Args:
        one: A statement.
        other: Another one.
    """
    return is_same(one, other, with_cells=True) or is_same(one, other, with_cells=False)


def _numbers(statement: StatementRecord) -> tuple[object, ...]:
    numbers = (statement.margin, statement.ratio, statement.value, statement.beyond)
    return (statement.expect, statement.metric, statement.along, statement.is_rising, *numbers)


def _is_same_arm(one: ArmRecord, other: ArmRecord, *, with_cells: bool) -> bool:
    """A cell that is not known yet may be any of its variant's."""
    if with_cells and one.cell_id is not None and other.cell_id is not None:
        return one.cell_id == other.cell_id
    return one.variant == other.variant and one.position == other.position
