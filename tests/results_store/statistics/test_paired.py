import itertools
import math

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from results_store.statistics import Gaps, Replicate, paired_differences, sign_flip_test

# Coarse numbers have ties and zeros, as accuracies do.
coarse = st.integers(-8, 8).map(lambda number: number / 8)
fine = st.floats(min_value=-1e100, max_value=1e100, allow_subnormal=False)
differences = st.lists(st.one_of(coarse, fine), max_size=9)
values = st.one_of(st.none(), st.just(math.nan), st.just(math.inf), coarse)
replicates = st.builds(
    Replicate, value=values, state=st.sampled_from(["completed", "completed", "diverged", "failed", "pending"])
)
arms = st.dictionaries(st.integers(0, 9), replicates)


def arm(*numbers):
    return {seed: Replicate(value=number) for seed, number in enumerate(numbers)}


@pytest.mark.parametrize("size", [2, 5, 10, 16])
@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e12])
def test_equals_scipys_exact_test(size, scale):
    numbers = scale * (np.round(np.random.default_rng(size).normal(0.3, 1, size), 1))
    ours = sign_flip_test(list(numbers))
    assert ours.is_exact
    for alternative, p in (("greater", ours.greater), ("less", ours.less), ("two-sided", ours.two_sided)):
        theirs = scipy.stats.permutation_test(
            (numbers,), np.sum, permutation_type="samples", alternative=alternative, n_resamples=math.inf
        )
        assert p == pytest.approx(theirs.pvalue, rel=1e-12)


def test_equals_scipys_test_of_two_samples_paired():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=8), rng.normal(size=8)
    theirs = scipy.stats.permutation_test(
        (one, other),
        lambda x, y, axis: np.mean(x - y, axis=axis),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
        n_resamples=math.inf,
    )
    assert sign_flip_test(paired_differences(arm(*one), arm(*other)).values).greater == pytest.approx(theirs.pvalue)


@given(st.lists(st.integers(-5, 5), max_size=7))
def test_equals_counting_in_whole_numbers(numbers):
    sums = [
        sum(s * n for s, n in zip(signs, numbers, strict=True))
        for signs in itertools.product((1, -1), repeat=len(numbers))
    ]
    test = sign_flip_test([number / 10 for number in numbers])
    assert test.greater == sum(total >= sum(numbers) for total in sums) / len(sums)
    assert test.less == sum(total <= sum(numbers) for total in sums) / len(sums)


@given(differences, st.randoms(use_true_random=False), st.sampled_from([2.0**-20, 0.5, 4.0, 2.0**30]))
def test_laws(numbers, order, scale):
    test = sign_flip_test(numbers)
    assert 2.0 ** -len(numbers) <= min(test.greater, test.less)
    assert test.two_sided >= min(test.greater, test.less)
    assert test.greater + test.less >= 1
    shuffled = list(numbers)
    order.shuffle(shuffled)
    assert sign_flip_test(shuffled) == test
    assert sign_flip_test([scale * number for number in numbers]) == test
    negated = sign_flip_test([-number for number in numbers])
    assert (negated.greater, negated.less) == (test.less, test.greater)


@given(st.lists(coarse, min_size=1, max_size=9), st.integers(0, 8), st.integers(1, 8))
def test_a_larger_difference_never_raises_the_p_value(numbers, place, step):
    raised = list(numbers)
    raised[place % len(numbers)] += step / 8
    assert sign_flip_test(raised).greater <= sign_flip_test(numbers).greater


def test_many_differences_are_sampled_and_near_the_exact_value():
    numbers = list(np.random.default_rng(3).normal(0.4, 1, 20))
    test = sign_flip_test(numbers, seed=1)
    sums = np.zeros(1)
    for number in numbers:
        sums = np.concatenate([sums + number, sums - number])
    exact = np.mean(sums >= sum(numbers) - 1e-12)
    assert not test.is_exact
    assert test.greater == pytest.approx(exact, abs=5 * math.sqrt(exact / 99_999))
    assert test == sign_flip_test(numbers[::-1], seed=1)
    assert test != sign_flip_test(numbers, seed=2)
    negated = sign_flip_test([-number for number in numbers], seed=1)
    assert (negated.greater, negated.less) == (test.less, test.greater)


@pytest.mark.parametrize("size", [17, 40])
def test_a_sample_gives_no_p_value_of_zero(size):
    test = sign_flip_test([1.0] * size, num_draws=999)
    assert test.greater == pytest.approx(1 / 1000)
    assert test.less == 1
    assert sign_flip_test([1.0] * size).greater >= 2.0**-size


def test_without_any_difference_everything_is_possible():
    for numbers in ([], [0.0] * 5):
        assert sign_flip_test(numbers).greater == sign_flip_test(numbers).less == 1


@given(arms, arms)
def test_every_seed_is_a_pair_or_counted(first, second):
    paired = paired_differences(first, second)
    assert len(paired.values) + paired.gaps.total == len(first.keys() | second.keys())
    assert len(paired.seeds) == len(paired.values) == len(paired.magnitudes)
    assert all(map(math.isfinite, paired.values))
    mirrored = paired_differences(second, first)
    assert mirrored.gaps == paired.gaps
    assert mirrored.values == tuple(-value for value in paired.values)


def test_gaps_are_told_apart():
    first = {
        0: Replicate(value=0.5),
        1: Replicate(value=0.5, state="diverged"),
        2: Replicate(value=None, state="pending"),
        3: Replicate(value=None),
        4: Replicate(value=0.9, state="pruned"),
        5: Replicate(value=0.9, state="retracted"),
        6: Replicate(value=0.9),
    }
    second = {seed: Replicate(value=0.25) for seed in range(6)}
    paired = paired_differences(first, second)
    assert paired.gaps == Gaps(num_missing=4, num_diverged=1, num_undefined=1)
    assert str(paired.gaps) == "4 missing, 1 diverged, 1 undefined"
    assert (paired.seeds, paired.values) == ((0,), (0.25,))
    assert paired_differences(first, 0.25).gaps == Gaps(num_missing=3, num_diverged=1, num_undefined=1)


def test_a_difference_too_large_for_a_float_is_counted():
    assert paired_differences(arm(1e308), arm(-1e308)).gaps == Gaps(num_undefined=1)


def test_rounding_makes_no_difference():
    paired = paired_differences(arm(0.9, 0.3), arm(0.6, 0.1), ratio=1.0)
    assert paired.minus(0.3)[0] == 0
    assert paired_differences(arm(0.3), arm(0.1), ratio=3).values == (0.0,)
