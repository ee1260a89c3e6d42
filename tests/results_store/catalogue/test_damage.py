"""Torn, flipped and foreign files: left out and told, and never a wrong number."""

import contextlib
import errno
import os
import re
import shutil
import socket
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from faulty_os import Fault, calls_of, faulty_os

import results_store
from results_store import Kind, Layout, StorePathError, compact, describe_problems, doctor
from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.scan import scan_kind
from results_store.stores.quarantine import move_to_quarantine

QUERY = "SELECT trial_id, test_accuracy FROM trials ORDER BY trial_id"


@pytest.fixture
def filled(store, make):
    for number in range(3):
        store.publish([make.trial(f"t{number}", metrics={"test_accuracy": number / 4})])
    return store


def newest(store):
    return max((store.path / "trials").iterdir(), key=lambda file: file.stat().st_mtime_ns)


def rows_of(store):
    opened = results_store.open(store.path)
    return opened.sql(QUERY).rows(), opened.problems


def test_a_file_cut_at_any_byte_is_left_out(filled):
    file = newest(filled)
    content = file.read_bytes()
    for length in range(0, len(content), 97):
        file.write_bytes(content[:length])
        rows, problems = rows_of(filled)
        assert len(rows) == 2
        assert [problem.path for problem in problems] == [file]
    file.write_bytes(content)
    assert len(rows_of(filled)[0]) == 3


def test_a_flipped_bit_is_found(filled):
    assert len(rows_of(filled)[0]) == 3
    file = newest(filled)
    content = file.read_bytes()
    random = Random(0)
    for _ in range(50):
        flipped = bytearray(content)
        flipped[random.randrange(len(content))] ^= 1 << random.randrange(8)
        file.write_bytes(flipped)
        rows, problems = rows_of(filled)
        assert len(rows) == 2
        assert "does not have the hash" in str(problems[0])


def test_a_flipped_bit_is_found_after_the_file_was_verified_and_its_time_set_back(filled):
    rows_of(filled)
    file = newest(filled)
    times = file.stat()
    content = bytearray(file.read_bytes())
    content[100] ^= 1
    file.write_bytes(content)
    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert len(rows_of(filled)[1]) == 1


def test_foreign_files_are_left_out_and_told(filled, tmp_path):
    trials = filled.path / "trials"
    (trials / "notes.txt").write_text("hello")
    (trials / "other.parquet").write_bytes(newest(filled).read_bytes())
    (trials / "folder").mkdir()
    (trials / ("a" * 64 + ".parquet")).symlink_to(tmp_path)
    table = pa.table({"trial_id": ["t9"], "x": [1]})
    pq.write_table(table, tmp_path / "odd")
    content = (tmp_path / "odd").read_bytes()
    (trials / Layout.name_of(content)).write_bytes(content)
    rows, problems = rows_of(filled)
    assert len(rows) == 3
    assert len(problems) == 5
    assert all("\n" not in line for line in describe_problems(problems))
    assert len(describe_problems(problems, max_lines=2)) == 3


def test_what_lies_beside_the_store_is_told_in_one_line(filled):
    for name in ("notes.txt", "paper.pdf", ".hidden"):
        (filled.path / name).write_text("x")
    rows, problems = rows_of(filled)
    assert len(rows) == 3
    (line,) = describe_problems(problems)
    assert line.endswith("notes.txt: it is not part of this store; 1 more like it")


def test_a_column_of_the_wrong_type_makes_a_file_foreign(filled, make):
    table = pq.read_table(newest(filled))
    place = table.schema.get_field_index("seed")
    table = table.set_column(place, "seed", pa.array(["0"]))
    stream = pa.BufferOutputStream()
    pq.write_table(table, stream)
    content = stream.getvalue().to_pybytes()
    (filled.path / "trials" / Layout.name_of(content)).write_bytes(content)
    rows, problems = rows_of(filled)
    assert len(rows) == 3
    assert "'seed'" in str(problems[0])


def test_a_name_that_steers_the_terminal_is_told_inert(filled):
    (filled.path / "trials" / "\x1b[31mred\nline").write_text("x")
    (line,) = describe_problems(rows_of(filled)[1])
    assert "\x1b" not in line
    assert "\n" not in line


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version": 1}', b'{"version": 1, "schemas": 3}'])
def test_a_damaged_memory_of_verification_costs_only_time(filled, content):
    rows_of(filled)
    memory = filled.path / ".cache" / "verified.json"
    assert memory.exists()
    memory.write_bytes(content)
    assert len(rows_of(filled)[0]) == 3


