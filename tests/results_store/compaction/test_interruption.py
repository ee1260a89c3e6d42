"""Compactions that die, and that run while others write, read and compact."""

import contextlib
import errno
import io
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faulty_os import Died as FaultyOsDied
from faulty_os import Fault, calls_of, faulty_os

import results_store
from results_store import Kind, Layout, compact
from results_store.catalogue import generation as generation_module
from results_store.catalogue import scan as scan_module
from results_store.catalogue.memory import VerificationMemory
from results_store.compaction import compaction as compaction_module
from results_store.compaction import merged_file
from results_store.stores import publishing


class Died(BaseException):
    """No error that anybody handles."""


STEPS = {
    "read again": (compaction_module, "read_whole"),
    "merge": (merged_file, "merge"),
    "publish": (merged_file, "publish_file"),
    "link": (os, "link"),
    "sync of the folder": (publishing, "_sync_folder"),
    "verification": (compaction_module, "verify"),
    "announcement": (compaction_module, "renew_generation"),
    "deletion": (Path, "unlink"),
}


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_wherever_it_dies_the_views_stay_and_the_next_one_ends_it(filled, shown, monkeypatch, step, moment):
    before, rows = shown.views(filled.path), {kind: len(filled.rows(kind)) for kind in Kind}
    module, name = STEPS[step]
    do = getattr(module, name)
    calls = []

    def die(*args, **kwargs):
        calls.append(args)
        is_last = len(calls) == 4
        if moment == "after" or not is_last:
            result = do(*args, **kwargs)
        if is_last:
            raise Died
        return result

    with monkeypatch.context() as patch:
        patch.setattr(module, name, die)
        with pytest.raises(Died):
            compact(filled.path)
    assert shown.views(filled.path) == before
    compact(filled.path)
    assert shown.views(filled.path) == before
    assert len(shown.files(filled.path)) == len(Kind)
    assert {kind: len(filled.rows(kind)) for kind in Kind} == rows


def test_what_a_dead_one_merged_is_not_merged_again(filled, make, shown, monkeypatch):
    """Also when the merged file is large by now and the members meet others."""
    with monkeypatch.context() as patch:
        patch.setattr(compaction_module, "renew_generation", dies)
        with pytest.raises(Died):
            compact(filled.path)
    monkeypatch.setattr("results_store.compaction.batches._LARGE_ROWS", 12)
    for number in range(6, 9):
        shown.publish(filled, make, Kind.STUDIES, number, "x")
    rows = results_store.open(filled.path).sql("SELECT DISTINCT * FROM raw.studies").rows()
    compact(filled.path)
    assert sorted(map(repr, results_store.open(filled.path).sql("FROM raw.studies").rows())) == sorted(map(repr, rows))


def test_a_damaged_merged_file_does_not_cost_the_files_that_it_replaces(filled, shown, monkeypatch):
    before = shown.views(filled.path)
    files = set(shown.files(filled.path))
    with monkeypatch.context() as patch:
        patch.setattr(compaction_module, "renew_generation", dies)
        with pytest.raises(Died):
            compact(filled.path)
    (merged,) = set(shown.files(filled.path)) - files
    path = filled.path / "studies" / merged
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    assert [problem.path for problem in compact(filled.path).quarantined] == [path]
    assert shown.views(filled.path) == before


def with_footer(path, table, replaced):
    """A sound file of trials that says that it replaces others."""
    noted = table.replace_schema_metadata({"amor.replaces": ",".join(file.stem for file in replaced)})
    stream = io.BytesIO()
    pq.write_table(noted, stream)
    return publishing.publish(Layout(path), Kind.TRIALS, stream.getvalue())


def rewritten(table, column, data_type=None):
    """The same rows with one column in another type, or new."""
    if data_type is None:
        return table.append_column(column, pa.array([1.0] * len(table)))
    index = table.column_names.index(column)
    return table.set_column(index, column, table[column].cast(data_type))


def types_of_columns(path):
    """A view shows a column in one type, whatever its files have."""
    return {(field.name, field.type) for file in (path / "trials").iterdir() for field in pq.read_schema(file)}


