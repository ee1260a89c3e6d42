"""What a compaction does to files and rows, and what it leaves as it is."""

import errno

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import results_store
from results_store import CompactionError, FolderStore, Kind, Layout, StorePathError, compact
from results_store.compaction import batches as batches_module
from results_store.compaction import merged_file
from results_store.compaction.lock import only_one
from results_store.stores import publishing

VALUES = [1, 2**53 + 1, 0.5, -0.0, float("nan"), float("inf"), "no", "é'\"", True, None, [1], [0.5, None], ["x"]]

publications = st.lists(
    st.tuples(st.sampled_from(list(Kind)), st.integers(0, 4), st.sampled_from(VALUES)), min_size=1, max_size=16
)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(before=publications, after=publications, large_rows=st.sampled_from([2, 3, 250_000]))
def test_no_view_sees_a_compaction(tmp_path_factory, make, shown, monkeypatch, before, after, large_rows):
    monkeypatch.setattr(batches_module, "_LARGE_ROWS", large_rows)
    store = FolderStore(tmp_path_factory.mktemp("one"))
    untouched = FolderStore(tmp_path_factory.mktemp("other"))
    for part in (before, after):
        for publication in part:
            shown.publish(store, make, *publication)
            shown.publish(untouched, make, *publication)
        report = compact(store.path)
        assert shown.views(store.path) == shown.views(untouched.path)
        assert report.quarantined == ()
        files = shown.files(store.path)
        again = compact(store.path)
        assert shown.files(store.path) == files
        assert [kind.after for kind in again.kinds] == [kind.before for kind in again.kinds]
        assert [kind.before for kind in again.kinds] == [kind.after for kind in report.kinds]


def test_small_files_become_one(filled, shown):
    before = shown.views(filled.path)
    report = compact(filled.path)
    assert {kind.kind: (kind.before.num_files, kind.after.num_files) for kind in report.kinds} == dict.fromkeys(
        Kind, (6, 1)
    )
    assert all(kind.before.num_rows == kind.after.num_rows for kind in report.kinds)
    assert shown.views(filled.path) == before
    assert list((filled.path / ".tmp").iterdir()) == []
    for kind in report.kinds:
        (file,) = (filled.path / kind.kind.value).iterdir()
        assert kind.after.num_bytes == file.stat().st_size
        assert len(pd.read_parquet(file)) == kind.after.num_rows


def test_one_file_of_each_kind_is_left_alone(store, make, shown):
    for kind in Kind:
        shown.publish(store, make, kind, 1, "x")
    files = shown.files(store.path)
    compact(store.path)
    assert shown.files(store.path) == files


def test_large_files_are_left_alone(filled, make, shown, monkeypatch):
    monkeypatch.setattr(batches_module, "_LARGE_ROWS", 6)
    compact(filled.path)
    (large,) = (filled.path / "trials").iterdir()
    for number in range(6, 9):
        shown.publish(filled, make, Kind.TRIALS, number, 0.5)
    compact(filled.path)
    files = list((filled.path / "trials").iterdir())
    assert large in files
    assert sorted(pq.read_metadata(file).num_rows for file in files) == [3, 6]


@pytest.mark.parametrize("limit", ["_LARGE_BYTES", "_MAX_FILES"])
def test_batches_are_bounded_by_bytes_and_files_too(filled, monkeypatch, shown, limit):
    before = shown.views(filled.path)
    size = max(file.stat().st_size for file in (filled.path / "trials").iterdir())
    monkeypatch.setattr(batches_module, limit, {"_LARGE_BYTES": size + 1, "_MAX_FILES": 2}[limit])
    made = []
    publish_merged = merged_file.publish_merged

    def noted(layout, kind, files, connection, **options):
        if kind is Kind.TRIALS:
            made.append(len(files))
        return publish_merged(layout, kind, files, connection, **options)

    monkeypatch.setattr("results_store.compaction.compaction.publish_merged", noted)
    compact(filled.path)
    assert max(made) == 2
    assert shown.views(filled.path) == before


def test_equal_rows_are_kept_once(store, make):
    records = [make.trial("t"), make.trial("u"), make.trial("v")]
    store.publish(records[:2])
    store.publish(records[1:])
    store.publish(records[::-1])
    assert len(store.rows(Kind.TRIALS)) == 7
    compact(store.path)
    assert sorted(row["trial_id"] for row in store.rows(Kind.TRIALS)) == ["t", "u", "v"]


def test_a_number_is_not_written_down_in_the_type_that_a_query_shows_today(store, make):
    for trial, value in (("a", 1), ("b", 2), ("c", 0.5), ("d", 1.5)):
        store.publish([make.trial(trial, config={"x": value})])
    compact(store.path)
    assert len(list((store.path / "trials").iterdir())) == 2
    store.publish([make.trial("e", config={"x": "text"})])
    found = results_store.open(store.path).sql("SELECT x FROM trials ORDER BY trial_id").rows()
    assert [row[0] for row in found] == ["1", "2", "0.5", "1.5", "text"]


