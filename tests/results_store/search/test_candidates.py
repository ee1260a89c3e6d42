"""The view `candidates`: which candidates a study has, how they stand, and which is better."""

import dataclasses
import math

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import results_store
from results_store import FolderStore, Kind, Layout, RecordError, compact, retract
from results_store.records import MetricInfo
from results_store.schemas import check_submission
from results_store.schemas.names import NAMES_OF_CANDIDATES
from results_store.search import SearchConstraint
from results_store.stores.publishing import encode, publish


def rows(store, sql="SELECT * FROM candidates ORDER BY study, search_id, variant, candidate"):
    return results_store.open(store.path).sql(sql).dicts()


def one(store, sql="SELECT * FROM candidates"):
    (row,) = rows(store, sql)
    return row


def dominates(first, second):
    """Whether a candidate beats another: (is_feasible, violation, losses)."""
    if first[0] != second[0]:
        return first[0]
    if not first[0]:
        return first[1] < second[1]
    pairs = list(zip(first[2], second[2], strict=True))
    return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)


halves = st.sampled_from([-math.inf, -1.5, -0.0, 0.0, 0.5, 2.0, math.inf])
bounds = st.lists(st.sampled_from([-1.0, 0.0, 0.5, 1.0]), min_size=2, max_size=2)
outcomes = st.tuples(
    st.sampled_from(["completed"] * 5 + ["failed", "pruned", None]),
    st.lists(halves, min_size=3, max_size=3),
    st.one_of(st.just([0.0, 0.0]), bounds),
    st.integers(0, 2),
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 3), st.lists(outcomes, min_size=1, max_size=12), st.integers(1, 12), st.booleans())
def test_ranks_and_fronts_are_those_of_brute_force(tmp_path_factory, of, trials, number, found, max_trials, maximize):
    store = FolderStore(tmp_path_factory.mktemp("store") / "results")
    objectives = (dataclasses.replace(of.accuracy, direction="maximize" if maximize else "minimize"), of.rate, of.scale)
    objectives = objectives[:number]
    info = of.info(objectives=objectives, max_trials=max_trials, variants=("a", "b"))
    store.publish([of.submission(info), of.submission(of.info(objectives=objectives), study="other", minutes=1)])
    told, standing = [], {}
    for place, (state, values, violations, _) in enumerate(found):
        if state is not None:
            result = {"objective_values": values[:number], "violations": violations} if state == "completed" else {}
            result = {"objective_values": None, "violations": None} | result
            told.append(of.told(place, state=state, round_index=place // 3, **of.by(*objectives), **result))
        if state == "completed" and place < max_trials:
            signs = [-1 if objective.direction == "maximize" else 1 for objective in objectives]
            losses = [sign * value for sign, value in zip(signs, values, strict=False)]
            excess = sum(max(violation, 0) for violation in violations)
            standing[place] = (excess == 0, excess, losses)
    store.publish([of.asked(place, round_index=place // 3, **of.by(*objectives)) for place in range(len(found))])
    store.publish(told)
    store.publish([trial for place in range(len(found)) for trial in trials(place)])

    shown = rows(store, "SELECT * FROM candidates WHERE study = 'demo' AND variant = 'b' ORDER BY candidate")
    assert [row["candidate"] for row in shown] == list(range(min(len(found), max_trials)))
    for row in shown:
        mine = standing.get(row["candidate"])
        rank = None if mine is None else 1 + sum(dominates(other, mine) for other in standing.values())
        assert row["rank"] == rank
        assert row["is_feasible"] == (None if mine is None else mine[0])
        assert row["on_front"] == (mine is not None and mine[0] and rank == 1)
        assert row["state"] == (found[row["candidate"]][0] or "pending")
    assert len(rows(store, "SELECT * FROM candidates WHERE study = 'other'")) == len(found)

    so_far = {}
    for row in rows(store, "SELECT * FROM rounds WHERE study = 'demo' AND variant = 'a' ORDER BY round_index"):
        so_far |= {place: mine for place, mine in standing.items() if place // 3 == row["round_index"] and mine[0]}
        front = [mine for mine in so_far.values() if not any(dominates(other, mine) for other in so_far.values())]
        assert row["front_size"] == (len(front) if number > 1 else None)
        best = front[0][2][0] * (-1 if maximize else 1) if number == 1 and front else None
        assert row["best"] == best


def test_a_candidate_from_asking_to_confirming(store, of, trials):
    store.publish([of.submission()])
    assert rows(store) == []
    store.publish([of.asked(0)])
    row = one(store)
    assert (row["state"], row["num_replicates"], row["rank"], row["on_front"]) == ("pending", 0, None, False)
    assert (row["study"], row["variant"], row["model_gate_scale"]) == ("demo", "searched", 1.0)
    store.publish(trials(0, [0], validation_accuracy=0.5, test_accuracy=0.4))
    assert one(store)["num_replicates"] == 1
    store.publish(trials(0, [1], validation_accuracy=1.0, test_accuracy=0.6))
    store.publish([of.told(0, 0.75)])
    row = one(store)
    assert (row["state"], row["num_replicates"], row["rank"], row["on_front"]) == ("completed", 2, 1, True)
    assert (row["validation_accuracy"], row["confirmed_n"], row["confirmed_test_accuracy"]) == (0.75, None, None)
    store.publish([of.confirmed(0), of.confirmed(0, seeds=[9, 10], minutes=30), of.confirmed(0, study="other")])
    row = one(store)
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (0, 4, None)
    store.publish(trials(0, [7, 9], validation_accuracy=0.0, test_accuracy=lambda seed: seed / 16))
    row = one(store)
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (2, 4, None)
    store.publish(trials(0, [8, 10], validation_accuracy=0.0, test_accuracy=lambda seed: seed / 16))
    row = one(store)
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (4, 4, 8.5 / 16)
    assert (row["num_replicates"], row["validation_accuracy"]) == (2, 0.75), "confirming changes nothing of the search"


def test_a_mean_over_some_of_the_confirming_trials_only_is_none(store, of, trials):
    store.publish([of.submission(), of.submission(study="other")])
    store.publish([of.asked(0), of.told(0), of.confirmed(0)])
    store.publish(trials(0, [7], test_accuracy=0.5) + trials(0, [8], status="diverged", train_loss=1.0))
    row = one(store, "SELECT * FROM candidates WHERE study = 'demo'")
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (1, 3, None)
    store.publish(trials(0, [9], test_accuracy=0.5))
    row = one(store, "SELECT * FROM candidates WHERE study = 'demo'")
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (2, 3, None)


@pytest.mark.parametrize("status", ["diverged", "pruned"])
def test_a_number_of_a_confirming_trial_that_is_not_completed_does_not_count(store, of, trials, status):
    store.publish([of.submission()])
    store.publish([of.asked(0), of.told(0), of.confirmed(0)])
    store.publish(trials(0, [7, 8], test_accuracy=0.5) + trials(0, [9], status=status, test_accuracy=0.5))
    row = one(store)
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (2, 3, None)


def test_a_number_that_is_none_makes_no_mean_of_what_confirms(store, of, trials):
    store.publish([of.submission()])
    store.publish([of.asked(0), of.told(0), of.confirmed(0, seeds=[7, 8])])
    store.publish(trials(0, [7], test_accuracy=0.5) + trials(0, [8], test_accuracy=math.nan))
    row = one(store)
    assert (row["confirmed_n"], row["confirmed_asked"], row["confirmed_test_accuracy"]) == (2, 2, None)


def test_without_a_counterpart_on_the_test_split_the_metric_itself_is_confirmed(store, of, trials):
    train = dataclasses.replace(of.accuracy, name="train_loss", direction="minimize")
    bare = dataclasses.replace(of.accuracy, name="validation_odd")
    store.publish([of.submission(of.info(objectives=(train, bare)))])
    store.publish([of.asked(0, **of.by(train, bare)), of.confirmed(0, **of.by(train, bare))])
    store.publish(trials(0, [7, 8, 9], train_loss=0.25, validation_odd=lambda seed: seed))
    row = one(store)
    assert (row["confirmed_train_loss"], row["confirmed_validation_odd"]) == (0.25, 8.0)
    declared = [MetricInfo(name="test_odd")]
    store.publish([of.submission(study="another", metrics=declared)])
    row = one(store, "SELECT * FROM candidates WHERE study = 'demo'")
    assert row["confirmed_test_odd"] is None
    assert "confirmed_validation_odd" not in row


def test_a_retracted_trial_makes_its_candidate_retracted(store, of, trials):
    store.publish([of.submission()])
    store.publish([of.asked(0), of.told(0, 0.9), of.asked(1), of.told(1, 0.5), of.asked(2)])
    store.publish([of.told(2, state="failed", objective_values=None, reason="replicate 1 of 2 failed")])
    store.publish([trial for number in range(2) for trial in trials(number)])
    assert [(row["state"], row["rank"]) for row in rows(store)] == [
        ("completed", 1),
        ("completed", 2),
        ("failed", None),
    ]
    retract(store.path, of.trial_ids(0, [1]), why="wrong data")
    found = [(row["state"], row["rank"], row["num_replicates"]) for row in rows(store)]
    assert found == [("retracted", None, 1), ("completed", 1, 2), ("failed", None, 0)]
    (first,) = rows(store, "SELECT * FROM rounds")
    assert (first["num_completed"], first["num_retracted"], first["num_failed"], first["best"]) == (1, 1, 1, 0.5)


@pytest.mark.parametrize("state", ["failed", "pruned"])
def test_a_candidate_that_came_to_nothing_is_retracted_with_its_trial(store, of, trials, state):
    store.publish([of.submission()])
    store.publish([of.asked(0), of.told(0, state=state, objective_values=None)])
    store.publish(trials(0, status="pruned" if state == "pruned" else "diverged"))
    assert one(store)["state"] == state
    retract(store.path, of.trial_ids(0, [1]), why="wrong data")
    assert (one(store)["state"], one(store)["rank"]) == ("retracted", None)
    (first,) = rows(store, "SELECT * FROM rounds")
    assert (first["num_failed"], first["num_pruned"], first["num_retracted"]) == (0, 0, 1)
    again = [dataclasses.replace(trial, attempt_id="again") for trial in trials(0, [1])]
    store.publish(again)
    assert one(store)["state"] == state, "it was trained again"


def test_a_study_has_the_searches_of_its_latest_submission(store, of):
    other = of.info(search_id="b" * 32, variants=("x", "y"))
    store.publish([of.submission(of.info(), of.info(search_id="c" * 32))])
    store.publish([of.submission(other, of.info(max_trials=1), minutes=5)])
    store.publish([of.asked(number, search_id=search) for search in ("b" * 32, "c" * 32) for number in range(2)])
    store.publish([of.asked(number) for number in range(3)])
    found = [(row["search_id"][0], row["variant"], row["candidate"]) for row in rows(store)]
    assert found == [("5", "searched", 0), ("b", "x", 0), ("b", "x", 1), ("b", "y", 0), ("b", "y", 1)]
    assert len(rows(store, "SELECT * FROM raw.candidates")) == 7, "per search, whatever the studies"


def test_rounds(store, of, trials):
    store.publish([of.submission(of.info(variants=("a", "b")))])
    notes = {"num_duplicates": 2, "num_invalid": 1}
    store.publish([of.asked(0, **notes), of.asked(1, **notes), of.asked(2, round_index=1, minutes=15)])
    store.publish([of.told(0, 0.5), of.told(1, state="pruned", objective_values=None, seeds=[0])])
    store.publish(trials(0))
    first, second = rows(store, "SELECT * FROM rounds WHERE variant = 'b' ORDER BY round_index")
    assert {name: first[name] for name in first if name.startswith("num_")} == {
        "num_candidates": 2,
        "num_completed": 1,
        "num_failed": 0,
        "num_pruned": 1,
        "num_pending": 0,
        "num_retracted": 0,
        "num_trials": 3,
        "num_duplicates": 2,
        "num_invalid": 1,
    }
    assert first["told_at"] > first["asked_at"]
    assert (second["num_pending"], second["num_trials"], second["told_at"], second["best"]) == (1, 0, None, 0.5)


def test_what_other_programs_wrote_is_shown_and_not_ranked(store, of, trials):
    store.publish([of.submission()])
    store.publish([of.asked(number) for number in range(4)])
    store.publish([of.told(0, 0.5, 0.75), of.told(1, objective_names=["x"]), of.told(2, objective_values=None)])
    store.publish([of.told(3, math.nan)])
    store.publish([trial for number in range(4) for trial in trials(number)])
    assert [row["rank"] for row in rows(store)] == [None, 1, None, 2], "the names are those that were asked for"
    publish(Layout(store.path), Kind.SEARCH, encode(pa.table({name: [None] for name in ("search_id", "event")})))
    required = {"search_id": "?", "event": "asked", "candidate": None, "cell_id": None, "recorded_at": None}
    types = {name: Kind.SEARCH.fixed_columns[name].arrow for name in required}
    foreign = pa.table({name: pa.array([value], types[name]) for name, value in required.items()})
    publish(Layout(store.path), Kind.SEARCH, encode(foreign))
    assert len(rows(store)) == 4
    assert len(rows(store, "SELECT * FROM results")) == 8


@pytest.mark.parametrize("searches", ["{", "3", '[{"search_id": 1}]', None])
def test_searches_that_make_no_sense_are_none(store, of, searches):
    store.publish([of.asked(0), of.told(0)])
    with_garbage = of.submission(variants={"a": ["t"]})
    store.publish([with_garbage])
    file = min((store.path / "studies").iterdir())
    table = results_store.open(store.path).sql("SELECT * FROM raw.studies").arrow()
    file.unlink()
    place = table.column_names.index("searches")
    publish(
        Layout(store.path), Kind.STUDIES, encode(table.set_column(place, "searches", pa.array([searches], "string")))
    )
    assert rows(store) == rows(store, "SELECT * FROM rounds") == []
    assert [row["phase"] for row in rows(store, "SELECT * FROM results")] == ["grid"]


def test_damaged_files_of_a_search_are_left_out_and_named(store, of, trials):
    store.publish([of.submission()])
    store.publish([of.asked(0)])
    store.publish(trials(0))
    expected = rows(store)
    before = set((store.path / "search").iterdir())
    store.publish([of.told(0, 0.9)])
    (file,) = set((store.path / "search").iterdir()) - before
    assert rows(store) != expected
    file.write_bytes(file.read_bytes()[:-1] + b"?")
    opened = results_store.open(store.path)
    assert [problem.path for problem in opened.problems] == [file]
    assert opened.sql("SELECT * FROM candidates").dicts() == expected


def test_compaction_leaves_every_view_as_it_was(store, of, trials):
    store.publish([of.submission(of.info(constraints=(SearchConstraint(metric="x", at_most=1.0),)))])
    for number in range(5):
        store.publish([of.asked(number, round_index=number // 2)])
        store.publish([of.told(number, number % 3, violations=[number - 3.0])])
        store.publish([of.told(number, number % 2, violations=[number - 3.0], minutes=10 + number % 2)])
        store.publish(trials(number, test_accuracy=0.5))
    store.publish([of.confirmed(3)])
    queries = [f"SELECT * FROM {view} ORDER BY ALL" for view in ("candidates", "rounds", "results", "raw.candidates")]
    before = [rows(store, query) for query in queries]
    compact(store.path)
    assert len(list((store.path / "search").iterdir())) == 1
    assert [rows(store, query) for query in queries] == before


@pytest.mark.parametrize("field", sorted(NAMES_OF_CANDIDATES | Kind.SEARCH.fixed_columns.keys()))
def test_a_field_with_a_name_of_the_views_is_refused_before_anything_runs(of, make, field):
    for changes in (
        {"variants": {"a": ["t"]}, "members": [dataclasses.replace(m, config={field: 1}) for m in members(make)]},
        {"infos": [of.info(parameters={field: "{}"})]},
    ):
        infos = changes.pop("infos", [of.info()])
        with pytest.raises(RecordError, match=f"field '{field}' would share a column"):
            check_submission(of.submission(*infos, **changes))
    with pytest.raises(RecordError, match=f"field '{field}'"):
        check_submission(of.submission(), [{"model": {}, field: 1}])


def members(make):
    return make.submission({"a": ["t"]}).members


def test_metrics_with_a_name_of_the_views_are_refused(of):
    for name in ("rank", "round_index", "event", "phase"):
        with pytest.raises(RecordError, match=f"metric '{name}'"):
            check_submission(of.submission(metrics=[MetricInfo(name=name)]))
    for name in ("n", "asked"):
        with pytest.raises(RecordError, match=f"metric '{name}'"):
            check_submission(of.submission(metrics=[MetricInfo(name=name)]))
    with pytest.raises(RecordError, match="metric 'confirmed_x'"):
        check_submission(of.submission(metrics=[MetricInfo(name="x"), MetricInfo(name="confirmed_x")]))


def test_columns_of_the_view_are_reserved(store, of):
    store.publish([of.submission()])
    store.publish([of.asked(0)])
    own = {"validation_accuracy", "confirmed_test_accuracy", "confirmed_validation_accuracy"}
    for view in ("candidates", "raw.candidates"):
        columns = set(results_store.open(store.path).sql(f"SELECT * FROM {view}").columns)
        assert columns - own - {"model_name", "model_gate_scale"} <= NAMES_OF_CANDIDATES
    described = rows(store, "DESCRIBE candidates")
    assert {row["column_name"] for row in described} >= {"rank", "on_front", "model_gate_scale"}
    assert rows(store, "DESCRIBE rounds")
    assert rows(store, "DESCRIBE raw.candidates")


@pytest.mark.parametrize(
    "name", ["number", "position", "variants", "signs", "loss", "place", "violation", "num_better"]
)
def test_fields_may_have_names_that_the_views_use_inside(store, of, trials, name):
    store.publish([of.submission(of.info(objectives=(of.accuracy, of.rate)))])
    by = of.by(of.accuracy, of.rate)
    store.publish([of.asked(0, config={name: 7}, **by), of.told(0, 0.5, 0.5, config={name: 7}, **by)])
    store.publish([of.confirmed(0, config={name: 7}, **by)])
    store.publish([dataclasses.replace(trial, config={name: 7}) for trial in trials(0) + trials(0, [8])])
    assert one(store)[name] == 7
    assert one(store, f"SELECT {name} AS x FROM raw.candidates") == {"x": 7}
    assert {row[name] for row in rows(store, "SELECT * FROM results")} == {7}
    assert len(rows(store, "SELECT * FROM rounds")) == 1


def test_a_field_of_one_search_may_be_what_another_is_judged_by(store, of):
    other = dataclasses.replace(of.accuracy, name="temperature")
    second = of.info(search_id="b" * 32, objectives=(other,))
    store.publish([of.submission(of.info(), second)])
    store.publish([of.asked(0, config={"temperature": 3}), of.asked(1, search_id="b" * 32, **of.by(other))])
    store.publish([of.told(1, 0.5, search_id="b" * 32, **of.by(other))])
    assert [row["temperature"] for row in rows(store)] == [3.0, 0.5]
    store.publish([of.asked(2, config={"temperature": "hot"})])
    assert [row["temperature"] for row in rows(store)] == ["3", "hot", "0.5"]
