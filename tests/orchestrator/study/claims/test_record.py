"""What a submission records of claims: the cells that are meant, under names that tell them apart."""

import pytest

from orchestrator.study.loading import load_study
from orchestrator.study.submission import submission_record
from results_store import FolderStore
from results_store import open as open_results
from results_store.claims import RecordedClaims

STUDY = """\
schema_version: 1
name: recorded
trainable: do_nothing
seeds: 2
variants: {low: {}, high: {value: 3.0}}
grid: {spread: [1.0, 0.5], epochs: [0, 1]}
claims:
  - name: arms
    metric: score
    expect: greater
    compare: [high, {variant: high, where: {spread: 0.5}}]
    where: {spread: 1.0, epochs: 1}
    published: [3.0, null]
  - {name: number, metric: score, expect: at_most, variant: low, where: {spread: 1.0, epochs: 0}, value: 2, family: other}
  - name: parts
    expect: all
    where: {epochs: 1}
    of:
      - {metric: score, expect: ratio, ratio: 6, compare: [high, low], where: {spread: 0.5}, published: [1.0, 2.0]}
      - {metric: score, expect: at_least, variant: {variant: high, where: {spread: 1.0}}, value: 1}
  - {name: series, metric: score, expect: drop, variant: high, where: {epochs: 1}, along: spread, beyond: 0.5,
     published: [1.0, 2.0]}
  - name: variants
    metric: score
    expect: monotone
    direction: increasing
    variant: [low, high]
    where: {epochs: 1, spread: 0.5}
    along: value
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    path = tmp_path_factory.mktemp("record") / "study.yaml"
    path.write_text(STUDY)
    return load_study(path)


@pytest.fixture(scope="module")
def claims(study):
    return {claim.name: claim for claim in submission_record(study).claims}


def cell(study, variant, **values):
    (found,) = [
        cell
        for cell in study.cells
        if variant in cell.variants and all(getattr(cell.config, key) == value for key, value in values.items())
    ]
    return found.cell_id


def test_an_arm_is_at_the_claims_point_and_its_own(study, claims):
    first, second = claims["arms"].statement.arms
    assert first.cell_id == cell(study, "high", spread=1.0, epochs=1)
    assert second.cell_id == cell(study, "high", spread=0.5, epochs=1)
    assert (first.label, first.published) == ("high (spread=1.0, epochs=1)", 3.0)
    assert (second.label, second.published) == ("high (spread=0.5, epochs=1)", None)


def test_a_family_is_the_studys_unless_it_is_named(claims):
    assert {name: claim.family for name, claim in claims.items()} == {
        "arms": "recorded",
        "number": "other",
        "parts": "recorded",
        "series": "recorded",
        "variants": "recorded",
    }


def test_parts_inherit_the_point_of_their_conjunction(study, claims):
    ratio, bound = claims["parts"].statement.parts
    assert [arm.cell_id for arm in ratio.arms] == [
        cell(study, "high", spread=0.5, epochs=1),
        cell(study, "low", spread=0.5, epochs=1),
    ]
    assert [arm.published for arm in ratio.arms] == [1.0, 2.0]
    assert (ratio.ratio, bound.value) == (6.0, 1.0)
    assert bound.arms[0].cell_id == cell(study, "high", spread=1.0, epochs=1)


def test_a_series_ascends_whatever_the_order_of_the_grid(study, claims):
    statement = claims["series"].statement
    assert [arm.position for arm in statement.arms] == [0.5, 1.0]
    assert [arm.cell_id for arm in statement.arms] == [
        cell(study, "high", spread=spread, epochs=1) for spread in (0.5, 1.0)
    ]
    assert [arm.published for arm in statement.arms] == [1.0, 2.0]
    assert statement.subject == "high (epochs=1)"


def test_a_series_may_be_of_several_variants(study, claims):
    statement = claims["variants"].statement
    assert [arm.position for arm in statement.arms] == [0.0, 3.0]
    assert [arm.cell_id for arm in statement.arms] == [
        cell(study, variant, spread=0.5, epochs=1) for variant in ("low", "high")
    ]
    assert statement.subject == "low (spread=0.5, epochs=1), high (spread=0.5, epochs=1)"


def test_the_store_gives_back_what_was_recorded(study, tmp_path):
    record = submission_record(study)
    FolderStore(tmp_path / "store").publish([record])
    ((text,),) = open_results(tmp_path / "store").sql("SELECT claims FROM studies").rows()
    parsed = RecordedClaims.parse(text)
    assert list(parsed.claims) == list(record.claims)
    assert (parsed.earlier, parsed.num_senseless) == ([], 0)