LIES = {
    "another row": lambda own, others: own,
    "all rows but one": lambda own, others: others.slice(1),
    "a column less": lambda own, others: others.drop_columns("x"),
    "a column more": lambda own, others: rewritten(others, "more"),
    "another type": lambda own, others: rewritten(others, "x", pa.string()),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_footer_that_lies_costs_no_row(filled, shown, lie):
    first, *others = sorted((filled.path / "trials").iterdir())
    table = LIES[lie](pq.read_table(first), pq.read_table(others))
    with_footer(filled.path, table, others)
    before = shown.views(filled.path), types_of_columns(filled.path)
    compact(filled.path)
    assert (shown.views(filled.path), types_of_columns(filled.path)) == before


def test_a_footer_that_is_no_text_is_borne(filled, shown):
    first = sorted((filled.path / "trials").iterdir())[0]
    table = pq.read_table(first).replace_schema_metadata({b"amor.replaces": b"\xff\xfe", b"\xff": b"\xfe"})
    stream = io.BytesIO()
    pq.write_table(table, stream)
    publishing.publish(Layout(filled.path), Kind.TRIALS, stream.getvalue())
    before = shown.views(filled.path)
    assert compact(filled.path).quarantined == ()
    assert shown.views(filled.path) == before


def test_a_merged_file_that_was_filtered_costs_no_row(filled, shown):
    """Other programs keep the footer, and the members may be there again: from a backup, or another store."""
    before = shown.views(filled.path)
    members = {file: file.read_bytes() for file in (filled.path / "trials").iterdir()}
    compact(filled.path)
    (merged,) = (filled.path / "trials").iterdir()
    stream = io.BytesIO()
    pq.write_table(pq.read_table(merged).slice(2), stream)
    merged.unlink()
    filtered = publishing.publish(Layout(filled.path), Kind.TRIALS, stream.getvalue())
    assert b"amor.replaces" in pq.read_schema(filtered).metadata
    for file, content in members.items():
        file.write_bytes(content)
    compact(filled.path)
    assert shown.views(filled.path) == before


def test_a_footer_that_is_true_is_believed_for_what_it_names_only(filled, shown, monkeypatch):
    """Nothing is merged here, so whatever is gone was found to be in the other file."""
    monkeypatch.setattr("results_store.compaction.batches._LARGE_ROWS", 0)
    before = shown.views(filled.path)
    first, *others = sorted((filled.path / "trials").iterdir())
    merged = with_footer(filled.path, pq.read_table([first, *others]), others)
    compact(filled.path)
    assert set((filled.path / "trials").iterdir()) == {first, merged}
    assert shown.views(filled.path) == before


def test_files_with_columns_of_other_programs_are_no_leftovers(filled):
    first, second, *_ = sorted((filled.path / "trials").iterdir())
    foreign = pq.read_table(first).append_column("deep", pa.array([{"x": 1}]))
    file = publishing.publish(Layout(filled.path), Kind.TRIALS, publishing.encode(foreign))
    with_footer(filled.path, pq.read_table([first, second]), [file])
    compact(filled.path)
    assert file.exists()


def dies(*args):
    raise Died


def test_leftovers_of_the_dead_are_removed_when_they_are_old(filled):
    old, recent = filled.path / ".tmp" / "old", filled.path / ".tmp" / "recent"
    for path in (old, recent):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    compact(filled.path)
    assert (old.exists(), recent.exists()) == (False, True)


def test_killed_processes_lose_nothing(filled, shown):
    before = shown.views(filled.path)
    program = f"""
import os, sys
import results_store
from results_store.compaction import compaction
unlink, left = compaction.Path.unlink, int(sys.argv[1])
def unlink_some(path, missing_ok=False):
    global left
    left -= 1
    if not left:
        os.kill(os.getpid(), 9)
    unlink(path, missing_ok=missing_ok)
compaction.Path.unlink = unlink_some
results_store.compact({str(filled.path)!r})
"""
    for num_deletions in (2, 5, 9):
        killed = subprocess.run([sys.executable, "-c", program, str(num_deletions)], cwd=Path.cwd(), check=False)
        assert killed.returncode == -9
        assert shown.views(filled.path) == before
    compact(filled.path)
    assert shown.views(filled.path) == before
    assert len(shown.files(filled.path)) == len(Kind)


def test_two_unlocked_compactions_and_writers_lose_nothing(store, make, monkeypatch):
    """Locks that do not work; writers that publish old and new rows meanwhile; readers that look all the time."""
    monkeypatch.setattr("fcntl.flock", lambda *args: None)
    monkeypatch.setattr("results_store.compaction.batches._LARGE_ROWS", 20)
    published = []
    failures = []
    done = threading.Event()

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as error:
                failures.append(error)
                done.set()

        return threading.Thread(target=run)

    def write():
        for number in range(120):
            if done.is_set():
                break
            store.publish([make.trial(f"t{number}", minutes=number)])
            if number % 3 == 0:  # bytes that may just be going
                store.publish([make.trial(f"t{number // 2}", minutes=number // 2)])
            published.append(f"t{number}")
        done.set()

    def merge():
        while not done.is_set():
            with contextlib.suppress(results_store.CompactionError):  # the other one was faster to delete a file
                compact(store.path)

    def read():
        while not done.is_set():
            promised = list(published)
            assert set(store.finished(promised)) == set(promised)

    store.publish([make.trial("first")])
    threads = [guarded(work) for work in (write, merge, merge, read)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    compact(store.path)
    assert set(store.finished(published)) == set(published)
    rows = results_store.open(store.path).sql("SELECT count(*), count(DISTINCT trial_id) FROM trials").rows()
    assert rows == [(121, 121)]


def test_a_listing_that_a_compaction_overtakes_is_made_again(filled, shown, monkeypatch):
    """A folder that is read piece by piece: the merged file came too late, its members are gone."""
    before = shown.views(filled.path)
    scandir = os.scandir
    compacted = []

    class Late:
        def __init__(self, folder):
            self.entries = list(scandir(folder))

        def __enter__(self):
            if not compacted:
                compacted.append(True)
                with monkeypatch.context() as patch:
                    patch.setattr(os, "scandir", scandir)
                    compact(filled.path)
            return iter(self.entries)

        def __exit__(self, *error):
            pass

    with monkeypatch.context() as patch:
        patch.setattr(scan_module.os, "scandir", Late)
        opened = results_store.open(filled.path)
    assert opened.sql("SELECT count(*) FROM studies").rows() == [(len(before["SELECT * FROM studies"][1]),)]


def test_a_store_that_never_comes_to_rest_is_one_line(filled, monkeypatch):
    monkeypatch.setattr(scan_module, "generation", lambda layout: os.urandom(8))
    with pytest.raises(results_store.StorePathError, match="being merged all the time"):
        results_store.open(filled.path)


def test_the_generation_changes_with_every_announcement(filled):
    layout = Layout(filled.path)
    seen = [generation_module.generation(layout)]
    for _ in range(3):
        generation_module.renew_generation(layout)
        seen.append(generation_module.generation(layout))
    assert len(set(seen)) == 4


FAULTS = {
    "ENOSPC": {"errno": errno.ENOSPC},
    "EIO": {"errno": errno.EIO},
    "dies before": {"death": "before"},
    "dies after": {"death": "after"},
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_call_of_the_operating_system_fails_in_turn(store, shown, make, tmp_path, fault):
    """Whatever call it is: the files hold every row once or twice, and the next compaction ends the work."""
    kinds = (Kind.TRIALS, Kind.RETRACTIONS)
    for kind in kinds:
        for number in range(3):
            shown.publish(store, make, kind, number, "x" if kind is Kind.RETRACTIONS and number else 0.5 * number)
    sql = "SELECT * FROM trials ORDER BY trial_id"
    expected = results_store.open(store.path).sql(sql).rows()
    rows = {kind: {repr(row) for file in store.path.glob(f"{kind.value}/*") for row in read(file)} for kind in kinds}
    first = tmp_path / "first"
    shutil.copytree(store.path, first)
    calls = calls_of(lambda: compact(first))
    assert {"open", "write", "fsync", "link", "unlink", "replace", "scandir"} <= set(calls)
    for at in range(len(calls)):
        path = tmp_path / f"store {at}"
        shutil.copytree(store.path, path)
        with faulty_os(Fault(at=at, **FAULTS[fault])), contextlib.suppress(results_store.StoreError, FaultyOsDied):
            assert compact(path).quarantined == (), "a sound file that could not be read once is no damaged one"
        layout = Layout(path)
        found = scan_module.scan_store(layout, VerificationMemory(layout.verified))
        assert not any(scan.problems for scan in found.values())
        for kind in kinds:
            files = [file.path for file in found[kind].files]
            assert {repr(row) for file in files for row in read(file)} == rows[kind]
        if at % 10 == 0:
            assert results_store.open(path).sql(sql).rows() == expected
        compact(path)
        assert [len(list(layout.folder(kind).iterdir())) for kind in kinds] == [1, 1]
        assert {kind: {repr(row) for row in read(*layout.folder(kind).iterdir())} for kind in kinds} == rows


def read(file):
    """The rows of a file, the values that are not NULL by name: a merged file has more columns, in another order."""
    rows = pq.read_table(file).to_pylist()
    return [{name: value for name, value in sorted(row.items()) if value is not None} for row in rows]


def test_compactions_that_die_while_others_write_and_read(store, make):
    """At another call each time; what was published is seen by every reader at every moment."""
    published, failures = [], []
    done = threading.Event()

    def guarded(work):
        def run():
            try:
                work()
            except BaseException as error:
                failures.append(error)
            finally:
                done.set()

        return threading.Thread(target=run)

    def write():
        for number in range(60):
            store.publish([make.trial(f"t{number}", minutes=number)])
            published.append(f"t{number}")

    def read():
        while not done.is_set():
            promised = list(published)
            assert set(store.finished(promised)) == set(promised)

    store.publish([make.trial("first")])
    threads = [guarded(work) for work in (write, read)]
    for thread in threads:
        thread.start()
    num_dead = at = 0
    while not done.is_set() or num_dead < 20:
        try:
            with faulty_os(Fault(at=at % 83, death=("before", "after")[at % 2])):
                compact(store.path)
        except FaultyOsDied:
            num_dead += 1
        at += 5
    for thread in threads:
        thread.join()
    assert failures == []
    compact(store.path)
    rows = results_store.open(store.path).sql("SELECT count(*), count(DISTINCT trial_id) FROM trials").rows()
    assert rows == [(61, 61)]
    assert len(list((store.path / "trials").iterdir())) == 1
    assert store.problems() == ()
