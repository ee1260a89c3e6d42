"""Differences paired by seed, and the sign-flip permutation test.

Variants with the same seed share data, order and initial weights, so their difference at one seed says more than two
means. If the arms are exchangeable, the sign of each difference is a fair coin: the test counts the sums over all signs
that are as far out as the one observed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from results_store.statistics.replicates import Gaps, Replicates

__all__ = ["PairedDifferences", "SignFlipTest", "paired_differences", "sign_flip_test"]

# Accuracies are ratios of counts: what is equal in exact arithmetic must not differ by the rounding of floats.
_ROUNDING = 1e-12
_MAX_EXACT = 16
_CHUNK = 10_000


@dataclass(frozen=True, kw_only=True)
class PairedDifferences:
    """The differences of two arms at the seeds where both have a number.

    Attributes:
        seeds: Those seeds, ascending.
        values: First arm minus second, in the order of the seeds; what is zero but for rounding is zero.
        magnitudes: The larger of the two numbers without its sign, which rounding is measured by.
        gaps: The other seeds, counted.
    """

    seeds: tuple[int, ...]
    values: tuple[float, ...]
    magnitudes: tuple[float, ...]
    gaps: Gaps

    def minus(self, margin: float) -> list[float]:
        """The differences minus a margin, zero where they differ from it only by rounding."""
        return [
            _difference(value, margin, magnitude) for value, magnitude in zip(self.values, self.magnitudes, strict=True)
        ]


def paired_differences(first: Replicates, second: Replicates | float, *, ratio: float = 1.0) -> PairedDifferences:
    """First minus `ratio` times second, seed by seed.

    Args:
        first: The first arm.
        second: The second arm, or a number that the first is compared with.
        ratio: What the second is multiplied by.
    """
    seeds, values, magnitudes = [], [], []
    gaps = Gaps()
    for seed in sorted(first.keys() | (second.keys() if not isinstance(second, float | int) else set())):
        pair = [first.get(seed)]
        if isinstance(second, float | int):
            other: float | None = second
        else:
            pair.append(second.get(seed))
            other = pair[1].number if pair[1] is not None else None
        one = pair[0].number if pair[0] is not None else None
        if one is None or other is None:
            gaps += Gaps.of(*pair)
        elif not math.isfinite(one - ratio * other):
            gaps += Gaps(num_undefined=1)
        else:
            magnitude = max(abs(one), abs(ratio * other))
            seeds.append(seed)
            values.append(_difference(one, ratio * other, magnitude))
            magnitudes.append(magnitude)
    return PairedDifferences(seeds=tuple(seeds), values=tuple(values), magnitudes=tuple(magnitudes), gaps=gaps)


def _difference(one: float, other: float, magnitude: float) -> float:
    difference = one - other
    return 0.0 if abs(difference) <= _ROUNDING * max(magnitude, abs(other)) else difference


@dataclass(frozen=True, kw_only=True)
class SignFlipTest:
    """The p-values of the sign-flip test; none lies below 2^-n.

    Attributes:
        greater: One-sided: small if the differences are above zero.
        less: One-sided: small if they are below zero.
        num_values: How many differences there are.
        is_exact: Whether all 2^n signs were tried, not a sample of them.
    """

    greater: float
    less: float
    num_values: int
    is_exact: bool

    @property
    def two_sided(self) -> float:
        """Twice the smaller one: small if the differences are on either side of zero."""
        return min(1.0, 2 * min(self.greater, self.less))


def sign_flip_test(differences: Sequence[float], *, seed: int = 0, num_draws: int = 99_999) -> SignFlipTest:
    """Tests whether each difference could as well have the other sign.

    Up to 16 differences all signs are tried. Above, a seeded sample of m is: (1 + b) / (1 + m), where b are as far out
    as what was observed, is a valid p-value for any m (Phipson and Smyth 2010). The order of the differences does not
    matter, and with all signs turned the two sides change places, exactly.

    Args:
        differences: Finite numbers.
        seed: Of the sample.
        num_draws: The size of the sample, below 2^17.
    """
    assert all(map(math.isfinite, differences)), "only finite differences have a sign that can be flipped"
    assert 0 < num_draws < 2 ** (_MAX_EXACT + 1), "a larger sample could give p-values below 2^-n"
    scale = max(map(abs, differences), default=0.0)
    if scale == 0:
        return SignFlipTest(greater=1.0, less=1.0, num_values=len(differences), is_exact=True)
    scaled = [difference / scale for difference in differences]
    sizes = np.sort(np.abs(scaled))
    observed = math.fsum(scaled)
    tolerance = _ROUNDING * math.fsum(sizes)
    is_exact = len(scaled) <= _MAX_EXACT
    sums = _all_sums(sizes) if is_exact else _drawn_sums(sizes, seed, num_draws)
    # One more than counted for a sample: the observed signs are one of those that could have been.
    extra = 0 if is_exact else 1

    def p_value(bound: float) -> float:
        return (int(np.count_nonzero(sums >= bound - tolerance)) + extra) / (len(sums) + extra)

    return SignFlipTest(greater=p_value(observed), less=p_value(-observed), num_values=len(scaled), is_exact=is_exact)


def _all_sums(sizes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    sums = np.zeros(1)
    for size in sizes:
        sums = np.concatenate([sums + size, sums - size])
    return sums


def _drawn_sums(sizes: npt.NDArray[np.float64], seed: int, num_draws: int) -> npt.NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    parts = []
    for start in range(0, num_draws, _CHUNK):
        signs = generator.integers(0, 2, size=(min(_CHUNK, num_draws - start), len(sizes)))
        parts.append((2.0 * signs - 1.0) @ sizes)
    return np.concatenate(parts)
