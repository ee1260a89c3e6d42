"""Studies with values that are measured on the way: trained in two goes, in whatever pieces that happens."""

import math
import os
import signal
import threading

import gauge
import pytest
from submitting import submit

from orchestrator.driver.study_run import StudyRun
from results_store import FolderStore, retract
from results_store import open as open_results

TEXT = """\
schema_version: 1
name: measured
trainable: gauge:Gauge
seeds: 3
variants:
  control: {level: {of: source, metric: score}}
  source: {level: 1.0}
  other: {level: 2.0}
  copy: {level: {of: other, metric: score}}
grid:
  epochs: [1, 2]
"""
MEMBERS = "SELECT variant, point, cell_id, trial_id, seed, state, level, score FROM results ORDER BY member"
TRIALS = "SELECT trial_id, seed, status, level, score FROM trials ORDER BY ALL"
STATES = "SELECT variant, state, count(*) FROM results GROUP BY ALL ORDER BY ALL"
KNOWN = [("control", "completed", 6), ("copy", "completed", 6), ("other", "completed", 6), ("source", "completed", 6)]


class KilledError(BaseException):
    """The driver dies here."""


@pytest.fixture(autouse=True)
def forgotten():
    gauge.WORK.clear()
    gauge.FAULTS.clear()


def write(folder, text=TEXT):
    path = folder / "measured.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def rows(store, sql):
    return open_results(store).sql(sql).rows()


def shown(store):
    return [rows(store, sql) for sql in (MEMBERS, TRIALS)]


def num_submissions(store):
    return rows(store, "SELECT count(*) FROM studies")[0][0]


def waits(outcome):
    return [str(wait) for study in outcome.studies for wait in study.waits]


def test_one_submit_trains_it_all(tmp_path):
    outcome = submit(write(tmp_path), tmp_path / "store")
    (study,) = outcome.studies
    assert outcome.is_complete
    assert (study.num_trials, study.num_trained, study.num_left, study.num_done_before) == (24, 24, 0, 0)
    assert rows(tmp_path / "store", STATES) == KNOWN
    levels = rows(tmp_path / "store", "SELECT DISTINCT variant, epochs, level FROM results ORDER BY ALL")
    expected = {("source", epochs): 1.0 for epochs in (1, 2)} | {("other", epochs): 2.0 for epochs in (1, 2)}
    expected |= {("control", epochs): round(1.125 + epochs / 64, 4) for epochs in (1, 2)}
    expected |= {("copy", epochs): round(2.125 + epochs / 64, 4) for epochs in (1, 2)}
    assert {(variant, epochs): level for variant, epochs, level in levels} == expected
    assert len(gauge.WORK) == 24
    assert num_submissions(tmp_path / "store") == 2


def test_when_all_is_in_the_store_the_first_submission_is_whole(tmp_path):
    path = write(tmp_path)
    submit(path, tmp_path / "store")
    before = shown(tmp_path / "store")
    outcome = submit(path, tmp_path / "store")
    assert (outcome.studies[0].num_trained, outcome.studies[0].num_done_before) == (0, 24)
    assert len(gauge.WORK) == 24
    assert num_submissions(tmp_path / "store") == 3
    assert shown(tmp_path / "store") == before


