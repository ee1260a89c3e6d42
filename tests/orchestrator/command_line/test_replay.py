"""`amor replay`: what it says, and its exit code, for trials of every kind."""

import json
import sys

import pyarrow as pa
import pytest
import unsteady

from orchestrator import SubmitOptions, submit
from results_store import Kind, Layout
from results_store import open as open_results
from results_store.stores.publishing import encode, publish

STUDY = """\
schema_version: 1
name: replayed
trainable: unsteady:Unsteady
seeds: [3]
randomness: {data: 42, noise: {offset: 7}}
variants:
  steady: {}
  random: {random: true}
  diverging: {level: -1.0}
"""
AMOR = """\
schema_version: 1
name: tiny
seeds: 3
randomness: {test_data: 43, order: {offset: 9}}
base:
  task: {name: simple_retrieval, num_train: 32, num_validation: 16, num_test: 16, seq_length: 32}
  model: {name: amor, gate: {name: entropy}}
  training: {epochs: 2, learning_rate: 5.0e-3}
"""


@pytest.fixture
def twist(monkeypatch):
    """Makes the next runs of the trainable do something otherwise."""
    return lambda what: monkeypatch.setattr(unsteady, "TWIST", what)


@pytest.fixture
def submit_text(tmp_path, capfdbinary):
    def run(text=STUDY, **options):
        path = tmp_path / "replayed.yaml"
        path.write_text(text)
        submit(path, store=tmp_path / "store", options=SubmitOptions(executor="inline", **options))
        capfdbinary.readouterr()
        return tmp_path / "store"

    return run


@pytest.fixture
def store(submit_text):
    return submit_text()


@pytest.fixture
def replay(amor, store):
    """Replays the trial of a variant."""

    def run(variant, *arguments):
        ((trial_id,),) = (
            open_results(store)
            .sql("SELECT trial_id FROM results WHERE variant = $variant", {"variant": variant})
            .rows()
        )
        return amor("replay", trial_id, "--store", store, *arguments)

    return run


def files_of(store):
    kinds = [store / kind.value for kind in Kind]
    return {path: path.read_bytes() for folder in kinds if folder.exists() for path in folder.iterdir()}


def one_line(text):
    (line,) = text.splitlines()
    return line


def shown(answer):
    """The listing as rows of words."""
    return [line.split() for line in answer.out.splitlines()[2:]]


@pytest.mark.parametrize(("variant", "num_metrics"), [("steady", 4), ("diverging", 5)])
def test_identical(replay, store, variant, num_metrics):
    before = files_of(store)
    answer = replay(variant)
    assert answer.code == 0, answer.err
    assert one_line(answer.out) == f"identical bit for bit: {num_metrics} metrics and 3 epochs of 6 values"
    assert "seed 3" in answer.err
    assert "a trainable may print" in answer.err
    assert files_of(store) == before, "a replay leaves nothing behind"


def test_a_trainable_that_is_not_deterministic(replay):
    answer = replay("random")
    assert answer.code == 1
    epochs_and_metrics = [row[:2] for row in shown(answer)]
    assert epochs_and_metrics == [["1", "loss"], ["2", "loss"], ["3", "loss"], ["end", "score"]]
    assert "refuted: 4 values differ, from epoch 1 on; compared were 4 metrics and 3 epochs of 6 values" in answer.err
    assert "depend on more than configuration, seed and pinned streams, or the row is wrong" in answer.err


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("an epoch", ["2", "loss", "0.01189823135459457", "0.011898231354594571", "1"]),
        ("a metric", ["end", "score", "0.23796462709189137", "0.23796462709189142", "2"]),
        ("a count", ["end", "count", "7", "8"]),
        ("a sign", ["end", "signed_zero", "-0.0", "0.0", "0"]),
        ("a missing metric", ["end", "score", "0.23796462709189137", "none"]),
        ("an additional metric", ["end", "nothing", "none", "0.0"]),
        ("more epochs", ["4", "(the", "whole", "epoch)", "missing", "reported"]),
        ("fewer epochs", ["3", "(the", "whole", "epoch)", "reported", "missing"]),
    ],
)
def test_each_difference_is_named(replay, twist, what, expected):
    twist(what)
    answer = replay("steady")
    assert answer.code == 1
    assert shown(answer) == [expected]


