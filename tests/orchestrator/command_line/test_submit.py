"""`amor submit`: what is missing is trained once, and what fails does not stop the others."""

import os
import signal
import time

import pytest
from misbehaving import Misbehaving

from results_store import FolderStore, Kind, retract
from results_store import open as open_results


def marks_of(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def marks(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    return folder


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def inline(amor, study, store, *more):
    return amor("submit", study, "--store", store, "--executor", "inline", *more)


def test_the_second_submit_trains_nothing_and_prints_the_same(amor, write_study, store, marks):
    study = write_study()
    first = inline(amor, study, store, "--set", f"marks={marks}")
    assert first.code == 0, first.err
    assert "numbers: 4 trained, 0 done before" in first.err
    executed = marks_of(marks)
    assert len(executed) == 4
    second = inline(amor, study, store, "--set", f"marks={marks}")
    assert second.code == 0
    assert "numbers: 0 trained, 4 done before" in second.err
    assert second.out == first.out
    assert marks_of(marks) == executed


def test_one_trial_under_three_names_and_in_two_studies_runs_once(amor, write_study, store, marks):
    first = write_study("first", 2, a={"number": 1}, b={"number": 1}, c={})
    second = write_study("second", 2, d={"number": 1})
    answer = inline(amor, first, store, "--set", f"marks={marks}", "--set", "variants.c.number=1")
    assert answer.code == 0, answer.err
    answer = inline(amor, second, store, "--set", f"marks={marks}")
    assert "second: 0 trained, 2 done before" in answer.err
    assert len(marks_of(marks)) == 2
    results = open_results(store)
    rows = results.sql("SELECT study, variant, seed, score FROM results ORDER BY ALL").rows()
    assert rows == [
        ("first", "a", 0, 1.0),
        ("first", "a", 1, 2.0),
        ("first", "b", 0, 1.0),
        ("first", "b", 1, 2.0),
        ("first", "c", 0, 1.0),
        ("first", "c", 1, 2.0),
        ("second", "d", 0, 1.0),
        ("second", "d", 1, 2.0),
    ]
    assert results.sql("SELECT count(*) FROM trials").rows() == [(2,)]


def test_failures_are_recorded_and_the_others_go_on(amor, write_study, store):
    study = write_study(bad={"behaviour": "raise"}, odd={"behaviour": "nan"}, good={"number": 3})
    answer = inline(amor, study, store)
    assert answer.code == 1
    assert answer.err.count("the trainable says no in two lines") == 1, "each distinct error is shown once"
    assert "2 failed (the next submit tries them again)" in answer.err
    states = open_results(store).sql("SELECT variant, state, count(*) FROM results GROUP BY ALL ORDER BY ALL").rows()
    assert states == [("bad", "failed", 2), ("good", "completed", 2), ("odd", "diverged", 2)]
    failures = FolderStore(store).rows(Kind.FAILURES)
    assert [(row["kind"], row["gave_up"]) for row in failures] == [("raised", True)] * 2
    assert "RuntimeError" in failures[0]["traceback"]
    assert "failed" in answer.out, "the table says which replicates are missing"
    again = inline(amor, study, store)
    assert "numbers: 0 trained, 4 done before, 2 failed" in again.err


def test_only_runs_one_variant_and_keeps_the_study_whole(amor, write_study, store):
    study = write_study()
    answer = inline(amor, study, store, "--only", "two")
    assert answer.code == 0
    assert "2 trained, 0 done before, 2 still to run" in answer.err
    states = open_results(store).sql("SELECT DISTINCT variant, state FROM results ORDER BY ALL").rows()
    assert states == [("one", "pending"), ("two", "completed")]
    assert inline(amor, study, store, "--only", "three").code == 2


def test_more_seeds_train_only_the_new_ones(amor, write_study, store):
    study = write_study()
    inline(amor, study, store)
    answer = inline(amor, study, store, "--set", "seeds=3")
    assert "numbers: 2 trained, 4 done before" in answer.err


def test_too_many_failures_stop_the_run(amor, write_study, store):
    study = write_study(bad={"behaviour": "raise"})
    answer = inline(amor, study, store, "--set", "seeds=5", "--set", "limits.max_failed_trials=1")
    assert answer.code == 1
    assert "stopped: 2 trials failed; the study allows 1" in answer.err


def test_a_time_budget_stops_the_run(amor, write_study, store):
    study = write_study()
    answer = inline(
        amor, study, store, "--set", "sleep_s=0.3", "--set", "seeds=20", "--set", "limits.time_budget_s=0.5"
    )
    assert answer.code == 1
    assert "stopped: the time budget of 0.5 s is spent" in answer.err
    assert "still to run" in answer.err


@pytest.mark.parametrize("kind", ["file", "unwritable"])
def test_a_store_that_cannot_be_used_is_one_clear_line(amor, write_study, tmp_path, kind):
    path = tmp_path / "taken"
    if kind == "file":
        path.write_text("a file")
    else:
        path.symlink_to("/proc/nowhere")
    answer = inline(amor, write_study(), path)
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert "taken" in answer.err or "/proc" in answer.err


@pytest.mark.parametrize("size", ["4GB", "1.5 GiB", "512mb", "1000000000"])
def test_memory_per_worker(amor, write_study, store, size):
    assert inline(amor, write_study(), store, "--memory-per-worker", size).code == 0


@pytest.mark.parametrize(
    "size",
    [
        "",
        "0",
        "-1GB",
        "4XB",
        "4GB or so",
        "1.2.3GB",
        "nan",
        "infGB",
        "1e9",
        "4 Gbit",
        "4gibit",
        "32bit",
        "1001PB",
        "9" * 400 + "GB",
        "9" * 5000,
    ],
)
def test_memory_per_worker_that_is_none(amor, write_study, store, size):
    answer = inline(amor, write_study(), store, "--memory-per-worker", size)
    assert answer.code == 2
    assert answer.err.startswith("--memory-per-worker ")
    assert len(answer.err.splitlines()) == 1
    assert not store.exists()


def stack_sizes(store):
    return sorted(row["stack_size"] for row in FolderStore(store).rows(Kind.TRIALS))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], [4] * 4),
        (["--stack", "3"], [2] * 4),
        (["--stack", "1"], [1] * 4),
        (["--memory-per-worker", "3GB"], [2] * 4),
        (["--memory-per-worker", "3GB", "--stack", "4"], [2] * 4),
    ],
)
def test_stacks_are_of_the_size_asked_for_or_chosen(amor, write_study, store, monkeypatch, options, expected):
    monkeypatch.setattr(Misbehaving, "stack_cost", lambda self, config, size: 1.0 + 0.1 * size)
    monkeypatch.setattr(Misbehaving, "memory_bytes", lambda self, config, size: 10**9 + size * 10**9)
    answer = inline(amor, write_study(), store, *options)
    assert answer.code == 0, answer.err
    assert stack_sizes(store) == expected
    assert "warning" not in answer.err