def test_a_bit_that_flipped_after_verification_is_quarantined_and_not_merged(filled, shown, monkeypatch):
    shown.views(filled.path)
    file = sorted((filled.path / "trials").iterdir())[2]
    content = bytearray(file.read_bytes())
    content[200] ^= 1
    file.write_bytes(content)
    # What a disk does is seen by no time of change.
    monkeypatch.setattr("results_store.catalogue.memory.VerificationMemory.recall", recall_all(filled))
    assert filled.problems() == ()
    report = compact(filled.path)
    assert [problem.path for problem in report.quarantined] == [file]
    assert "does not have the hash" in report.quarantined[0].reason
    assert (filled.path / "quarantine" / "trials" / file.name).read_bytes() == content
    monkeypatch.undo()
    assert len(filled.rows(Kind.TRIALS)) == 5


def recall_all(store):
    """A memory of verification to which every file has the columns of the first."""
    from results_store.catalogue.memory import Known
    from results_store.catalogue.scan import verify

    known = {}
    for kind in Kind:
        for path in (store.path / kind.value).iterdir():
            try:
                file, _ = verify(path, kind)
            except Exception:
                continue
            known[kind.value] = Known(file.columns, file.num_rows)
    return lambda self, folder, name, key: known.get(folder)


def test_foreign_files_are_quarantined(filled, shown):
    before = shown.views(filled.path)
    (filled.path / "epochs" / "notes.txt").write_text("mine")
    report = compact(filled.path)
    assert [problem.path.name for problem in report.quarantined] == ["notes.txt"]
    assert (filled.path / "quarantine" / "epochs" / "notes.txt").read_text() == "mine"
    assert shown.views(filled.path) == before


def test_files_with_columns_of_other_programs_are_left_alone(filled):
    for number in range(2):
        table = pa.table({"trial_id": [f"o{number}"], "attempt_id": ["a"], "deep": [{"x": 1}]})
        publishing.publish(Layout(filled.path), Kind.ENTROPY, publishing.encode(table))
        table = pa.table({"trial_id": [f"o{number}"], "attempt_id": ["a"], "short": pa.array([1], pa.int8())})
        publishing.publish(Layout(filled.path), Kind.ENTROPY, publishing.encode(table))
    compact(filled.path)
    schemas = [pq.read_schema(file) for file in (filled.path / "entropy").iterdir()]
    assert len(schemas) == 5
    assert sum("deep" in schema.names for schema in schemas) == 2
    assert [schema.field("short").type for schema in schemas if "short" in schema.names] == [pa.int8()] * 2


def test_rows_that_come_out_wrong_are_not_published(filled, shown, monkeypatch):
    before, files = shown.views(filled.path), shown.files(filled.path)
    merge = merged_file.merge

    def wrong(connection, kind, members, target, **options):
        merge(connection, kind, members[1:], target, **options)

    monkeypatch.setattr(merged_file, "merge", wrong)
    with pytest.raises(CompactionError, match="other rows"):
        compact(filled.path)
    assert shown.files(filled.path) == files
    assert shown.views(filled.path) == before


def test_what_duckdb_cannot_merge_is_one_line(filled, shown, monkeypatch):
    files = shown.files(filled.path)

    def fail(*args, **kwargs):
        raise duckdb.IOException("IO Error: no\nmore")

    monkeypatch.setattr(merged_file, "merge", fail)
    with pytest.raises(CompactionError, match="cannot merge files of studies: IO Error: no") as caught:
        compact(filled.path)
    assert "\n" not in str(caught.value)
    assert shown.files(filled.path) == files


def test_a_second_compaction_is_refused(filled, shown):
    files = shown.files(filled.path)
    with only_one(Layout(filled.path)), pytest.raises(CompactionError, match="another compaction of the store"):
        compact(filled.path)
    assert shown.files(filled.path) == files
    compact(filled.path)


def test_a_file_system_without_locks_is_enough(filled, shown, monkeypatch):
    def refuse(*args):
        raise OSError(errno.ENOLCK, "no locks")

    monkeypatch.setattr("fcntl.flock", refuse)
    compact(filled.path)
    assert len(shown.files(filled.path)) == len(Kind)


def test_a_missing_store_is_one_line_and_not_made(store):
    with pytest.raises(StorePathError, match="there is no store at"):
        compact(store.path)
    assert not store.path.exists()


def test_an_empty_folder_is_no_store_and_stays_empty(tmp_path):
    with pytest.raises(StorePathError, match="there is no store at"):
        compact(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_store_that_cannot_be_written_to_is_one_line(filled, shown, monkeypatch):
    files = shown.files(filled.path)

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    for step in ("results_store.stores.publishing._write", "os.link", "pathlib.Path.unlink"):
        with monkeypatch.context() as patch:
            patch.setattr(step, refuse)
            with pytest.raises(StorePathError, match="cannot write to the store") as caught:
                compact(filled.path)
        assert "\n" not in str(caught.value)
        assert set(files) <= set(shown.files(filled.path))


def test_a_folder_of_other_things_is_no_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StorePathError, match="is no store"):
        compact(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
