"""Queries that try to write, to read elsewhere, or to change the connection."""

import re
import subprocess
import sys

import pytest

import results_store
from results_store import QueryError


@pytest.fixture
def opened(store, make, tmp_path):
    store.publish([make.trial("t")])
    (tmp_path / "secret.csv").write_text("a,b\n1,2\n")
    (store.path / "link.csv").symlink_to(tmp_path / "secret.csv")
    (store.path / "linked").symlink_to(tmp_path)
    return results_store.open(store.path)


def everything_below(path):
    return sorted(str(file) for file in path.rglob("*") if ".cache" not in file.parts)


WRITES = [
    "COPY (SELECT 1) TO '{inside}'",
    "COPY trials TO '{outside}'",
    "EXPLAIN ANALYZE COPY (SELECT 1) TO '{inside}'",
    "EXPLAIN COPY (SELECT 1) TO '{inside}'",
    "WITH x AS (COPY (SELECT 1) TO '{inside}') SELECT * FROM x",
    "WITH x AS (COPY (SELECT 1) TO '{inside}') SELECT 1",
    "WITH y AS (SELECT 1), x AS MATERIALIZED (COPY (FROM y) TO '{inside}') FROM y",
    "SELECT * FROM (WITH x AS (COPY (SELECT 1) TO '{inside}') FROM x)",
    "FROM query('WITH x AS (COPY (SELECT 1) TO ''{inside}'') FROM x')",
    "SELECT (WITH x AS (COPY (SELECT 1) TO '{inside}') SELECT 1)",
    "WITH x AS (INSERT INTO raw.discounted VALUES ('a', 1) RETURNING *) FROM x",
    "COPY (PIVOT trials ON seed) TO '{inside}'",
    "PIVOT trials ON seed USING count(*)",
    "SELECT * FROM (PIVOT trials ON seed USING count(*))",
    "EXPORT DATABASE '{inside}'",
    "CREATE TABLE x AS SELECT 1",
    "CREATE OR REPLACE VIEW trials AS SELECT 1 AS trial_id",
    "DROP VIEW trials",
    "INSERT INTO trials SELECT * FROM trials",
    "DELETE FROM trials",
    "UPDATE trials SET seed = 1",
    "ATTACH '{inside}' AS other",
    "DETACH memory",
    "USE memory",
    "INSTALL httpfs",
    "LOAD httpfs",
    "UPDATE EXTENSIONS",
    "FORCE INSTALL httpfs FROM 'http://localhost'",
    "SET threads = 1",
    "RESET threads",
    "SET GLOBAL enable_external_access = true",
    "PRAGMA threads = 1",
    "PRAGMA database_list",
    "CALL pragma_version()",
    "CHECKPOINT",
    "VACUUM",
    "BEGIN",
    "PREPARE x AS SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT 1; COPY (SELECT 1) TO '{inside}'",
    "SELECT 1 /* ; */ ; DROP VIEW trials",
    "FROM enable_logging()",
    "EXPLAIN SELECT 1",
    "EXPLAIN ANALYZE SELECT 1",
    "",
    "-- nothing",
    ";",
]


@pytest.mark.parametrize("template", WRITES)
def test_what_does_not_only_read_is_refused(opened, tmp_path, template):
    inside, outside = opened.path / "written.csv", tmp_path / "written.csv"
    paths = {"inside": str(inside).replace("'", "''"), "outside": str(outside)}
    before = everything_below(tmp_path)
    query = template.replace("{inside}", paths["inside"]).replace("{outside}", paths["outside"])
    for run in (opened.sql, opened.explain):
        with pytest.raises(QueryError) as caught:
            run(query)
        assert "Traceback" not in str(caught.value)
    assert everything_below(tmp_path) == before
    assert opened.sql("SELECT count(*) FROM trials").rows() == [(1,)]


