"""Every step of publishing fails in turn, or is the last of its process: rows are absent or whole."""

import errno
import os
import resource
import threading

import pytest
from faulty_os import Died, Fault, calls_of, faulty_os, run_in_child, short_writes

from results_store import FolderStore, Kind, Layout, StorePathError
from results_store.catalogue import scan_store
from results_store.catalogue.memory import VerificationMemory
from results_store.schemas import to_table
from results_store.stores.publishing import encode, publish

FIRST, SECOND = "nothing there", "folders there"


class Case:
    """A new store, and an action that publishes one file of two rows."""

    def __init__(self, path, make, begin):
        self.store = FolderStore(path)
        self.content = encode(to_table([make.trial("t"), make.trial("u")])[1])
        self.num_before = 0
        if begin == SECOND:
            self.store.publish([make.trial("before")])
            self.num_before = 1

    def publish(self):
        publish(Layout(self.store.path), Kind.TRIALS, self.content)

    def check_absent_or_whole(self):
        """No reader finds a file that is half there; whether it finds the two rows."""
        scan = self.scan()
        assert scan.problems == ()
        num_rows = scan.num_rows - self.num_before
        assert num_rows in (0, 2)
        return num_rows == 2

    def scan(self):
        """What readers find, without what they remember."""
        layout = Layout(self.store.path)
        return scan_store(layout, VerificationMemory(layout.verified, is_fresh=True))[Kind.TRIALS]

    def check_whole_when_published_again(self):
        self.publish()
        assert self.check_absent_or_whole()

    def check_views(self):
        assert self.store.problems() == ()
        assert self.store.finished(["t", "u"]) == {"t": "completed", "u": "completed"}


@pytest.fixture
def case(tmp_path, make):
    numbers = iter(range(10**6))
    return lambda begin: Case(tmp_path / f"store {next(numbers)}", make, begin)


@pytest.mark.parametrize("begin", [FIRST, SECOND])
def test_the_steps_of_publishing_are_seen(case, begin):
    """The tests below are as good as the list of steps."""
    calls = calls_of(case(begin).publish)
    done = [call for call in calls if call in {"mkdir", "write", "fsync", "link", "unlink"}]
    if begin == FIRST:
        at = done.index("write")
        assert done[at + 2 : at + 4] == ["mkdir", "fsync"], "the folder of the kind is made after the bytes are safe"
        del done[at + 2 : at + 4]
    assert done[-5:] == ["write", "fsync", "link", "fsync", "unlink"]
    assert calls.count("mkdir") == (4 if begin == FIRST else 0), "of .tmp, which fails, the store, .tmp, trials"


@pytest.mark.parametrize("begin", [FIRST, SECOND])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_every_step_fails(case, begin, number):
    num_steps = len(calls_of(case(begin).publish))
    outcomes = set()
    for at in range(num_steps):
        this = case(begin)
        with faulty_os(Fault(at=at, errno=number)), pytest.raises(StorePathError, match="cannot write to the") as told:
            this.publish()
        assert "\n" not in str(told.value)
        outcomes.add(this.check_absent_or_whole())
        this.check_whole_when_published_again()
    this.check_views()
    assert outcomes == {False, True}, "before the link the rows are absent, after it whole"


@pytest.mark.parametrize("begin", [FIRST, SECOND])
@pytest.mark.parametrize("moment", ["before", "after"])
def test_the_process_dies_at_every_step(case, begin, moment):
    num_steps = len(calls_of(case(begin).publish))
    outcomes = set()
    for at in range(num_steps):
        this = case(begin)
        with faulty_os(Fault(at=at, death=moment)), pytest.raises(Died):
            this.publish()
        outcomes.add(this.check_absent_or_whole())
        this.check_whole_when_published_again()
    this.check_views()
    assert outcomes == {False, True}


@pytest.mark.parametrize("begin", [FIRST, SECOND])
@pytest.mark.parametrize("fault", [{"errno": errno.ENOSPC}, {"death": "before"}, {"death": "after"}])
def test_weights_are_absent_or_whole_at_every_step(tmp_path, begin, fault):
    content = bytes(range(256))
    name = Layout.name_of_weights(content)

    def store_of(at):
        store = FolderStore(tmp_path / f"store {at}")
        if begin == SECOND:
            store.publish_weights(b"others")
        return store

    def is_there(store):
        found = (Layout(store.path).weights / name).exists()
        assert not found or store.weights(name) == content
        return found

    outcomes = set()
    sound = store_of("sound")
    for at in range(len(calls_of(lambda: sound.publish_weights(content)))):
        store = store_of(at)
        with faulty_os(Fault(at=at, **fault)), pytest.raises((StorePathError, Died)):
            store.publish_weights(content)
        outcomes.add(is_there(store))
        assert store.publish_weights(content) == name
        assert is_there(store)
    assert outcomes == {False, True}


