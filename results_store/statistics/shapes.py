"""Whether two arms have so unequal shapes that the sign-flip test of their difference is not to be relied on.

The test asks whether the arms are exchangeable. A stable arm and one that fails now and then are not, even with equal
means, and then it finds a difference too often. What is seen here is the sample: a mode that no seed fell into is not.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

__all__ = ["MIN_VALUES", "is_bimodal", "shape_warning"]

MIN_VALUES = 5
"""With fewer values nothing is said of shapes; nor can four seeds support any claim."""

# Few values of one normal distribution differ by much, too: these limits are passed by 1 to 4 % of such samples.
_MAX_SPREAD_RATIO = {5: 4.0, 6: 3.5}
_MAX_SPREAD_RATIO_OF_MANY = 3.0
_MIN_SHARE_BETWEEN = {5: 0.97, 6: 0.95, 7: 0.93}
_MIN_SHARE_BETWEEN_OF_MANY = 0.9
_ROUNDING = 1e-9


def is_bimodal(values: Sequence[float]) -> bool:
    """Whether the values fall into two groups, one of which may be a single value; false for fewer than five.

    They do if about nine tenths of their variance lie between the groups; of a large normal sample 0.64 would.
    """
    if len(values) < MIN_VALUES or _spread(values) == 0:
        return False
    # Divided by the largest first, sums of large values cannot overflow, nor squares of small ones vanish.
    scale = max(map(abs, values))
    ordered = sorted(value / scale for value in values)
    centre, spread = statistics.fmean(ordered), statistics.stdev(ordered)
    scaled = [(value - centre) / spread for value in ordered]
    total = math.fsum(value**2 for value in scaled)
    best = 0.0
    for size in range(1, len(scaled)):
        low, high = math.fsum(scaled[:size]), math.fsum(scaled[size:])
        best = max(best, low**2 / size + high**2 / (len(scaled) - size))
    return best >= _MIN_SHARE_BETWEEN.get(len(values), _MIN_SHARE_BETWEEN_OF_MANY) * total


def shape_warning(first: Sequence[float], second: Sequence[float] | None) -> str | None:
    """What is unequal about the shapes of two arms, or None.

    Args:
        first: The first arm's numbers.
        second: The second arm's, or None if the first is compared with a number. Any arm is more spread than that, so
            then only two groups are worth a warning.
    """
    if second is None:
        return "the arm falls into two groups; the test may find too much" if is_bimodal(first) else None
    if min(len(first), len(second)) < MIN_VALUES:
        return None
    for name, one, other in (("first", first, second), ("second", second, first)):
        if is_bimodal(one) and not is_bimodal(other):
            return f"the {name} arm falls into two groups and the other does not; the test may find too much"
    spreads = _spread(first), _spread(second)
    limit = _MAX_SPREAD_RATIO.get(min(len(first), len(second)), _MAX_SPREAD_RATIO_OF_MANY)
    if max(spreads) > limit * min(spreads):
        name = "first" if spreads[0] > spreads[1] else "second"
        return f"the {name} arm is much more spread than the other; the test may find too much"
    return None


def _spread(values: Sequence[float]) -> float:
    """The standard deviation; zero where values differ only by rounding."""
    if len(values) < 2:
        return 0.0
    scale = max(map(abs, values))
    if max(values) / 2 - min(values) / 2 <= _ROUNDING * scale:
        return 0.0
    return statistics.stdev([value / scale for value in values]) * scale
