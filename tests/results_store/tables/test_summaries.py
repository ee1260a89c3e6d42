"""What tables show beside the mean, and the single values."""

import csv
import dataclasses
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import results_store
from results_store import SummariesError
from results_store.records import MetricInfo, TableRecord, TableRow
from results_store.statistics import (
    LearningTime,
    interquartile_mean,
    log_rank_test,
    mean_interval,
    median_interval,
    share_above,
    survival,
)
from results_store.tables import Cell, Column, Line, Summary, SummaryKind, Table

SQL = Path("studies/tables/model_comparison.sql").read_text()
SURVIVAL = Path("studies/tables/epochs_to_retrieval.sql").read_text()
ALL = ["mean", "median", "interquartile_mean", {"share_above": 0.9}]
EPOCHS = [
    MetricInfo(name="epochs_to_retrieval", unit="count", title="epochs to retrieval"),
    MetricInfo(name="epochs_trained", unit="count"),
]


def table_of(store, make, values, *, sql=SQL, more=None, **record):
    """A table over trials with these retrieval accuracies by variant; None is a trial that has not run."""
    for variant, numbers in values.items():
        for seed, number in enumerate(numbers):
            if number is not None:
                metrics = {"test_accuracy": 0.5, **(more or {})}
                metrics |= number if isinstance(number, dict) else {"test_retrieval_accuracy": number}
                store.publish([make.trial(f"{variant}{seed}", seed=seed, metrics=metrics)])
    members = {variant: [f"{variant}{seed}" for seed in range(len(numbers))] for variant, numbers in values.items()}
    submission = make.submission(members, tables=[TableRecord(name="t", sql=sql, **record)])
    submission = dataclasses.replace(submission, metrics=[*submission.metrics, *EPOCHS])
    store.publish([submission])
    return results_store.open(store.path).table("demo", "t")


def csv_rows(table):
    return list(csv.DictReader(io.StringIO(table.csv())))


ACCURACIES = [0.41, 0.98, 0.97, None, 0.99, 0.42, 0.96, 0.4]


def test_each_summary_is_a_column(store, make):
    rows = [TableRow(variant="a", published={"test_retrieval_accuracy": 0.68})]
    table = table_of(store, make, {"a": ACCURACIES}, summaries={"test_retrieval_accuracy": ALL}, rows=rows)
    header, _, line = table.markdown().splitlines()[2:5]
    assert (
        "| Retrieval accuracy (%), mean | Published | Retrieval accuracy (%), median "
        "| Retrieval accuracy (%), interquartile mean | Retrieval accuracy, seeds above 90 % |" in header
    )
    share = share_above(ACCURACIES, 0.9)
    assert f"| 4/7 [{100 * share.low:.1f}, {100 * share.high:.1f}] n=7 of 8 |" in line
    middle = median_interval(ACCURACIES)
    ends = f"[{100 * middle.low:.1f}, {100 * middle.high:.1f}]"
    assert f"| {100 * middle.median:.1f} {ends} n=7 of 8 |" in line
    (row,) = csv_rows(table)
    name = "test_retrieval_accuracy"
    assert float(row[f"{name}_mean"]) == pytest.approx(mean_interval(ACCURACIES).mean)
    columns = ("median", "median_low", "median_high")
    assert [float(row[f"{name}_{end}"]) for end in columns] == [middle.median, middle.low, middle.high]
    assert float(row[f"{name}_interquartile_mean"]) == pytest.approx(interquartile_mean(ACCURACIES))
    assert (row[f"{name}_above_0.9"], row[f"{name}_n"], row[f"{name}_missing"]) == ("4", "7", "1")
    assert float(row[f"{name}_above_0.9_low"]) == share.low
    assert float(row[f"{name}_published"]) == 0.68
    assert row["test_accuracy_mean"] == "0.5"


def test_an_older_submission_has_the_mean():
    assert TableRecord(name="t", sql="").summaries == {}
    assert Column(name="x", title="X", has_replicates=True).heading == "X"


