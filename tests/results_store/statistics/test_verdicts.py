import dataclasses
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.statistics import (
    Comparison,
    ComparisonKind,
    Conjunction,
    Drop,
    IntervalMethod,
    Monotone,
    Outcome,
    Replicate,
    decide_family,
    holm_corrected,
    mean_interval,
)

GREATER, LESS, EQUIVALENT, AT_LEAST, AT_MOST, RATIO = ComparisonKind
MIRRORED = {GREATER: LESS, LESS: GREATER, EQUIVALENT: EQUIVALENT}
OPPOSITE = {
    Outcome.SUPPORTED: Outcome.REFUTED,
    Outcome.REFUTED: Outcome.SUPPORTED,
    Outcome.INCONCLUSIVE: Outcome.INCONCLUSIVE,
    Outcome.INCOMPLETE: Outcome.INCOMPLETE,
}
eighths = st.integers(-16, 16).map(lambda number: number / 8)
pairs = st.lists(st.tuples(eighths, eighths), min_size=1, max_size=8)
margins = st.sampled_from([0.0, 0.25, 1.0])
two_armed = st.sampled_from([GREATER, LESS, EQUIVALENT])
methods = st.sampled_from([IntervalMethod.STUDENT_T, IntervalMethod.PERCENTILE])


def arm(*numbers):
    return {seed: Replicate(value=number) for seed, number in enumerate(numbers)}


def around(mean, *, size=6, spread=0.01):
    """An arm of distinct, symmetric values."""
    return arm(*(mean + spread * (place - (size - 1) / 2) for place in range(size)))


def compare(kind, first, second, **options):
    return Comparison(kind=kind, first=first, second=second, **options)


def verdict_on(*statements, **options):
    return decide_family(statements, **options)[0]


def verdicts_of(*statements):
    return [verdict.outcome for verdict in decide_family(statements)]


def comparison_of(kind, drawn, margin):
    first, second = (arm(*numbers) for numbers in zip(*drawn, strict=True))
    return compare(kind, first, second, margin=margin or (0.5 if kind is EQUIVALENT else 0.0))


comparisons = st.builds(comparison_of, two_armed, pairs, margins)


@pytest.mark.parametrize(
    ("kind", "first", "second", "options", "outcome"),
    [
        (GREATER, 0.9, 0.5, {}, Outcome.SUPPORTED),
        (GREATER, 0.9, 0.5, {"margin": 0.3}, Outcome.SUPPORTED),
        (GREATER, 0.9, 0.5, {"margin": 0.5}, Outcome.REFUTED),
        (GREATER, 0.5, 0.9, {}, Outcome.REFUTED),
        (LESS, 0.5, 0.9, {}, Outcome.SUPPORTED),
        (LESS, 0.5, 0.9, {"margin": 0.5}, Outcome.REFUTED),
        (LESS, 0.9, 0.5, {}, Outcome.REFUTED),
        (EQUIVALENT, 0.5, 0.52, {"margin": 0.1}, Outcome.SUPPORTED),
        (EQUIVALENT, 0.5, 0.9, {"margin": 0.1}, Outcome.REFUTED),
        (EQUIVALENT, 0.9, 0.5, {"margin": 0.1}, Outcome.REFUTED),
        (RATIO, 0.9, 0.2, {"ratio": 4.0}, Outcome.SUPPORTED),
        (RATIO, 0.9, 0.2, {"ratio": 6.0}, Outcome.REFUTED),
    ],
)
def test_two_arms(kind, first, second, options, outcome):
    # The spread of the second arm turned round, so that differences spread too.
    other = arm(*(replicate.value for replicate in reversed(around(second).values())))
    verdict = verdict_on(compare(kind, around(first), other, **options))
    assert verdict.outcome is outcome
    assert verdict.effect == pytest.approx(first - options.get("ratio", 1.0) * second)
    assert verdict.num_pairs == 6
    assert not verdict.is_descriptive


@pytest.mark.parametrize(
    ("kind", "mean", "number", "outcome"),
    [
        (AT_LEAST, 0.99, 0.9, Outcome.SUPPORTED),
        (AT_LEAST, 0.8, 0.9, Outcome.REFUTED),
        (AT_LEAST, 0.9, 0.9, Outcome.INCONCLUSIVE),
        (AT_MOST, 0.2, 0.25, Outcome.SUPPORTED),
        (AT_MOST, 0.3, 0.25, Outcome.REFUTED),
    ],
)
def test_one_arm_and_a_number(kind, mean, number, outcome):
    assert verdict_on(compare(kind, around(mean), number)).outcome is outcome


