import csv
import dataclasses
import io
import math
from pathlib import Path

import pytest

import results_store
from results_store import QueryError, UnknownNameError, check_table_sql
from results_store.records import TableRecord, TableRow

SQL = Path("studies/tables/model_comparison.sql").read_text()
HOSTILE = "<b>&\\input{x}$%_^~#{}|`\x1b[31m\n'; DROP VIEW results; --"


def table_of(store, make, *, rows=(), variants=None, title="Table & 3", sql=SQL):
    record = TableRecord(name="table3", title=title, sql=sql, rows=rows)
    store.publish([make.submission(variants or {"ssm": ["s0", "s1", "s2"], "amor": ["a0", "a1"]}, tables=[record])])
    return results_store.open(store.path).table("demo", "table3")


def publish(store, make, trial_id, seed, accuracy, **changes):
    metrics = {"test_accuracy": accuracy, "test_retrieval_accuracy": accuracy, "num_parameters": 1234}
    store.publish([make.trial(trial_id, seed=seed, metrics=metrics, **changes)])


def read_csv(table):
    return {row["label"]: row for row in csv.DictReader(io.StringIO(table.csv()))}


def test_mean_interval_and_count(store, make):
    for seed, accuracy in enumerate([0.5, 0.6, 0.7]):
        publish(store, make, f"s{seed}", seed, accuracy)
    publish(store, make, "a0", 0, 1.0)
    table = table_of(store, make)
    lines = table.markdown().splitlines()
    assert "| ssm | 60.0 [35.2, 84.8] n=3 |" in table.markdown()
    assert "100.0 n=1 of 2" in table.markdown()
    assert lines[0] == "**Table & 3**"
    assert [line.variant for line in table.lines] == ["ssm", "amor"]
    assert "amor: of 2 replicates, 1 pending." in table.footnotes()
    row = read_csv(table)["ssm"]
    assert float(row["test_accuracy_mean"]) == pytest.approx(0.6)
    assert row["test_accuracy_n"] == "3"
    assert row["num_parameters"] == "1234"
    assert read_csv(table)["amor"]["replicates_pending"] == "1"


def test_every_replicate_that_is_not_in_a_number_is_told(store, make):
    publish(store, make, "s0", 0, math.nan)
    publish(store, make, "s1", 1, 0.5, status="diverged")
    store.publish([make.failure("s2")])
    table = table_of(store, make)
    assert "ssm: of 3 replicates, 1 diverged, 1 failed." in table.footnotes()
    assert "ssm: no Accuracy in 1 completed replicate." in table.footnotes()
    assert "50.0 n=1 of 3" in table.markdown()


def test_rows_choose_order_label_and_publish(store, make):
    publish(store, make, "a0", 0, 0.5)
    rows = [
        TableRow(variant="amor", label="AMOR", published={"test_retrieval_accuracy": 0.9963}),
        TableRow(variant="gone"),
    ]
    table = table_of(store, make, rows=rows)
    assert [line.label for line in table.lines] == ["AMOR", "gone"]
    header = table.markdown().splitlines()[2]
    assert "| Retrieval accuracy (%) | Published |" in header
    assert "| 99.63 |" in table.markdown()
    assert float(read_csv(table)["AMOR"]["test_retrieval_accuracy_published"]) == 0.9963


def test_cells_of_one_variant_are_never_pooled(store, make):
    members = [
        dataclasses.replace(member, cell_id=cell)
        for cell in ("x", "y")
        for member in make.submission({"a": [f"{cell}0", f"{cell}1"]}).members
    ]
    record = TableRecord(name="table3", sql=SQL)
    store.publish([make.submission({}, members=members, tables=[record])])
    for trial_id, accuracy in {"x0": 0.1, "x1": 0.1, "y0": 0.9, "y1": 0.9}.items():
        publish(store, make, trial_id, 0, accuracy)
    table = results_store.open(store.path).table("demo", "table3")
    assert [line.cells[0].interval.mean for line in table.lines] == [0.1, 0.9]


def test_hostile_names_come_out_inert(store, make):
    rows = [TableRow(variant=HOSTILE, label=HOSTILE)]
    table = table_of(store, make, rows=rows, title=HOSTILE, variants={HOSTILE: ["h0"]})
    for text in (table.markdown(), table.latex(), table.csv()):
        assert "\x1b" not in text
    assert "<b>" not in table.markdown().replace("\\<b\\>", "")
    assert r"\input{" not in table.latex()
    assert results_store.open(store.path).sql("SELECT count(*) FROM results").rows() == [(1,)]


def test_latex_has_the_rules_of_booktabs(store, make):
    text = table_of(store, make).latex()
    for rule in ("\\toprule", "\\midrule", "\\bottomrule"):
        assert text.count(rule) == 1
    widths = {line.count(" & ") for line in text.splitlines() if line.endswith("\\\\") and "Table" not in line}
    assert len(widths) == 1


def test_unknown_table(store, make):
    table_of(store, make)
    opened = results_store.open(store.path)
    assert opened.tables("demo") == ["table3"]
    with pytest.raises(UnknownNameError, match="its tables: table3"):
        opened.table("demo", "table4")


@pytest.mark.parametrize("sql", ["SELECT", "COPY (SELECT 1) TO 'x'", "SELECT 1; SELECT 2", "SELECT $other", ""])
def test_a_tables_query_is_checked_beforehand(sql):
    with pytest.raises(QueryError):
        check_table_sql(sql)


def test_the_committed_query_is_good():
    check_table_sql(SQL)
