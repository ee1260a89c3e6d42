import csv
import io
import json
import math

import pandas as pd
import pytest

import results_store
from results_store import FORMATS, QueryError, write

HOSTILE = "<b>a|b`*_x_&amp;$%#{}^~\\ \x1b[31m \x9b2J \u202e"
QUERY = """
SELECT $text AS "na_me %", 9007199254740993 AS whole, 0.1::DOUBLE AS real, 'nan'::DOUBLE AS nan,
    [1, NULL] AS list, NULL AS nothing, TIMESTAMP '2026-01-01' AS moment, sum(2::BIGINT) AS total, true AS flag
"""


@pytest.fixture
def opened(store):
    return results_store.open(store.path)


def written(result, output_format):
    stream = io.BytesIO()
    write(result, output_format, stream)
    return stream.getvalue()


@pytest.mark.parametrize("output_format", FORMATS)
def test_hostile_text_comes_out_inert(opened, output_format):
    content = written(opened.sql(QUERY, {"text": HOSTILE}), output_format)
    if output_format == "parquet":
        assert pd.read_parquet(io.BytesIO(content))["na_me %"][0] == HOSTILE
        return
    text = content.decode()
    assert not any(character in text for character in "\x1b\x9b\u202e")


def test_csv(opened):
    (row,) = csv.DictReader(io.StringIO(written(opened.sql(QUERY, {"text": 'a,"b\n'}), "csv").decode()))
    assert row["na_me %"] == 'a,"b\n'
    assert (row["whole"], row["real"], row["nan"], row["nothing"]) == ("9007199254740993", "0.1", "nan", "")
    assert (row["list"], row["total"], row["flag"]) == ("[1, null]", "2", "true")


def test_json(opened):
    (row,) = json.loads(written(opened.sql(QUERY, {"text": HOSTILE}), "json"))
    assert row["na_me %"] == HOSTILE
    assert (row["whole"], row["real"], row["nan"], row["nothing"]) == (9007199254740993, 0.1, "NaN", None)
    assert (row["list"], row["total"], row["moment"]) == ([1, None], 2, "2026-01-01T00:00:00")


def test_an_interval_is_text(opened):
    (row,) = json.loads(written(opened.sql("SELECT INTERVAL 3 DAY AS pause"), "json"))
    assert "days=3" in row["pause"]


def test_markdown_and_latex_show_text_as_it_is(opened):
    result = opened.sql("SELECT 'a|b_ $x$' AS a, 1 AS n")
    assert written(result, "markdown").decode() == "| a | n |\n| --- | ---: |\n| a\\|b\\_ \\$x\\$ | 1 |\n"
    assert "a\\textbar{}b\\_ \\$x\\$ & 1 \\\\" in written(result, "latex").decode()


def test_table_is_aligned(opened):
    text = written(opened.sql("SELECT * FROM (VALUES ('a', 1), ('long', 100)) AS t(name, n)"), "table").decode()
    assert text == "name    n\n----  ---\na       1\nlong  100\n"


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_rows_are_a_result_too(opened, output_format):
    content = written(opened.sql("SELECT trial_id, seed FROM trials"), output_format)
    if output_format == "json":
        assert json.loads(content) == []
    elif output_format == "parquet":
        assert list(pd.read_parquet(io.BytesIO(content)).columns) == ["trial_id", "seed"]
    else:
        assert b"seed" in content


@pytest.mark.parametrize("output_format", FORMATS)
def test_an_error_while_running_is_a_query_error(opened, output_format):
    with pytest.raises(QueryError, match="boom"):
        written(opened.sql("SELECT error('boom') FROM range(10)"), output_format)


def test_rows_frames_and_arrow_agree(opened):
    result = opened.sql("SELECT range AS n, range * 0.5 AS half FROM range(3)")
    assert result.columns == ["n", "half"]
    assert result.rows() == [(0, 0), (1, 0.5), (2, 1)]
    assert result.df()["n"].tolist() == result.arrow()["n"].to_pylist() == [0, 1, 2]
    assert not math.isnan(result.dicts()[1]["half"])
