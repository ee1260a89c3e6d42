"""Warnings of too few seeds are true: no replicates could decide what they say cannot be decided."""

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.plan.claims import seed_warnings
from orchestrator.study.loading import load_study
from results_store.statistics import Comparison, ComparisonKind, Conjunction, Monotone, Replicate, decide_family

KINDS = ("greater", "equivalent", "ratio", "at_least", "all", "both equivalent", "monotone")
ARMS = "metric: score, compare: [high, low]"
IN_FILE = {
    "greater": f"{ARMS}, expect: greater",
    "equivalent": f"{ARMS}, expect: equivalent, margin: 10",
    "ratio": f"{ARMS}, expect: ratio, ratio: 2",
    "at_least": "metric: score, variant: high, expect: at_least, value: 0",
    "all": f"expect: all, of: [{{{ARMS}, expect: greater}}, {{{ARMS}, expect: equivalent, margin: 10}}, {{{ARMS}, expect: less, margin: 10}}]",
    "both equivalent": f"expect: all, of: [{{{ARMS}, expect: equivalent, margin: 10}}, {{{ARMS}, expect: equivalent, margin: 10}}]",
    "monotone": "metric: score, variant: series, along: value, expect: monotone, direction: increasing",
}  # fmt: skip


def replicates(level, num_seeds):
    """Values that differ a little, so that their differences have an interval."""
    return {seed: Replicate(value=level + seed * 1e-3 * level) for seed in range(num_seeds)}


def comparison(kind, first, second, **fields):
    return Comparison(kind=ComparisonKind(kind), first=first, second=second, **fields)


def statement(kind, num_seeds, *, holds):
    """What the claim states of replicates that speak for it, or against it, as clearly as any can."""
    high, low = replicates(5.0, num_seeds), replicates(1.0, num_seeds)
    if kind in ("greater", "ratio"):
        ratio = {"ratio": 2.0} if kind == "ratio" else {}
        return comparison(kind, *((high, low) if holds else (low, high)), **ratio)
    if kind == "equivalent":
        return comparison(kind, high, low, margin=10.0 if holds else 1.0)
    if kind == "at_least":
        return comparison(kind, high, 0.0 if holds else 10.0)
    if kind == "both equivalent":
        return Conjunction(parts=[statement("equivalent", num_seeds, holds=holds)] * 2)
    if kind == "all":
        parts = [
            statement("greater", num_seeds, holds=holds),
            statement("equivalent", num_seeds, holds=True),
            comparison("greater", high, low),
        ]
        return Conjunction(parts=parts)
    return Monotone(points=[low, high], is_rising=True)


def outcomes(claims, *, holds):
    """The tested claims of a family, as clear as they can be."""
    decided = decide_family([statement(kind, num_seeds, holds=holds) for kind, num_seeds in claims])
    return [verdict.outcome for verdict in decided if not verdict.is_descriptive]


def study(folder, name, kinds, num_seeds, family):
    lines = [f"  - {{name: {place}, family: {family}, {IN_FILE[kind]}}}" for place, kind in enumerate(map(str, kinds))]
    lines = [line.replace("{name: ", "{name: c") for line in lines]
    path = folder / f"{name}.yaml"
    head = f"schema_version: 1\nname: {name}\ntrainable: do_nothing\nseeds: {num_seeds}\n"
    variants = "variants: {high: {value: 5.0}, low: {value: 1.0}, series: {spread: 0.5}}\n"
    grid = "grid: {value: [0.0, 2.0], when: {value: {variant: series}}}\n"
    path.write_text(f"{head}{variants}{grid}claims:\n" + "\n".join(lines) + "\n")
    return load_study(path)


kinds = st.lists(st.sampled_from(KINDS), min_size=1, max_size=6)
num_seeds = st.integers(2, 11)


@settings(deadline=None, max_examples=40)
@given(data=st.data(), own=kinds, other=kinds, size=num_seeds, other_size=num_seeds)
def test_a_warning_comes_if_and_only_if_no_replicates_could_decide(
    tmp_path_factory, data, own, other, size, other_size
):
    folder = tmp_path_factory.mktemp("plan")
    spans = data.draw(st.booleans())
    first = study(folder, "first", own, size, "one")
    second = study(folder, "second", other, other_size, "one" if spans else "two")
    warnings = seed_warnings(first, [second, first])
    family = [(kind, size) for kind in own] + [(kind, other_size) for kind in other if spans]
    num_tested = sum(kind != "monotone" for kind in own)
    supported = [outcome == "supported" for outcome in outcomes(family, holds=True)[:num_tested]]
    refuted = [outcome == "refuted" for outcome in outcomes(family, holds=False)[:num_tested]]
    if all(supported) and all(refuted):
        assert warnings == []
    else:
        (warning,) = warnings
        assert ("cannot support" in warning) == (not all(supported))
        needed = int(warning.rpartition("take ")[2].removesuffix(" or more"))
        assert needed > size
        wanted, holds = ("refuted", False) if all(supported) else ("supported", True)
        for enough in (False, True):
            tried = [(kind, needed - 1 + enough) for kind in own] + family[len(own) :]
            found = outcomes(tried, holds=holds)[:num_tested]
            assert all(outcome == wanted for outcome in found) == enough


def test_a_study_counts_once_however_often_it_is_given(tmp_path):
    first = study(tmp_path, "first", ["greater"], 5, "one")
    second = study(tmp_path, "second", ["greater"], 5, "one")
    (warning,) = seed_warnings(first, [first, second, second, first])
    assert "5 seeds cannot support 1 claim of family 'one' (2 claims in 2 studies)" in warning
    assert "0.062; take 6 or more" in warning
    assert seed_warnings(first, [first]) == []
