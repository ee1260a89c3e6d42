"""How messages, captions and tables word numbers."""

from __future__ import annotations

__all__ = ["unit_suffix"]


def unit_suffix(unit: str, *, is_difference: bool = False) -> str:
    """What stands behind a number as it is shown, a space included; empty for counts and what has no unit.

    Args:
        unit: Of the number as it is stored: fractions are shown in percent.
        is_difference: Whether the number is a difference of two such, which for percent are percentage points.
    """
    if unit == "fraction":
        return " pp" if is_difference else " %"
    return "" if unit in ("", "count") else f" {unit}"