READS = [
    "FROM read_csv('{secret}')",
    "FROM '{secret}'",
    "FROM read_text('{secret}')",
    "FROM read_blob('{secret}')",
    "FROM read_json('{secret}')",
    "FROM read_parquet('{secret}')",
    "FROM sniff_csv('{secret}')",
    "FROM glob('{folder}/*')",
    "FROM parquet_metadata('{secret}')",
    "FROM read_csv('/etc/passwd')",
    "FROM '/etc/passwd'",
    "FROM read_text('/proc/self/environ')",
    "FROM read_text('{store}/../../secret.csv')",
    "FROM read_csv('{store}/link.csv')",
    "FROM read_csv('{store}/linked/secret.csv')",
    "FROM read_csv('{store}-other/secret.csv')",
    "FROM read_csv('file://{secret}')",
    "FROM read_csv('http://localhost/x.csv')",
    "FROM read_parquet('s3://bucket/x.parquet')",
    "FROM sqlite_scan('{secret}', 'a')",
    "FROM read_duckdb('{secret}')",
    "FROM query('FROM read_text(''/etc/passwd'')')",
    "SELECT getenv('HOME')",
    "FROM duckdb_secrets()",
    "FROM opened",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('FROM read_text(''/etc/passwd'')'))",
]


@pytest.mark.parametrize("template", READS)
def test_nothing_but_the_store_is_read(opened, tmp_path, template):
    (tmp_path / "we[i]rd 'store\" *?$x; é" / "results-other").mkdir()
    values = {"secret": tmp_path / "secret.csv", "folder": tmp_path, "store": opened.path}
    query = re.sub(r"\{(\w+)\}", lambda match: str(values[match[1]]).replace("'", "''"), template)
    with pytest.raises(QueryError) as caught:
        opened.sql(query).rows()
    message = str(caught.value)
    assert "Traceback" not in message
    assert "root:" not in message


def test_a_refusal_is_one_line(opened):
    for query in ("COPY (SELECT 1) TO 'x'", "FROM read_text('/etc/passwd')", "SELECT 1; SELECT 2", "SET a = 1"):
        with pytest.raises(QueryError) as caught:
            opened.sql(query).rows()
        assert "\n" not in str(caught.value)


def test_an_error_of_the_query_has_duckdbs_message_and_its_place(opened):
    with pytest.raises(QueryError, match="Referenced column") as caught:
        opened.sql("SELECT trial_id\nFROM trials WHERE nope = 1")
    assert (caught.value.line, caught.value.column) == (2, 19)
    assert caught.value.summary.count("\n") == 0


def test_an_error_while_running_is_told_as_well(opened):
    with pytest.raises(QueryError, match="boom"):
        opened.sql("SELECT error('boom') FROM trials").rows()


def test_a_message_cannot_steer_the_terminal(opened):
    with pytest.raises(QueryError) as caught:
        opened.sql('SELECT "\x1b[31mred" FROM trials')
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    [
        "FROM trials",
        "WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3) FROM n",
        "VALUES (1)",
        "SHOW TABLES",
        "DESCRIBE trials",
        "SUMMARIZE trials",
        "PIVOT trials ON seed IN (0, 1) USING count(*)",
        "SELECT 1;",
        "SELECT 1 -- ;",
        "SELECT ';'",
        "FROM query('FROM trials')",
        "SELECT table_name FROM information_schema.tables",
    ],
)
def test_everything_that_only_reads_is_allowed(opened, query):
    assert opened.sql(query).columns
    assert opened.explain(query) or query.startswith(("SHOW", "DESCRIBE", "SUMMARIZE"))


def test_the_store_itself_can_be_read_as_files(opened):
    folder = str(opened.path).replace("'", "''")
    for file in (opened.path / "trials").iterdir():
        assert opened.sql(f"SELECT count(*) FROM '{folder}/trials/{file.name}'").rows() == [(1,)]


def test_parameters_are_values_never_sql(opened):
    hostile = "x'; DROP VIEW trials; --"
    assert opened.sql("SELECT $name AS name FROM trials", {"name": hostile}).rows() == [(hostile,)]


def test_a_link_to_a_store_is_that_store(store, make, tmp_path):
    store.publish([make.trial("t")])
    (tmp_path / "link").symlink_to(store.path)
    assert results_store.open(tmp_path / "link").sql("SELECT count(*) FROM trials").rows() == [(1,)]


def test_no_progress_bar_is_drawn_among_the_data(tmp_path):
    """DuckDB takes a program without a file for a shell."""
    program = (
        "import pathlib, sys; from results_store.query import connect\n"
        "print(connect(pathlib.Path(sys.argv[1])).execute(\"SELECT current_setting('enable_progress_bar')\").fetchone())"
    )
    run = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    assert run.stdout == "(False,)\n"
