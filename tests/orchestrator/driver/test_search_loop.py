"""A search as a user runs it: its record in the store, and what interrupts it."""

import json
import os
import signal
import threading

import pytest
from submitting import submit

from orchestrator.errors import ExecutionError, StudyError
from orchestrator.executors.inline import InlineExecutor
from orchestrator.search import course
from results_store import FolderStore, retract
from results_store import open as open_results

TEXT = """\
schema_version: 1
name: gates
trainable: do_nothing
seeds: 4
base: {{spread: 0.5, epochs: 8}}
variants: {{narrow: {{}}, wide: {{spread: 2.0}}, fixed: {{value: 3.0}}}}
search:
  sampler: {{name: {sampler}, seed: 2}}
  parameters:
    value: {{type: float, low: -3.0, high: 3.0, when: {{variant: [narrow, wide]}}}}
  objectives:
    - {{metric: score, direction: maximize}}
  max_trials: {max_trials}
  round_size: 4
  replicates: 2
  pruning: {pruning}
  confirm: {{top: 2, seeds: 3}}
"""
RACING = "{method: racing, first_seeds: 1, keep: 0.5}"
HALVING = "{method: halving, first_epochs: 1, factor: 2}"
PRUNINGS = {"whole": "null", "racing": RACING, "halving": HALVING}
VIEW = """
    SELECT variant, candidate, round_index, parameters, cell_id, state, objective_values, rank, on_front,
        num_replicates, confirmed_n, confirmed_score, reason
    FROM candidates ORDER BY ALL
"""
TRIALS = "SELECT trial_id, seed, status, score FROM trials ORDER BY ALL"
MEMBERS = "SELECT variant, phase, cell_id, seed, state, score FROM results ORDER BY ALL"


def write(folder, pruning="null", max_trials=8, sampler="tpe", text=TEXT):
    path = folder / "gates.yaml"
    path.write_text(text.format(pruning=pruning, max_trials=max_trials, sampler=sampler), encoding="utf-8")
    return path


def shown(store):
    results = open_results(store)
    return [results.sql(sql).rows() for sql in (VIEW, TRIALS, MEMBERS)]


class KilledError(BaseException):
    """The driver dies here."""


def kill_at(monkeypatch, moment):
    """From now on the driver dies at a call of publish, before or after it has had an effect."""
    publish, left = FolderStore.publish, [moment]

    def deadly(self, records):
        if not records or threading.current_thread() is not threading.main_thread():
            return publish(self, records)  # a thread that dies alone is no driver that dies
        left[0] -= 1
        if left[0] == -1:
            raise KilledError
        publish(self, records)
        left[0] -= 1
        if left[0] == -1:
            raise KilledError
        return None

    monkeypatch.setattr(FolderStore, "publish", deadly)


@pytest.mark.parametrize("pruning", PRUNINGS.values(), ids=PRUNINGS)
def test_killed_at_any_write_it_ends_like_an_undisturbed_run(tmp_path, pruning):
    small = TEXT.replace(
        "{{narrow: {{}}, wide: {{spread: 2.0}}, fixed: {{value: 3.0}}}}", "{{narrow: {{}}, wide: {{spread: 2.0}}}}"
    )
    path = write(tmp_path, pruning, max_trials=4, text=small.replace("round_size: 4", "round_size: 2"))
    submit(path, tmp_path / "undisturbed")
    expected = shown(tmp_path / "undisturbed")
    num_kills = 0
    for moment in range(0, 200, 6):
        store = tmp_path / f"killed {moment}"
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, moment)
            try:
                submit(path, store)
                break
            except KilledError:
                num_kills += 1
        submit(path, store)
        assert shown(store) == expected, moment
    assert num_kills >= 5


def test_killed_again_and_again_and_on_other_workers_it_ends_the_same(tmp_path):
    path = write(tmp_path, RACING, max_trials=12)
    submit(path, tmp_path / "undisturbed", stack_size=1)
    store = tmp_path / "killed"
    for _ in range(60):
        with pytest.MonkeyPatch.context() as patch:
            kill_at(patch, 5)
            try:
                submit(path, store, num_workers=3, stack_size=5)
                break
            except KilledError:
                continue
    else:
        pytest.fail("it never came to its end")
    assert shown(store) == shown(tmp_path / "undisturbed")


