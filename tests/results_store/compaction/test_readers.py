"""Readers whose files are merged under them."""

import io

import pytest

import results_store
from results_store import Kind, QueryError, compact
from results_store.query import result as result_module

SQL = "SELECT * FROM results ORDER BY ALL"


@pytest.fixture
def opened(filled):
    return results_store.open(filled.path)


@pytest.fixture(params=["untouched", "bound"])
def used(request, opened):
    """An open store, before its first query and after."""
    if request.param == "bound":
        opened.sql("SELECT count(*) FROM results").rows()
    return opened


def test_an_open_store_goes_on_answering(used, filled, shown):
    expected = results_store.open(filled.path).sql(SQL).rows()
    compact(filled.path)
    assert used.sql(SQL).rows() == expected


@pytest.mark.parametrize("question", ["table", "explain", "results"])
def test_every_question_to_an_open_store_is_answered(used, filled, question):
    def asked(results):
        match question:
            case "table":
                return sorted(results.table("demo", "all").markdown().splitlines())
            case "explain":
                return "READ_PARQUET" in results.explain(SQL).upper()
        return results.results("demo").rows()

    compact(filled.path)
    assert asked(used) == asked(results_store.open(filled.path))


@pytest.mark.parametrize("fetch", ["rows", "arrow", "reader", "df", "write"])
def test_rows_that_are_fetched_later_are_the_same(opened, filled, fetch):
    def fetched(result):
        match fetch:
            case "write":
                stream = io.BytesIO()
                results_store.write(result, "csv", stream)
                return stream.getvalue()
            case "reader":
                return result.reader().read_all().to_pylist()
            case "df":
                return result.df().to_dict("list").__repr__()
            case "arrow":
                return result.arrow().to_pylist()
        return result.rows()

    expected = fetched(opened.sql(SQL))
    late = opened.sql(SQL)
    columns = late.columns
    compact(filled.path)
    assert fetched(late) == expected
    assert late.columns == columns


def test_a_stream_of_many_rows_is_whole(opened, filled, monkeypatch):
    monkeypatch.setattr(result_module, "_MAX_BYTES_IN_MEMORY", 1000)
    sql = "SELECT e.trial_id, i FROM raw.epochs AS e, range(2000) AS r(i) ORDER BY ALL"
    expected = opened.sql(sql).rows()
    reader = opened.sql(sql).reader()
    first = reader.read_next_batch()
    compact(filled.path)
    rest = reader.read_all()
    assert first.num_rows + rest.num_rows == len(expected) == 24_000
    assert list(zip(*(column.to_pylist() for column in rest.columns), strict=True)) == expected[first.num_rows :]


def test_a_query_is_run_again_only_when_files_are_gone(opened, filled):
    result = opened.sql("SELECT error('no ' || trial_id) FROM trials")
    with pytest.raises(QueryError, match="no t"):
        result.rows()
    compact(filled.path)
    with pytest.raises(QueryError, match="no t"):
        result.rows()


def test_a_file_that_was_deleted_by_hand_is_left_out(opened, filled):
    for file in (filled.path / "trials").iterdir():
        file.unlink()
    assert opened.sql("SELECT count(*) FROM trials").rows() == [(0,)]


def test_the_stores_own_questions_bear_it(filled, monkeypatch):
    trials = [f"t{number}" for number in range(6)]
    expected = filled.finished(trials), filled.published(["0-0.0", "none"])
    rows = sorted(map(repr, filled.rows(Kind.TRIALS)))
    sql = results_store.Results.sql

    def compacted_meanwhile(self, *args):
        result = sql(self, *args)
        compact(filled.path)
        return result

    monkeypatch.setattr(results_store.Results, "sql", compacted_meanwhile)
    assert filled.finished(trials) == expected[0]
    assert filled.published(["0-0.0", "none"]) == expected[1]
    assert sorted(map(repr, filled.rows(Kind.TRIALS))) == rows
