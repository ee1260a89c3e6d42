"""Every LaTeX table compiles with a real LaTeX, whatever is in it, and is no wider than the text."""

import dataclasses
import random
from datetime import UTC, datetime
from pathlib import Path

import pytest
from compiling import compiled, needs_latex
from hypothesis import given, settings
from hypothesis import strategies as st

import results_store
from orchestrator.study.loading import load_study
from orchestrator.study.submission import submission_record
from results_store import FolderStore, Table
from results_store.query.latex_text import latex
from results_store.records import MetricInfo, Provenance, TableRecord, TableRow, TrialRecord
from results_store.statistics import mean_interval
from results_store.tables import Cell, Column, Line
from results_store.tables.latex_floats import PrintedColumn, PrintedGroup, latex_floats

ROOT = Path(__file__).parents[1]
STUDIES = sorted((ROOT / "studies").rglob("*.yaml"))
HOSTILE = r"50 % of_it & #1 \input{x} ~^ $x$ {a} <b> “ö” ÄÖÜß ±∞ [1] * -- 語"
SURVIVAL = (ROOT / "studies" / "tables" / "epochs_to_retrieval.sql").read_text()


def value_of(metric, seed, rng):
    if metric.name == "epochs_to_retrieval":
        return rng.randint(3, 12) if rng.random() < 0.6 else None
    if metric.name == "epochs_trained":
        return 15
    if metric.unit == "fraction":
        return rng.choice([0.41, 0.987]) + rng.gauss(0, 0.005)
    return rng.randint(1, 200_000) if metric.unit == "count" else rng.gauss(3, 1)


def trial(member, metrics, rng):
    provenance = Provenance(
        git_commit=None,
        git_dirty=None,
        source_hash="",
        versions={},
        host="",
        cpu="",
        threads=1,
        finished_at=datetime(2026, 1, 1, tzinfo=UTC),
    )
    return TrialRecord(
        trial_id=member.trial_id,
        attempt_id=f"{member.trial_id}-1",
        trainable="amor",
        trainable_version=1,
        seed=member.seed,
        status="diverged" if rng.random() < 0.05 else "completed",
        config=member.config,
        metrics={metric.name: value_of(metric, member.seed, rng) for metric in metrics},
        duration_s=1.0,
        stack_size=1,
        provenance=provenance,
    )


def fabricated(path, folder):
    """All tables of a study over results that were made up, with labels that LaTeX would trip over."""
    record = submission_record(load_study(path))
    known = {metric.name for metric in record.metrics}
    more = [
        MetricInfo(name=name, unit="count") for name in ("epochs_to_retrieval", "epochs_trained") if name not in known
    ]
    rows = [
        TableRow(variant=name, label=f"{name} {HOSTILE}")
        for name in {member.variant: None for member in record.members}
    ]
    tables = [
        dataclasses.replace(
            table, title=f"{table.title} {HOSTILE}", rows=[with_hostile_label(row) for row in table.rows]
        )
        for table in record.tables
    ]
    record = dataclasses.replace(
        record,
        metrics=(*record.metrics, *more),
        tables=(*tables, TableRecord(name="survival", title="When it is learned", sql=SURVIVAL, rows=rows)),
    )
    store = FolderStore(folder / "results")
    rng = random.Random(0)
    seen = {member.trial_id: member for member in record.members}
    missing = set(rng.sample(sorted(seen), len(seen) // 10))
    store.publish([record])
    trials = [trial(member, record.metrics, rng) for key, member in seen.items() if key not in missing]
    if trials:
        store.publish(trials)
    opened = results_store.open(store.path)
    return [opened.table(record.study, name) for name in opened.tables(record.study)]


def with_hostile_label(row):
    return dataclasses.replace(row, label=f"{row.label or row.variant} {HOSTILE}")


@pytest.mark.parametrize("path", STUDIES, ids=[path.stem for path in STUDIES])
def test_every_table_of_every_study_compiles(path, tmp_path):
    needs_latex()
    tables = fabricated(path, tmp_path)
    compiled([table.latex() for table in tables], tmp_path)


def test_single_values_over_several_pages_compile(tmp_path):
    needs_latex()
    tables = fabricated(ROOT / "studies" / "paper_v1" / "simple_retrieval.yaml", tmp_path)
    texts = [table.values().latex() for table in tables]
    assert any("(continued)" in text for text in texts)
    compiled(texts, tmp_path)


def long_table(num_columns, num_lines, published):
    columns = [
        Column(name=f"c{place}", title=f"Column {place}", unit="fraction", has_replicates=True, has_published=published)
        for place in range(num_columns)
    ]
    cell = Cell(statistic=mean_interval([0.1, 0.25, 0.99]), published=0.1234)
    lines = [Line(label=f"line {line}", variant=None, cells=[cell] * num_columns) for line in range(num_lines)]
    return Table(name="long", title="", columns=columns, lines=lines)


def test_tables_of_any_size_fit(tmp_path):
    needs_latex()
    shapes = [
        (columns, lines, published) for columns in (0, 1, 4, 8) for lines in (0, 1, 30) for published in (True, False)
    ]
    compiled([long_table(*shape).latex() for shape in shapes], tmp_path)


def test_tables_of_long_texts_and_many_footnotes_fit(tmp_path):
    needs_latex()
    texts = [HOSTILE * (1 + line % 3) for line in range(25)]
    groups = [
        PrintedGroup(heading=heading, columns=[PrintedColumn.of_texts(texts, is_numeric=False)])
        for heading in ("Claim", "Verdict", "Effect")
    ]
    floats = [latex_floats("Claims", groups, [HOSTILE] * number) for number in (0, 3, 100)]
    assert all(r"\caption{Claims (continued)}" in text for text in floats)
    compiled(floats, tmp_path)


def test_text_of_any_kind_compiles(tmp_path):
    """Some hundreds of texts in one document, for each takes LaTeX a second to start."""
    needs_latex()
    texts = []

    @settings(max_examples=300, database=None, deadline=None)
    @given(st.text(max_size=30))
    def collect(text):
        texts.append(text)

    collect()
    columns = [Column(name="x", title="x")]
    lines = [Line(label=text, variant=None, cells=[Cell(value=text)]) for text in texts]
    tables = [Table(name="t", title=text, columns=columns, lines=lines[:30]) for text in texts[:50]]
    compiled([table.latex() for table in tables], tmp_path, must_fit=False)
    compiled([latex(text) + r"\par" for text in texts], tmp_path, must_fit=False)