def test_on_ray_it_ends_like_in_one_process(tmp_path, ray_cluster):
    path = write(tmp_path, HALVING)
    submit(path, tmp_path / "inline")
    address = ray_cluster.get_runtime_context().gcs_address
    outcome = submit(path, tmp_path / "ray", executor="ray", address=address, num_workers=2)
    assert outcome.is_complete
    assert shown(tmp_path / "ray") == shown(tmp_path / "inline")


def test_a_finished_search_trains_nothing_and_records_nothing_but_its_submission(tmp_path):
    path = write(tmp_path, RACING)
    submit(path, tmp_path / "store")
    before, files = shown(tmp_path / "store"), sorted((tmp_path / "store" / "search").iterdir())
    (study,) = submit(path, tmp_path / "store").studies
    assert study.num_trained == study.num_failed == study.num_left == 0
    assert study.num_done_before == study.num_trials == 2 * (8 + 4 + 6) + 4
    assert sorted((tmp_path / "store" / "search").iterdir()) == files
    assert shown(tmp_path / "store") == before


def test_what_came_of_it_is_counted(tmp_path):
    (study,) = submit(write(tmp_path, RACING), tmp_path / "store").studies
    assert [search.variants for search in study.searches] == [("narrow",), ("wide",)]
    for search in study.searches:
        assert (search.num_completed, search.num_pruned, search.num_failed) == (4, 4, 0)
        assert search.num_confirmed == 2
        assert search.ended is None
    # per search 8 first seeds, 4 second ones, 2 winners on 3 seeds; and four of the fixed variant
    assert study.num_trained == 2 * (8 + 4 + 6) + 4
    assert study.is_broken is False


def test_raising_max_trials_goes_on(tmp_path):
    path = write(tmp_path)
    submit(path, tmp_path / "grown")
    submit(path, tmp_path / "grown", ["search.max_trials=13"])
    submit(path, tmp_path / "whole", ["search.max_trials=13"])
    grown, whole = (open_results(tmp_path / name).sql(VIEW).rows() for name in ("grown", "whole"))
    ignore_confirmed = [row[:10] for row in grown], [row[:10] for row in whole]
    assert ignore_confirmed[0] == ignore_confirmed[1]


def test_fewer_than_have_been_told_are_refused(tmp_path):
    path = write(tmp_path)
    submit(path, tmp_path / "store")
    num_submissions = len(list((tmp_path / "store" / "studies").iterdir()))
    with pytest.raises(StudyError) as caught:
        submit(path, tmp_path / "store", ["search.max_trials=7"])
    assert str(caught.value) == (
        "--set search.max_trials=7: search.max_trials: 8 candidates have been told already (got 7); take at least as "
        "many, in the file or by --set, or another sampler.seed for another search"
    )
    assert len(list((tmp_path / "store" / "studies").iterdir())) == num_submissions
    path.write_text(path.read_text().replace("max_trials: 8", "max_trials: 3"))
    with pytest.raises(StudyError, match=r"gates\.yaml:\d+:15: search\.max_trials: 8 candidates have been told"):
        submit(path, tmp_path / "store")


def test_only_one_variant_is_searched(tmp_path):
    submit(write(tmp_path), tmp_path / "store", only=("wide",))
    rows = open_results(tmp_path / "store").sql("SELECT DISTINCT variant FROM candidates").rows()
    assert rows == [("wide",)]


def test_what_is_in_the_store_is_not_trained_again(tmp_path):
    """Another search of the same space, and the grid of another study, find their trials."""
    submit(write(tmp_path, sampler="qmc"), tmp_path / "store")
    other = TEXT.replace("name: gates", "name: others").replace("round_size: 4", "round_size: 8")
    path = write(tmp_path, sampler="qmc", text=other)
    (study,) = submit(path, tmp_path / "store").studies
    searches = open_results(tmp_path / "store").sql("SELECT count(DISTINCT search_id) FROM raw.search").rows()
    assert searches == [(4,)], "another round size is another search"
    assert study.num_trained == 0, "but its points are the same"


