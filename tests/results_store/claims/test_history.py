"""What the submissions show of how a claim came about: notes when something came after looking, none otherwise."""

from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

VALUES = {"a": 0.9, "b": 0.1, "c": 0.5}


def rows(make, seeds, *, minutes, variants="ab"):
    return [make.trial(variant, seed, VALUES[variant], minutes=minutes) for variant in variants for seed in seeds]


def notes(stores, *files):
    (verdict,) = stores(*files).claims().verdicts
    return verdict.notes


@pytest.fixture
def claim(make):
    return make.claim("x", "greater", "a", "b")


def test_seeds_that_were_added_after_looking_are_told(stores, make, claim):
    files = [
        [make.submission("ab", [claim], seeds=range(3), minutes=0)],
        rows(make, range(2), minutes=1),
        [make.submission("ab", [claim], seeds=[0, 1, 2, 5, 6, 9], minutes=10)],
        rows(make, [2, 5, 6, 9], minutes=11),
    ]
    (note,) = notes(stores, *files)
    assert note == "seeds 5 to 6, 9 added after looking: on 2026-01-01 00:10 UTC, when 2 seeds of its cells had results"


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_seeds_are_told_if_and_only_if_results_were_there(stores, make, data):
    """Submissions at minutes 10, 20, 30 ask for more and more seeds; every trial ends at some time."""
    sizes = sorted(data.draw(st.lists(st.integers(1, 6), min_size=3, max_size=3)))
    ends = {seed: data.draw(st.sampled_from([5, 15, 25, 35])) for seed in range(sizes[-1])}
    claim = make.claim("x", "greater", "a", "b")
    submissions = [
        [make.submission("ab", [claim], seeds=range(size), minutes=10.0 * place)] for place, size in enumerate(sizes, 1)
    ]
    trials = [make.trial(variant, seed, 0.5, minutes=end) for variant in "ab" for seed, end in ends.items()]
    found = notes(stores, *submissions, trials)
    expected = [
        later > earlier and any(ends[seed] < 10 * place for seed in range(earlier))
        for place, (earlier, later) in enumerate(pairwise(sizes), 2)
    ]
    assert [f"00:{10 * place} UTC" for place, is_told in enumerate(expected, 2) if is_told] == [
        note.partition(" 2026-01-01 ")[2].partition(",")[0] for note in found
    ]


@pytest.mark.parametrize("minutes", [11, 60])
def test_seeds_that_were_added_before_looking_are_not_told(stores, make, claim, minutes):
    files = [
        [make.submission("ab", [claim], seeds=range(3), minutes=0)],
        [make.submission("ab", [claim], seeds=range(6), minutes=10)],
        rows(make, range(6), minutes=minutes),
    ]
    assert notes(stores, *files) == ()


def test_a_resumed_study_has_no_notes(stores, make, claim):
    files = [
        [make.submission("ab", [claim], minutes=0)],
        rows(make, range(2), minutes=1),
        [make.submission("ab", [claim], minutes=10)],
        rows(make, range(2, 5), minutes=11),
    ]
    assert notes(stores, *files) == ()


def test_results_that_were_withdrawn_were_seen(stores, make, claim):
    looked = rows(make, range(3), minutes=1)
    files = [
        [make.submission("ab", [claim], seeds=range(3), minutes=0)],
        looked,
        [make.retraction(row) for row in looked],
        [make.submission("ab", [claim], seeds=range(5), minutes=10)],
        rows(make, range(5), minutes=11),
    ]
    assert any("seeds 3 to 4 added after looking" in note for note in notes(stores, *files))


def test_seeds_that_were_left_out_after_looking_are_told(stores, make, claim):
    files = [
        [make.submission("ab", [claim], seeds=range(6), minutes=0)],
        rows(make, range(6), minutes=1),
        [make.submission("ab", [claim], seeds=[0, 2, 4], minutes=10)],
    ]
    assert notes(stores, *files) == ("seeds 1, 3, 5 left out, whose results were there",)


def test_a_claim_that_was_made_after_looking_is_told(stores, make, claim):
    files = [
        [make.submission("ab", [], minutes=0)],
        rows(make, range(5), minutes=1),
        [make.submission("ab", [claim], minutes=10)],
        [make.submission("ab", [claim], minutes=20)],
    ]
    assert notes(stores, *files) == (
        "claimed after looking: on 2026-01-01 00:10 UTC, when 5 seeds of its cells had results",
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        (lambda make: make.claim("x", "less", "a", "b"), "changed after looking from “a < b”"),
        (lambda make: make.claim("x", "greater", "a", "b", margin=0.5), "changed after looking from “a > b + 50 pp”"),
        (lambda make: make.claim("x", "greater", "a", "c"), "changed after looking from “a > c”"),
        (lambda make: make.claim("x", "greater", "a", "b", family="other"), "moved after looking from family 'other'"),
        (lambda make: make.claim("y", "greater", "a", "b", family="other"), "moved after looking from family 'other'"),
    ],
)
def test_a_claim_that_was_changed_after_looking_is_told(stores, make, claim, before, expected):
    files = [
        [make.submission("abc", [before(make)], minutes=0)],
        rows(make, range(5), minutes=1, variants="abc"),
        [make.submission("abc", [claim], minutes=10)],
    ]
    (note,) = notes(stores, *files)
    assert note == f"{expected}: on 2026-01-01 00:10 UTC, when 5 seeds of its cells had results"