def test_five_seeds_support_one_claim_and_four_none():
    five = compare(GREATER, around(0.9, size=5), around(0.5, size=5))
    four = compare(GREATER, around(0.9, size=4), around(0.5, size=4))
    verdict = verdict_on(five)
    assert (verdict.outcome, verdict.p, verdict.p_corrected) == (Outcome.SUPPORTED, 1 / 32, 1 / 32)
    assert verdict_on(four).outcome is Outcome.INCONCLUSIVE
    assert [item.outcome for item in decide_family([five, five])] == [Outcome.INCONCLUSIVE] * 2
    assert "corrected p is 0.062" in decide_family([five, five])[0].reason


def test_ten_seeds_support_a_family_of_fifty():
    ten = compare(GREATER, around(0.9, size=10), around(0.5, size=10))
    assert {verdict.outcome for verdict in decide_family([ten] * 50)} == {Outcome.SUPPORTED}
    assert {verdict.outcome for verdict in decide_family([ten] * 52)} == {Outcome.INCONCLUSIVE}


def test_both_the_interval_and_the_p_value_are_needed():
    # One pair in eight on the other side by much: the sign-flip test and t disagree about such data.
    low_p = arm(*[0.1] * 7, 0.9, 0.05)
    verdict = verdict_on(compare(GREATER, low_p, arm(*[0.0] * 9)))
    assert verdict.p <= 0.05
    assert mean_interval([item.value for item in low_p.values()]).low <= 0
    assert verdict.outcome is Outcome.INCONCLUSIVE
    strong = compare(GREATER, around(0.9, size=10), around(0.5, size=10))
    both = verdict_on(Conjunction(parts=[strong, compare(GREATER, low_p, arm(*[0.0] * 9))]))
    assert both.p <= 0.05
    assert both.outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("gap", ["missing", "diverged", "pending", "undefined", "retracted"])
def test_a_gap_makes_incomplete_and_is_counted(gap):
    first, second = around(0.9, size=10), around(0.5, size=10)
    if gap == "missing":
        del first[3]
    else:
        replicate = Replicate(value=None) if gap == "undefined" else Replicate(value=0.9, state=gap)
        first[3] = replicate
    for statement in (
        compare(GREATER, first, second),
        compare(AT_LEAST, first if gap != "missing" else {**first, 3: Replicate(value=None, state="failed")}, 0.1),
        Conjunction(parts=[compare(GREATER, second, arm(*[0.1] * 10)), compare(GREATER, first, second)]),
        Monotone(points=[second, first], is_rising=True),
        Drop(positions=[1, 2], points=[first, second], beyond=1),
    ):
        verdict = verdict_on(statement)
        assert verdict.outcome is Outcome.INCOMPLETE
        assert verdict.gaps.total == 1
        assert verdict.p_corrected is None
        assert verdict.reason.startswith("replicates: 1 ")


def test_nothing_is_incomplete():
    for statement in (
        compare(GREATER, {}, {}),
        compare(EQUIVALENT, {}, {}, margin=1.0),
        compare(AT_LEAST, {}, 0.5),
        Monotone(points=[{}, {}], is_rising=True),
        Drop(positions=[1, 2], points=[{}, {}], beyond=1),
    ):
        verdict = verdict_on(statement)
        assert (verdict.outcome, verdict.effect, verdict.num_pairs) == (Outcome.INCOMPLETE, None, 0)


def test_one_replicate_decides_nothing():
    verdict = verdict_on(compare(GREATER, arm(0.9), arm(0.1)))
    assert (verdict.outcome, verdict.reason) == (Outcome.INCONCLUSIVE, "one replicate has no interval")


def test_completing_a_claim_takes_no_verdict_from_another():
    ten = compare(GREATER, around(0.9, size=10), around(0.5, size=10))
    gap = compare(GREATER, {**around(0.9, size=10), 3: Replicate(value=None)}, around(0.5, size=10))
    before, after = decide_family([ten, gap])[0], decide_family([ten, ten])[0]
    assert before.p_corrected == after.p_corrected == 2 / 1024
    # A small p-value of a claim that is not yet decided must not lighten the correction of the others.
    five = compare(GREATER, around(0.9, size=5), around(0.5, size=5))
    assert verdicts_of(gap, five) == [Outcome.INCOMPLETE, Outcome.INCONCLUSIVE]


