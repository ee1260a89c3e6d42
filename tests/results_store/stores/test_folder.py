import errno
import hashlib
import os
import subprocess
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from results_store import FolderStore, Kind, StorePathError
from results_store.stores import publishing


def files(store: FolderStore, kind: Kind = Kind.TRIALS) -> list[Path]:
    return sorted((store.path / kind.value).iterdir())


def test_files_are_named_by_the_hash_of_their_bytes(store, make):
    store.publish([make.trial("t")])
    (file,) = files(store)
    assert file.name == hashlib.sha256(file.read_bytes()).hexdigest() + ".parquet"
    assert list((store.path / ".tmp").iterdir()) == []


def test_other_tools_read_the_files(store, make):
    store.publish([make.trial("t"), make.trial("u")])
    store.publish([make.trial("v")])
    (first, *_), folder = files(store), store.path / "trials"
    assert pd.read_parquet(first)["trial_id"].tolist()[0] in ("t", "v")
    query = "SELECT count(*) FROM read_parquet($files)"
    found = duckdb.sql(query, params={"files": [str(file) for file in files(store)]}).fetchall()
    assert found == [(3,)]
    assert len(pd.read_parquet(folder)) == 3


def test_a_damaged_file_is_healed_by_publishing_its_rows_again(store, make):
    store.publish([make.trial("t")])
    (file,) = files(store)
    file.write_bytes(b"torn")
    assert store.finished(["t"]) == {}
    store.publish([make.trial("t")])
    assert files(store) == [file]
    assert store.finished(["t"]) == {"t": "completed"}


@pytest.mark.parametrize("step", ["_write", "_settle", "_sync_folder", "_make_folder"])
def test_a_step_that_fails_leaves_the_rows_absent_or_whole(store, make, monkeypatch, step):
    store.publish([make.trial("before")])

    def fail(*args, **kwargs):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(publishing, step, fail)
        with pytest.raises(StorePathError, match="No space left"):
            store.publish([make.trial("t")])
    assert store.finished(["before"]) == {"before": "completed"}
    assert len(store.problems()) == 0
    store.publish([make.trial("t")])
    assert store.finished(["t"]) == {"t": "completed"}


def test_a_file_system_without_links_is_enough(store, make, monkeypatch):
    def refuse(*args, **kwargs):
        raise OSError(errno.EPERM, "no links")

    monkeypatch.setattr(os, "link", refuse)
    store.publish([make.trial("t")])
    assert store.finished(["t"]) == {"t": "completed"}


def test_the_rows_are_there_after_the_publisher_was_killed(store, make):
    program = f"""
import os, sys
from results_store import FolderStore
from results_store.records import EpochRecord
store = FolderStore({str(store.path)!r})
for epoch in range(1000):
    store.publish([EpochRecord(trial_id="t", attempt_id="a", epoch=epoch, metrics={{"train_loss": 1.0}})])
    print(epoch, flush=True)
"""
    process = subprocess.Popen([os.sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=Path.cwd())
    seen = [int(process.stdout.readline()) for _ in range(5)]
    process.kill()
    process.communicate()
    kept = {row["epoch"] for row in store.rows(Kind.EPOCHS)}
    assert set(seen) <= kept
    assert store.problems() == ()


def test_a_store_that_is_a_file_is_refused(weird_path):
    path = weird_path / "file"
    path.write_text("x")
    for broken in (path, path / "below"):
        with pytest.raises(StorePathError, match="is a file") as caught:
            FolderStore(broken)
        assert "\n" not in str(caught.value)


def test_a_store_at_an_address_is_refused():
    with pytest.raises(StorePathError, match="only folders"):
        FolderStore("s3://bucket/results")


def test_looking_at_a_store_does_not_make_it(store):
    assert store.finished(["t"]) == {}
    assert not store.path.exists()


def test_a_store_that_cannot_be_written_to_is_told_beforehand(store, monkeypatch):
    store.check_writable()

    def refuse(*args, **kwargs):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(publishing, "_write", refuse)
    with pytest.raises(StorePathError, match="cannot write to the store") as caught:
        store.check_writable()
    assert "\n" not in str(caught.value)


def test_damaged_and_foreign_files_go_to_quarantine_and_nothing_is_deleted(store, make):
    store.publish([make.trial("t")])
    (good,) = files(store)
    torn = good.with_name("0" * 64 + ".parquet")
    torn.write_bytes(good.read_bytes()[:100])
    (store.path / "epochs").mkdir()
    (store.path / "epochs" / "notes.txt").write_text("mine")
    (store.path / "beside.txt").write_text("not a row")
    assert {problem.path.name for problem in store.quarantine()} == {torn.name, "notes.txt"}
    assert store.quarantine() == ()
    assert (store.path / "quarantine" / "epochs" / "notes.txt").read_text() == "mine"
    assert (store.path / "quarantine" / "trials" / torn.name).stat().st_size == 100
    assert (store.path / "beside.txt").exists()
    assert store.published(["t-1"]) == {"t-1"}


def test_a_folder_of_other_things_is_no_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    with pytest.raises(StorePathError, match=r"is no store: it holds 'thesis\.tex'"):
        FolderStore(tmp_path).check_writable()
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
