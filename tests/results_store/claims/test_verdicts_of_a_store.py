"""From rows to verdicts: families over studies, states, words, and what cannot be decided."""

import dataclasses
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from results_store import FolderStore, Kind, Layout, UnknownNameError
from results_store import open as open_results
from results_store.claims import RecordedClaims
from results_store.stores.publishing import encode, publish


def rows(make, values, seeds=range(5), **changes):
    return [
        make.trial(variant, seed, value + seed * 1e-3, **changes) for variant, value in values.items() for seed in seeds
    ]


def test_a_family_that_spans_studies_is_corrected_over_all_of_them(stores, make):
    values = {"a": 0.9, "b": 0.1}
    one = make.submission(["a", "b"], [make.claim("x", "greater", "a", "b", family="shared")], study="one")
    two = make.submission(["a", "b"], [make.claim("y", "greater", "a", "b", family="shared")], study="two")
    (alone,) = stores([one], rows(make, values)).claims("one").verdicts
    (both,) = stores([one], [two], rows(make, values)).claims("one").verdicts
    assert (alone.family_size, alone.verdict.outcome, alone.verdict.p_corrected) == (1, "supported", 2**-5)
    assert (both.family_size, both.verdict.outcome, both.verdict.p_corrected) == (2, "inconclusive", 2 * 2**-5)
    assert (
        "Family shared: 2 claims, corrected together; 1 of them in other studies."
        in stores([one], [two], rows(make, values)).claims("one").table().footnotes()
    )


def test_only_the_latest_submission_of_a_study_claims(stores, make):
    earlier = make.submission(["a", "b"], [make.claim("old", "less", "a", "b"), make.claim("x", "greater", "a", "b")])
    later = make.submission(["a", "b"], [make.claim("x", "greater", "a", "b")], minutes=5)
    (verdict,) = stores([earlier], [later], rows(make, {"a": 0.9, "b": 0.1}, minutes=9)).claims().verdicts
    assert (verdict.name, verdict.family_size, verdict.notes) == ("x", 1, ())


@pytest.mark.parametrize(
    ("state", "reason"),
    [("diverged", "1 diverged"), ("pruned", "1 missing"), ("failed", "1 missing"), ("nan", "1 undefined")],
)
def test_states_are_passed_on(stores, make, state, reason):
    submission = make.submission(["a", "b"], [make.claim("x", "greater", "a", "b")])
    found = rows(make, {"a": 0.9, "b": 0.1})
    status = state if state in ("diverged", "pruned") else "completed"
    metrics = {"accuracy": float("nan")} if state == "nan" else found[0].metrics
    replaced = [] if state == "failed" else [dataclasses.replace(found[0], status=status, metrics=metrics)]
    (verdict,) = stores([submission], [*replaced, *found[1:]]).claims().verdicts
    assert verdict.verdict.outcome == "incomplete"
    assert reason in verdict.verdict.reason
    assert verdict.arms[0].values == {0: None} | {seed: 0.9 + seed * 1e-3 for seed in range(1, 5)}


def test_a_retracted_trial_is_missing(stores, make):
    submission = make.submission(["a", "b"], [make.claim("x", "greater", "a", "b")])
    found = rows(make, {"a": 0.9, "b": 0.1})
    (verdict,) = stores([submission], found, [make.retraction(found[0])]).claims().verdicts
    assert verdict.verdict.outcome == "incomplete"
    assert verdict.verdict.num_pairs == 4


def test_an_arm_whose_cell_is_not_known_yet_leaves_the_claim_incomplete(stores, make):
    unknown = make.arm("c", cell_id=None, reason="its rate is measured in another cell")
    claims = [make.claim("x", "greater", "a", unknown), make.claim("y", "greater", "a", "b")]
    submission = make.submission(["a", "b"], claims)
    first, second = stores([submission], rows(make, {"a": 0.9, "b": 0.1})).claims().verdicts
    assert first.verdict.outcome == "incomplete"
    assert first.verdict.reason == "c: its rate is measured in another cell"
    assert second.family_size == 2
    assert second.verdict.p_corrected == 2 * 2**-5


def test_a_metric_that_the_study_does_not_report_leaves_the_claim_incomplete(stores, make):
    submission = make.submission(["a", "b"], [make.claim("x", "greater", "a", "b", metric="seed")])
    (verdict,) = stores([submission], rows(make, {"a": 0.9, "b": 0.1})).claims().verdicts
    assert verdict.verdict.reason == "the study reports no metric 'seed'"


def test_before_any_trial_every_claim_is_incomplete(stores, make):
    series = [make.arm(variant, position=float(place)) for place, variant in enumerate("ab")]
    claims = [make.claim("x", "greater", "a", "b"), make.claim("y", "monotone", *series, subject="s", along="k")]
    for verdict in stores([make.submission(["a", "b"], claims)]).claims().verdicts:
        assert verdict.verdict.outcome == "incomplete"
        assert "5 missing" in verdict.verdict.reason