@pytest.mark.parametrize(
    ("pruning", "state"), [("null", "completed"), (RACING, "pruned"), (HALVING, "pruned"), (HALVING, "completed")]
)
def test_trials_that_are_withdrawn_are_trained_again(tmp_path, pruning, state):
    path, store = write(tmp_path, pruning), tmp_path / "store"
    submit(path, store)
    before = shown(store)
    ((trial_ids,),) = (
        open_results(store)
        .sql("SELECT trial_ids FROM raw.candidates WHERE state = $state ORDER BY ALL LIMIT 1", {"state": state})
        .rows()
    )
    retract(store, trial_ids[:1], why="a bad machine")
    (study,) = submit(path, store).studies
    assert study.num_trained + study.num_cut >= 1
    assert shown(store) == before
    (study,) = submit(path, store).studies
    assert study.num_trained == study.num_cut == 0


def test_a_trial_that_diverged_for_a_wrong_reason_is_judged_anew(tmp_path):
    """The trainable is mended, its wrong rows are withdrawn: what was told of them is no longer true."""
    text = TEXT.replace("trainable: do_nothing", "trainable: capricious:Capricious").replace(", epochs: 8", "")
    path, store = write(tmp_path, text=text), tmp_path / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAPRICIOUS_DIVERGES", "1")
        submit(path, store)
    rows = open_results(store).sql("SELECT trial_id FROM trials WHERE status = 'diverged'").rows()
    assert rows
    assert open_results(store).sql("SELECT count(*) > 0 FROM candidates WHERE state = 'failed'").rows() == [(True,)]
    retract(store, [trial_id for (trial_id,) in rows], why="a fault that is mended")
    submit(path, store)
    submit(path, tmp_path / "undisturbed")
    failed = "SELECT count(*) FROM candidates WHERE state = 'failed'"
    assert open_results(store).sql(failed).rows() == open_results(tmp_path / "undisturbed").sql(failed).rows() == [(0,)]


def test_halving_takes_the_first_report_behind_its_cut(tmp_path):
    text = TEXT.replace("trainable: do_nothing", "trainable: capricious:Sparse").replace(", epochs: 8", "")
    (study,) = submit(write(tmp_path, HALVING, text=text), tmp_path / "store").studies
    assert study.stop_reason is None
    states = open_results(tmp_path / "store").sql("SELECT state, count(*) FROM candidates GROUP BY ALL ORDER BY ALL")
    assert states.rows() == [("completed", 4), ("pruned", 12)]


def test_at_a_barrier_nobody_stands_there_with_final_metrics(tmp_path):
    """Whole trials of which the epochs are damaged are trained to the cut again."""
    plain, halving = write(tmp_path), tmp_path / "halving.yaml"
    store = tmp_path / "store"
    submit(plain, store)
    for path in (store / "epochs").iterdir():
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    halving.write_text(plain.read_text().replace("pruning: null", f"pruning: {HALVING}"))
    submit(halving, store)
    submit(halving, tmp_path / "clean")
    rows = "SELECT candidate, variant, state, objective_values FROM candidates ORDER BY ALL"
    assert open_results(store).sql(rows).rows() == open_results(tmp_path / "clean").sql(rows).rows()


@pytest.mark.parametrize("at_once", [False, True])
def test_a_signal_between_two_rounds_begins_no_other(tmp_path, at_once):
    path, store = write(tmp_path), tmp_path / "store"
    submit(path, store)
    for file in (store / "search").iterdir():
        file.unlink()
    rounds, propose = [], course.propose

    def interrupting(*arguments):
        rounds.append(arguments)
        os.kill(os.getpid(), signal.SIGTERM if at_once else signal.SIGINT)
        return propose(*arguments)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(course, "propose", interrupting)
        outcome = submit(path, store)
    assert outcome.was_interrupted
    assert len(rounds) == 1
    assert outcome.studies[0].stop_reason == ("terminated" if at_once else "interrupted")
    submit(path, store)
    assert open_results(store).sql("SELECT count(*) FROM candidates WHERE state = 'completed'").rows() == [(16,)]


