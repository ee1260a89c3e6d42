"""The tables that every search brings with it."""

import dataclasses
import json

import pytest

import results_store
from results_store import FolderStore, check_table_sql, retract
from results_store.records import MetricInfo
from results_store.search import SearchConstraint, SearchInfo, SearchObjective
from results_store.tables import search_tables

METRICS = [
    MetricInfo(name="validation_accuracy", unit="fraction", title="validation accuracy"),
    MetricInfo(name="test_accuracy", unit="fraction", title="accuracy"),
    MetricInfo(name="train_loss", title="training loss"),
]
ACCURACY = SearchObjective(name="validation_accuracy", kind="metric", direction="maximize")
LOSS = SearchObjective(name="train_loss", kind="metric", direction="minimize")
SCALE = SearchObjective(name="model.gate.scale", kind="parameter", direction="minimize")
FLOAT = json.dumps({"name": "FloatDistribution", "attributes": {}})
INT = json.dumps({"name": "IntDistribution", "attributes": {}})
TEXT = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": ["a", None]}})


def info_of(make, *objectives, **changes):
    (entry,) = make.searches()
    fields = {"objectives": objectives or (ACCURACY,), "parameters": {"model.gate.scale": FLOAT}, **changes}
    return SearchInfo(**{**entry, **fields})


class Searched:
    """A store with one study that only searches; candidates are published with all their trials."""

    def __init__(self, store, make, *infos):
        self.store, self.make = store, make
        (self.record, *others) = search_tables(infos, METRICS)
        tables = [self.record, *others]
        searches = [dataclasses.asdict(info) for info in infos]
        store.publish([make.submission({}, searches=searches, metrics=METRICS, tables=tables)])
        self.objectives = infos[0].objectives

    def candidate(self, number, *values, accuracy=0.5, confirmed=0, **changes):
        by = {
            "objective_names": [objective.name for objective in self.objectives],
            "objective_directions": [objective.direction for objective in self.objectives],
            **changes,
        }
        self.store.publish([self.make.candidate("asked", number, **by)])
        self.store.publish([self.make.candidate("told", number, objective_values=list(values), minutes=1, **by)])
        made = [self.make.candidate("told", number, **by)]
        if confirmed:
            seeds = list(range(100, 100 + confirmed))
            made.append(self.make.candidate("confirmed", number, **(by | {"seeds": seeds, "study": "demo"})))
            self.store.publish(made[1:])
        for record in made:
            metrics = {"validation_accuracy": accuracy, "test_accuracy": accuracy - 0.25, "train_loss": 1.5}
            self.store.publish(
                [
                    self.make.trial(trial_id, attempt_id=trial_id, seed=seed, metrics=metrics)
                    for seed, trial_id in zip(record.seeds, record.trial_ids, strict=True)
                ]
            )

    def nothing(self, number, state="failed", **changes):
        """A candidate that came to nothing."""
        changes |= {"objective_values": None, "violations": None, "state": state}
        self.store.publish([self.make.candidate("asked", number)])
        self.store.publish([self.make.candidate("told", number, minutes=1, **changes)])

    def table(self, name=None):
        return results_store.open(self.store.path).table("demo", name or self.record.name)


def cells(table, column):
    place = [shown.name for shown in table.columns].index(column)
    return [line.cells[place] for line in table.lines]


def means(table, column):
    return [(cell.interval.mean, cell.interval.num_values) for cell in cells(table, column)]


def labels(table):
    return [line.label for line in table.lines]


def test_there_is_none_without_searches():
    assert search_tables([], METRICS) == []


def test_the_best_with_what_confirms_them(store, make):
    searched = Searched(store, make, info_of(make, confirm={"top": 1, "seeds": 3}))
    assert searched.table().lines == []
    for number in range(12):
        searched.candidate(number, number / 16, accuracy=number / 16, confirmed=3 if number in (0, 11) else 0)
    table = searched.table()
    assert labels(table) == [f"searched (#{number})" for number in (11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 0)]
    assert [cell.value for cell in cells(table, "rank")] == [*range(1, 11), 12]
    assert means(table, "validation_accuracy")[0] == (11 / 16, 2)
    assert means(table, "confirmed_test_accuracy") == [(11 / 16 - 0.25, 3), *[(None, 0)] * 9, (-0.25, 3)]
    text = table.markdown()
    assert "| Variant | Rank | Scale | Validation accuracy (%) | Confirmed, test (%) |" in text
    assert "| searched (#10) | 2 | 11.00 | 62.5 [all equal] n=2 | — |" in text


def test_the_front_in_order_of_the_first_objective(store, make):
    searched = Searched(store, make, info_of(make, ACCURACY, SCALE))
    for number, accuracy in enumerate([0.5, 0.25, 0.75]):
        searched.candidate(number, accuracy, number + 1.0, accuracy=accuracy)
    table = searched.table()
    assert searched.record.name == "front"
    assert labels(table) == ["searched (#2)", "searched (#0)"]
    assert [column.name for column in table.columns] == ["model_gate_scale", "validation_accuracy"]