def test_equal_arms_are_equivalent_and_neither_greater():
    same = arm(*[0.5] * 5)
    assert verdict_on(compare(EQUIVALENT, same, same, margin=0.01)).outcome is Outcome.SUPPORTED
    assert verdict_on(compare(GREATER, same, same)).outcome is Outcome.INCONCLUSIVE


def test_exactly_the_margin_is_not_beyond_it():
    # 0.9 - 0.6 exceeds 0.3 by rounding.
    first, second = arm(*[0.9] * 10), arm(*[0.6] * 10)
    assert verdict_on(compare(GREATER, first, second, margin=0.3)).outcome is Outcome.INCONCLUSIVE
    assert verdict_on(compare(EQUIVALENT, first, second, margin=0.3)).outcome is Outcome.INCONCLUSIVE
    assert verdict_on(compare(RATIO, arm(*[0.3] * 10), arm(*[0.1] * 10), ratio=3.0)).outcome is Outcome.INCONCLUSIVE


def test_a_conjunction_takes_its_largest_p_value():
    strong = compare(GREATER, around(0.9, size=10), around(0.5, size=10))
    weak = compare(GREATER, around(0.9, size=5), around(0.5, size=5))
    both = verdict_on(Conjunction(parts=[strong, weak]))
    assert (both.outcome, both.p, both.num_pairs) == (Outcome.SUPPORTED, 1 / 32, 5)
    assert len(both.parts) == 2


def test_one_false_part_refutes_a_conjunction_at_a_price():
    true = compare(GREATER, around(0.9), around(0.5))
    false = compare(GREATER, around(0.5), around(0.9))
    assert verdict_on(Conjunction(parts=[true, false])).outcome is Outcome.REFUTED
    assert verdict_on(Conjunction(parts=[true, false])).p_against == 2 / 64
    assert verdict_on(Conjunction(parts=[true, false, true, true])).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize("method", [IntervalMethod.STUDENT_T, IntervalMethod.PERCENTILE])
@settings(deadline=None, max_examples=60)
@given(two_armed, pairs, margins)
def test_swapping_arms_swaps_sides(method, kind, drawn, margin):
    statement = comparison_of(kind, drawn, margin)
    verdict = verdict_on(statement, method=method)
    swapped = dataclasses.replace(statement, first=statement.second, second=statement.first)
    # The same statement in other words has the same verdict ...
    mirrored = verdict_on(dataclasses.replace(swapped, kind=MIRRORED[kind]), method=method)
    assert (mirrored.outcome, mirrored.p, mirrored.p_against) == (verdict.outcome, verdict.p, verdict.p_against)
    assert mirrored.effect == -verdict.effect
    # ... and the contrary the opposite.
    if kind is not EQUIVALENT and statement.margin == 0:
        contrary = verdict_on(swapped, method=method)
        assert (contrary.outcome, contrary.p) == (OPPOSITE[verdict.outcome], verdict.p_against)


@settings(deadline=None, max_examples=60)
@given(comparisons, st.randoms(use_true_random=False))
def test_neither_names_nor_order_of_seeds_matter(statement, order):
    seeds = list(statement.first)
    renamed = dict(zip(seeds, order.sample(range(1000), len(seeds)), strict=True))
    order.shuffle(seeds)
    moved = dataclasses.replace(
        statement,
        first={renamed[seed]: statement.first[seed] for seed in seeds},
        second={renamed[seed]: statement.second[seed] for seed in reversed(seeds)},
    )
    assert verdict_on(moved) == verdict_on(statement)


@settings(deadline=None, max_examples=60)
@given(comparisons, st.sampled_from([2.0**-10, 0.5, 8.0]), st.integers(-5, 5))
def test_units_and_zero_of_the_metric_do_not_matter(statement, scale, shift):
    def moved(replicates):
        return {seed: Replicate(value=scale * item.value + shift) for seed, item in replicates.items()}

    verdict = verdict_on(statement)
    changed = verdict_on(
        dataclasses.replace(
            statement, first=moved(statement.first), second=moved(statement.second), margin=scale * statement.margin
        )
    )
    assert (changed.outcome, changed.p, changed.p_against) == (verdict.outcome, verdict.p, verdict.p_against)
    assert changed.effect == pytest.approx(scale * verdict.effect)


