"""`amor claims`, and the verdicts at the end of `submit`."""

import csv
import io
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from results_store import Kind, Layout
from results_store.stores.publishing import encode, publish

STUDY = """\
schema_version: 1
name: {name}
trainable: do_nothing
seeds: {seeds}
variants: {{low: {{}}, high: {{value: 3.0}}}}
claims:
  - {{name: more, metric: score, compare: [high, low], expect: greater, family: {family}, published: [3.5, null]}}
  - {{name: less, metric: score, compare: [high, low], expect: less, family: {family}}}
"""


@pytest.fixture
def write_claims(tmp_path):
    def write(name="claiming", seeds=7, family="all"):
        path = tmp_path / f"{name}.yaml"
        path.write_text(STUDY.format(name=name, seeds=seeds, family=family))
        return path

    return write


def test_submit_prints_the_verdicts_and_a_refuted_claim_is_no_failure(amor, write_claims, tmp_path):
    answer = amor("submit", write_claims(), "--store", tmp_path / "store", "--executor", "inline")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("**Claims**")
    assert r"| more | Score | high \> low | supported |" in answer.out
    assert r"| less | Score | high \< low | refuted |" in answer.out
    assert amor("claims", "claiming", "--store", tmp_path / "store").out == answer.out
    assert amor("claims", "--store", tmp_path / "store").out == answer.out


def test_several_studies_are_decided_together(amor, write_claims, tmp_path):
    store = tmp_path / "store"
    studies = [write_claims("two", seeds=3), write_claims("one")]
    answer = amor("submit", *studies, "--store", store, "--executor", "inline")
    assert answer.out.count("**Claims**") == 1
    assert "Family all: 4 claims, corrected together." in answer.out
    assert "two: 3 seeds cannot support 2 claims of family 'all' (4 claims in 2 studies)" in answer.err.replace(
        "\n", " "
    )
    found = json.loads(amor("claims", "two", "one", "--store", store, "--json").out)
    assert [(verdict["study"], verdict["name"]) for verdict in found] == [
        ("two", "more"), ("two", "less"), ("one", "more"), ("one", "less"),
    ]  # fmt: skip
    assert {verdict["family_size"] for verdict in found} == {4}
    (alone,) = [v for v in json.loads(amor("claims", "one", "--store", store, "--json").out) if v["name"] == "more"]
    assert alone == found[2]


def test_forms(amor, write_claims, tmp_path):
    store = tmp_path / "store"
    amor("submit", write_claims(), "--store", store, "--executor", "inline")
    rows = list(csv.DictReader(io.StringIO(amor("claims", "--store", store, "--format", "csv").out)))
    assert [row["verdict"] for row in rows] == ["supported", "refuted"]
    assert json.loads(rows[0]["published"]) == [3.5, None]
    assert r"\toprule" in amor("claims", "--store", store, "--format", "latex").out
    (first, _) = json.loads(amor("claims", "--store", store, "--json").out)
    assert first["arms"][0]["values"].keys() == {str(seed) for seed in range(7)}
    assert first["verdict"]["outcome"] == "supported"


def test_what_is_not_there_is_told(amor, write_study, tmp_path):
    store = tmp_path / "store"
    assert amor("claims", "--store", store).code == 2
    amor("submit", write_study(), "--store", store, "--executor", "inline")
    answer = amor("claims", "--store", store)
    assert (answer.code, answer.out) == (0, "")
    assert "no claims in" in answer.err
    assert json.loads(amor("claims", "--store", store, "--json").out) == []
    answer = amor("claims", "nobody", "--store", store)
    assert answer.code == 2
    assert "no study 'nobody'" in answer.err


def test_claims_of_earlier_versions_are_one_line_on_stderr(amor, write_claims, tmp_path):
    store = tmp_path / "store"
    amor("submit", write_claims(), "--store", store, "--executor", "inline")
    old = [{"name": "more", "metric": "score", "compare": ["high", "low"], "where": {}, "expect": "greater"}]
    write_as_before(store, json.dumps(old))
    answer = amor("claims", "--store", store)
    assert answer.code == 0
    assert answer.out == ""
    assert "study 'claiming' records a claim without cells, as earlier versions did; submit it again" in answer.err
    assert amor("submit", write_claims(), "--store", store, "--executor", "inline").out.startswith("**Claims**")


def write_as_before(store, claims):
    """Writes every submission again as an earlier version would have."""
    for file in (store / "studies").iterdir():
        table = pq.read_table(file)
        place = table.schema.get_field_index("claims")
        table = table.set_column(place, "claims", pa.array([claims] * len(table), pa.string()))
        file.unlink()
        publish(Layout(store), Kind.STUDIES, encode(table))