@pytest.mark.parametrize(
    "before",
    [
        lambda make: make.claim("x", "greater", make.arm("a", published=0.9), "b"),
        lambda make: make.claim("x", "greater", make.arm("a", label="another word"), "b"),
    ],
)
def test_what_is_published_and_what_arms_are_called_may_change(stores, make, claim, before):
    files = [
        [make.submission("ab", [before(make)], minutes=0)],
        rows(make, range(5), minutes=1),
        [make.submission("ab", [claim], minutes=10)],
    ]
    assert notes(stores, *files) == ()


def test_a_claim_that_was_changed_before_looking_is_not_told(stores, make, claim):
    files = [
        [make.submission("ab", [make.claim("x", "less", "a", "b")], minutes=0)],
        [make.submission("ab", [claim], minutes=10)],
        rows(make, range(5), minutes=11),
    ]
    assert notes(stores, *files) == ()


def test_a_cell_that_becomes_known_is_no_change(stores, make, claim):
    unknown = make.claim("x", "greater", "a", make.arm("b", cell_id=None))
    files = [
        [make.submission("ab", [unknown], minutes=0)],
        rows(make, range(5), minutes=1),
        [make.submission("ab", [claim], minutes=10)],
    ]
    assert notes(stores, *files) == ()


@pytest.mark.parametrize(("expect", "is_told"), [("greater", False), ("less", True)])
def test_another_version_of_the_trainable_makes_other_cells_of_the_same_claim(stores, make, expect, is_told):
    before = make.claim("x", expect, make.arm("a", cell_id="cell-c"), make.arm("b", cell_id="cell-d"))
    files = [
        [make.submission({"a": "cell-c", "b": "cell-d"}, [before], minutes=0)],
        rows(make, range(5), minutes=1, variants="c"),
        [make.submission("ab", [make.claim("x", "greater", "a", "b")], minutes=10, trainable_version=2)],
    ]
    assert bool(notes(stores, *files)) is is_told


def test_configurations_that_were_changed_after_looking_are_told(stores, make, claim):
    """The present cells were not run yet: what was seen are those that they stand instead of."""
    smoke = make.claim("x", "greater", make.arm("a", cell_id="cell-c"), make.arm("b", cell_id="cell-d"))
    files = [
        [make.submission({"a": "cell-c", "b": "cell-d"}, [smoke], seeds=[0], minutes=0)],
        [make.trial("c", 0, 0.5)],
        [make.submission("ab", [claim], minutes=10)],
    ]
    assert notes(stores, *files) == (
        "the configurations that it speaks of were changed after looking: on 2026-01-01 00:10 UTC, "
        "when 1 seed of the earlier ones had results",
    )


@pytest.mark.parametrize(
    "between",
    [
        lambda make: [make.claim("x", "less", "a", "b")],
        lambda make: [make.claim("x", "greater", "a", "b", family="other")],
        lambda make: [make.claim("x", "greater", make.arm("a", cell_id="cell-c"), "b")],
        lambda make: [make.claim("another name", "greater", "a", "b")],
        lambda make: [],
    ],
)
@pytest.mark.parametrize("minutes", [5, 15, 25])
def test_the_original_file_put_back_has_no_notes(stores, make, claim, between, minutes):
    """A claim that was made before any result is what it was, whatever was tried meanwhile."""
    files = [
        [make.submission("abc", [claim], minutes=0)],
        rows(make, range(5), minutes=minutes, variants="abc") if minutes < 10 else [],
        [make.submission("abc", between(make), minutes=10)],
        rows(make, range(5), minutes=minutes, variants="abc") if minutes > 10 else [],
        [make.submission("abc", [claim], minutes=20)],
    ]
    # Only one that another took the place of before looking, and that came back after, was not the claim when looking.
    changed = bool(between(make)) and not is_restatement(between(make)[0], claim)
    assert bool(notes(stores, *filter(None, files))) is (changed and minutes == 15)


def is_restatement(one, other):
    """Whether two claims of one family state the same of cells that may be configured otherwise."""
    return (one.family, one.statement.expect) == (other.family, other.statement.expect)


def test_a_smoke_run_before_the_original_file_again_has_no_notes(stores, make, claim):
    smoke = make.claim("x", "greater", make.arm("a", cell_id="cell-c"), make.arm("b", cell_id="cell-d"))
    files = [
        [make.submission("ab", [claim], minutes=0)],
        [make.submission({"a": "cell-c", "b": "cell-d"}, [smoke], seeds=[0], minutes=10)],
        [make.trial("c", 0, 0.5, minutes=11)],
        [make.submission("ab", [claim], minutes=20)],
        rows(make, range(5), minutes=21),
    ]
    assert notes(stores, *files) == ()