@pytest.mark.parametrize(
    ("numbers", "summaries", "is_told"),
    [
        ([0.4, 0.9], ["mean"], True),
        ([0.9, 0.9], ["mean"], False),
        ([0.9], ["mean"], False),
        ([0.4, 0.9], ["median", "interquartile_mean", {"share_above": 0.5}], False),
    ],
)
def test_a_footnote_names_the_interval_that_is_shown_and_no_other(store, make, numbers, summaries, is_told):
    sql = (
        "SELECT variant, list(test_retrieval_accuracy ORDER BY seed) AS test_retrieval_accuracy FROM results GROUP BY 1"
    )
    table = table_of(store, make, {"a": numbers}, sql=sql, summaries={"test_retrieval_accuracy": summaries})
    notes = " ".join(table.footnotes())
    assert ("Student's t" in notes) == is_told
    assert ("Means over" in notes) == ("mean" in summaries)
    assert ("Wilson's" in notes) == ({"share_above": 0.5} in summaries)
    assert ("“all equal”" in notes) == (numbers == [0.9, 0.9])


@pytest.mark.parametrize(("size", "said"), [(1, ""), (5, "; 93.8 % where"), (6, "95 % intervals")])
def test_medians_say_how_often_their_interval_holds_them(store, make, size, said):
    sql = "SELECT variant, list(train_loss ORDER BY seed) AS train_loss FROM results GROUP BY variant"
    numbers = [{"train_loss": 1.0 + seed} for seed in range(size)]
    table = table_of(store, make, {"a": numbers}, sql=sql, summaries={"train_loss": ["median"]})
    (note,) = table.footnotes()
    assert said in note
    assert ("interval" in note.lower()) == (size > 1)
    assert ("too few" in note) == (size == 5)


def test_no_interval_is_cut_where_numbers_can_be_anything(store, make):
    sql = "SELECT variant, list(train_loss ORDER BY seed) AS train_loss FROM results GROUP BY variant"
    numbers = [{"train_loss": 1.5}, {"train_loss": 2.5}]
    (note,) = table_of(store, make, {"a": numbers}, sql=sql).footnotes()
    assert note == "Means over n replicates. 95 % intervals of the mean: Student's t."


@pytest.mark.parametrize(
    ("summaries", "problems"),
    [
        ({"test_accurracy": ["mean"]}, {("test_accurracy", None): "did you mean 'test_accuracy'?"}),
        ({"num_parameters": ["mean"]}, {("num_parameters", None): "names no column of replicates"}),
        (
            {"test_accuracy": ["mean", {"share_above": 90}], "test_gate_rate": ["learned"]},
            {("test_accuracy", 1): "90 % is 0.9", ("test_gate_rate", 0): "there is no learned of numbers"},
        ),
        ({"test_accuracy": ["meen"]}, {("test_accuracy", 0): "meen"}),
        ({"test_accuracy": [{"share_above": None}]}, {("test_accuracy", 0): "no summary"}),
        ({"test_accuracy": ["share_above"]}, {("test_accuracy", 0): "takes a threshold"}),
    ],
)
def test_what_cannot_be_shown_is_told_all_at_once(store, make, summaries, problems):
    with pytest.raises(SummariesError) as caught:
        table_of(store, make, {"a": [0.5]}, summaries=summaries)
    assert caught.value.problems.keys() == problems.keys()
    for place, text in problems.items():
        assert text in caught.value.problems[place]


LEARNED = [{"epochs_to_retrieval": epoch, "epochs_trained": 15} for epoch in (4, 5, 7, None, 6, 8)]
SLOW = [{"epochs_to_retrieval": epoch, "epochs_trained": 15} for epoch in (12, None, 14, None, None, None)]


def times(rows):
    return [LearningTime(event=row["epochs_to_retrieval"], trained=row["epochs_trained"]) for row in rows]


