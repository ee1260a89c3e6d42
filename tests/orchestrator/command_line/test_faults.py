"""Workers that hang, crash and leave, on Ray: what the store and the user are told of it."""

import contextlib
import os
import signal
import time
from pathlib import Path

import pytest

from results_store import FolderStore, Kind
from results_store import open as open_results


@pytest.fixture
def folders(tmp_path):
    marks = tmp_path / "marks"
    marks.mkdir()
    return tmp_path / "store", marks


def test_what_hangs_crashes_or_leaves_is_lost_with_host_cause_and_all_that_is_known(
    ray_cluster, amor, write_study, folders
):
    store, marks = folders
    study = write_study(
        late={"behaviour": "hang_once"}, crash={"behaviour": "crash"}, leave={"behaviour": "leave"}, good={"number": 5}
    )
    limits = ["--set", "limits.trial_timeout_s=4", "--set", "limits.max_attempts=1", "--set", "seeds=1"]
    answer = amor("submit", study, "--store", store, "--set", f"marks={marks}", *limits, "--workers", "2", "--stack", 2)
    assert answer.code == 1, answer.err
    states = dict(open_results(store).sql("SELECT variant, state FROM results").rows())
    assert states == {"crash": "failed", "leave": "failed", "late": "completed", "good": "completed"}
    failures = FolderStore(store).rows(Kind.FAILURES)
    hung = [row for row in failures if row["cause"].startswith("no reply for")]
    crashed = [row for row in failures if "died without a word" in row["cause"]]
    assert hung
    assert "limits.trial_timeout_s = 4" in hung[0]["cause"]
    assert len({row["trial_id"] for row in crashed}) >= 2
    assert len(hung) + len(crashed) == len(failures)
    assert all(row["host"] not in ("", "?") and row["traceback"] for row in failures)
    assert "no reply for" in answer.err


def test_a_worker_that_is_asked_to_end_is_lost_and_its_trial_is_tried_again(ray_cluster, amor, write_study, folders):
    store, marks = folders
    study = write_study(asked={"behaviour": "terminate_once"}, good={"number": 5})
    answer = amor("submit", study, "--store", store, "--set", f"marks={marks}", "--set", "seeds=1", "--workers", "1")
    assert answer.code == 0, answer.err
    failures = FolderStore(store).rows(Kind.FAILURES)
    assert {(row["kind"], row["gave_up"]) for row in failures} == {("lost", False)}


def test_in_one_process_the_limit_does_nothing_and_says_so_once(amor, write_study, folders):
    store, _ = folders
    answer = amor(
        "submit", write_study(), "--store", store, "--executor", "inline", "--set", "limits.trial_timeout_s=0.001"
    )
    assert answer.code == 0
    assert answer.err.count("limits.trial_timeout_s does nothing here") == 1


@pytest.mark.parametrize("value", [0, -1, "soon"])
def test_a_limit_is_a_number_above_zero(amor, write_study, folders, value):
    answer = amor("submit", write_study(), "--store", folders[0], "--set", f"limits.trial_timeout_s={value}")
    assert answer.code == 2
    assert "limits.trial_timeout_s" in answer.err


def children_of(pid):
    """Names of a process's children by their ids."""
    names = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
            if int(rest.split()[1]) == pid:
                names[int(stat.parent.name)] = name
    return names


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("process_name", ["raylet", "gcs_server"])
def test_when_ray_itself_dies_the_run_ends_with_one_line(in_own_process, write_study, folders, process_name):
    store, marks = folders
    study = write_study()
    process = in_own_process(
        "submit", study, "--store", store, "--workers", 1, "--set", f"marks={marks}", "--set", "sleep_s=600"
    )
    while not any(marks.iterdir()):
        assert process.poll() is None
        time.sleep(0.1)
    (ray_process,) = (pid for pid, name in children_of(process.pid).items() if name == process_name)
    os.kill(ray_process, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"the local Ray cluster is gone: its process {process_name} died; submit again to go on" in err
    assert "Traceback" not in err
