"""The commands that look: exit codes, what goes to stdout, what goes to stderr."""

import csv
import io
import json

import duckdb
import pandas as pd
import pytest

from orchestrator import SubmitOptions, submit
from results_store import Layout
from results_store import open as open_results
from results_store.compaction.lock import only_one


@pytest.fixture
def store(amor, write_study, tmp_path):
    path = tmp_path / "store"
    study = write_study(one={"number": 1}, two={"number": 2}, bad={"behaviour": "raise"})
    amor("submit", study, "--store", path, "--executor", "inline")
    return path


def test_validate(amor, write_study, tmp_path):
    study = write_study()
    answer = amor("validate", study)
    assert answer.code == 0
    assert "valid; 2 variants, 2 cells, 2 seeds, 4 trials" in answer.err
    study.write_text(study.read_text().replace("seeds:", "sedes:"))
    answer = amor("validate", study)
    assert answer.code == 2
    assert "numbers.yaml:6:1: sedes: unknown key; did you mean 'seeds'?" in answer.err
    assert answer.out == ""


def test_plan(amor, write_study, store):
    answer = amor("plan", write_study("numbers", 3), "--store", store, "--json")
    assert answer.code == 0
    (row,) = json.loads(answer.out)
    assert (row["trials"], row["done"], row["to_run"], row["shared_with_other_studies"]) == (6, 4, 2, 0)
    assert row["cpu_hours"] is not None
    assert row["stacks_here"] == 2, "by its own account this trainable gains nothing by stacks"
    answer = amor("plan", write_study("another", 2), "--store", store, "--json")
    (row,) = json.loads(answer.out)
    assert (row["done"], row["to_run"], row["shared_with_other_studies"]) == (4, 0, 4)


def test_plan_warns_when_seeds_are_too_few_for_the_claims(amor, write_study, tmp_path):
    study = write_study("claims", 4)
    claims = "".join(f"  - {{name: c{n}, metric: score, compare: [one, two], expect: less}}\n" for n in range(3))
    study.write_text(study.read_text() + "claims:\n" + claims)
    answer = amor("plan", study, "--store", tmp_path / "none")
    assert "warning: claims: 4 seeds cannot support 3 claims of family 'claims'" in answer.err
    assert "0.19; take 6 or more" in answer.err
    assert "cannot support" not in amor("plan", study, "--set", "seeds=6", "--store", tmp_path / "none").err


def test_status(amor, store):
    (row,) = json.loads(amor("status", "--store", store, "--json").out)
    assert (row["study"], row["trials"], row["completed"], row["failed"], row["pending"]) == ("numbers", 6, 4, 2, 0)
    assert "numbers" in amor("status", "numbers", "--store", store).out
    answer = amor("status", "nonsense", "--store", store)
    assert answer.code == 2
    assert "nonsense" in answer.err


def test_list(amor, store):
    (row,) = json.loads(amor("list", "--store", store, "--json").out)
    assert (row["study"], row["tags"], row["submissions"]) == ("numbers", "tests", 1)
    assert json.loads(amor("list", "--store", store, "--json", "--tag", "none").out) == []


def test_show(amor, store):
    trials = open_results(store).sql("SELECT DISTINCT trial_id, variant FROM results WHERE seed = 0").rows()
    by_variant = {variant: trial_id for trial_id, variant in trials}
    answer = amor("show", by_variant["two"][:10], "--store", store)
    assert answer.code == 0, answer.err
    assert "numbers/two" in answer.out
    assert "completed" in answer.out
    shown = json.loads(amor("show", by_variant["two"], "--store", store, "--json").out)
    assert shown["trials"][0]["score"] == 2.0
    assert len(shown["epochs"]) == 1
    answer = amor("show", by_variant["bad"], "--store", store)
    assert "RuntimeError: the trainable says no" in answer.out
    assert amor("show", "ffffffffffffffffffffff", "--store", store).code == 2
    assert "several trials begin with ''" in amor("show", "", "--store", store).err


def test_query_in_every_format(amor, store, tmp_path):
    sql = "SELECT variant, avg(score) AS mean, count(*) AS n FROM results GROUP BY variant ORDER BY variant"
    as_csv = amor("query", sql, "--store", store, "--format", "csv")
    assert list(csv.DictReader(io.StringIO(as_csv.out))) == [
        {"variant": "bad", "mean": "", "n": "2"},
        {"variant": "one", "mean": "1.5", "n": "2"},
        {"variant": "two", "mean": "2.5", "n": "2"},
    ]
    assert json.loads(amor("query", sql, "--store", store, "--format", "json").out)[1] == {
        "variant": "one",
        "mean": 1.5,
        "n": 2,
    }
    assert "| one | 1.5 | 2 |" in amor("query", sql, "--store", store, "--format", "markdown").out
    assert r"\toprule" in amor("query", sql, "--store", store, "--format", "latex").out
    assert "variant" in amor("query", sql, "--store", store).out
    target = tmp_path / "out.parquet"
    assert amor("query", sql, "--store", store, "--format", "parquet", "--output", target).code == 0
    assert list(pd.read_parquet(target)["n"]) == [2, 2, 2]
    (tmp_path / "q.sql").write_text(sql)
    assert amor("query", "--file", tmp_path / "q.sql", "--store", store, "--format", "csv").out == as_csv.out
    assert "PROJECTION" in amor("query", sql, "--store", store, "--explain").out.upper()


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO trials VALUES (1)",
        "COPY trials TO 'out.csv'",
        "COPY trials TO '{store}/out.csv'",
        "EXPLAIN ANALYZE COPY (SELECT 1) TO '{store}/out.csv'",
        "ATTACH 'x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SELECT 1; SELECT 2",
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELEKT 1",
        "SELECT nothing FROM trials",
        "",
    ],
)
def test_query_refuses_with_exit_2_and_no_traceback(amor, store, tmp_path, sql):
    before = sorted(store.rglob("*.csv"))
    answer = amor("query", sql.format(store=store), "--store", store)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.strip()
    assert "Traceback" not in answer.err
    assert sorted(store.rglob("*.csv")) == before
    assert not list(tmp_path.glob("out.csv"))


