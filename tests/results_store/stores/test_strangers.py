"""A shared store in which somebody else has put things: links, pipes, odd caches, and no pickle that would be read."""

import json
import os
import pickle

import pytest

import results_store
from results_store import StorePathError, compact
from results_store.layout import Layout

FOLDERS = [
    ".tmp", ".cache", ".cache/segments", ".cache/segments/trials", ".compaction", "quarantine", "trials", "studies",
    "epochs", "failures", "weights",
]  # fmt: skip
FILES = [".cache/verified.json", ".compaction/generation", ".compaction/lock"]


@pytest.fixture
def important(tmp_path):
    """Somebody's files, old enough for amor to think them left over."""
    folder = tmp_path / "important"
    folder.mkdir()
    for name in ("letter.txt", "a" * 64 + ".parquet"):
        (folder / name).write_text("dear diary")
        os.utime(folder / name, (1, 1))
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*")}


def attempts(store, make):
    yield lambda: results_store.open(store.path).sql("FROM trials").rows()
    yield lambda: store.publish([make.trial("another")])
    yield lambda: store.publish_weights(b"another")
    yield store.check_writable
    yield store.quarantine
    yield lambda: compact(store.path)


@pytest.mark.parametrize("name", FOLDERS)
def test_nothing_is_written_moved_or_deleted_through_a_link(store, make, important, name):
    store.publish([make.trial("t")])
    place = store.path / name
    if place.exists():
        place.rename(store.path.parent / "aside")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(important)
    before = contents(important)
    for attempt in attempts(store, make):
        with pytest.raises(StorePathError, match="is a link") as caught:
            attempt()
        assert "\n" not in str(caught.value)
    assert contents(important) == before


@pytest.mark.parametrize("name", FILES)
def test_files_of_ours_that_are_links_or_pipes_are_refused(store, make, important, name):
    store.publish([make.trial("t")])
    place = store.path / name
    place.parent.mkdir(parents=True, exist_ok=True)
    before = contents(important)
    for plant in (lambda: place.symlink_to(important / "letter.txt"), lambda: os.mkfifo(place), place.mkdir):
        plant()
        for attempt in attempts(store, make):
            with pytest.raises(StorePathError, match="remove it"):
                attempt()
        place.rmdir() if place.is_dir() else place.unlink()
    assert contents(important) == before
    assert results_store.open(store.path).sql("SELECT count(*) FROM trials").rows() == [(1,)]


def test_links_among_the_rows_are_left_out(store, make, important):
    store.publish([make.trial("t")])
    (store.path / "trials" / ("b" * 64 + ".parquet")).symlink_to(important / "letter.txt")
    opened = results_store.open(store.path)
    assert opened.sql("SELECT count(*) FROM trials").rows() == [(1,)]
    assert [problem.reason for problem in opened.problems] == ["it is not a regular file"]
    store.quarantine()
    assert contents(important)["letter.txt"] == b"dear diary"


ODD_CACHES = {
    "empty": "",
    "no json": "{",
    "deep": "[" * 100_000,
    "list": "[]",
    "number": "1e999",
    "nothing right": json.dumps({"version": 1, "schemas": 3, "files": [], "unique": 1, "segments": "x"}),
    "infinite": '{"version":1,"schemas":[{}],"unique":{},"segments":{},"files":{"trials":{"x":[1e999,1,1,0,1]}}}',
    "schema": '{"version":1,"schemas":[{"x":"NO TYPE"}],"unique":{},"segments":{},"files":{}}',
    "segments": '{"version":1,"schemas":[],"unique":{},"segments":{"trials":{"../../x":[1,null]}},"files":{}}',
    "lists": '{"version":1,"schemas":[],"unique":[],"segments":[],"files":[]}',
    "long": json.dumps({"version": 1, "schemas": [{}] * 100_000, "unique": {}, "segments": {}, "files": {}}),
    "names": '{"version":1,"schemas":[{"x\'); DROP":"BIGINT"}],"unique":{},"segments":{},"files":{"../..":{"x":[1,1,1,0,1]}}}',
}


@pytest.mark.parametrize("name", ODD_CACHES)
def test_an_odd_cache_is_no_error(store, make, name):
    store.publish([make.trial("t")])
    verified = Layout(store.path).verified
    verified.parent.mkdir(exist_ok=True)
    verified.write_text(ODD_CACHES[name])
    for _ in range(2):
        assert results_store.open(store.path).sql("SELECT count(*) FROM trials").rows() == [(1,)]
    compact(store.path)


def test_nothing_of_a_store_is_unpickled(store, make, monkeypatch):
    """A whole store is read, asked, tabulated and compacted, and pickle has not been asked."""
    for number in range(3):
        store.publish([make.trial(f"t{number}", seed=number)])
        store.publish([make.submission({"a": [f"t{number}"]}, minutes=number)])
    store.publish([make.failure("f")])
    (store.path / "trials" / "evil.pkl").write_bytes(pickle.dumps({"a": 1}))

    def refuse(*arguments, **options):
        raise AssertionError("something was unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    opened = results_store.open(store.path)
    for view in results_store.catalogue.VIEW_NAMES:
        opened.sql(f"FROM {view}").rows()
    assert opened.table("demo", "all").markdown()
    store.quarantine()
    compact(store.path)
    assert results_store.open(store.path).sql("SELECT count(*) FROM trials").rows() == [(3,)]