def test_trials_that_are_thought_too_large_run_alone_and_are_told(amor, write_study, store, monkeypatch):
    monkeypatch.setattr(Misbehaving, "memory_bytes", lambda self, config, size: 10**9 * (1 + config.number))
    answer = inline(amor, write_study(), store, "--memory-per-worker", "2.5GB")
    assert answer.code == 0
    (warning,) = [line for line in answer.err.splitlines() if "warning" in line]
    assert warning.startswith("warning: numbers: 2 of 4 trials are thought to need up to 3 GB of memory each, more")
    assert stack_sizes(store) == [1] * 4


@pytest.mark.parametrize("question", ["stack_cost", "memory_bytes"])
def test_a_trainable_that_estimates_nonsense_is_one_line_and_nothing_runs(
    amor, write_study, store, monkeypatch, question
):
    monkeypatch.setattr(Misbehaving, question, lambda *_: float("nan"))
    for command in (["submit", "--executor", "inline"], ["plan"]):
        answer = amor(command[0], write_study(), "--store", store, *command[1:])
        assert answer.code == 2
        assert answer.err.splitlines()[-1] == (
            f"trainable 'misbehaving': {question}() returned nan, which is no number of 0 or more"
        )
    assert not FolderStore(store).rows(Kind.STUDIES)


