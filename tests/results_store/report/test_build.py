"""What a report says of a store: counts, states, causes, submissions, single values."""

import figured
import pytest
import reported

import results_store
from results_store import UnknownNameError
from results_store.charts.members import CellMembers, Member
from results_store.records import TableRecord, TrialState
from results_store.report.failures import failures


def facts(pairs):
    return {fact.name: fact.text for fact in pairs}


def test_what_was_asked_is_counted_once(results):
    report = results.report("one", "grid", "one")
    assert [study.name for study in report.studies] == ["one", "grid"]
    counted = facts(report.facts)
    assert counted["Studies"] == "2"
    assert counted["Cells"] == str(3 + 9)
    assert counted["Seeds"] == "4"
    assert counted["Trials"] == f"{3 * 4 + 9 * 3}, of which {3 * 4 + 9 * 3 - 1} are completed"
    assert counted["Time"].startswith(f"{(3 * 4 + 9 * 3 - 1):.1f} minutes")


def test_a_failed_trial_is_told_with_its_cause(results):
    (study,) = results.report("one").studies
    assert study.failures.summary == "Of 12 trials, 11 are completed; 1 failed."
    states, causes = study.failures.tables
    assert states.lines == [["AMOR, oracle gate", "3", "1"]]
    assert causes.lines == [["ValueError: it cannot be trained", "raised", "1", "1", "1"]]


def test_nothing_wrong_is_said_too(results):
    (study,) = results.report("grid").studies
    assert study.failures.summary == "All 27 trials are completed; no attempt failed."
    assert not study.failures.tables


@pytest.mark.parametrize("state", [state for state in TrialState if state != TrialState.COMPLETED])
def test_every_state_is_listed_of_the_cells_that_have_it(results, state):
    members = [Member(trial_id=f"{seed}", seed=seed, state=state, values={}) for seed in range(3)]
    cell = CellMembers(cell_id="x", variant="x", group="x", point="", phase="grid", members=members)
    found = failures(results, "one", [cell])
    assert found.summary == f"Of 3 trials, 0 are completed; 3 {state}."
    assert found.tables[0].header == ["Variant", state.capitalize()]
    assert found.tables[0].lines == [["x", "3"]]


def test_seeds_that_were_added_later_are_told(results):
    (study,) = results.report("grid").studies
    assert [line[4] for line in study.submissions.lines] == ["0 to 1", "0 to 2"]
    assert study.submissions.notes == ["Seeds 2 were added on 2026-01-01 00:10 UTC, after others were asked for."]
    assert not results.report("one").studies[0].submissions.notes


def test_every_seed_has_its_values_and_its_learning_curve(results):
    (study,) = results.report("one").studies
    titles = [table.title for table in study.seed_tables]
    assert titles == ["Accuracy (%), by seed", "Retrieval accuracy (%), by seed"]
    for table in study.seed_tables:
        assert [line[0] for line in table.lines] == list(reported.LABELS.values())
        assert table.header[1:] == ["0", "1", "2", "3"]
        assert table.lines[1][3] == "failed"
    (curves,) = study.figures
    lines = [mark for panel in curves.chart.panels for mark in panel.marks]
    assert len(lines) == 11
    assert all(len(line.x) == 6 for line in lines)
    assert {line.text for line in lines} >= {"SSM only, seed 0", "AMOR, oracle gate, seed 3"}
    assert "1 trial has no curve" in curves.chart.caption[1]
    shown = {row[0]: float(row[1]) for row in results.sql(
        "SELECT seed, validation_retrieval_accuracy FROM results WHERE study = 'one' AND variant = 'ssm_only'").rows()}  # fmt: skip
    assert {line.text: line.y[-1] for line in lines if "SSM" in line.text} == {
        f"SSM only, seed {seed}": value for seed, value in shown.items()
    }


def test_points_of_a_grid_are_told_apart_in_curves(results):
    (study,) = results.report("grid").studies
    (curves,) = study.figures
    assert curves.chart.groups == tuple(f"top_k={k}" for k in range(1, 10))
    assert len(curves.chart.panels) == 1


