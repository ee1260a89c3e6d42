"""Queries that try to write, to read elsewhere, or to change the connection."""

import io
import re
import subprocess
import sys

import duckdb
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
    "FROM json_execute_serialized_sql(json_serialize_sql('WITH x AS (COPY (SELECT 1) TO ''{inside}'') FROM x'))",
    "FROM JSON_Execute_Serialized_SQL(json_serialize_sql('SELECT 1'))",
    "FROM system.main.json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "SELECT (SELECT count(*) FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1')))",
    "DESCRIBE FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    "FROM query('FROM json_execute_serialized_sql(json_serialize_sql(''SELECT 1''))')",
    "FROM query('FROM json_execute_' || 'serialized_sql(json_serialize_sql(''SELECT 1''))')",
    "FROM query(current_setting('x'))",
    "FROM query($$SELECT 1; SELECT 2$$)",
    "FROM destroy_external_resource('query', 'SELECT 1')",
    "FROM register_external_resource_type('a', kind := 'attach', create_function := 'query')",
    "FROM enable_profiling(save_location = '{inside}')",
    "FROM checkpoint()",
    "EXECUTE x",
    "COPY (SELECT 1) TO '{inside}' -- SELECT",
    "/* SELECT */ COPY (SELECT 1) TO '{inside}'",
    "\u00a0COPY\u2003(SELECT 1)\u00a0TO '{inside}'",
    "S\u0415LECT 1",
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


def table_functions():
    """The names of all table functions that DuckDB has, also those that do more than read."""
    rows = duckdb.sql("SELECT DISTINCT function_name FROM duckdb_functions() WHERE function_type LIKE 'table%'")
    return sorted(name for (name,) in rows.fetchall())


def quoted(text):
    return "'" + str(text).replace("'", "''") + "'"


def test_no_table_function_gives_what_is_outside_or_changes_anything(opened, tmp_path):
    for file_format in ("csv", "json", "parquet"):
        duckdb.sql(
            f"COPY (SELECT 'TOPSECRET' AS a) TO {quoted(tmp_path / f'hidden.{file_format}')} (FORMAT {file_format})"
        )
    with duckdb.connect(str(tmp_path / "hidden.duckdb")) as database:
        database.sql("CREATE TABLE a AS SELECT 'TOPSECRET' AS a")
    (opened.path / "way_out").symlink_to(tmp_path)
    arguments = []
    for folder in (tmp_path, opened.path / ".." / "..", opened.path / "way_out"):
        paths = [quoted(folder / f"hidden.{ending}") for ending in ("csv", "json", "parquet", "duckdb")]
        arguments += [*paths, f"[{paths[0]}]", f"{paths[3]}, 'a'", quoted(f"{folder}/*"), quoted(f"FROM {paths[0]}")]
    before = everything_below(tmp_path)
    for name in table_functions():
        for argument in arguments:
            try:
                answer = str(opened.sql(f"FROM {name}({argument})").rows())
            except QueryError as error:
                answer = str(error)
            assert "TOPSECRET" not in answer, (name, argument)
    assert everything_below(tmp_path) == before


def test_the_same_questions_are_answered_inside_of_the_store(opened):
    """So the test above does not pass because its questions make no sense."""
    duckdb.sql(f"COPY (SELECT 'TOPSECRET' AS a) TO {quoted(opened.path / 'seen.csv')}")
    for name in ("read_csv", "read_text", "read_blob", "sniff_csv", "glob"):
        assert opened.sql(f"FROM {name}({quoted(opened.path / 'seen.csv')})").rows()


def test_only_known_table_functions_are_used(opened):
    """A function that the next DuckDB brings is refused until somebody has looked at it."""
    refused = set()
    for name in table_functions():
        try:
            opened.sql(f"FROM {name}()")
        except QueryError as error:
            if "is not allowed" in str(error):
                refused.add(name)
    assert refused >= {"json_execute_serialized_sql", "enable_profiling", "enable_logging", "arrow_scan", "checkpoint"}
    assert not refused & {"read_parquet", "read_csv", "glob", "range", "duckdb_columns", "query", "unnest"}


def test_queries_in_texts_are_checked_as_deep_as_they_go(opened):
    query = "SELECT 1 AS one"
    for _ in range(4):
        query = f"FROM query({quoted(query)})"
    assert opened.sql(query).rows() == [(1,)]
    for _ in range(8):
        query = f"FROM query({quoted(query)})"
    with pytest.raises(QueryError, match="more than 10 times"):
        opened.sql(query)


@pytest.mark.parametrize("value", ["TIMESTAMP 'infinity'", "DATE '290000-01-01'", "TIMESTAMP '290000-01-01'"])
@pytest.mark.parametrize("output_format", ["table", "csv", "json", "markdown", "latex"])
def test_a_value_that_python_cannot_hold_is_told_in_one_line(opened, value, output_format):
    result = opened.sql(f"SELECT {value} AS a")
    with pytest.raises(QueryError, match="cast its column to VARCHAR") as caught:
        results_store.write(result, output_format, io.BytesIO())
    assert "\n" not in str(caught.value)
    with pytest.raises(QueryError):
        result.rows()


DEEP = {
    "brackets": "SELECT " + "(" * 3000 + "1" + ")" * 3000,
    "not": "SELECT " + "NOT " * 3000 + "true",
    "sum": "SELECT 1" + "+1" * 3000,
    "subqueries": "FROM " + "(FROM " * 900 + "trials" + ")" * 900,
}


@pytest.mark.parametrize("name", DEEP)
def test_deep_queries_are_refused_before_they_can_crash(opened, name):
    with pytest.raises(QueryError):
        opened.sql(DEEP[name])


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
