"""Trials that are withdrawn: no view counts them, their rows stay, and new attempts count."""

import threading

import pytest

import results_store
from results_store import FolderStore, Kind, RetractionError, StorePathError, compact, doctor, retract
from results_store.records import EpochRecord, TableRecord

STATES = "SELECT trial_id, state, test_accuracy FROM results ORDER BY member"


@pytest.fixture
def trained(store, make):
    store.publish([make.submission({"a": ["t", "u"], "b": ["v"]})])
    for trial in ("t", "u"):
        attempts = {"trial_id": trial, "attempt_id": f"{trial}-1"}
        store.publish([EpochRecord(**attempts, epoch=epoch, metrics={"train_loss": 1.0}) for epoch in range(2)])
        store.publish([make.trial(trial)])
    return store


def states(store):
    return results_store.open(store.path).sql(STATES).rows()


def test_a_retracted_trial_is_in_no_view_and_its_rows_stay(trained):
    (done,) = retract(trained.path, ["t"], why="  the data was wrong ")
    assert (done.trial_id, done.attempt_ids, done.reason) == ("t", ("t-1",), "the data was wrong")
    assert states(trained) == [("t", "retracted", None), ("u", "completed", 0.5), ("v", "pending", None)]
    opened = results_store.open(trained.path)
    assert opened.sql("SELECT DISTINCT trial_id FROM trials").rows() == [("u",)]
    assert opened.sql("SELECT DISTINCT trial_id FROM epochs").rows() == [("u",)]
    assert {row["trial_id"] for row in trained.rows(Kind.TRIALS)} == {"t", "u"}
    assert [row["reason"] for row in trained.rows(Kind.RETRACTIONS)] == ["the data was wrong"]
    assert trained.finished(["t", "u"]) == {"u": "completed"}


def test_a_new_attempt_counts_and_can_be_retracted_too(trained, make):
    retract(trained.path, ["t"], why="wrong")
    trained.publish([make.trial("t", attempt_id="t-2", minutes=5, metrics={"test_accuracy": 0.75})])
    assert states(trained)[0] == ("t", "completed", 0.75)
    (again,) = retract(trained.path, ["t"], why="wrong again")
    assert again.attempt_ids == ("t-2",)
    assert states(trained)[0] == ("t", "retracted", None)


def test_every_attempt_that_is_there_is_withdrawn(trained, make):
    """Also those of a second driver, which would count if the first one did not."""
    trained.publish([make.trial("t", attempt_id="t-2", minutes=5), make.trial("t", attempt_id="t-3", status="pruned")])
    (done,) = retract(trained.path, ["t"], why="wrong")
    assert done.attempt_ids == ("t-1", "t-2", "t-3")
    assert states(trained)[0][1] == "retracted"


def test_a_table_tells_how_many_are_retracted(store, make):
    sql = "SELECT variant, list(test_accuracy ORDER BY seed) AS x, list(state ORDER BY seed) AS state FROM results GROUP BY 1"
    tables = [TableRecord(name="all", sql=sql)]
    store.publish([make.submission({"a": ["t", "u", "v"]}, tables=tables)])
    store.publish([make.trial(trial, metrics={"test_accuracy": 0.5}) for trial in "tuv"])
    retract(store.path, ["u"], why="wrong")
    table = results_store.open(store.path).table("demo", "all")
    assert "a: of 3 replicates, 1 retracted." in table.footnotes()
    assert "n=2 of 3" in table.markdown()


@pytest.mark.parametrize(
    ("trials", "why", "message"),
    [
        (["v"], "x", "trial v was never trained"),
        (["none"], "x", "trial none was never trained"),
        (["u", "t"], "x", "trial t is retracted already"),
        (["u"], " \n", "needs a reason"),
        ([], "x", "no trial to retract"),
    ],
)
def test_what_cannot_be_retracted_is_refused_whole(trained, trials, why, message):
    retract(trained.path, ["t"], why="first")
    with pytest.raises(RetractionError, match=message) as caught:
        retract(trained.path, trials, why=why)
    assert "\n" not in str(caught.value)
    assert len(trained.rows(Kind.RETRACTIONS)) == 1


def test_a_store_that_is_not_there_is_refused(weird_path):
    with pytest.raises(StorePathError, match="there is no store at"):
        retract(weird_path / "none", ["t"], why="x")
    assert not (weird_path / "none").exists()


def test_views_stay_when_retractions_are_compacted(trained, make):
    retract(trained.path, ["t"], why="wrong")
    trained.publish([make.trial("t", attempt_id="t-2", minutes=5)])
    retract(trained.path, ["u"], why="wrong too")
    before = states(trained)
    assert [state for _, state, _ in before] == ["completed", "retracted", "pending"]
    compact(trained.path)
    assert states(trained) == before
    assert len(list((trained.path / "retractions").iterdir())) == 1
    assert len(trained.rows(Kind.RETRACTIONS)) == 2


@pytest.mark.parametrize("upkeep", [compact, doctor, lambda path: FolderStore(path).quarantine()])
def test_a_damaged_retraction_is_told_until_somebody_acts(trained, upkeep):
    """A withdrawn number that comes back must not be told once only, to whoever moved the file."""
    retract(trained.path, ["t"], why="wrong")
    (file,) = (trained.path / "retractions").iterdir()
    sound = file.read_bytes()
    file.write_bytes(sound[:-1])
    upkeep(trained.path)
    (moved,) = (trained.path / "quarantine" / "retractions").iterdir()
    for _ in range(2):
        (problem,) = results_store.open(trained.path).problems
        assert problem.path == moved
        assert "count again; retract them again" in problem.reason
        assert moved in {found.path for found in doctor(trained.path).findings}
        assert FolderStore(trained.path).quarantine() == ()
    file.write_bytes(sound)
    assert results_store.open(trained.path).problems == ()
    file.unlink()
    moved.unlink()
    assert results_store.open(trained.path).problems == ()


def test_retractions_of_the_same_trial_at_once(trained):
    """In the end it is withdrawn, whether one or all of them wrote it down."""
    barrier = threading.Barrier(3)
    refused = []

    def work():
        barrier.wait()
        try:
            retract(trained.path, ["t"], why="all at once")
        except RetractionError as error:
            refused.append(error)  # another one was faster

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [state for _, state, _ in states(trained)] == ["retracted", "completed", "pending"]
    assert len(trained.rows(Kind.RETRACTIONS)) == 3 - len(refused) >= 1