def test_a_store_that_is_not_there(amor, tmp_path):
    for command in (["status"], ["list"], ["query", "SELECT 1"], ["table", "x"], ["show", "a"]):
        answer = amor(*command, "--store", tmp_path / "none")
        assert answer.code == 2, command
        assert answer.err.startswith("there is no store at"), command


def test_table(amor, store):
    markdown = amor("table", "numbers", "--store", store)
    assert markdown.code == 0
    assert "| one | 1.5" in markdown.out
    assert "n=2" in markdown.out
    assert "failed" in markdown.out
    assert r"\toprule" in amor("table", "numbers", "scores", "--store", store, "--format", "latex").out
    assert "variant" in amor("table", "numbers", "--store", store, "--format", "csv").out.lower()
    answer = amor("table", "numbers", "nothing", "--store", store)
    assert answer.code == 2
    assert "scores" in answer.err


def test_files_are_plain_parquet(store):
    frame = pd.concat(pd.read_parquet(path) for path in (store / "trials").glob("*.parquet"))
    assert sorted(frame["score"]) == [1.0, 2.0, 2.0, 3.0]
    (num_rows,) = duckdb.sql(f"SELECT count(*) FROM '{store}/trials/*.parquet'").fetchall()[0]
    assert num_rows == 4


def test_a_foreign_file_is_told_and_left_out(amor, store):
    (store / "trials" / "notes.parquet").write_text("not mine")
    answer = amor("query", "SELECT count(*) AS n FROM trials", "--store", store, "--format", "csv")
    assert (answer.code, answer.out) == (0, "n\n4\n")
    assert "notes.parquet" in answer.err


def test_schema_is_json(amor):
    assert json.loads(amor("schema").out)["title"] == "StudyFile"


@pytest.mark.parametrize("arguments", [["nonsense"], ["submit"], ["query"], ["query", "SELECT 1", "--format", "xls"]])
def test_wrong_usage(amor, arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    answer = amor(*arguments)
    assert answer.code == 2
    assert "Traceback" not in answer.err


def test_help_of_every_command(amor):
    for command in ("validate", "plan", "submit", "status", "list", "show", "query", "table", "schema"):
        assert command in amor("--help").out
        assert amor(command, "--help").code == 0


def test_from_python(write_study, tmp_path):
    outcome = submit(write_study(), store=tmp_path / "store", options=SubmitOptions(executor="inline"))
    assert outcome.is_complete
    assert outcome.studies[0].num_trained == 4
    results = open_results(tmp_path / "store")
    assert results.sql("SELECT sum(score) FROM results").df().iloc[0, 0] == 8.0
    assert results.results("numbers").arrow().num_rows == 4
    assert "| one |" in results.table("numbers", "scores").markdown()


def test_paths_with_odd_names(amor, write_study, weird_path):
    study = write_study()
    moved = weird_path / "a study.yaml"
    moved.write_text(study.read_text())
    (weird_path / "scores.sql").write_text((study.parent / "scores.sql").read_text())
    answer = amor("submit", moved, "--store", weird_path / "the store", "--executor", "inline")
    assert answer.code == 0, answer.err
    assert amor("query", "SELECT 1 AS x FROM trials", "--store", weird_path / "the store").code == 0


def test_compact(amor, store):
    sql = "SELECT * FROM results ORDER BY ALL"
    before = amor("query", sql, "--store", store, "--format", "csv").out
    answer = amor("compact", "--store", store, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    trials = next(row for row in found["kinds"] if row["kind"] == "trials")
    assert (trials["files_after"], trials["rows_after"]) == (1, 4)
    assert found["quarantined"] == []
    assert amor("query", sql, "--store", store, "--format", "csv").out == before
    answer = amor("compact", "--store", store)
    assert answer.code == 0
    (line,) = [line.split() for line in answer.out.splitlines() if line.startswith("trials")]
    assert line[:5] == ["trials", "1", "1", "4", "4"]


def test_compact_tells_what_it_moved_to_quarantine(amor, store):
    (store / "trials" / "notes.txt").write_text("mine")
    answer = amor("compact", "--store", store, "--json")
    assert answer.code == 1
    assert "notes.txt: it is not a file of this store" in answer.err
    assert len(json.loads(answer.out)["quarantined"]) == 1


def test_compact_of_a_store_that_is_missing_or_being_compacted(amor, store, tmp_path):
    answer = amor("compact", "--store", tmp_path / "none")
    assert (answer.code, answer.out) == (2, "")
    assert "there is no store at" in answer.err
    with only_one(Layout(store)):
        answer = amor("compact", "--store", store)
    assert (answer.code, answer.out) == (1, "")
    assert answer.err.count("\n") == 1
    assert "another compaction of the store" in answer.err
