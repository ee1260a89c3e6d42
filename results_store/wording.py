"""How messages, captions and tables word numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable

__all__ = ["capital", "counted", "p_value", "ranges", "shown_numbers", "unit_suffix"]


def capital(text: str) -> str:
    """A text as a line begins with it."""
    return text[:1].upper() + text[1:]


def counted(number: int, noun: str, several: str | None = None) -> str:
    """A number with its noun: `1 trial`, `1,200 trials`; `several` is a plural that is not made by an s."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def ranges(numbers: Iterable[int]) -> str:
    """Whole numbers in ascending order, neighbours together: `0 to 4, 7`."""
    runs: list[list[int]] = []
    for number in sorted(numbers):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}" if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs)


def shown_numbers(unit: str, *values: float) -> list[str]:
    """Numbers that belong together: percent with one decimal, or four significant digits of the largest."""
    if unit == "fraction":
        return [f"{100 * value:.1f}" for value in values]
    largest = max(map(abs, values))
    if largest != 0 and not 1e-4 <= largest < 1e15:
        return [f"{value:.4g}" for value in values]
    decimals = 0 if largest == 0 else max(0, 3 - math.floor(math.log10(largest)))
    return [f"{value:,.{decimals}f}" for value in values]


def p_value(p: float) -> str:
    """A p-value with two significant digits, or that it is smaller than anybody needs to know."""
    return f"{p:.2g}" if p >= 1e-4 else "<0.0001"


def unit_suffix(unit: str, *, is_difference: bool = False) -> str:
    """What stands behind a number as it is shown, a space included; empty for counts and what has no unit.

    Args:
        unit: Of the number as it is stored: fractions are shown in percent.
        is_difference: Whether the number is a difference of two such, which for percent are percentage points.
    """
    if unit == "fraction":
        return " pp" if is_difference else " %"
    return "" if unit in ("", "count") else f" {unit}"
