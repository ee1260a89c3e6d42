"""What holds of verdicts whatever a store holds, and in whichever order it came there."""

import random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

SEEDS = range(6)
VARIANTS = ("a", "b", "c", "d")
LAWS = settings(deadline=None, max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])

values = st.sampled_from([0.0, 0.2, 0.25, 0.9, 0.95, 1.0])
STATES = st.sampled_from(["completed"] * 12 + ["diverged", "pruned", "pending"])
trials = st.fixed_dictionaries({(variant, seed): st.tuples(values, STATES) for variant in VARIANTS for seed in SEEDS})


@st.composite
def claims_of(draw, make, name):
    """A claim about some of the variants."""
    first, second, third = draw(st.permutations(VARIANTS))[:3]
    family = draw(st.sampled_from(["one", "two"]))
    kind = draw(
        st.sampled_from(["greater", "less", "equivalent", "ratio", "at_least", "at_most", "all", "monotone", "drop"])
    )
    margin = draw(st.sampled_from([0.05, 0.1]))
    if kind in ("at_least", "at_most"):
        return make.claim(name, kind, first, family=family, value=0.5, margin=margin)
    if kind == "all":
        parts = [
            make.statement("greater", first, second, margin=margin),
            make.statement("at_most", third, value=0.8),
        ]
        return make.conjunction(name, *parts, family=family)
    if kind in ("monotone", "drop"):
        arms = [make.arm(variant, position=float(place)) for place, variant in enumerate((first, second, third))]
        beyond = {"beyond": 1.0} if kind == "drop" else {"is_rising": draw(st.booleans())}
        return make.claim(name, kind, *arms, family=family, margin=margin, subject="x", along="k", **beyond)
    ratio = {"ratio": 2.0} if kind == "ratio" else {}
    return make.claim(name, kind, first, second, family=family, margin=margin, **ratio)


def studies_of(data, make):
    """Two studies with claims of two families, over the same cells."""
    return [
        make.submission(
            VARIANTS,
            [data.draw(claims_of(make, f"claim {number}")) for number in range(data.draw(st.integers(1, 3)))],
            study=study,
            seeds=SEEDS,
        )
        for study in ("first", "second")
    ]


def published(make, found):
    return [
        make.trial(variant, seed, value, status=state)
        for (variant, seed), (value, state) in found.items()
        if state != "pending"
    ]


def by_name(found):
    return {(verdict.study, verdict.name): verdict for verdict in found.verdicts}


@LAWS
@given(data=st.data(), found=trials, order=st.randoms(use_true_random=False))
def test_the_order_of_rows_of_files_and_of_studies_does_not_matter(stores, make, data, found, order):
    studies, rows = studies_of(data, make), published(make, found)
    at_once = stores(*[[study] for study in studies], *([rows] if rows else [])).claims()
    order.shuffle(rows)
    cut = order.randint(0, len(rows))
    files = [[study] for study in studies] + [part for part in (rows[:cut], rows[cut:]) if part]
    order.shuffle(files)
    shuffled = stores(*files)
    assert shuffled.claims() == at_once
    assert by_name(shuffled.claims("second", "first")) == by_name(at_once)


@LAWS
@given(data=st.data(), found=trials)
def test_a_claim_that_is_asked_for_alone_gets_the_correction_of_its_whole_family(stores, make, data, found):
    rows = published(make, found)
    results = stores(*[[study] for study in studies_of(data, make)], *([rows] if rows else []))
    together = by_name(results.claims())
    for study in ("first", "second"):
        alone = by_name(results.claims(study))
        assert alone == {key: verdict for key, verdict in together.items() if key[0] == study}


@LAWS
@given(data=st.data(), found=trials, value=values)
def test_completing_a_trial_never_takes_the_verdict_of_a_claim_on_other_cells(stores, make, data, found, value):
    missing = data.draw(st.sampled_from(sorted(found)))
    found[missing] = (value, "pending")
    studies = [[study] for study in studies_of(data, make)]
    before = by_name(stores(*studies, published(make, found)).claims())
    after = by_name(stores(*studies, published(make, found | {missing: (value, "completed")})).claims())
    for key, verdict in before.items():
        if missing[0] not in {arm.variant for arm in verdict.arms}:
            assert after[key].verdict.outcome == verdict.verdict.outcome
        else:
            assert verdict.verdict.outcome == "incomplete"


@LAWS
@given(data=st.data(), found=trials)
def test_what_stands_beside_a_verdict_is_what_the_store_holds(stores, make, data, found):
    rows = published(make, found)
    verdicts = stores(*[[study] for study in studies_of(data, make)], *([rows] if rows else [])).claims().verdicts
    sizes = {}
    for verdict in verdicts:
        sizes.setdefault(verdict.family, []).append(not verdict.verdict.is_descriptive)
    for verdict in verdicts:
        assert verdict.family_size == sum(sizes[verdict.family])
        for arm in verdict.arms:
            expected = {seed: found[arm.variant, seed] for seed in SEEDS}
            assert arm.values == {
                seed: value if state == "completed" else None for seed, (value, state) in expected.items()
            }
        complete = all(value is not None for arm in verdict.arms for value in arm.values.values())
        assert complete == (verdict.verdict.outcome != "incomplete")


@LAWS
@given(found=st.lists(values, min_size=1, max_size=6), value=st.floats(0, 1))
def test_a_published_value_is_inside_if_it_lies_between_two_of_ours(stores, make, found, value):
    claim = make.claim("a", "at_least", make.arm("a", published=value), value=0.5)
    rows = [make.trial("a", seed, number) for seed, number in enumerate(found)]
    (verdict,) = stores([make.submission(["a"], [claim], seeds=range(6))], rows).claims().verdicts
    (arm,) = verdict.arms
    is_between = any(low <= value <= high for low in found for high in found)
    assert arm.is_published_inside is is_between or any(abs(value - number) < 1e-11 for number in found)


def test_two_names_of_one_cell_do_not_make_two_of_its_replicates(stores, make):
    variants = {"a": "cell-a", "alias": "cell-a", "b": "cell-b"}
    claim = make.claim("a", "greater", "a", "b")
    rows = [make.trial(variant, seed, value) for variant, value in (("a", 0.9), ("b", 0.1)) for seed in range(5)]
    random.Random(0).shuffle(rows)
    (verdict,) = stores([make.submission(variants, [claim])], rows).claims().verdicts
    assert verdict.verdict.num_pairs == 5
    assert verdict.verdict.outcome == "supported"
