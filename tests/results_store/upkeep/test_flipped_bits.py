"""Files cut at every byte, and bits flipped in every kind of file: left out and told, never a wrong number."""

import os
from random import Random

import pytest

import results_store
from results_store import Kind, Layout, compact, doctor
from results_store.catalogue import scan_store
from results_store.catalogue.memory import VerificationMemory
from results_store.catalogue.scan import scan_kind
from results_store.records import EpochRecord, TableRecord

NUM_FLIPS = 500

# Everything that the views show, in one query.
EVERYTHING = """
    SELECT 'results' AS view, study || variant || trial_id || state AS name, test_accuracy::VARCHAR AS value FROM results
    UNION ALL SELECT 'epochs', trial_id || epoch, train_loss::VARCHAR FROM epochs
    UNION ALL SELECT 'entropy', trial_id, count::VARCHAR FROM entropy
    UNION ALL SELECT 'gates', trial_id, tokens::VARCHAR FROM gates
    UNION ALL SELECT 'failures', attempt_id, cause FROM failures
    UNION ALL SELECT 'candidates', search_id || candidate || state, validation_accuracy || confirmed_n FROM candidates
    UNION ALL SELECT 'studies', study, num_trials::VARCHAR FROM studies
    ORDER BY ALL
"""
TABLE = TableRecord(
    name="scores",
    sql="SELECT variant, list(test_accuracy ORDER BY seed) AS test_accuracy, list(state ORDER BY seed) AS state "
    "FROM results WHERE study = $study GROUP BY variant ORDER BY variant",
)


def answers(store):
    opened = results_store.open(store.path)
    return opened.sql(EVERYTHING).rows(), {problem.path for problem in opened.problems}


def tables(store):
    opened = results_store.open(store.path)
    studies = [row[0] for row in opened.sql("SELECT DISTINCT study FROM studies ORDER BY study").rows()]
    return [opened.table(study, "scores").markdown() for study in studies]


def without(store, file, ask):
    """What a store answers that never had a file."""
    away = store.path.parent / file.name
    file.rename(away)
    try:
        return ask(store)
    finally:
        away.rename(file)


def flip(file, random):
    """Flips one bit in place and sets the times back; gives the byte to put back."""
    status = file.stat()
    at = random.randrange(status.st_size)
    with file.open("rb+") as stream:
        stream.seek(at)
        byte = stream.read(1)
        stream.seek(at)
        stream.write(bytes([byte[0] ^ 1 << random.randrange(8)]))
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))

    def restore():
        with file.open("rb+") as stream:
            stream.seek(at)
            stream.write(byte)

    return restore


@pytest.fixture
def mixed(store, make, of, monkeypatch):
    """Merged files and single ones of every kind, copies in the cache, and a memory of what was verified."""
    of.fill(store, make, range(6), tables=[TABLE])
    of.fill(store, make, range(6, 10), study="second", minutes=1, tables=[TABLE])
    compact(store.path)
    of.fill(store, make, range(10, 16), study="third", minutes=2, tables=[TABLE])
    monkeypatch.setattr("results_store.catalogue.segments._MIN_MEMBERS", 6)
    answers(store)
    tables(store)
    assert all(len(list((store.path / kind.value).iterdir())) > 1 for kind in Kind)
    assert list((store.path / ".cache" / "segments").rglob("*.parquet"))
    return store


def test_bits_flipped_in_files_of_rows(mixed):
    random = Random(0)
    files = [file for kind in Kind for file in sorted((mixed.path / kind.value).iterdir())]
    layout = Layout(mixed.path)
    memory = VerificationMemory(layout.verified)
    complete = answers(mixed)
    assert complete[1] == set()
    for number in range(NUM_FLIPS * 4 // 5):
        file = files[number % len(files)]  # each kind of file, merged and single, equally often
        restore = flip(file, random)
        scans = scan_store(layout, memory)  # queries read these files, or copies that stand for some of them
        assert [problem.path for scan in scans.values() for problem in scan.problems] == [file]
        assert {found.path for scan in scans.values() for found in scan.files} == {*files} - {file}
        if number % 37 == 0:
            answered = answers(mixed)
            assert answered == (without(mixed, file, answers)[0], {file})
            assert answered != complete
        restore()
    assert answers(mixed) == complete


def test_bits_flipped_in_the_cache_change_nothing(mixed):
    random = Random(1)
    complete = answers(mixed)
    cache = mixed.path / ".cache"
    segments = sorted((cache / "segments").rglob("*.parquet"))
    files = {segment: Kind(segment.parent.name) for segment in segments}
    contents = {kind: sorted(map(repr, mixed.rows(kind))) for kind in files.values()}
    for number in range(NUM_FLIPS // 10):
        segment = segments[number % len(segments)]
        content = segment.read_bytes()
        flip(segment, random)
        assert sorted(map(repr, mixed.rows(files[segment]))) == contents[files[segment]]
        segment.write_bytes(content)
    for number in range(NUM_FLIPS // 10):
        restore = flip(cache / "verified.json", random)
        assert VerificationMemory(cache / "verified.json").is_damaged
        if number % 10 == 0:
            assert answers(mixed) == complete  # and it is written anew
        else:
            restore()
    assert answers(mixed) == complete


def test_a_table_has_no_number_of_a_damaged_file(mixed):
    random = Random(2)
    complete = tables(mixed)
    for kind in (Kind.TRIALS, Kind.STUDIES, Kind.RETRACTIONS):
        for file in (min((mixed.path / kind.value).iterdir()), max((mixed.path / kind.value).iterdir())):
            expected = without(mixed, file, tables)
            restore = flip(file, random)
            assert tables(mixed) == expected
            restore()
    assert tables(mixed) == complete


def test_the_doctor_finds_the_flipped_bit_of_every_kind(mixed):
    random = Random(3)
    files = [min((mixed.path / kind.value).iterdir()) for kind in Kind]
    for file in files:
        flip(file, random)
    report = doctor(mixed.path)
    assert {found.path for found in report.findings if found.is_repaired} == set(files)
    assert all("damaged" in found.what for found in report.findings if found.is_repaired)
    assert all(not file.exists() for file in files)
    (lost,) = mixed.problems()
    assert lost.path == mixed.path / "quarantine" / "retractions" / lost.path.name, "told until somebody acts"


def test_a_file_cut_at_every_byte_is_left_out(store):
    ids = {"trial_id": "t", "attempt_id": "a"}
    store.publish([EpochRecord(**ids, epoch=0, metrics={"x": 1.0})])
    (file,) = (store.path / "epochs").iterdir()
    content = file.read_bytes()
    store.publish([EpochRecord(**ids, epoch=1, metrics={"x": 2.0})])
    layout = Layout(store.path)
    memory = VerificationMemory(layout.verified)
    scan_store(layout, memory)
    descriptor = os.open(file, os.O_RDWR)
    for length in range(len(content) - 1, -1, -1):
        os.ftruncate(descriptor, length)
        scan = scan_kind(layout, Kind.EPOCHS, memory)
        assert [problem.path for problem in scan.problems] == [file]
        assert scan.num_rows == 1
        if length % 100 == 0:
            assert [row["x"] for row in store.rows(Kind.EPOCHS)] == [2.0]
    os.close(descriptor)
    file.write_bytes(content)
    assert sorted(row["x"] for row in store.rows(Kind.EPOCHS)) == [1.0, 2.0]


def test_a_lost_retraction_is_told_with_its_consequence(mixed):
    file = min((mixed.path / "retractions").iterdir())
    file.write_bytes(b"torn")
    (problem,) = mixed.problems()
    assert str(problem).endswith("; the trials that it withdrew count again")