def test_the_lines_of_several_searches_and_variants_are_told_apart(store, make):
    ids = ["abcd1" + "0" * 27, "abcd2" + "0" * 27]
    infos = [info_of(make, search_id=search, variants=("a", "b")) for search in ids]
    searched = Searched(store, make, *infos)
    for search in ids:
        searched.candidate(3, 0.5, search_id=search)
    assert labels(searched.table()) == [f"{name} (#3 of abcd{n})" for name in "ab" for n in (1, 2)]


def test_the_searches_of_a_grid_are_told_apart_by_its_values(store, make):
    ids = ["b" * 32, "a" * 32]
    points = ("epochs=1, it's=0.001", "epochs=2, it's=0.001")
    infos = [info_of(make, search_id=i, variants=("a",), point=point) for i, point in zip(ids, points, strict=True)]
    searched = Searched(store, make, *infos)
    for search in ids:
        searched.candidate(3, 0.5, search_id=search)
    table = searched.table()
    assert labels(table) == [f"a, {point} (#3)" for point in points]
    assert {line.variant for line in table.lines} == {"a"}
    assert "search_point" not in table.csv()


def test_replicates_that_confirm_and_did_not_complete_are_named_and_in_no_mean(store, make):
    searched = Searched(store, make, info_of(make, ACCURACY, SCALE, confirm={"top": 1, "seeds": 4}))
    by = {"seeds": [100, 101, 102, 103], "study": "demo"}
    searched.candidate(0, 0.5, 1.0)
    record = make.candidate("confirmed", 0, **by)
    store.publish([record])
    lost, diverged, *rest = record.trial_ids
    metrics = {"test_accuracy": 0.25}
    store.publish(
        [make.trial(diverged, attempt_id=diverged, seed=101, status="diverged", metrics={"test_accuracy": 1})]
    )
    store.publish([make.trial(name, attempt_id=name, seed=102 + i, metrics=metrics) for i, name in enumerate(rest)])
    store.publish([make.failure(lost, gave_up=True)])
    for name in ("best", "front"):
        table = searched.table(name)
        assert "searched (#0): of 4 replicates, 1 diverged, 1 failed." in table.footnotes()
        assert means(table, "confirmed_test_accuracy") == [(0.25, 2)]


def test_best_of_several_objectives_has_what_is_on_the_front_now(store, make):
    searched = Searched(store, make, info_of(make, ACCURACY, SCALE, confirm={"top": 1, "seeds": 3}))
    searched.candidate(0, 0.25, 2.0, confirmed=3)
    searched.candidate(1, 0.5, 3.0, confirmed=3)
    assert labels(searched.table("best")) == ["searched (#1)", "searched (#0)"]
    searched.candidate(2, 0.5, 1.0)
    searched.candidate(3, 0.75, 4.0, confirmed=3)
    table = searched.table("best")
    assert labels(table) == ["searched (#3)"]
    assert table.title == (
        "Winners: candidates of the Pareto front that were run again; search: validation split, its own seeds; "
        "confirmed: test split, fresh seeds"
    )
    assert table.footnotes()[-1] == "searched: confirmed earlier, and not on the front now: #0, #1."
    assert labels(searched.table("front")) == ["searched (#3)", "searched (#2)"]
    assert not any("earlier" in note for note in searched.table("front").footnotes())


@pytest.mark.parametrize("objectives", [(ACCURACY,), (ACCURACY, SCALE)])
def test_a_search_of_which_nothing_is_completed_says_what_came_of_it(store, make, objectives):
    infos = [info_of(make, *objectives, point="epochs=1"), info_of(make, search_id="b" * 32, variants=("other",))]
    infos[1] = dataclasses.replace(infos[1], objectives=objectives)
    searched = Searched(store, make, *infos)
    assert searched.table().footnotes() == []
    for number in range(3):
        searched.nothing(number, reason="odd" if number == 0 else "replicate 1 of 2 <b>diverged</b>")
    searched.nothing(3, "pruned", reason="odd")
    searched.nothing(4, "pruned", reason="another")
    table = searched.table()
    assert table.lines == []
    assert table.footnotes() == [
        "searched, epochs=1: candidates told: 5; completed: 0, failed: 3, pruned: 2; most frequent reason: odd."
    ]
    assert "candidates told: 5" in table.markdown()
    assert table.csv().strip() == ""
    values = (0.5, 1.0)[: len(objectives)]
    searched.candidate(5, *values)
    table = searched.table()
    assert labels(table) == ["searched, epochs=1 (#5)"]
    assert not any("told" in note for note in table.footnotes())