def test_two_studies_of_one_name_are_refused(amor, write_study, tmp_path):
    first = write_study("numbers")
    second = tmp_path / "other.yaml"
    second.write_text(first.read_text())
    answer = amor("submit", first, second, "--store", tmp_path / "store")
    assert answer.code == 2
    assert "has this name too" in answer.err


def wait_until(condition, timeout_s=90):
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "it does not happen"
        time.sleep(0.1)


@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_kill_minus_nine_and_submit_again(amor, in_own_process, write_study, store, marks, executor):
    study = write_study(a={"number": 1}, b={"number": 2}, c={"number": 3})
    slow = ["--store", store, "--set", f"marks={marks}", "--set", "seeds=4", "--set", "sleep_s=0.5"]
    process = in_own_process("submit", study, *slow, "--executor", executor, "--workers", "2")
    wait_until(lambda: (store / "trials").exists() and any((store / "trials").iterdir()))
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    if executor == "ray":
        time.sleep(3)  # Ray's own processes notice that their driver is gone
    before = {row["trial_id"] for row in FolderStore(store).rows(Kind.TRIALS)}
    assert 0 < len(before) < 12
    num_marks = len(marks_of(marks))
    answer = inline(amor, study, *slow[1:2], "--set", f"marks={marks}", "--set", "seeds=4")
    assert answer.code == 0, answer.err
    assert f"{12 - len(before)} trained, {len(before)} done before" in answer.err
    assert len(marks_of(marks)) == num_marks + 12 - len(before), "only what was missing is trained"
    results = open_results(store)
    assert results.sql("SELECT count(*), count(DISTINCT trial_id) FROM trials").rows() == [(12, 12)]
    assert before <= {row[0] for row in results.sql("SELECT trial_id FROM trials").rows()}


def test_interrupted_once_finishes_what_runs(in_own_process, write_study, store, marks):
    study = write_study()
    slow = ["--set", "sleep_s=0.5", "--set", "seeds=20", "--set", f"marks={marks}"]
    process = in_own_process("submit", study, "--store", store, "--executor", "inline", *slow)
    wait_until(lambda: (store / "trials").exists() and any((store / "trials").iterdir()))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "what runs is finished first; Ctrl-C again stops now" in err
    assert "stopped: interrupted" in err
    assert "Traceback" not in err
    assert "Scores" in out, "the table of what is there"
    kept = FolderStore(store).rows(Kind.TRIALS)
    assert 0 < len(kept) < 40
    assert len(kept) == len(marks_of(marks)), "every trial that was begun is in the store"


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT, signal.SIGINT]])
@pytest.mark.parametrize("executor", ["inline", "ray"])
def test_stopping_now_does_not_wait_for_training(in_own_process, write_study, store, marks, executor, signals):
    study = write_study()
    slow = ["--set", "sleep_s=600", "--set", f"marks={marks}", "--workers", "1"]
    process = in_own_process("submit", study, "--store", store, "--executor", executor, *slow)
    wait_until(lambda: marks_of(marks))
    for number in signals:
        process.send_signal(number)
        time.sleep(0.5)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert FolderStore(store).rows(Kind.TRIALS) == []


