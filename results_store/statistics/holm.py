"""Holm's step-down correction for several claims that are decided together."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["holm_corrected"]


def holm_corrected(p_values: Sequence[float]) -> list[float]:
    """Corrected p-values, in the order given: one at or below 5 % keeps the chance of any false one at 5 %.

    The smallest of m is multiplied by m, the next by m - 1, and so on; none ends below one that was smaller before,
    and none above 1 (Holm 1979). The claims may depend on each other in any way.
    """
    assert all(0 <= p <= 1 for p in p_values)
    corrected = [0.0] * len(p_values)
    largest = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=p_values.__getitem__)):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[index]))
        corrected[index] = largest
    return corrected