def test_a_process_really_ends_at_every_step(case):
    num_steps = len(calls_of(case(FIRST).publish))
    for at in range(num_steps):
        this = case(FIRST)

        def publish_until_the_end(this=this, at=at):
            with faulty_os(Fault(at=at, death="after", is_real=True)):
                this.publish()

        assert run_in_child(publish_until_the_end) == 9
        this.check_absent_or_whole()
        this.check_whole_when_published_again()
    this.check_views()


@pytest.mark.parametrize("begin", [FIRST, SECOND])
def test_publishing_what_is_there_fails_at_every_step(case, begin):
    """Sound rows stay; damaged ones are healed or stay damaged, and are told."""
    for is_damaged in (False, True):
        this = case(begin)
        this.publish()
        (file,) = [file for file in (this.store.path / "trials").iterdir() if file.read_bytes() == this.content]

        def damage(file=file, is_damaged=is_damaged):
            if is_damaged:
                file.write_bytes(b"torn")

        damage()
        for at in range(len(calls_of(this.publish))):
            for fault in (Fault(at=at, errno=errno.ENOSPC), Fault(at=at, death="before"), Fault(at=at, death="after")):
                damage()
                with faulty_os(fault), pytest.raises((StorePathError, Died)):
                    this.publish()
                scan = this.scan()
                assert (scan.num_rows - this.num_before, len(scan.problems)) in (
                    [(2, 0), (0, 1)] if is_damaged else [(2, 0)]
                )
        this.check_whole_when_published_again()
        this.check_views()


def test_a_reader_never_sees_half(case, monkeypatch):
    """After every single call of a publisher that is slow a reader looks."""
    this = case(FIRST)
    seen = []

    def look():
        thread = threading.Thread(target=lambda: seen.append(this.check_absent_or_whole()))
        thread.start()
        thread.join()

    with faulty_os() as calls:
        for name in ("write", "fsync", "link", "unlink", "mkdir"):
            do = getattr(os, name)

            def followed(*args, do=do, **kwargs):
                result = do(*args, **kwargs)
                look()
                return result

            monkeypatch.setattr(os, name, followed)
        this.publish()
    assert len(calls) >= 10
    assert seen == sorted(seen)
    assert seen[0] is False
    assert seen[-1] is True
    assert len(seen) >= 8


def test_short_writes_are_continued(case):
    this = case(FIRST)
    with short_writes():
        this.check_whole_when_published_again()


def test_a_disk_that_is_really_full_leaves_the_rows_absent_or_whole(case):
    """The kernel refuses to make a file longer than this: half is written, then comes EFBIG."""
    this = case(FIRST)

    def publish_in(num_bytes):
        resource.setrlimit(resource.RLIMIT_FSIZE, (num_bytes, num_bytes))
        with pytest.raises(StorePathError, match="File too large"):
            this.publish()

    for num_bytes in (0, 1, 1000, len(this.content) - 1):
        assert run_in_child(lambda num_bytes=num_bytes: publish_in(num_bytes)) == 0
        assert this.check_absent_or_whole() is False
    assert list((this.store.path / ".tmp").iterdir()) == []
    this.check_whole_when_published_again()


@pytest.mark.parametrize("entry", ["pipe", "link", "folder", "socket"])
def test_what_stands_in_the_place_of_a_file_does_not_hang_a_publisher(case, entry, tmp_path):
    import socket

    this = case(SECOND)
    place = Layout(this.store.path).file(Kind.TRIALS, Layout.name_of(this.content))
    match entry:
        case "pipe":
            os.mkfifo(place)
        case "link":
            place.symlink_to(tmp_path / "nowhere")
        case "folder":
            place.mkdir()
        case "socket":
            folder = os.open(place.parent, os.O_RDONLY)  # names of sockets are short
            with socket.socket(socket.AF_UNIX) as server:
                server.bind(f"/proc/self/fd/{folder}/{place.name}")
            os.close(folder)
    if entry == "folder":
        with pytest.raises(StorePathError, match="Is a directory"):
            this.publish()
        assert [problem.path for problem in this.store.quarantine()] == [place]
    this.check_whole_when_published_again()