def test_statements_in_words(stores, make):
    series = [make.arm(variant, position=float(place)) for place, variant in enumerate("ab", 1)]
    claims = [
        make.claim("1", "greater", "a", "b", margin=0.05),
        make.claim("2", "less", "a", "b", margin=0.05),
        make.claim("3", "equivalent", "a", "b", margin=0.02),
        make.claim("4", "ratio", "a", "b", ratio=6.0),
        make.claim("5", "at_least", "a", value=0.99),
        make.claim("6", "at_most", "a", value=0.3, margin=0.1),
        make.conjunction(
            "7", make.statement("greater", "a", "b"), make.statement("at_least", "a", metric="gap", value=1.0)
        ),
        make.claim("8", "monotone", *series, subject="a", along="k", is_rising=False),
        make.claim("9", "drop", *series, subject="a", along="k", beyond=1.0, margin=0.1),
    ]
    verdicts = stores([make.submission(["a", "b"], claims)]).claims().verdicts
    assert [verdict.statement for verdict in verdicts] == [
        "a > b + 5 pp",
        "a < b - 5 pp",
        "a = b ± 2 pp",
        "a > 6 x b",
        "a ≥ 99 %",
        "a ≤ 30 % - 10 pp",
        "accuracy: a > b and gap: a ≥ 1 nats",
        "a falls along k (1, 2)",
        "a drops beyond k 1 by more than 10 pp",
    ]
    assert [verdict.metric for verdict in verdicts] == ["accuracy"] * 6 + ["accuracy, gap"] + ["accuracy"] * 2


def test_an_unknown_study_is_told_and_one_without_claims_has_none(stores, make):
    results = stores([make.submission(["a"], [])])
    assert results.claims("study") == results.claims()
    assert results.claims().verdicts == ()
    with pytest.raises(UnknownNameError, match="no study 'nobody'"):
        results.claims("nobody")


OLD = {"name": "x", "metric": "accuracy", "compare": ["a", "b"], "where": {}, "expect": "greater", "margin": 0.0}


def with_claims(tmp_path, make, text):
    """A store into which another program, or an earlier version, wrote its claims."""
    store = FolderStore(tmp_path / "foreign")
    store.publish([make.submission(["a", "b"], [make.claim("y", "greater", "a", "b")])])
    (path,) = (store.path / "studies").glob("*.parquet")
    table = pq.read_table(path)
    place = table.schema.get_field_index("claims")
    table = table.set_column(place, "claims", pa.array([text] * len(table), pa.string()))
    path.unlink()
    publish(Layout(store.path), Kind.STUDIES, encode(table))
    return open_results(store.path)


def test_claims_of_earlier_versions_are_told_in_one_line(tmp_path, make):
    results = with_claims(tmp_path, make, json.dumps([OLD, OLD | {"name": "z"}]))
    assert results.problems == ()
    found = results.claims()
    assert found.verdicts == ()
    assert found.notes == ("study 'study' records 2 claims without cells, as earlier versions did; submit it again",)


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["name", "family", "statement", "expect", "metric", "arms", "cell_id", "label", "variant", "parts", "margin", "value"]),
        inner,
        max_size=6,
    ),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None)
@given(found=anything, damage=st.sampled_from(["", "]", "{"]))
def test_whatever_stands_there_is_read_or_told(found, damage):
    recorded = RecordedClaims.parse(json.dumps([found, OLD]) + damage)
    assert len(recorded.claims) + len(recorded.earlier) + recorded.num_senseless == (1 if damage else 2)


@settings(deadline=None)
@given(data=st.data())
def test_a_spoiled_claim_is_never_decided_by_halves(make, data):
    """One value of a good claim is replaced by anything: it is read as a claim that can be stated, or left out."""
    series = [make.arm(variant, position=float(place)) for place, variant in enumerate("abc")]
    claims = [
        make.claim("x", "greater", "a", "b", margin=0.05),
        make.claim("y", "drop", *series, subject="s", along="k", beyond=1.0),
        make.conjunction("z", make.statement("at_least", "a", value=0.5)),
    ]
    entries = [json.loads(json.dumps(dataclasses.asdict(claim))) for claim in claims]
    node = data.draw(st.sampled_from(entries))
    while True:
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        if not isinstance(node[key], dict | list) or not node[key] or data.draw(st.booleans()):
            break
        node = node[key]
    node[key] = data.draw(anything)
    recorded = RecordedClaims.parse(json.dumps(entries))
    assert len(recorded.claims) >= 2
    assert len(recorded.claims) + len(recorded.earlier) + recorded.num_senseless <= 3


@settings(deadline=None, max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=8))
def test_names_of_all_kinds_come_through(stores, make, text):
    name = "x" + text.replace("\0", "").encode("utf-8", "replace").decode()
    claim = make.claim(name, "greater", "a", "b", family=name)
    (verdict,) = stores([make.submission(["a", "b"], [claim])], rows(make, {"a": 0.9, "b": 0.1})).claims().verdicts
    assert (verdict.name, verdict.family) == (name, name)
