"""Weights on the command line: who asks for them, who says that they are missing, and how to get them."""

import json
from pathlib import Path

import pytest
import unsteady
from read_only import read_only
from safetensors.numpy import load

from results_store import FolderStore, Kind, Layout, retract
from results_store import open as open_results

STUDY = """\
schema_version: 1
name: {name}
trainable: unsteady:Unsteady
seeds: [3, 4]
randomness: {{data: 42, noise: {{offset: 7}}}}
base: {{keep: {keep}}}
variants:
  steady: {{}}
  diverging: {{level: -1.0}}
"""


@pytest.fixture
def twist(monkeypatch):
    """Makes the next runs of the trainable do something otherwise."""
    return lambda what: monkeypatch.setattr(unsteady, "TWIST", what)


@pytest.fixture
def write(tmp_path):
    def write(*, keep, name="weights"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(STUDY.format(name=name, keep=str(keep).lower()))
        return path

    return write


@pytest.fixture
def submit(amor, write, tmp_path):
    def submit(*, keep, name="weights"):
        answer = amor("submit", write(keep=keep, name=name), "--store", tmp_path / "store", "--executor", "inline")
        assert answer.code == 0, answer.err
        return answer

    return submit


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


def trial(store, variant="steady", seed=3):
    sql = "SELECT DISTINCT trial_id FROM results WHERE variant = $variant AND seed = $seed"
    ((found,),) = open_results(store).sql(sql, {"variant": variant, "seed": seed}).rows()
    return found


def files(store):
    folder = Layout(store).weights
    return sorted(folder.iterdir()) if folder.exists() else []


def told(answer):
    return [line for line in answer.err.splitlines() if "recorded without the weights" in line]


def test_a_study_that_asks_has_them_and_one_that_does_not_finds_its_trials_done(amor, submit, store, write):
    assert told(submit(keep=True)) == []
    kept = files(store)
    assert len(kept) == 2, "diverged trials have none"
    for seed in (3, 4):
        path = open_results(store).weights(trial(store, seed=seed))
        assert path in kept
        assert load(path.read_bytes())["layer"][1] == 0.1
    answer = submit(keep=False, name="other")
    assert "0 trained, 4 done before" in answer.err
    assert told(answer) == []
    assert amor("doctor", "--store", store).code == 0, "the two submissions do not contradict each other"


def test_trials_that_were_recorded_without_are_told_once_by_plan_and_submit(amor, submit, store, write):
    submit(keep=False)
    assert files(store) == []
    answer = submit(keep=True, name="asking")
    first = trial(store)[:12]
    expected = (
        "asking: recorded without the weights that the study asks for: 2 trials "
        f"(amor replay {first} --save-weights trains one again and keeps them)"
    )
    assert told(answer) == [expected]
    assert "0 trained, 4 done before" in answer.err
    answer = amor("plan", write(keep=True, name="asking"), "--store", store, "--json")
    assert told(answer) == [expected]
    assert json.loads(answer.out)[0]["without_weights"] == 2
    answer = amor("plan", write(keep=False), "--store", store, "--json")
    assert told(answer) == []
    assert "without_weights" not in json.loads(answer.out)[0]


def test_a_replay_gets_them_and_counts_as_no_second_run(amor, submit, store, write):
    submit(keep=False)
    wanted = trial(store)
    before = repr(open_results(store).sql("SELECT * FROM results ORDER BY ALL").rows())
    answer = amor("replay", wanted, "--store", store, "--save-weights")
    assert answer.code == 0, answer.err
    (kept,) = files(store)
    assert answer.out.startswith("identical bit for bit: ")
    assert answer.err.splitlines()[-1] == f"its weights are kept in {kept}"
    results = open_results(store)
    assert results.weights(wanted) == kept
    assert repr(results.sql("SELECT * FROM results ORDER BY ALL").rows()) == before, "the row that counts stays"
    attempts = results.sql("SELECT attempt_id FROM raw.trials WHERE trial_id = $id", {"id": wanted}).rows()
    epochs = results.sql(
        "SELECT attempt_id, count(*) FROM raw.epochs WHERE trial_id = $id GROUP BY ALL", {"id": wanted}
    )
    assert dict(epochs.rows()) == dict.fromkeys([attempt for (attempt,) in attempts], 3), "it is there as a whole"
    (line,) = told(amor("plan", write(keep=True), "--store", store))
    assert "1 trial (" in line
    assert trial(store, seed=4)[:12] in line
    assert amor("doctor", "--store", store).code == 0
    assert amor("compact", "--store", store).code == 0
    assert open_results(store).weights(wanted) == kept


def test_json_of_a_replay_has_the_file(amor, submit, store):
    submit(keep=False)
    found = json.loads(amor("replay", trial(store), "--store", store, "--save-weights", "--json").out)
    assert [Path(found["weights"])] == files(store)
    assert "weights" not in json.loads(amor("replay", trial(store), "--store", store, "--json").out)


def test_damaged_weights_are_got_again(amor, submit, store):
    submit(keep=True)
    path = open_results(store).weights(trial(store))
    path.write_bytes(path.read_bytes()[:-1])
    assert amor("doctor", "--store", store).code == 1
    assert amor("replay", trial(store), "--store", store, "--save-weights").code == 0
    assert open_results(store).weights(trial(store)) != path
    assert amor("doctor", "--store", store).code == 0


def test_other_numbers_keep_nothing(amor, submit, store, twist):
    submit(keep=False)
    twist("an epoch")
    before = repr(FolderStore(store).rows(Kind.TRIALS))
    answer = amor("replay", trial(store), "--store", store, "--save-weights")
    assert answer.code == 1
    assert answer.err.splitlines()[-1].startswith("its weights are not kept")
    assert files(store) == []
    assert repr(FolderStore(store).rows(Kind.TRIALS)) == before


def refusals(amor, store, twist):
    yield "are in the store already", 2, lambda: amor("replay", trial(store), "--store", store, "--save-weights")
    yield (
        "recorded as diverged",
        2,
        lambda: amor("replay", trial(store, "diverging"), "--store", store, "--save-weights"),
    )
    retract(store, [trial(store)], why="wrong")
    yield "is retracted", 2, lambda: amor("replay", trial(store), "--store", store, "--save-weights")


def test_what_cannot_be_got_is_refused_before_it_is_trained(amor, submit, store, twist):
    submit(keep=True)
    twist("raise")  # if it were trained
    for message, code, ask in refusals(amor, store, twist):
        answer = ask()
        assert (answer.code, answer.out) == (code, "")
        (line,) = answer.err.splitlines()
        assert message in line


def test_a_trainable_that_has_none_is_told(amor, submit, store, twist):
    submit(keep=False)
    twist("no weights")
    answer = amor("replay", trial(store), "--store", store, "--save-weights")
    assert answer.code == 1
    assert "reports no weights of trial" in answer.err.splitlines()[-1]
    assert len(FolderStore(store).rows(Kind.TRIALS)) == 4


def test_a_store_that_cannot_be_written_is_refused_before_it_is_trained(amor, submit, store, twist):
    submit(keep=False)
    twist("raise")
    with read_only(store):
        answer = amor("replay", trial(store), "--store", store, "--save-weights")
    assert answer.code == 2
    (line,) = answer.err.splitlines()
    assert "cannot write to the store" in line


def test_show_names_the_file(amor, submit, store):
    submit(keep=True)
    path = open_results(store).weights(trial(store))
    assert ["weights", str(path)] in [
        line.split() for line in amor("show", trial(store), "--store", store).out.splitlines()
    ]
    assert json.loads(amor("show", trial(store), "--store", store, "--json").out)["weights"] == str(path)
    path.unlink()
    assert "weights " not in amor("show", trial(store), "--store", store).out.replace("weights_file", "")
    assert json.loads(amor("show", trial(store), "--store", store, "--json").out)["weights"] is None


def test_weights_of_a_retracted_trial_stay_and_the_new_run_has_its_own(amor, submit, store):
    submit(keep=True)
    path = open_results(store).weights(trial(store))
    assert amor("retract", trial(store), "--why", "wrong", "--store", store).code == 0
    assert "1 trained" in submit(keep=True).err
    assert path.exists()
    assert open_results(store).weights(trial(store)) != path


SEARCH = """\
schema_version: 1
name: searched
trainable: unsteady:Unsteady
seeds: 2
variants:
  silent: {}
  asking: {keep: true}
search:
  sampler: {name: random, seed: 0}
  parameters:
    level: {type: float, low: 0.1, high: 0.5}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 2
  round_size: 2
  replicates: 2
"""


def test_candidates_keep_theirs_if_one_of_the_searches_that_propose_them_asks(amor, tmp_path, store):
    path = tmp_path / "searched.yaml"
    path.write_text(SEARCH)
    answer = amor("submit", path, "--store", store, "--executor", "inline")
    assert answer.code == 0, answer.err
    sql = "SELECT trial_id, list(DISTINCT variant ORDER BY variant), any_value(weights_file) FROM results GROUP BY 1"
    rows = open_results(store).sql(sql).rows()
    assert [variants for _, variants, _ in rows] == [["asking", "silent"]] * 4
    assert {Layout(store).weights / name for _, _, name in rows} == set(files(store))
