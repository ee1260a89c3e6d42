"""Torn, flipped and foreign files: left out and told, and never a wrong number."""

import shutil
from random import Random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import results_store
from results_store import Layout, describe_problems

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
    __import__("os").utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))
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
