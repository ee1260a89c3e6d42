"""Files that were written before a column was there: it reads as its kind's default, also after merging."""

import shutil

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import results_store
from results_store import FolderStore, Kind, Layout, compact
from results_store.records import EntropyRecord, EpochRecord, GateRecord, RetractionRecord
from results_store.schemas import ColumnType, kinds
from results_store.stores.publishing import encode, publish

LATER = {
    "patience": (ColumnType.BIGINT, "3"),
    "labels": (ColumnType.VARCHARS, "[]"),
    "remark": (ColumnType.VARCHAR, None),
}


def without_columns(store, kind, *names):
    """Writes every file of a kind again as an older version would have."""
    for file in sorted((store.path / kind.value).iterdir()):
        table = pq.read_table(file).drop_columns(list(names))
        file.unlink()
        publish(Layout(store.path), kind, encode(table))


def rows(store, sql):
    return results_store.open(store.path).sql(sql).rows()


@pytest.fixture
def old(store, make):
    """Trials of an older version and of this one."""
    store.publish([make.trial(f"t{number}", stack_size=4) for number in range(2)])
    store.publish([make.trial("t2", stack_size=4)])
    without_columns(store, Kind.TRIALS, "stack_size", "git_dirty", "threads")
    store.publish([make.trial("t3", stack_size=4)])
    return store


def test_a_trial_of_an_older_file_was_trained_alone_and_the_rest_is_unknown(old):
    sql = "SELECT trial_id, stack_size, git_dirty, threads FROM trials ORDER BY ALL"
    expected = [*((f"t{number}", 1, None, None) for number in range(3)), ("t3", 4, False, 1)]
    assert rows(old, sql) == expected
    assert rows(old, sql.replace("FROM trials", "FROM raw.trials")) == expected
    compact(old.path)
    assert len(list((old.path / "trials").iterdir())) == 1
    assert rows(old, sql) == expected


def test_so_it_is_in_the_copies_of_small_files(old, monkeypatch):
    expected = rows(old, "SELECT * FROM trials ORDER BY trial_id")
    monkeypatch.setattr("results_store.catalogue.segments._MIN_MEMBERS", 2)
    assert rows(old, "SELECT * FROM trials ORDER BY trial_id") == expected
    assert list((old.path / ".cache" / "segments" / "trials").glob("*.parquet"))


@pytest.fixture
def later(monkeypatch):
    """The next version of amor: kinds have columns that are not there yet."""
    for name, (column_type, default) in LATER.items():
        for kind in Kind:
            monkeypatch.setitem(kinds._FIXED_COLUMNS[kind], name, column_type)
            if default is not None:
                monkeypatch.setitem(kinds._DEFAULTS[kind], name, default)


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("is_compacted", [False, True])
def test_a_column_that_comes_later_reads_as_its_default(filled_before, later, kind, is_compacted):
    store, written = filled_before
    if is_compacted:
        compact(store.path)
    file = min((store.path / kind.value).iterdir())
    table = pq.read_table(file).slice(0, 1)
    new = {"patience": 7, "labels": ["x"], "remark": "new"}
    for name, value in new.items():
        if name in table.column_names:
            table = table.drop_columns(name)
        table = table.append_column(name, pa.array([value], LATER[name][0].arrow))
    publish(Layout(store.path), kind, encode(table))
    sql = f"SELECT patience, labels, remark, count(*) FROM raw.{kind.value} GROUP BY ALL ORDER BY ALL"
    expected = [(3, [], None, written[kind]), (7, ["x"], "new", 1)]
    assert rows(store, sql) == expected
    compact(store.path)
    assert rows(store, sql) == expected


@pytest.fixture(scope="module")
def template(tmp_path_factory, make):
    """Written before `later`: two files of each kind."""
    store = FolderStore(tmp_path_factory.mktemp("template") / "results")
    for number in range(2):
        ids = {"trial_id": f"t{number}", "attempt_id": f"a{number}"}
        store.publish([make.submission({"a": ["t0", "t1"]}, minutes=number)])
        store.publish([make.trial(**ids)])
        store.publish([EpochRecord(**ids, epoch=0, metrics={"x": 1.0})])
        store.publish([EntropyRecord(**ids, values={"x": 1.0})])
        store.publish([GateRecord(**ids, values={"x": 1.0})])
        store.publish([make.failure(**ids)])
        store.publish([RetractionRecord(**ids, reason="x", retracted_at=make.start)])
        store.publish([make.candidate("asked", number)])
    return store.path


@pytest.fixture
def filled_before(template, store):
    """With the number of rows of each kind."""
    shutil.copytree(template, store.path)
    return store, dict.fromkeys(Kind, 2) | {Kind.STUDIES: 4}


def test_every_default_fits_its_column():
    with duckdb.connect() as connection:
        for kind in Kind:
            for name, default in kinds._DEFAULTS[kind].items():
                assert name not in kind.required_columns, "it can never be missing"
                column = kind.fixed_columns[name].value
                found = connection.execute(f"SELECT CAST($text AS {column})", {"text": default}).fetchone()
                assert found != (None,)
