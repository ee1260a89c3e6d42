"""Importances: what matters by construction comes out, and where there is nothing to tell a reason stands."""

import pytest
import told_search

import results_store
from results_store.search import ImportanceMethod, importances


@pytest.fixture
def history_of(store):
    def made(**options):
        told_search.publish(store, **options)
        return results_store.open(store.path).search("gates")

    return made


def test_the_parameter_that_decides_alone_has_nearly_all_importance(history_of):
    rate = "model.gate.target_rate"
    found = importances(history_of(world=lambda parameters: (parameters[rate], 1 - parameters[rate])))
    assert [(one.objective.name, one.method) for one in found] == [
        (objective.name, method) for objective in told_search.OBJECTIVES[:2] for method in ImportanceMethod
    ]
    for one in found:
        assert one.reason == ""
        assert one.shares["model.gate.target_rate"] > 0.75
        assert sum(one.shares.values()) == pytest.approx(1)
        assert one.num_candidates == 64


def test_the_same_search_has_the_same_importances(history_of):
    history = history_of()
    assert importances(history) == importances(history)


def test_better_is_larger_or_smaller_as_the_objective_says(history_of):
    """Ties at the better end all count as good: at the lower one of what is minimised."""
    rate = "model.gate.target_rate"
    history = history_of(world=lambda parameters: (min(parameters[rate], 0.3), max(parameters[rate], 0.1)))
    accuracy, _, gate_rate, _ = importances(history)
    rates = [candidate.parameters[rate] for candidate in history.candidates]
    assert accuracy.num_best == sum(found >= 0.3 for found in rates)
    assert gate_rate.num_best == sum(found <= 0.1 for found in rates)


def test_a_conditional_parameter_is_weighed_by_one_method_and_left_out_by_the_other(history_of, store):
    ped_anova, fanova, *_ = importances(history_of())
    assert "model.gate.scale" in ped_anova.shares
    assert "model.gate.scale" not in fanova.shares
    table = results_store.open(store.path).table("gates", "importances")
    line = next(line for line in table.lines if line.label == "model.gate.scale")
    assert line.cells[0].value is not None
    assert line.cells[1].value is None
    assert any(note.startswith("model.gate.scale is searched in some places only") for note in table.notes)


def test_too_few_candidates_give_a_reason_and_no_number(history_of):
    for one in importances(history_of(num_candidates=8)):
        assert one.shares == {}
        assert "importances take at least 10" in one.reason


def test_a_value_that_never_changes_gives_a_reason_and_no_number(history_of):
    found = importances(history_of(world=lambda parameters: (0.5, parameters["model.gate.target_rate"])))
    assert [bool(one.shares) for one in found] == [False, False, True, True]
    assert found[0].reason == found[1].reason == "all 64 completed candidates have the same value"


def test_best_ones_that_are_all_but_a_few_give_a_reason(store):
    worst = []

    def world(parameters):
        worst.append(None)
        return 1.0, (0.0 if len(worst) <= 2 else 0.5)

    told_search.publish(store, world=world, num_candidates=20)
    found = importances(results_store.open(store.path).search("gates"))
    assert "as good as each other" in found[2].reason


def test_a_search_without_a_completed_candidate_has_a_table_all_the_same(history_of, store):
    history_of(num_candidates=0)
    table = results_store.open(store.path).table("gates", "importances")
    assert [cell.value for line in table.lines for cell in line.cells] == [None] * 20
    assert "0 candidates are completed" in table.markdown()


def test_the_table_is_written_in_every_form(history_of, store):
    history_of()
    results = results_store.open(store.path)
    assert results.tables("gates") == ["importances"]
    table = results.table("gates", "importances")
    assert "| Parameter | Validation retrieval accuracy, PED-ANOVA (%) |" in table.markdown()
    assert r"model.gate.target\_rate &" in table.latex()
    header, *lines = table.csv().splitlines()
    assert header.startswith("label,variant,validation_retrieval_accuracy_ped_anova,")
    assert len(lines) == 5


def test_several_searches_stand_in_one_table(store):
    infos = (
        told_search.info(variants=("one",), search_id="a" * 32),
        told_search.info(variants=("two",), search_id="b" * 32),
    )
    told_search.publish(store, *infos)
    table = results_store.open(store.path).table("gates", "importances")
    assert {line.variant for line in table.lines} == {"one", "two"}
    assert len(table.lines) == 10
    assert table.lines[0].label.startswith("one: ")


def test_an_objective_that_is_a_parameter_has_no_importances(store):
    told_search.publish(store, told_search.info(3))
    table = results_store.open(store.path).table("gates", "importances")
    assert len(table.columns) == 4
    assert any(note.startswith("task.noise_length is a parameter and an objective itself") for note in table.notes)


def test_a_table_of_the_study_by_that_name_comes_first(store, make):
    tables = [results_store.records.TableRecord(name="importances", sql="SELECT 'own' AS variant")]
    told_search.publish(store, tables=tables)
    results = results_store.open(store.path)
    assert results.tables("gates") == ["importances"]
    assert results.table("gates", "importances").lines[0].label == "own"
