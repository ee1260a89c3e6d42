"""Verdicts as people read them, and as programs do."""

import csv
import io

import pytest
from compiling import compiled


@pytest.fixture
def table(stores, make):
    a, b = make.arm("a", published=0.95), make.arm("b", published=0.6835)
    claims = [
        make.claim("supported", "greater", a, b, margin=0.05),
        make.claim("refuted", "less", "a", "b"),
        make.claim("in nats", "at_least", "a", metric="gap", value=1.0),
        make.claim("incomplete", "equivalent", "a", "c", margin=0.1),
        make.claim(
            "series & 5 %",
            "monotone",
            make.arm("b", position=1.0),
            make.arm("a", position=2.0),
            subject="x_y",
            along="k",
        ),
    ]
    trials = [
        make.trial(variant, seed, value + 0.001 * seed**2 * (variant == "a"), gap=1.25 + 0.002 * seed)
        for variant, value in (("a", 0.9), ("b", 0.1))
        for seed in range(8)
    ]
    return stores([make.submission("abc", claims, seeds=range(8))], trials).claims().table()


def cells(table):
    return {line[0]: dict(zip(table.header, line, strict=True)) for line in table.lines}


def test_fractions_are_shown_in_percent_and_their_effects_in_points(table):
    line = cells(table)["supported"]
    assert line["Verdict"] == "supported"
    assert line["Effect"].startswith("+81.8 pp [+80.3, +83.2]")
    assert line["Our means"] == "91.8 / 10.0"
    assert line["Published"] == "95 / 68.35"
    assert line["Inside"] == "no / no"
    assert line["n"] == "8"


def test_other_units_stay_what_they_are(table):
    line = cells(table)["in nats"]
    assert line["Effect"].startswith("+0.2570 nats [")
    assert (line["Our means"], line["Published"], line["Inside"]) == ("1.257", "—", "—")


def test_the_p_of_a_refuted_claim_is_that_of_its_contrary(table):
    assert cells(table)["refuted"]["Corrected p"] == "0.016 against"
    assert cells(table)["supported"]["Corrected p"] == "0.016"
    assert cells(table)["series & 5 %"]["Corrected p"] == "—"
    assert cells(table)["incomplete"]["Corrected p"] == "—"


def test_footnotes_say_what_to_bear_in_mind(table):
    notes = table.footnotes()
    assert "Family study: 4 claims, corrected together." in notes
    assert "incomplete: incomplete: replicates: 8 missing." in notes
    assert "series & 5 %: as claimed, described without a test: no step goes the other way." in notes


def test_a_note_on_several_claims_stands_once(stores, make):
    claims = [make.claim(name, "greater", "a", "b") for name in "xyz"]
    looked = [make.trial(variant, seed, 0.5) for variant in "ab" for seed in range(3)]
    studies = [make.submission("ab", claims, seeds=range(size), minutes=10 * size) for size in (3, 4)]
    notes = stores(*[[study] for study in studies], looked).claims().table().footnotes()
    assert [note for note in notes if "added after looking" in note] == [
        "All claims: seed 3 added after looking: on 2026-01-01 00:40 UTC, when 3 seeds of its cells had results."
    ]


def test_csv_keeps_fractions_and_all_digits(table):
    rows = {row["claim"]: row for row in csv.DictReader(io.StringIO(table.csv()))}
    by_name = {verdict.name: verdict for verdict in table.verdicts}
    assert set(rows) == set(by_name)
    for name, row in rows.items():
        decided = by_name[name].verdict
        assert row["verdict"] == decided.outcome
        assert row["effect"] == ("" if decided.effect is None else repr(decided.effect))
        assert row["p_corrected"] == ("" if decided.p_corrected is None else repr(decided.p_corrected))


def test_the_study_is_a_column_where_there_are_several(stores, make):
    studies = [make.submission("ab", [make.claim("x", "greater", "a", "b")], study=study) for study in ("one", "two")]
    table = stores(*[[study] for study in studies]).claims().table()
    assert table.header[0] == "Study"
    assert [line[0] for line in table.lines] == ["one", "two"]
    assert all(len(line) == len(table.header) == len(table.numeric) for line in table.lines)


def test_no_claims_make_an_empty_table(stores, make, tmp_path):
    table = stores([make.submission("a", [])]).claims().table()
    assert (table.lines, table.footnotes()) == ([], [])
    assert table.csv() == "\n"
    assert "Claim" in table.markdown()
    compiled([table.latex()], tmp_path)


def test_latex_takes_it_and_it_fits(table, tmp_path):
    compiled([table.latex()], tmp_path)


def test_what_nobody_published_has_no_columns(stores, make):
    table = stores([make.submission("ab", [make.claim("x", "greater", "a", "b")])]).claims().table()
    assert "Published" not in table.header
    assert "Inside" not in table.header
    assert [len(line) for line in table.lines] == [len(table.header)]
    assert not any("published" in note for note in table.footnotes())


def test_bounds_are_shown_as_bounds_and_their_strictness_is_told_once(table, stores, make):
    assert cells(table)["in nats"]["Statement"] == "a ≥ 1 nats"
    assert [note for note in table.footnotes() if "strictly" in note] == [
        "Bounds (≥, ≤) are tested strictly: the interval has to lie beyond the number."
    ]
    parts = [make.statement("greater", "a", "b"), make.statement("at_most", "a", value=0.99)]
    for claim, is_told in ((make.conjunction("x", *parts), True), (make.claim("x", "greater", "a", "b"), False)):
        notes = stores([make.submission("ab", [claim])]).claims().table().footnotes()
        assert any("strictly" in note for note in notes) is is_told