def test_strips_show_each_replicate_beside_the_published_value(results):
    (study,) = results.report("one").studies
    (table,) = study.tables
    header = table.table.header
    assert all(len(line) == len(header) for line in table.strips)
    column = header.index("Retrieval accuracy (%)")
    strips = [line[column] for line in table.strips]
    assert [len(strip.values) for strip in strips] == [4, 3, 4]
    places = [place for strip in strips for place in (*strip.values, strip.published)]
    assert min(places) == 0
    assert max(places) == 1
    assert strips[0].published == min(strip.published for strip in strips)
    assert not any(line[header.index("Parameters")] for line in table.strips)


def test_a_table_that_fails_does_not_take_the_others_along(store):
    tables = [
        TableRecord(name="bad", sql="SELECT variant, nothing FROM results"),
        TableRecord(name="good", sql=reported.SQL),
    ]
    reported.publish(store, "one", tables=tables)
    (study,) = results_store.open(store.path).report("one").studies
    assert [table.name for table in study.tables] == ["good"]
    assert "Table bad" in study.notes[0]
    assert "nothing" in study.notes[0]


def test_unknown_studies_are_named_together(results):
    with pytest.raises(UnknownNameError, match=r"studies were never submitted .*'a', 'b'"):
        results.report("one", "a", "b")


def test_a_study_from_its_first_minute_on(store):
    """Nothing is trained yet."""
    reported.publish(store, "one", broken={(variant, seed) for variant in reported.LABELS for seed in range(4)})
    report = results_store.open(store.path).report("one")
    (study,) = report.studies
    assert study.failures.summary == "Of 12 trials, 0 are completed; 12 failed."
    assert not study.figures
    assert facts(study.provenance) == {"Trials": "none is finished yet"}
    assert "Of 12 trials" in report.html()


def test_the_folders_of_the_machine_are_left_out(results):
    report = results.report("one")
    assert report.studies[0].file.name == "one.yaml"
    for text in (report.html(), report.markdown()):
        assert "/home/me" not in text
        assert str(results.path) not in text


def test_searches_have_their_figures_and_tables(searched):
    (study,) = searched.report("gates").studies
    assert [picture.name for picture in study.pictures] == ["front", "history", "slices", "importances"]
    assert all(picture.png.startswith(b"\x89PNG") for picture in study.pictures)
    assert [table.name for table in study.tables] == ["importances"]


def test_every_claim_has_its_verdict_and_the_published_values(results):
    report = results.report("one", "grid")
    decided = results.claims("one", "grid").verdicts
    assert [claim.name for claim in report.claims] == [verdict.name for verdict in decided]
    assert [claim.outcome for claim in report.claims] == [verdict.verdict.outcome for verdict in decided]
    last, other = report.claims[0].arms
    assert last.published == "90 %"
    assert other.published == "20 %"
    assert other.place == "outside our seeds"
    assert "4 seeds" in last.measured
    assert report.claims[0].family == "Family all of them: one of 2 claims corrected together."


def test_figures_of_the_study_come_before_learning_curves(store):
    figured.publish(store)
    results = results_store.open(store.path)
    (study,) = results.report("figured").studies
    asked_for = [results.chart("figured", name) for name in results.figures("figured")]
    assert [figure.chart for figure in study.figures[:-1]] == asked_for
    assert len(asked_for) == len(figured.FIGURES)
    assert study.figures[-1].chart.name == "learning_curves"
    assert all(figure.data for figure in study.figures)


def test_a_figure_that_has_nothing_to_show_is_named(store):
    figured.publish(store, states={member.trial_id: "pending" for member in figured.members()})
    (study,) = results_store.open(store.path).report("figured").studies
    assert not study.figures
    assert [note.partition(":")[0] for note in study.notes] == [f"Figure {figure.name}" for figure in figured.FIGURES]


def test_what_is_not_there_yet_takes_no_room(store):
    reported.publish(store, "one", broken={("oracle", seed) for seed in range(4)})
    (study,) = results_store.open(store.path).report("one").studies
    assert all(len(table.lines) == len(reported.LABELS) - 1 for table in study.seed_tables)
    (curves,) = study.figures
    assert curves.chart.groups == ("SSM only", "AMOR, entropy gate")
    assert len(curves.chart.panels) == 2


def test_a_report_without_verdicts_says_so(store):
    reported.publish(store, "one", claims=())
    report = results_store.open(store.path).report("one")
    assert not report.claims
    assert "No claims are made." in report.html()
    assert "No claims are made." in report.markdown()