def test_learning_times(store, make):
    table = table_of(store, make, {"fast": [*LEARNED, None], "slow": SLOW}, sql=SURVIVAL)
    assert [column.heading for column in table.columns] == [
        "Epochs to retrieval, median",
        "Epochs to retrieval, learned",
        "Epochs to retrieval, log-rank p",
    ]
    first, second = csv_rows(table)
    fast, slow = survival(times(LEARNED)), survival(times(SLOW))
    assert (float(first["epochs_to_retrieval_median"]), first["epochs_to_retrieval_learned"]) == (fast.median, "5")
    assert (first["epochs_to_retrieval_n"], first["epochs_to_retrieval_missing"]) == ("6", "1")
    assert first["epochs_to_retrieval_log_rank_p"] == ""
    p_value = log_rank_test(times(SLOW), times(LEARNED)).p_value
    assert float(second["epochs_to_retrieval_log_rank_p"]) == p_value < 0.05
    text = table.markdown()
    assert f"| not reached [{slow.low:g}, ∞) n=6 |" in text  # one learned in that epoch
    assert f"| {p_value:.2g} |" in text
    assert any("Log-rank p against fast: two-sided" in note for note in table.footnotes())
    assert any("not reached" in note for note in table.footnotes())


def test_an_epoch_in_which_none_learned_is_no_bound(store, make):
    never = [{"epochs_to_retrieval": None, "epochs_trained": 6} for _ in range(6)]
    table = table_of(store, make, {"never": never, "two": LEARNED[:2]}, sql=SURVIVAL)
    assert "| not reached (6, ∞) n=6 |" in table.markdown()
    assert "| 4 (0, ∞) n=2 |" in table.markdown()


def test_the_first_line_is_the_one_that_the_study_shows_first(store, make):
    rows = [TableRow(variant="slow", label="Slow"), TableRow(variant="fast")]
    table = table_of(store, make, {"fast": LEARNED, "slow": SLOW}, sql=SURVIVAL, rows=rows)
    assert [row["epochs_to_retrieval_log_rank_p"] == "" for row in csv_rows(table)] == [True, False]
    assert any("against Slow:" in note for note in table.footnotes())


def test_learning_times_where_nothing_has_run(store, make):
    table = table_of(store, make, {"fast": [None, None]}, sql=SURVIVAL)
    assert "| fast | — | — | — |" in table.markdown()
    assert table.footnotes() == ["fast: of 2 replicates, 2 pending."]


def test_single_values_name_seed_and_state(store, make):
    table = table_of(store, make, {"a": [0.25, None, 0.75]}, summaries={"test_retrieval_accuracy": ALL}).values()
    assert [column.heading for column in table.columns][:4] == [
        "Seed",
        "State",
        "Accuracy (%)",
        "Retrieval accuracy (%)",
    ]
    rows = csv_rows(table)
    assert [row["seed"] for row in rows] == ["0", "1", "2"]
    assert [row["state"] for row in rows] == ["completed", "pending", "completed"]
    assert [row["test_retrieval_accuracy"] for row in rows] == ["0.25", "", "0.75"]
    assert "| a | 1 | pending | — | — |" in table.markdown()
    assert not table.footnotes()


def test_single_learning_times(store, make):
    table = table_of(store, make, {"fast": LEARNED[2:4]}, sql=SURVIVAL).values()
    assert "| fast | 0 | completed | 7 |" in table.markdown()
    assert "| fast | 1 | completed | never in 15 |" in table.markdown()
    assert [row["epochs_to_retrieval"] for row in csv_rows(table)] == ["7.0", ""]
    assert [row["epochs_to_retrieval_trained"] for row in csv_rows(table)] == ["15.0", "15.0"]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.lists(st.one_of(st.none(), st.floats(0, 1)), max_size=4), min_size=2, max_size=2), max_size=4)
)
def test_every_single_value_is_there_once_and_in_order(lines):
    columns = [Column(name=name, title=name, has_replicates=True) for name in "xy"]
    made = [
        Line(
            label=str(number),
            variant=None,
            cells=[Cell(statistic=mean_interval(values), replicates=values) for values in line],
        )
        for number, line in enumerate(lines)
    ]
    table = Table(name="t", title="", columns=columns, lines=made)
    rows = csv_rows(table.values())
    for number, line in enumerate(lines):
        for name, values in zip("xy", line, strict=True):
            shown = [row[name] for row in rows if row["label"] == str(number) and row[name]]
            assert [float(text) for text in shown] == [value for value in values if value is not None]
    assert len(rows) == sum(max(1, *map(len, line)) for line in lines)


def test_every_kind_of_summary_can_be_asked_for():
    for kind in SummaryKind:
        given_as = {"share_above": 0.5} if kind is SummaryKind.SHARE_ABOVE else kind.value
        assert Summary.parse(given_as).kind is kind