def test_files_of_other_stores_can_be_copied_in(filled, store, make, tmp_path):
    other = results_store.FolderStore(tmp_path / "other")
    other.publish([make.trial("far")])
    for file in (other.path / "trials").iterdir():
        shutil.copy(file, filled.path / "trials")
    assert "far" in {row[0] for row in rows_of(filled)[0]}


@pytest.mark.parametrize("number", [errno.EIO, errno.EMFILE, errno.ESTALE])
def test_a_sound_file_that_cannot_be_read_for_a_while_stays(filled, number):
    """It is left out and told, and counts again as soon as it can be read."""
    layout = Layout(filled.path)
    calls = calls_of(lambda: scan_kind(layout, Kind.TRIALS, VerificationMemory(layout.verified, is_fresh=True)))
    opened = [at for at, call in enumerate(calls) if call == "open"]
    with faulty_os(Fault(at=opened[1], errno=number)):
        scan = scan_kind(layout, Kind.TRIALS, VerificationMemory(layout.verified, is_fresh=True))
    (problem,) = scan.problems
    assert str(problem).endswith(f"it cannot be read: {os.strerror(number)}")
    assert move_to_quarantine(layout, scan.problems) == ()
    assert len(rows_of(filled)[0]) == 3


STRANGERS = ["pipe", "socket", "link", "link to a file", "link to a folder", "folder", "empty", "text", "hidden"]


@pytest.mark.parametrize("has_good_name", [False, True])
@pytest.mark.parametrize("stranger", STRANGERS)
def test_strangers_of_every_kind_are_left_out_and_never_waited_for(filled, tmp_path, stranger, has_good_name):
    name = ("f" * 64 + ".parquet") if has_good_name else "stranger"
    good = newest(filled)
    for kind in Kind:
        folder = filled.path / kind.value
        folder.mkdir(exist_ok=True)
        path = folder / (f".{name}" if stranger == "hidden" else name)
        match stranger:
            case "pipe":
                os.mkfifo(path)
            case "socket":
                descriptor = os.open(folder, os.O_RDONLY)  # names of sockets are short
                with socket.socket(socket.AF_UNIX) as server:
                    server.bind(f"/proc/self/fd/{descriptor}/{path.name}")
                os.close(descriptor)
            case "link":
                path.symlink_to(tmp_path / "nowhere")
            case "link to a file":
                path.symlink_to(good)
            case "link to a folder":
                path.symlink_to(tmp_path)
            case "folder":
                path.mkdir()
            case _:
                path.write_bytes(b"" if stranger == "empty" else b"text")
    rows, problems = rows_of(filled)
    assert len(rows) == 3
    assert len(problems) == (0 if stranger == "hidden" else len(Kind))
    assert len(filled.quarantine()) == len(problems)
    could_be_a_retraction = has_good_name and stranger in ("empty", "text")  # one that is damaged
    assert [problem.path.parent.name for problem in filled.problems()] == ["retractions"] * could_be_a_retraction
    assert sorted(
        file.name for file in (filled.path / "quarantine").rglob("*") if not file.is_dir() or file.is_symlink()
    ) == ([] if stranger in ("hidden", "folder") else [name] * len(Kind))
    assert len(rows_of(filled)[0]) == 3
    assert good.exists()


@pytest.mark.parametrize(
    "place", [".cache/verified.json", ".compaction/generation", ".compaction/lock", ".tmp/x", ".cache/segments/trials"]
)
def test_a_pipe_in_a_place_of_the_stores_own_is_never_waited_for(filled, place):
    path = filled.path / place
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.mkfifo(path)
    for use in (lambda: rows_of(filled), lambda: compact(filled.path), lambda: doctor(filled.path)):
        with contextlib.suppress(StorePathError):  # one line, instead of waiting for ever
            use()
    if place != ".tmp/x":
        with pytest.raises(StorePathError, match=re.escape(place)):
            rows_of(filled)
        path.unlink()
    assert len(rows_of(filled)[0]) == 3


def test_two_strangers_of_one_name_both_come_to_quarantine(filled, tmp_path):
    path = filled.path / "trials" / "stranger"
    for _ in range(3):
        path.symlink_to(tmp_path / "nowhere")
        assert len(filled.quarantine()) == 1
    assert len(list((filled.path / "quarantine" / "trials").iterdir())) == 3