def test_a_status_that_differs(replay, twist):
    twist("an infinity")
    answer = replay("steady")
    assert answer.code == 1
    assert shown(answer) == [
        ["end", "status", "completed", "diverged"],
        ["end", "score", "0.23796462709189137", "inf"],
    ]


def test_json_has_every_value(replay):
    answer = replay("random", "--json")
    assert answer.code == 1
    found = json.loads(answer.out, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert found["identical"] is False
    assert found["randomness"] == {"data": 42, "noise": {"offset": 7}}
    assert found["config"] == {"epochs": 3, "level": 0.1, "random": True}
    assert (found["num_metrics"], found["num_epochs"], found["num_differences"]) == (4, 3, 4)
    assert len(found["values"]) == 6 + 1 + 4
    differing = [value["metric"] for value in found["values"] if not value["identical"]]
    assert differing == ["loss", "loss", "loss", "score"]
    assert found["recorded"]["attempt_id"] != found["replayed"]["attempt_id"]
    found = json.loads(replay("diverging", "--json").out, parse_constant=lambda name: pytest.fail(name))
    (odd,) = (value for value in found["values"] if value["metric"] == "not_a_number")
    assert (odd["recorded"], odd["replayed"], odd["identical"]) == ("nan", "nan", True)
    assert found["explanation"] is None


@pytest.mark.parametrize(
    ("place", "changed", "line"),
    [
        ("orchestrator.worker.provenance.cpu_name", lambda: "Abacus", "here Abacus"),
        ("orchestrator.worker.provenance.versions", lambda: {"python": "4.0"}, "here 4.0"),
        ("orchestrator.worker.provenance.versions", lambda: {"python": "4.0"}, "here not installed"),
        ("orchestrator.replay.rerun.source_hash", lambda _: "feedfacefeedface", "here feedfacefeedface"),
        ("orchestrator.replay.rerun.git_state", lambda _: ("c" * 40, True), f"here {'c' * 12}"),
    ],
)
def test_circumstances_that_differ_are_told_and_no_difference(replay, monkeypatch, place, changed, line):
    assert line not in replay("steady").err
    monkeypatch.setattr(place, changed)
    answer = replay("steady")
    assert answer.code == 0
    assert line in answer.err


def test_a_difference_on_another_cpu_is_explained_by_it(replay, monkeypatch):
    monkeypatch.setattr("orchestrator.worker.provenance.cpu_name", lambda: "Abacus")
    answer = replay("random")
    assert answer.code == 1
    assert "Bits are promised on one kind of CPU and with equal versions only; here differ: cpu" in answer.err


def test_a_difference_with_other_source_is_explained_by_it(replay, monkeypatch):
    monkeypatch.setattr("orchestrator.replay.rerun.source_hash", lambda _: "feedfacefeedface")
    answer = replay("random")
    assert answer.code == 1
    assert "The trainable has changed since" in answer.err


def test_what_the_trainable_raises_is_one_line(replay, twist):
    twist("raise")
    answer = replay("steady")
    assert answer.code == 1
    assert answer.out == ""
    assert (
        "recorded as completed, failed: training raised (epochs before: 1): RuntimeError: not this time and not"
        in (answer.err.splitlines()[-1])
    )
    assert "Traceback" not in answer.err
    twist("raise when prepared")
    answer = replay("steady")
    assert answer.code == 1
    assert "prepare_worker() raised: SystemExit: 3" in answer.err


def test_ctrl_c(replay, twist):
    twist("interrupt")
    assert replay("steady").code == 130


def test_a_pruned_run_is_refused(submit_text, amor, twist):
    twist("pruned")
    store = submit_text()
    ((trial_id,),) = open_results(store).sql("SELECT trial_id FROM trials LIMIT 1").rows()
    answer = amor("replay", trial_id, "--store", store)
    assert answer.code == 2
    assert "was pruned" in one_line(answer.err)


def test_a_failed_trial_is_refused(submit_text, amor, twist):
    twist("raise")
    store = submit_text()
    ((trial_id,),) = open_results(store).sql("SELECT trial_id FROM failures LIMIT 1").rows()
    answer = amor("replay", trial_id, "--store", store)
    assert answer.code == 2
    assert "has no row to compare with; its last attempt failed: RuntimeError: not this time" in one_line(answer.err)


def test_a_trial_that_was_never_trained_is_refused(replay, store):
    for path in (store / "trials").iterdir():
        path.unlink()
    answer = replay("steady")
    assert answer.code == 2
    assert "has no row to compare with; it has not been trained yet" in one_line(answer.err)


def test_a_retracted_trial_is_replayed(replay, store):
    ((trial_id, attempt_id),) = (
        open_results(store).sql("SELECT trial_id, attempt_id FROM results WHERE variant = 'steady'").rows()
    )
    row = pa.table({"trial_id": [trial_id], "attempt_id": [attempt_id], "reason": ["the label was wrong"]})
    publish(Layout(store), Kind.RETRACTIONS, encode(row))
    answer = replay("steady")
    assert answer.code == 0
    assert "warning: its row was retracted: the label was wrong" in answer.err
    assert "3 epochs" in answer.out


def test_epochs_that_the_store_has_lost(replay, store):
    for path in (store / "epochs").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    answer = replay("steady")
    assert answer.code == 1
    assert "of its epochs, 3 of 3 are missing in the store" in answer.err
    assert "all that is in the store is identical: 4 metrics and 0 epochs" in answer.err
    assert "refuted" not in answer.err
    assert [row[0] for row in shown(answer)] == ["1", "2", "3"]


def test_a_row_that_is_damaged_is_no_row(replay, store):
    for path in (store / "trials").iterdir():
        path.write_bytes(path.read_bytes()[:-1])
    answer = replay("steady")
    assert answer.code == 2
    assert "left out" in answer.err
    assert "has not been trained yet" in answer.err.splitlines()[-1]


def test_another_version(replay, monkeypatch):
    monkeypatch.setattr(unsteady.Unsteady, "version", 2)
    answer = replay("steady")
    assert answer.code == 2
    assert "recorded by version 1 of 'unsteady'; installed is version 2: check out commit" in one_line(answer.err)


def test_a_trainable_that_is_gone(replay, monkeypatch):
    monkeypatch.setitem(sys.modules, "unsteady", None)
    answer = replay("steady")
    assert answer.code == 2
    assert "trainable 'unsteady:Unsteady': unsteady cannot be imported" in one_line(answer.err)


def test_an_unknown_id_and_one_that_is_not_unique(amor, store):
    answer = amor("replay", "ffffffffffffffff", "--store", store)
    assert answer.code == 2
    assert "no trial 'ffffffffffffffff' in the store" in one_line(answer.err)
    answer = amor("replay", "", "--store", store)
    assert answer.code == 2
    assert "several trials begin with ''" in one_line(answer.err)
    answer = amor("replay", "ab", "--store", store / "nowhere")
    assert answer.code == 2
    assert "there is no store" in one_line(answer.err)


def test_amor_trained_in_a_stack_is_replayed_alone(submit_text, amor):
    store = submit_text(AMOR, stack_size=3)
    trial_id, stack_size = open_results(store).sql("SELECT trial_id, stack_size FROM trials ORDER BY seed").rows()[1]
    assert stack_size == 3
    answer = amor("replay", trial_id, "--store", store)
    assert answer.code == 0, answer.err
    assert "2 epochs" in answer.out
    assert "in a stack of 3, which must not matter" in answer.err


def test_amor_trained_on_ray_is_replayed_in_a_process_of_its_own(ray_cluster, tmp_path, in_own_process):
    study = tmp_path / "tiny.yaml"
    study.write_text(AMOR)
    submit(study, store=tmp_path / "store", options=SubmitOptions(num_workers=1))
    ((trial_id,),) = open_results(tmp_path / "store").sql("SELECT trial_id FROM trials WHERE seed = 2").rows()
    process = in_own_process("replay", trial_id[:10], "--store", tmp_path / "store")
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    assert "identical bit for bit" in out
    assert "threads" not in err