def test_killed_at_any_write_it_ends_like_an_undisturbed_run(tmp_path, monkeypatch):
    path = write(tmp_path)
    submit(path, tmp_path / "undisturbed", stack_size=4)
    expected = shown(tmp_path / "undisturbed")
    publish, left = FolderStore.publish, [0]

    def deadly(self, records):
        if not records or threading.current_thread() is not threading.main_thread():
            publish(self, records)  # a thread that dies alone is no driver that dies
            return
        left[0] -= 1
        if left[0] == -1:
            raise KilledError
        publish(self, records)
        left[0] -= 1
        if left[0] == -1:
            raise KilledError

    monkeypatch.setattr(FolderStore, "publish", deadly)
    num_kills = 0
    for moment in range(100):
        store, left[0] = tmp_path / f"killed {moment}", moment
        try:
            submit(path, store, stack_size=4)
            break
        except KilledError:
            num_kills += 1
        left[0] = 10**6
        gauge.WORK.clear()
        outcome = submit(path, store, stack_size=4)
        assert outcome.is_complete
        assert shown(store) == expected, moment
        assert len({trial_id for trial_id, *_ in rows(store, TRIALS)}) == 24
    else:
        pytest.fail("it never came to its end")
    assert num_kills >= 4


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("name", ["grow", "train"])
def test_killed_between_its_two_goes_nothing_is_trained_twice(tmp_path, monkeypatch, name, moment):
    path, store = write(tmp_path), tmp_path / "store"
    do = getattr(StudyRun, name)

    def deadly(self, *arguments, **options):
        is_second = name == "grow" or arguments[0][0].cell.variants[0] in ("control", "copy")
        if is_second and moment == "before":
            raise KilledError
        answer = do(self, *arguments, **options)
        if is_second:
            raise KilledError
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(StudyRun, name, deadly)
        with pytest.raises(KilledError):
            submit(path, store)
    submit(path, store)
    assert rows(store, STATES) == KNOWN
    assert len(gauge.WORK) == 24


def test_another_driver_in_between_changes_nothing(tmp_path, monkeypatch):
    path, store = write(tmp_path), tmp_path / "store"
    submit(path, tmp_path / "undisturbed")
    grow = StudyRun.grow

    def overtaken(self, study):
        monkeypatch.setattr(StudyRun, "grow", grow)
        submit(path, store)
        grow(self, study)

    monkeypatch.setattr(StudyRun, "grow", overtaken)
    assert submit(path, store).is_complete
    assert shown(store) == shown(tmp_path / "undisturbed")


def test_without_what_it_waits_for_it_waits_and_says_so(tmp_path, capsys):
    path, store = write(tmp_path), tmp_path / "store"
    outcome = submit(path, store, only=("control",))
    expected = [f"control (epochs={epochs}): 0 of 3 seeds of source (epochs={epochs}) are done" for epochs in (1, 2)]
    assert waits(outcome) == expected
    assert not outcome.is_complete
    assert gauge.WORK == []
    err = capsys.readouterr().err
    assert [line for line in err.splitlines() if "waits: " in line] == [f"measured: waits: {line}" for line in expected]
    assert rows(store, STATES) == [
        ("control", "waiting", 6), ("copy", "waiting", 6), ("other", "pending", 6), ("source", "pending", 6)
    ]  # fmt: skip


def test_variants_that_are_not_wanted_need_not_wait(tmp_path):
    path, store = write(tmp_path), tmp_path / "store"
    outcome = submit(path, store, only=("source",))
    assert (outcome.is_complete, waits(outcome), len(gauge.WORK)) == (True, [], 6)
    outcome = submit(path, store, only=("control",))
    assert (outcome.is_complete, waits(outcome), len(gauge.WORK)) == (True, [], 12)
    outcome = submit(path, store)
    assert (outcome.is_complete, waits(outcome), len(gauge.WORK)) == (True, [], 24)
    assert rows(store, STATES) == KNOWN


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (RuntimeError("no"), "1 of 3 seeds of source (epochs=1) are done"),
        (math.nan, "2 of 3 seeds of source (epochs=1) diverged"),
        (5000.0, "score of source is 3333.7135, as level: should be less than or equal to 1000 (got 3333.7135)"),
    ],
    ids=["failed", "diverged", "refused"],
)
def test_what_fails_leaves_it_waiting_and_the_rest_goes_on(tmp_path, fault, reason):
    path, store = write(tmp_path, TEXT.replace("epochs: [1, 2]", "epochs: [1]")), tmp_path / "store"
    gauge.FAULTS.update({(1.0, 0): fault, (1.0, 2): fault})
    outcome = submit(path, store)
    assert waits(outcome) == [f"control: {reason.replace(' (epochs=1)', '')}"]
    assert not outcome.is_complete
    assert {variant: state for variant, state, _ in rows(store, STATES)}["copy"] == "completed"
    assert ("control", "waiting", 3) in rows(store, STATES)
    gauge.FAULTS.clear()
    again = submit(path, store)
    if isinstance(fault, RuntimeError):
        assert again.is_complete
        assert ("control", "completed", 3) in rows(store, STATES)
    else:
        assert waits(again) == waits(outcome), "a result stays what it is"