@settings(deadline=None, max_examples=60)
@given(st.lists(comparisons, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_a_family_is_corrected_whatever_its_order(family, order):
    decided = decide_family(family)
    for verdict, statement in zip(decided, family, strict=True):
        least = 2.0**-verdict.num_pairs
        assert least <= verdict.p <= verdict.p_corrected <= 1
        assert least <= verdict.p_against <= verdict.p_against_corrected <= 1
        alone = verdict_on(statement)
        assert verdict.outcome in (alone.outcome, Outcome.INCONCLUSIVE)
        assert (alone.p_corrected, alone.effect) == (verdict.p, verdict.effect)
    assert [verdict.p_corrected for verdict in decided] == holm_corrected([verdict.p for verdict in decided])
    places = list(range(len(family)))
    order.shuffle(places)
    assert decide_family([family[place] for place in places]) == [decided[place] for place in places]


@settings(deadline=None, max_examples=60)
@given(st.lists(comparisons, min_size=1, max_size=4), st.randoms(use_true_random=False))
def test_a_conjunction_is_never_supported_beyond_its_parts(parts, order):
    shuffled = list(parts)
    order.shuffle(shuffled)
    both, again = verdict_on(Conjunction(parts=parts)), verdict_on(Conjunction(parts=shuffled))
    assert (both.outcome, both.p, both.p_against) == (again.outcome, again.p, again.p_against)
    alone = [verdict_on(part) for part in parts]
    assert both.p == max(verdict.p for verdict in alone)
    assert (both.outcome is Outcome.SUPPORTED) == all(verdict.outcome is Outcome.SUPPORTED for verdict in alone)
    if both.outcome is Outcome.REFUTED:
        assert any(verdict.outcome is Outcome.REFUTED for verdict in alone)


def test_unequal_shapes_carry_a_warning():
    stable = around(0.65, size=10)
    bimodal = arm(0.4, 0.9, 0.41, 0.89, 0.42, 0.88, 0.4, 0.91, 0.39, 0.9)
    assert "first arm falls into two groups" in verdict_on(compare(GREATER, bimodal, stable)).warnings[0]
    assert "second arm falls into two groups" in verdict_on(compare(GREATER, stable, bimodal)).warnings[0]
    assert "the arm falls into two groups" in verdict_on(compare(AT_LEAST, bimodal, 0.5)).warnings[0]
    assert verdict_on(compare(AT_LEAST, stable, 0.5)).warnings == ()
    spread = around(0.65, size=10, spread=0.05)
    assert "second arm is much more spread" in verdict_on(compare(GREATER, stable, spread)).warnings[0]
    assert verdict_on(compare(GREATER, bimodal, bimodal)).warnings == ()
    assert verdict_on(compare(GREATER, stable, around(0.2, size=10))).warnings == ()
    assert verdict_on(compare(GREATER, arm(*[0.9] * 10), arm(*[0.5] * 10))).warnings == ()


def series(*means):
    return [around(mean, size=5) for mean in means]


@pytest.mark.parametrize(
    ("means", "options", "outcome"),
    [
        ((0.1, 0.2, 0.3), {"is_rising": True}, Outcome.SUPPORTED),
        ((0.3, 0.2, 0.1), {"is_rising": False}, Outcome.SUPPORTED),
        ((0.3, 0.2, 0.1), {"is_rising": True}, Outcome.REFUTED),
        ((0.1, 0.3, 0.2), {"is_rising": True}, Outcome.REFUTED),
        ((0.1, 0.3, 0.2), {"is_rising": True, "tolerance": 0.2}, Outcome.SUPPORTED),
        ((0.1, 0.1), {"is_rising": True}, Outcome.INCONCLUSIVE),
    ],
)
def test_monotone_describes(means, options, outcome):
    verdict = verdict_on(Monotone(points=series(*means), **options))
    assert verdict.outcome is outcome
    assert verdict.is_descriptive
    assert verdict.effect == pytest.approx(means[-1] - means[0])


def test_a_step_back_within_its_interval_leaves_it_open():
    points = [arm(0.1, 0.1, 0.1), arm(0.3, 0.5, 0.4), arm(0.5, 0.3, 0.39)]
    verdict = verdict_on(Monotone(points=points, is_rising=True))
    assert (verdict.outcome, verdict.reason[:19]) == (Outcome.INCONCLUSIVE, "from point 2 to 3 t")


@pytest.mark.parametrize(
    ("means", "margin", "outcome"),
    [
        ((0.9, 0.88, 0.4, 0.35), 0.3, Outcome.SUPPORTED),
        ((0.9, 0.88, 0.8, 0.75), 0.3, Outcome.REFUTED),
        ((0.4, 0.4, 0.9, 0.9), 0.0, Outcome.REFUTED),
        ((0.9, 0.9, 0.88, 0.3), 0.1, Outcome.INCONCLUSIVE),
        ((0.9, 0.9, 0.9, 0.9), 0.0, Outcome.INCONCLUSIVE),
    ],
)
def test_drop_describes(means, margin, outcome):
    verdict = verdict_on(Drop(positions=[10, 50, 70, 110], points=series(*means), beyond=50, margin=margin))
    assert verdict.outcome is outcome
    assert verdict.is_descriptive
    assert "largest fall is from" in verdict.reason
    assert verdict.effect == pytest.approx((means[0] + means[1] - means[2] - means[3]) / 2)


def test_descriptive_claims_do_not_count_in_their_family():
    five = compare(GREATER, around(0.9, size=5), around(0.5, size=5))
    decided = decide_family([Monotone(points=series(0.1, 0.2), is_rising=True), five])
    assert [verdict.outcome for verdict in decided] == [Outcome.SUPPORTED] * 2
    assert decided[0].p is decided[0].p_corrected is None


@pytest.mark.parametrize(
    "build",
    [
        lambda: compare(GREATER, {}, 0.5),
        lambda: compare(AT_LEAST, {}, {}),
        lambda: compare(AT_LEAST, {}, math.nan),
        lambda: compare(EQUIVALENT, {}, {}),
        lambda: compare(GREATER, {}, {}, margin=-1.0),
        lambda: compare(GREATER, {}, {}, margin=math.nan),
        lambda: compare(GREATER, {}, {}, ratio=2.0),
        lambda: compare(RATIO, {}, {}, ratio=math.inf),
        lambda: Conjunction(parts=[]),
        lambda: Monotone(points=[{}], is_rising=True),
        lambda: Monotone(points=[{}, {}], is_rising=True, tolerance=-1),
        lambda: Drop(positions=[1], points=[{}, {}], beyond=1),
        lambda: Drop(positions=[2, 1], points=[{}, {}], beyond=1),
        lambda: Drop(positions=[1, 2], points=[{}, {}], beyond=2),
        lambda: Drop(positions=[1, 2], points=[{}, {}], beyond=1, margin=math.nan),
    ],
)
def test_what_makes_no_sense_is_refused(build):
    with pytest.raises(ValueError, match=r"margin|ratio|number|arm|part|points|positions|tolerance"):
        build()


@pytest.mark.parametrize("is_bimodal", [False, True])
@pytest.mark.parametrize("size", [5, 10])
def test_exchangeable_arms_are_rarely_decided(is_bimodal, size):
    """Exactly at most 5 % on each side; 400 studies of three claims exceed 8 % with a chance below 1 in 100."""
    rng = np.random.default_rng(size + is_bimodal)
    num_studies, supported, refuted = 400, 0, 0
    for _ in range(num_studies):
        values = rng.normal(0.65, 0.05, (3, 2, size))
        if is_bimodal:
            values = np.where(rng.random(values.shape) < 0.5, 0.4, 0.9) + rng.normal(0, 0.02, values.shape)
        outcomes = {item.outcome for item in decide_family([compare(GREATER, arm(*a), arm(*b)) for a, b in values])}
        supported += Outcome.SUPPORTED in outcomes
        refuted += Outcome.REFUTED in outcomes
    assert supported <= 0.08 * num_studies
    assert refuted <= 0.08 * num_studies


def test_a_clear_difference_is_found():
    rng = np.random.default_rng(0)
    found = [
        verdict_on(compare(GREATER, arm(*rng.normal(0.8, 0.1, 10)), arm(*rng.normal(0.5, 0.1, 10)))).outcome
        for _ in range(100)
    ]
    assert found.count(Outcome.SUPPORTED) >= 99
