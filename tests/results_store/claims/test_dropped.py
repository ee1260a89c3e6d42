"""Claims that left a family after looking are told under every verdict of it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VALUES = {"a": 0.9, "b": 0.1, "c": 0.5}
DROPPED = "family 'study' had 2 claims until 2026-01-01 00:10 UTC; 1 was dropped after looking: y"


def rows(make, *, minutes, variants="abc", seeds=range(5)):
    return [
        make.trial(variant, seed, VALUES[variant] + seed / 100, minutes=minutes)
        for variant in variants
        for seed in seeds
    ]


def drops(stores, *files):
    """Notes on what was dropped, by claim."""
    verdicts = stores(*filter(None, files)).claims().verdicts
    return {verdict.name: [note for note in verdict.notes if "dropped" in note] for verdict in verdicts}


@pytest.fixture
def two(make):
    return [make.claim("x", "greater", "a", "b"), make.claim("y", "greater", "c", "b")]


def test_a_dropped_claim_is_told_under_the_verdicts_that_it_helps(stores, make, two):
    before = [[make.submission("abc", two, minutes=0)], rows(make, minutes=1)]
    (verdict, other) = stores(*before).claims().verdicts
    assert [verdict.verdict.outcome.value, other.verdict.outcome.value] == ["inconclusive", "inconclusive"]
    (verdict,) = stores(*before, [make.submission("abc", two[:1], minutes=10)]).claims().verdicts
    assert (verdict.verdict.outcome.value, verdict.notes) == ("supported", (DROPPED,))


@pytest.mark.parametrize(
    "now",
    [
        lambda make: make.claim("y", "greater", "c", "b", family="other"),
        lambda make: make.claim("y", "monotone", make.arm("b", position=1), make.arm("c", position=2)),
    ],
)
def test_a_claim_that_is_corrected_with_others_no_more_is_told(stores, make, two, now):
    files = [
        [make.submission("abc", two, minutes=0)],
        rows(make, minutes=1),
        [make.submission("abc", [two[0], now(make)], minutes=10)],
    ]
    is_moved = now(make).family == "other"
    assert drops(stores, *files)["x"] == [DROPPED + (", now of family 'other'" if is_moved else "")]


@pytest.mark.parametrize(
    "now",
    [
        lambda make: make.claim("another name", "greater", "c", "b"),
        lambda make: make.claim("another name", "greater", make.arm("c", cell_id="cell-a"), "b"),
        lambda make: make.claim("y", "greater", "c", "b", margin=0.1),
        lambda make: make.claim("y", "greater", make.arm("c", cell_id="cell-a"), "b"),
    ],
)
def test_a_claim_that_is_still_corrected_is_not_told(stores, make, two, now):
    files = [
        [make.submission("abc", two, minutes=0)],
        rows(make, minutes=1),
        [make.submission("abc", [two[0], now(make)], minutes=10)],
    ]
    assert not any(drops(stores, *files).values())


def test_of_two_claims_one_cannot_stand_for_both(stores, make, two):
    """The one takes the other's name."""
    files = [
        [make.submission("abc", two, minutes=0)],
        rows(make, minutes=1),
        [make.submission("abc", [make.claim("y", "greater", "a", "b")], minutes=10)],
    ]
    assert drops(stores, *files) == {"y": [DROPPED]}


def test_what_a_smoke_run_showed_was_seen(stores, make, two):
    """It was dropped after a submission of other cells, of which there were no results."""
    smoke = [two[0], make.claim("y", "greater", make.arm("c", cell_id="cell-d"), make.arm("b", cell_id="cell-e"))]
    files = [
        [make.submission("abc", two, minutes=0)],
        rows(make, minutes=1),
        [make.submission({"a": "cell-a", "b": "cell-e", "c": "cell-d"}, smoke, minutes=5)],
        [make.submission("abc", two[:1], minutes=10)],
    ]
    assert drops(stores, *files) == {"x": [DROPPED]}


@pytest.mark.parametrize("leaves", ["claims", "study"])
def test_a_family_of_several_studies_is_told_of_all(stores, make, leaves):
    families = {"family": "both"}
    one, other = make.claim("x", "greater", "a", "b", **families), make.claim("y", "greater", "c", "b", **families)
    kept = [] if leaves == "study" else [make.claim("z", "greater", "c", "a", **families)]
    files = [
        [make.submission("ab", [one], minutes=0)],
        [make.submission("abc", [other, *kept], study="second", minutes=0)],
        rows(make, minutes=1),
        [make.submission("abc", kept, study="second", minutes=10)],
    ]
    note = (
        f"family 'both' had {2 + len(kept)} claims until 2026-01-01 00:10 UTC; "
        "1 was dropped after looking: y (study 'second')"
    )
    assert drops(stores, *files) == {name: [note] for name in ("x", *(claim.name for claim in kept))}


@settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    held=st.lists(st.sets(st.sampled_from("pqr")), min_size=2, max_size=4),
    finished=st.sampled_from([5, 15, 25, 35, 45]),
)
def test_a_claim_is_told_if_and_only_if_it_was_seen_and_is_gone(stores, make, held, finished):
    """Submissions at minutes 10, 20, … hold some claims beside x; all trials end at one time."""
    claims = {name: make.claim(name, "greater", "c", "b", margin=ord(name) / 1000) for name in "pqr"}
    stays = make.claim("x", "greater", "a", "b")
    submissions = [
        [make.submission("abc", [stays, *(claims[name] for name in sorted(names))], minutes=10.0 * place)]
        for place, names in enumerate(held, 1)
    ]
    told = drops(stores, *submissions, rows(make, minutes=finished))["x"]
    expected = {}
    for name in "pqr":
        places = [place for place, names in enumerate(held, 1) if name in names]
        drops_at = [place + 1 for place in places if place + 1 not in places and place < len(held)]
        if name not in held[-1] and any(10 * place > finished for place in drops_at):
            expected[name] = True
    assert {name for name in "pqr" if any(note.partition("looking: ")[2].find(name) >= 0 for note in told)} == set(
        expected
    )