def test_withdrawn_rows_make_another_cell(tmp_path):
    path, store = write(tmp_path, TEXT.replace("epochs: [1, 2]", "epochs: [1]")), tmp_path / "store"
    submit(path, store)
    sql = "SELECT DISTINCT variant, level FROM results WHERE variant IN ('control', 'copy')"
    before = dict(rows(store, sql))
    (wrong,) = rows(store, "SELECT trial_id FROM results WHERE variant = 'source' AND seed = 1")[0]
    retract(store, [wrong], why="a slip")
    gauge.FAULTS[1.0, 1] = 4.0
    outcome = submit(path, store)
    assert outcome.is_complete
    assert (outcome.studies[0].num_trained, outcome.studies[0].num_done_before) == (4, 8)
    after = dict(rows(store, sql))
    assert after["copy"] == before["copy"]
    assert after["control"] == round((1.0 + 1.25 + 2 / 64 + 4.0) / 3, 4)
    left = rows(store, "SELECT count(*) FROM trials ANTI JOIN results USING (trial_id)")
    assert left == [(3,)], "the old ones stay, and belong to no study"


def test_other_seeds_make_another_value(tmp_path):
    path, store = write(tmp_path, TEXT.replace("epochs: [1, 2]", "epochs: [1]")), tmp_path / "store"
    submit(path, store)
    outcome = submit(path, store, ["seeds=4"])
    assert outcome.is_complete
    assert outcome.studies[0].num_trained == 2 + 2 * 4


def test_ctrl_c_in_the_first_go_leaves_the_second_for_the_next_submit(tmp_path, monkeypatch):
    path, store = write(tmp_path), tmp_path / "store"
    train = StudyRun.train

    def interrupted(self, *arguments, **options):
        answer = train(self, *arguments, **options)
        os.kill(os.getpid(), signal.SIGINT)
        return answer

    with monkeypatch.context() as patch:
        patch.setattr(StudyRun, "train", interrupted)
        outcome = submit(path, store)
    assert outcome.was_interrupted
    assert len(gauge.WORK) == 12
    assert rows(store, STATES)[0] == ("control", "waiting", 6)
    submit(path, store)
    assert rows(store, STATES) == KNOWN


def test_limits_hold_for_both_goes_together(tmp_path):
    text = TEXT.replace("epochs: [1, 2]", "epochs: [1]") + "limits: {max_failed_trials: 1}\n"
    path, store = write(tmp_path, text), tmp_path / "store"
    value = round(1.125 + 1 / 64, 4)
    gauge.FAULTS.update({(value, seed): RuntimeError("no") for seed in range(3)})
    gauge.FAULTS[2.0, 0] = RuntimeError("no")
    outcome = submit(path, store, stack_size=1)
    (study,) = outcome.studies
    assert study.num_failed == 2
    assert study.num_left == 2
    assert study.stop_reason is not None


def test_beside_a_search(tmp_path):
    text = """\
schema_version: 1
name: both
trainable: gauge:Gauge
seeds: 3
variants:
  searched: {}
  source: {level: 1.0}
  control: {level: {of: source, metric: score}}
search:
  sampler: {name: random, seed: 1}
  parameters: {level: {type: float, low: 0.0, high: 1.0, when: {variant: searched}}}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 4
  round_size: 2
  replicates: 2
"""
    path, store = write(tmp_path, text), tmp_path / "store"
    outcome = submit(path, store)
    (study,) = outcome.studies
    assert outcome.is_complete
    assert (study.num_trials, study.num_trained) == (4 * 2 + 3 + 3,) * 2
    assert study.searches[0].num_completed == 4
    assert rows(store, STATES) == [
        ("control", "completed", 3),
        ("searched", "completed", 8),
        ("source", "completed", 3),
    ]


def test_on_ray_it_comes_to_the_same(tmp_path, ray_cluster):
    path = write(tmp_path)
    submit(path, tmp_path / "inline")
    address = ray_cluster.get_runtime_context().gcs_address
    outcome = submit(path, tmp_path / "ray", executor="ray", address=address, num_workers=2)
    assert outcome.is_complete
    assert shown(tmp_path / "ray") == shown(tmp_path / "inline")
