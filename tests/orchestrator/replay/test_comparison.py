"""Bit for bit: what counts as equal, and how far apart unequal numbers are."""

import math
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from orchestrator.replay.comparison import Pair, compare
from orchestrator.replay.run import Run
from results_store.records import Provenance, TrialRecord

VALUES = st.none() | st.integers(-(2**63), 2**63 - 1) | st.floats()
METRICS = st.dictionaries(st.sampled_from("abcd"), VALUES)


def run(metrics, epochs=None, status="completed"):
    provenance = Provenance(
        git_commit=None,
        git_dirty=None,
        source_hash="",
        versions={},
        host="",
        cpu="",
        threads=1,
        finished_at=datetime.now(UTC),
    )
    trial = TrialRecord(
        trial_id="t",
        attempt_id="a",
        trainable="x",
        trainable_version=1,
        seed=0,
        status=status,
        config={},
        metrics=metrics,
        duration_s=0.0,
        stack_size=1,
        provenance=provenance,
    )
    return Run(trial=trial, epochs=epochs or {})


def pair(recorded, replayed):
    return Pair(name="score", epoch=None, recorded=recorded, replayed=replayed)


def bits(value):
    return struct.pack("<d", value)


@given(METRICS, st.dictionaries(st.integers(0, 5), METRICS))
def test_a_run_is_identical_to_itself(metrics, epochs):
    found = compare(run(metrics, epochs), run(dict(metrics), dict(epochs)))
    assert found.is_identical
    assert found.num_metrics == len(metrics)
    assert found.num_epoch_values == sum(map(len, epochs.values()))


@given(st.floats(), st.floats())
@example(0.0, -0.0)
@example(0.1 + 0.2, 0.3)
@example(math.inf, -math.inf)
def test_floats_are_identical_when_their_bits_are_or_both_are_nan(first, second):
    both_nan = math.isnan(first) and math.isnan(second)
    assert pair(first, second).is_identical == (bits(first) == bits(second) or both_nan)


@given(VALUES, VALUES)
def test_identical_both_ways_unless_a_whole_number_was_stored_among_fractions(first, second):
    if type(first) is type(second):
        assert pair(first, second).is_identical == pair(second, first).is_identical


@given(st.integers(-(2**63), 2**63 - 1))
def test_a_column_of_floats_holds_whole_numbers_as_floats(number):
    assert pair(float(number), number).is_identical
    assert not pair(number, float(number)).is_identical, "a column of whole numbers never held this"


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(1, 1000))
def test_units_in_the_last_place_count_the_steps(start, num_steps):
    end = start
    for _ in range(num_steps):
        end = math.nextafter(end, math.inf)
    if math.isfinite(end):
        assert pair(start, end).ulps == num_steps
        assert pair(end, start).ulps == num_steps


@pytest.mark.parametrize(
    ("recorded", "replayed"),
    [(None, 0.0), (0.0, None), (1, 2), (math.nan, 0.0), (1.0, math.inf), (1, 1.5), (None, math.nan)],
)
def test_values_that_differ_without_a_distance(recorded, replayed):
    assert not pair(recorded, replayed).is_identical
    assert pair(recorded, replayed).ulps is None


def test_signed_zeros_differ_by_no_unit():
    assert not pair(0.0, -0.0).is_identical
    assert pair(0.0, -0.0).ulps == 0


@given(st.sets(st.integers(0, 6)), st.sets(st.integers(0, 6)))
def test_epochs_of_one_side_are_missing_on_the_other(recorded, replayed):
    found = compare(
        run({}, {epoch: {"loss": 1.0} for epoch in recorded}), run({}, {epoch: {"loss": 1.0} for epoch in replayed})
    )
    assert set(found.epochs) == recorded & replayed
    assert set(found.epochs_missing_in_record) == replayed - recorded
    assert set(found.epochs_missing_in_replay) == recorded - replayed
    assert found.is_identical == (recorded == replayed)
    assert found.num_epoch_values == len(recorded & replayed)


@given(METRICS, METRICS)
def test_a_metric_on_one_side_only_differs_unless_it_is_none(recorded, replayed):
    differing = {found.name for found in compare(run(recorded), run(replayed)).differences}
    for name in recorded.keys() ^ replayed.keys():
        value = recorded.get(name, replayed.get(name))
        assert (name in differing) == (value is not None)


def test_the_status_is_compared():
    (found,) = compare(run({}), run({}, status="diverged")).differences
    assert (found.name, found.recorded, found.replayed) == ("status", "completed", "diverged")