def test_a_study_that_cannot_be_run_leaves_nothing(tmp_path, monkeypatch):
    def refuse(self, setup, num_workers):
        raise ExecutionError("no workers")

    monkeypatch.setattr(InlineExecutor, "open", refuse)
    with pytest.raises(ExecutionError):
        submit(write(tmp_path), tmp_path / "store")
    store = FolderStore(tmp_path / "store")
    assert not list((store.path / "search").glob("*"))
    assert not list((store.path / "studies").glob("*"))


def test_failures_of_all_rounds_count_together(tmp_path):
    text = TEXT.replace("trainable: do_nothing", "trainable: capricious:Capricious").replace(", epochs: 8", "")
    path, store = write(tmp_path, max_trials=40, text=text), tmp_path / "store"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CAPRICIOUS_RAISES", "1")
        (study,) = submit(path, store, ["limits.max_failed_trials=24"], stack_size=1).studies
    assert study.stop_reason == "25 trials failed; the study allows 24"
    told = "SELECT count(*) FROM candidates WHERE state = 'failed'"
    assert open_results(store).sql(told).rows()[0][0] >= 2, "the first round had fewer, and was told"


def test_the_time_of_all_rounds_counts_together(tmp_path):
    path = write(tmp_path, max_trials=40)
    clock = iter(range(0, 10**6, 2))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestrator.driver.clock.SystemClock.now_s", lambda self: float(next(clock)))
        (study,) = submit(path, tmp_path / "store", ["limits.time_budget_s=300"]).studies
    assert study.stop_reason == "the time budget of 300 s is spent"
    rounds = open_results(tmp_path / "store").sql("SELECT count(DISTINCT round_index) FROM candidates").rows()[0][0]
    assert 1 < rounds < 10, "some rounds were begun, and not all"


def test_the_submission_says_what_is_searched(tmp_path):
    submit(write(tmp_path, RACING), tmp_path / "store")
    (text,) = open_results(tmp_path / "store").sql("SELECT searches FROM studies").rows()[0]
    narrow, wide = json.loads(text)
    assert narrow["variants"] == ["narrow"]
    assert wide["max_trials"] == 8
    assert narrow["pruning"] == {"method": "racing", "first_seeds": 1, "keep": 0.5}
    assert json.loads(narrow["parameters"]["value"])["name"] == "FloatDistribution"


def test_the_searches_of_a_variant_at_each_grid_point_are_told_apart(tmp_path, capsys):
    text = TEXT.replace("search:\n", "grid: {{sleep_s: [0.0, 0.001]}}\nsearch:\n", 1)
    (study,) = submit(write(tmp_path, max_trials=4, text=text), tmp_path / "store").studies
    assert [search.point for search in study.searches] == ["sleep_s=0", "sleep_s=0.001"] * 2
    said = capsys.readouterr().err
    assert "gates: narrow, sleep_s=0.001: searches value by tpe" in said
    assert "gates: narrow, sleep_s=0.001: 4 of 4 candidates told" in said
    results = open_results(tmp_path / "store")
    assert [info.point for info in results.searches("gates")] == ["sleep_s=0", "sleep_s=0.001"] * 2
    sql = "SELECT count(DISTINCT (variant, point)) = count(DISTINCT (variant, cell_id)) FROM results"
    assert results.sql(f"{sql} WHERE phase <> 'grid'").rows() == [(True,)]
    assert results.search("gates", "narrow, sleep_s=0.001").name == "gates narrow, sleep_s=0.001"
    labels = [line.label for line in results.table("gates", "best").lines]
    assert {label.partition(" (")[0] for label in labels} == {
        f"{variant}, sleep_s={value}" for variant in ("narrow", "wide") for value in ("0", "0.001")
    }