def test_pruned_runs_are_told_as_such_and_trained_again_each_time(amor, write_study, store, marks):
    study = write_study(cut={"behaviour": "prune"}, once={"behaviour": "prune_once"}, good={"number": 3})
    first = inline(amor, study, store, "--set", f"marks={marks}")
    assert first.code == 0, first.err
    summary = "2 trained, 0 done before, 4 pruned (no full trials: the next submit trains them again)"
    assert first.err.splitlines()[-1] == f"numbers: {summary}"
    states = open_results(store).sql("SELECT variant, state FROM results WHERE seed = 0 ORDER BY ALL").rows()
    assert states == [("cut", "pruned"), ("good", "completed"), ("once", "pruned")]
    second = inline(amor, study, store, "--set", f"marks={marks}")
    assert second.code == 0
    assert "numbers: 2 trained, 2 done before, 2 pruned (" in second.err
    assert len(marks_of(marks)) == 6 + 4, "a pruned run never stands for a full trial"


def test_what_vanishes_is_told_also_where_runs_were_pruned(amor, write_study, store, monkeypatch):
    monkeypatch.setattr(FolderStore, "finished", lambda self, trial_ids: {})
    answer = inline(amor, write_study(cut={"behaviour": "prune"}, good={"number": 3}), store)
    assert answer.code == 1
    assert "numbers: 0 trained, 0 done before, 2 pruned (" in answer.err
    assert "broken off: 2 trials that were published are not in the store any more" in answer.err


def test_a_retraction_during_the_run_is_told(amor, write_study, store, monkeypatch):
    finished = FolderStore.finished
    calls = []

    def retracting(self, trial_ids):
        calls.append(1)
        if len(calls) == 2:
            retract(store, [self.rows(Kind.TRIALS)[0]["trial_id"]], why="wrong")
        return finished(self, trial_ids)

    monkeypatch.setattr(FolderStore, "finished", retracting)
    answer = inline(amor, write_study(), store)
    assert answer.code == 1
    assert "broken off: 1 trials that were published are not in the store any more: retracted meanwhile" in answer.err


def test_a_store_that_vanishes_during_the_run_is_told(amor, write_study, store, monkeypatch):
    finished = FolderStore.finished
    calls = []

    def vanishing(self, trial_ids):
        calls.append(1)
        return finished(self, trial_ids) if len(calls) == 1 else {}

    monkeypatch.setattr(FolderStore, "finished", vanishing)
    answer = inline(amor, write_study(), store)
    assert answer.code == 1
    assert "broken off: 4 trials that were published are not in the store any more" in answer.err


def test_damaged_files_go_to_quarantine_and_their_trials_are_trained_again(amor, write_study, store):
    study = write_study()
    first = inline(amor, study, store)
    for file in (store / "trials").iterdir():
        file.write_bytes(file.read_bytes()[:-1])
    again = inline(amor, study, store)
    assert again.code == 0
    assert "moved to quarantine/" in again.err
    assert "4 trained, 0 done before" in again.err
    assert again.out == first.out
    assert list((store / "quarantine" / "trials").iterdir())
    assert "quarantine" not in inline(amor, study, store).err


def test_nobody_at_the_address_is_one_line_and_leaves_the_store_alone(in_own_process, write_study, store):
    process = in_own_process("submit", write_study(), "--store", store, "--address", "127.0.0.1:1")
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "cannot connect to the Ray cluster at 127.0.0.1:1" in err.splitlines()[-1]
    assert not FolderStore(store).rows(Kind.STUDIES)


def test_on_ray_a_poisonous_trial_is_given_up_and_the_others_go_on(ray_cluster, amor, write_study, store, marks):
    study = write_study(poison={"behaviour": "die"}, shy={"behaviour": "die_once"}, good={"number": 5})
    answer = amor("submit", study, "--store", store, "--set", f"marks={marks}", "--set", "seeds=1", "--workers", "2")
    assert answer.code == 1, answer.err
    states = open_results(store).sql("SELECT variant, state FROM results ORDER BY ALL").rows()
    assert states == [("good", "completed"), ("poison", "failed"), ("shy", "completed")]
    failures = FolderStore(store).rows(Kind.FAILURES)
    assert {row["kind"] for row in failures} == {"lost"}
    assert sum(row["gave_up"] for row in failures) == 1
    assert all(row["host"] not in ("", "?") for row in failures)
