"""The commands `doctor` and `retract`, and what the next submit makes of them."""

import json

import pytest
from read_only import read_only

from results_store.compaction.lock import only_one
from results_store.layout import Layout

QUERY = "SELECT variant, seed, state, score FROM results ORDER BY ALL"


@pytest.fixture
def study(write_study):
    return write_study()


@pytest.fixture
def store(amor, study, tmp_path):
    path = tmp_path / "store"
    assert amor("submit", study, "--store", path, "--executor", "inline").code == 0
    return path


def rows(amor, store, sql=QUERY):
    return json.loads(amor("query", sql, "--store", store, "--format", "json").out)


def trial_ids(amor, store):
    return [row["trial_id"] for row in rows(amor, store, "SELECT trial_id FROM results ORDER BY variant, seed")]


def damage(store):
    file = min((store / "trials").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    return file


def test_doctor_of_a_sound_store(amor, store):
    answer = amor("doctor", "--store", store)
    assert (answer.code, answer.out) == (0, "")
    assert answer.err.endswith(" rows: all is well\n")
    answer = amor("doctor", "--store", store, "--json")
    found = json.loads(answer.out)
    assert (answer.code, found["findings"], found["notes"]) == (0, [], [])
    assert found["rows"] > 4


def test_doctor_repairs_and_submit_trains_again(amor, store, study):
    before = rows(amor, store)
    file = damage(store)
    answer = amor("doctor", "--store", store)
    assert answer.code == 1
    (line,) = answer.out.splitlines()
    assert line.startswith(f"{file}: it is damaged")
    assert line.endswith("; moved to quarantine/")
    assert "1 finding, 1 repaired" in answer.err
    assert (store / "quarantine" / "trials" / file.name).exists()
    again = amor("doctor", "--store", store)
    assert again.code == 0
    assert "without a row in trials/" in again.err, "the epochs of the trials that are gone"
    assert amor("submit", study, "--store", store, "--executor", "inline").code == 0
    assert rows(amor, store) == before


def test_doctor_in_json_lists_what_it_cannot_repair(amor, store):
    (store / "paper.pdf").write_text("mine")
    for _ in range(2):
        answer = amor("doctor", "--store", store, "--json")
        assert answer.code == 1
        (found,) = json.loads(answer.out)["findings"]
        assert (found["path"], found["repaired"]) == (str(store / "paper.pdf"), False)


@pytest.mark.parametrize("command", ["doctor", "compact", "retract", "query"])
@pytest.mark.parametrize("case", ["missing", "empty", "file"])
def test_no_store_is_one_line(amor, tmp_path, command, case):
    path = tmp_path / "none"
    if case == "empty":
        path.mkdir()
    if case == "file":
        path.write_text("x")
    more = {"retract": ["abc", "--why", "x"], "query": ["SELECT 1"]}.get(command, [])
    answer = amor(command, *more, "--store", path)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.count("\n") == 1
    assert ("is a file" if case == "file" else "amor submit makes one") in answer.err
    assert case != "missing" or not path.exists()


def test_doctor_waits_for_no_compaction(amor, store):
    with only_one(Layout(store)):
        answer = amor("doctor", "--store", store)
    assert (answer.code, answer.out, answer.err.count("\n")) == (1, "", 1)


def test_retract_and_train_again(amor, store, study):
    before = rows(amor, store)
    first, second, *_ = trial_ids(amor, store)
    answer = amor("retract", first[:8], second, "--why", "the data was wrong", "--store", store)
    assert (answer.code, answer.out) == (0, "")
    assert f"retracted {first} (1 attempt): the data was wrong" in answer.err
    assert [row["state"] for row in rows(amor, store)] == ["retracted", "retracted", "completed", "completed"]
    assert "one: of 2 replicates, 2 retracted." in amor("table", "numbers", "--store", store).out
    shown = amor("show", first, "--store", store)
    assert shown.code == 0
    assert "the data was wrong" in shown.out
    (plan,) = json.loads(amor("plan", study, "--store", store, "--json").out)
    assert (plan["done"], plan["to_run"]) == (2, 2)
    assert amor("compact", "--store", store).code == 0
    assert [row["state"] for row in rows(amor, store)] == ["retracted", "retracted", "completed", "completed"]
    assert amor("submit", study, "--store", store, "--executor", "inline").code == 0
    assert rows(amor, store) == before
    counts = rows(amor, store, "SELECT count(*) AS n FROM raw.trials WHERE trial_id = '" + first + "'")
    assert counts == [{"n": 2}], "the withdrawn row stays"
    assert amor("doctor", "--store", store).code == 0


def test_retract_in_json(amor, store):
    first, *_ = trial_ids(amor, store)
    answer = amor("retract", first, "--why", "x", "--store", store, "--json")
    (row,) = json.loads(answer.out)
    assert (row["trial_id"], row["reason"], len(row["attempt_ids"])) == (first, "x", 1)


def test_what_cannot_be_retracted_is_one_line(amor, store, write_study):
    first, second, *_ = trial_ids(amor, store)
    amor("retract", first, "--why", "x", "--store", store)
    cases = {
        (first, "--why", "x"): "is retracted already",
        ("nothing", "--why", "x"): "no trial 'nothing' in the store",
        ("", "--why", "x"): "several trials begin with ''",
        (second, "nothing", "--why", "x"): "no trial 'nothing' in the store",
        (second, "--why", " "): "needs a reason",
    }
    for arguments, message in cases.items():
        answer = amor("retract", *arguments, "--store", store)
        assert (answer.code, answer.out) == (2, ""), arguments
        assert message in answer.err
        assert answer.err.count("\n") == 1
    assert amor("retract", second, "--store", store).code == 2, "--why is required"
    assert [row["state"] for row in rows(amor, store)].count("retracted") == 1


def test_an_ambiguous_prefix_and_a_trial_without_rows(amor, tmp_path, write_study):
    seeds = 17  # two of them begin with the same digit
    path, study = tmp_path / "store", write_study("many", seeds, one={"number": 1})
    amor("submit", study, "--store", path, "--executor", "inline")
    digits = [trial[0] for trial in trial_ids(amor, path)]
    twice = next(digit for digit in digits if digits.count(digit) > 1)
    answer = amor("retract", twice, "--why", "x", "--store", path)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert f"several trials begin with '{twice}'" in answer.err
    failing = write_study("failing", 1, bad={"behaviour": "raise"})
    amor("submit", failing, "--store", path, "--executor", "inline")
    (bad,) = rows(amor, path, "SELECT trial_id FROM results WHERE study = 'failing'")
    answer = amor("retract", bad["trial_id"], "--why", "x", "--store", path)
    assert (answer.code, answer.err.count("\n")) == (2, 1)
    assert "was never trained: there is nothing to retract" in answer.err


def test_a_read_only_store_is_refused_by_submit_and_answers_queries(amor, store, study):
    before = rows(amor, store)
    file = damage(store)
    with read_only(store):
        left = amor("query", QUERY, "--store", store, "--format", "json")
        assert left.code == 0
        assert file.name in left.err
        assert [row["state"] for row in json.loads(left.out)] != [row["state"] for row in before]
        for command in (["submit", study, "--executor", "inline"], ["compact"]):
            answer = amor(*command, "--store", store)
            assert (answer.code, answer.out) == (2, ""), command
            assert "cannot write to the store" in answer.err.splitlines()[-1]
        answer = amor("doctor", "--store", store)
        assert answer.code == 1
        assert "nothing could be done: the store cannot be written to" in answer.out
        assert "note: nothing can be repaired" in answer.err
    assert amor("submit", study, "--store", store, "--executor", "inline").code == 0
    assert rows(amor, store) == before


def test_a_retraction_in_a_read_only_store_is_one_line(amor, store):
    first, *_ = trial_ids(amor, store)
    with read_only(store):
        answer = amor("retract", first, "--why", "x", "--store", store)
    assert (answer.code, answer.out, answer.err.count("\n")) == (2, "", 1)
    assert "cannot write to the store" in answer.err
    assert rows(amor, store)[0]["state"] == "completed"