def test_a_search_without_a_feasible_candidate_says_why_it_has_no_front(store, make):
    bound = SearchConstraint(metric="x", at_most=1.0)
    searched = Searched(store, make, info_of(make, ACCURACY, SCALE, constraints=(bound,)))
    searched.candidate(0, 0.5, 1.0, violations=[0.5])
    table = searched.table()
    assert table.lines == []
    note = "searched: no front, for none of 1 completed candidates keeps every constraint."
    assert table.footnotes() == [note]


@pytest.mark.parametrize(
    ("choices", "values", "expected"),
    [([1, 2, 4], (1, 4), ("1", "4")), ([1.0, 2.0], (1.0, 2.0), ("1", "2")), ([1, 0.5], (1, 0.5), ("1.000", "0.5000"))],
)
def test_choices_of_whole_numbers_are_shown_whole(store, make, choices, values, expected):
    distribution = json.dumps({"name": "CategoricalDistribution", "attributes": {"choices": choices}})
    searched = Searched(store, make, info_of(make, parameters={"x": distribution}))
    for number, value in enumerate(values):
        searched.candidate(number, 0.5 - number / 8, parameters={"x": value})
    text = searched.table().markdown()
    for number, shown in enumerate(expected):
        assert f"| searched (#{number}) | {number + 1} | {shown} |" in text


def test_lines_are_in_the_order_of_the_study(store, make):
    infos = [info_of(make, search_id=2 * "ab" * 8, variants=("z",)), info_of(make, variants=("a",))]
    searched = Searched(store, make, *infos)
    for search in (make.search, 2 * "ab" * 8):
        for number in range(2):
            searched.candidate(number, number, search_id=search)
    assert labels(searched.table()) == ["z (#1)", "z (#0)", "a (#1)", "a (#0)"]


def test_what_is_told_stands_beside_the_replicates_where_it_is_no_mean(store, make):
    info = info_of(make, LOSS, reduction="lower_bound", confirm={"top": 1, "seeds": 2})
    searched = Searched(store, make, info)
    searched.candidate(0, 1.25, confirmed=2)
    table = searched.table()
    titles = [column.title for column in table.columns]
    assert titles == ["Rank", "Scale", "Training loss", "Lower bound of them", "Confirmed"]
    assert cells(table, "told_train_loss")[0].value == 1.25
    assert means(table, "confirmed_train_loss") == [(1.5, 2)]


def test_parameters_have_short_titles_and_their_types(store, make):
    parameters = {"model.gate.scale": FLOAT, "task.gate.scale": INT, "model.top_k": INT, "model.kv": TEXT, "x": "odd"}
    searched = Searched(store, make, info_of(make, parameters=parameters))
    values = {"model.gate.scale": 0.000123456, "task.gate.scale": 12000, "model.top_k": 3, "model.kv": "a"}
    searched.candidate(0, 0.5, parameters=values)
    table = searched.table()
    header = "| Variant | Rank | Model gate scale | Task gate scale | Top k | Kv | X |"
    assert header in table.markdown()
    assert "| searched (#0) | 1 | 0.0001235 | 12,000 | 3 | a | — |" in table.markdown()


def test_confirming_replicates_that_are_missing_are_told(store, make):
    searched = Searched(store, make, info_of(make, confirm={"top": 1, "seeds": 3}))
    searched.candidate(0, 0.5, confirmed=3)
    retract(store.path, [f"{0:016x}{101:016x}"], why="wrong")
    table = searched.table()
    assert "25.0 [all equal] n=2 of 3" in table.markdown()
    assert "searched (#0): of 3 replicates, 1 retracted." in table.footnotes()


def test_with_constraints_feasibility_is_shown(store, make):
    searched = Searched(store, make, info_of(make, constraints=(SearchConstraint(metric="x", at_most=1.0),)))
    searched.candidate(0, 0.5)
    assert cells(searched.table(), "is_feasible")[0].value is True


def test_a_metric_that_nobody_declares_is_shown_as_it_was_told(store, make):
    odd = dataclasses.replace(ACCURACY, name="validation_odd")
    searched = Searched(store, make, info_of(make, odd, confirm={"top": 1, "seeds": 1}))
    searched.candidate(0, 0.5)
    assert cells(searched.table(), "validation_odd")[0].value == 0.5


@pytest.mark.parametrize("name", ['it\'s "odd"; --', "a/b~c", "ß.ü"])
def test_hostile_names_stay_names(tmp_path, make, name):
    searched = Searched(FolderStore(tmp_path / "r"), make, info_of(make, variants=(name,), parameters={name: INT}))
    check_table_sql(searched.record.sql)
    searched.candidate(0, 0.5, parameters={name: 7})
    table = searched.table()
    assert labels(table) == [f"{name} (#0)"]
    assert table.lines[0].cells[1].value == 7
