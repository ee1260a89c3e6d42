"""The check of a store: what it finds, what it repairs, and that nothing is found that is not there."""

import importlib
import json
import os
from datetime import timedelta

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from read_only import read_only

import results_store
from results_store import CompactionError, Kind, Layout, StorePathError, compact, doctor
from results_store.catalogue.memory import StatKey, VerificationMemory
from results_store.catalogue.scan import verify
from results_store.compaction import compaction as compaction_module
from results_store.compaction.lock import only_one
from results_store.records import EpochRecord, RetractionRecord
from results_store.stores.publishing import encode, publish

COUNTS = "SELECT count(*), count(test_accuracy) FROM results WHERE phase = 'grid'"


class DiedError(BaseException):
    pass


def whats(report):
    return [found.what for found in report.findings]


def one(report):
    (found,) = report.findings
    assert "\n" not in str(found)
    return found


def first_file(store, kind=Kind.TRIALS):
    return min((store.path / kind.value).iterdir())


def republish(store, kind, change):
    """The first row of a kind once more, changed: a sound file."""
    table = pq.read_table(first_file(store, kind)).slice(0, 1)
    return publish(Layout(store.path), kind, encode(change(table)))


def with_value(name, value):
    def change(table):
        place = table.column_names.index(name)
        return table.set_column(place, name, pa.array([value], table.schema.field(name).type))

    return change


def with_values(**values):
    def change(table):
        for name, value in values.items():
            table = with_value(name, value)(table)
        return table

    return change


def test_a_sound_store_has_no_findings(filled):
    for _ in range(2):
        report = doctor(filled.path)
        assert report.findings == ()
        assert report.notes == ()
        assert report.num_rows == sum(len(filled.rows(kind)) for kind in Kind)
    compact(filled.path)
    assert doctor(filled.path).findings == ()


def test_damage_that_is_remembered_as_sound_is_found(filled):
    """A disk that lies: the bytes changed and the status did not. Queries believe it; the check does not."""
    file = first_file(filled)
    content = bytearray(file.read_bytes())
    sound, _ = verify(file, Kind.TRIALS)
    content[50] ^= 1
    file.write_bytes(content)
    memory = VerificationMemory(Layout(filled.path).verified)
    memory.remember("trials", file.name, StatKey.of(file.stat()), columns=sound.columns, num_rows=sound.num_rows)
    memory.save()
    assert filled.problems() == ()
    found = one(doctor(filled.path))
    assert (found.path, found.is_repaired, found.done) == (file, True, "moved to quarantine/")
    assert "damaged" in found.what
    assert (filled.path / "quarantine" / "trials" / file.name).read_bytes() == content
    assert doctor(filled.path).findings == ()
    assert results_store.open(filled.path).sql(COUNTS).rows() == [(6, 4)]


def test_it_renews_what_is_remembered(filled):
    memory = Layout(filled.path).verified
    memory.parent.mkdir(exist_ok=True)
    memory.write_bytes(b"{}")
    found = one(doctor(filled.path))
    assert (found.path, found.is_repaired) == (memory, True)
    renewed = VerificationMemory(memory)
    for kind in Kind:
        for file in (filled.path / kind.value).iterdir():
            assert renewed.recall(kind.value, file.name, StatKey.of(file.stat())) is not None


def test_foreign_files_go_to_quarantine_and_strangers_stay(filled):
    (filled.path / "trials" / "notes.txt").write_text("mine")
    (filled.path / "epochs" / "folder").mkdir()
    (filled.path / "paper.pdf").write_text("mine")
    report = doctor(filled.path)
    assert sorted(found.is_repaired for found in report.findings) == [False, True, True]
    assert (filled.path / "quarantine" / "trials" / "notes.txt").read_text() == "mine"
    found = one(doctor(filled.path))
    assert found.path == filled.path / "paper.pdf"
    assert not found.is_repaired


def test_a_file_in_the_place_of_a_folder_goes_to_quarantine(store, make, of):
    of.fill(store, make)
    gates = store.path / "gates"
    for file in gates.iterdir():
        file.unlink()
    gates.rmdir()
    gates.write_text("mine")
    found = one(doctor(store.path))
    assert (found.path, found.what, found.is_repaired) == (gates, "it should be a folder", True)
    assert doctor(store.path).findings == ()


def test_a_sound_file_whose_rows_cannot_be_read_goes_to_quarantine(filled):
    """Right hash, right footer, and yet every query would fail: another program's."""
    path = undecodable_file(filled)
    found = one(doctor(filled.path))
    assert (found.path, found.is_repaired) == (path, True)
    assert found.what.startswith("its rows cannot be read:")
    assert doctor(filled.path).findings == ()


class DyingConnection:
    """DuckDB after an internal error, which some files cause: it refuses whatever else is asked."""

    def __init__(self, connection):
        self.connection = connection
        self.is_dead = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def execute(self, sql, *parameters):
        if self.is_dead:
            raise duckdb.FatalException("database has been invalidated")
        try:
            return self.connection.execute(sql, *parameters)
        except duckdb.Error:
            self.is_dead = True
            raise


@pytest.fixture
def doctor_module():
    return importlib.import_module("results_store.upkeep.doctor")  # the package has a function of that name


def undecodable_file(store):
    content = bytearray(first_file(store).read_bytes())
    content[4:30] = b"\xff" * 26
    path = Layout(store.path).file(Kind.TRIALS, Layout.name_of(bytes(content)))
    path.write_bytes(content)
    return path


def test_a_file_that_breaks_duckdb_takes_no_sound_one_with_it(filled, monkeypatch, doctor_module):
    connect = doctor_module.connect
    monkeypatch.setattr(doctor_module, "connect", lambda root: DyingConnection(connect(root)))
    path = undecodable_file(filled)
    found = one(doctor(filled.path))
    assert (found.path, found.is_repaired) == (path, True)
    assert results_store.open(filled.path).sql(COUNTS).rows() == [(6, 5)]


@pytest.mark.parametrize("message", ["x", ""])
@pytest.mark.parametrize("error", [duckdb.OutOfMemoryException, duckdb.InterruptException, OSError])
def test_a_sound_file_that_cannot_be_read_now_stays(filled, monkeypatch, doctor_module, error, message):
    """Too little memory, a disk that fails for a while: nothing of it is the file's fault."""
    file = first_file(filled)

    def error_of(layout, kind, files):
        if file not in {one.path for one in files}:
            return None
        return duckdb.IOException(message) if error is OSError else error(message)

    def read_whole(path):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(doctor_module, "_error_of", error_of)
    monkeypatch.setattr(doctor_module, "read_whole", read_whole)
    found = one(doctor(filled.path))
    assert (found.path, found.is_repaired) == (file, False)
    assert found.done.startswith("it stays")
    assert file.exists()


@pytest.mark.parametrize("name", ["trials", "quarantine", ".cache", ".tmp", ".compaction"])
def test_a_link_in_the_place_of_a_folder_is_refused_and_nothing_is_moved_there(filled, tmp_path, name):
    elsewhere, place = tmp_path / "elsewhere", filled.path / name
    if place.exists():
        place.rename(elsewhere)
    elsewhere.mkdir(exist_ok=True)
    place.symlink_to(elsewhere)
    before = sorted(elsewhere.iterdir())
    gates = filled.path / "gates"
    gates.rename(tmp_path / "gates")
    gates.write_text("mine")
    with pytest.raises(StorePathError, match="is a link") as caught:
        doctor(filled.path)
    assert str(place) in str(caught.value)
    assert sorted(elsewhere.iterdir()) == before
    assert gates.read_text() == "mine"


def test_it_ends_what_a_killed_compaction_left(filled, monkeypatch):
    num_files = sum(1 for kind in Kind for _ in (filled.path / kind.value).iterdir())

    def die(*args):
        raise DiedError

    with monkeypatch.context() as patch:
        patch.setattr(compaction_module, "renew_generation", die)
        with pytest.raises(DiedError):
            compact(filled.path)
    before = results_store.open(filled.path).sql("SELECT * FROM results ORDER BY ALL").rows()
    report = doctor(filled.path)
    assert report.findings
    assert all(found.is_repaired and "a compaction that was stopped" in found.what for found in report.findings)
    assert all(not found.path.exists() for found in report.findings)
    assert doctor(filled.path).findings == ()
    assert sum(1 for kind in Kind for _ in (filled.path / kind.value).iterdir()) <= num_files
    assert results_store.open(filled.path).sql("SELECT * FROM results ORDER BY ALL").rows() == before


def test_old_unfinished_files_are_removed_and_recent_ones_noted(filled):
    old = [
        filled.path / ".tmp" / "1.abc",
        filled.path / ".cache" / "verified.json.1.abc",
        filled.path / ".compaction" / "generation.1.abc",
    ]
    for path in old:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"half")
        os.utime(path, (0, 0))
    (filled.path / ".tmp" / "2.abc").write_bytes(b"half")
    report = doctor(filled.path)
    assert {found.path for found in report.findings} == set(old)
    assert {(found.what, found.done) for found in report.findings} == {("left by a process that died", "deleted")}
    assert len(report.notes) == 1
    assert doctor(filled.path).findings == ()
    assert (filled.path / ".tmp" / "2.abc").exists()


def test_what_killed_attempts_left_is_no_finding(filled, of):
    filled.publish([EpochRecord(**of.attempt("killed"), epoch=0, metrics={"train_loss": 1.0})])
    report = doctor(filled.path)
    assert report.findings == ()
    (note,) = report.notes
    assert note.startswith("epochs/ has rows of 1 attempt without a row in trials/")


DEEP = '{"a":' * 5000 + "1" + "}" * 5000

WRONG_ROWS = {
    "trial_id": (Kind.TRIALS, with_value("trial_id", None), "1 row with no trial_id"),
    "short id": (
        Kind.TRIALS,
        with_value("attempt_id", "abc"),
        "1 row with a attempt_id that is not 32 hex digits (abc)",
    ),
    "status": (Kind.TRIALS, with_value("status", "done"), "1 row with an unknown status (done)"),
    "config": (Kind.TRIALS, with_value("config", "{torn"), "1 row with a config that is no JSON ({torn)"),
    "config shape": (Kind.TRIALS, with_value("config", "[1]"), "1 row with a config that is no JSON object ([1])"),
    "deep": (Kind.STUDIES, with_value("metrics", DEEP), "1 row with a metrics that is no JSON array"),
    "tables": (Kind.STUDIES, with_value("tables", "3"), "1 row with a tables that is no JSON array (3)"),
    "stack": (Kind.TRIALS, with_value("stack_size", 0), "1 row with a stack_size below 1 (0)"),
    "epoch": (Kind.EPOCHS, with_value("epoch", -1), "1 row with a epoch below 0 (-1)"),
    "gate": (Kind.GATES, with_value("attempt_id", None), "1 row with no attempt_id"),
    "failure": (Kind.FAILURES, with_value("kind", "bored"), "1 row with an unknown kind (bored)"),
    "retraction": (
        Kind.RETRACTIONS,
        with_value("trial_id", "T" * 32),
        "1 row with a trial_id that is not 32 hex digits",
    ),
    "metrics": (Kind.STUDIES, with_value("metrics", "no"), "1 row with a metrics that is no JSON (no)"),
    "figures": (Kind.STUDIES, with_value("figures", "{}"), "1 row with a figures that is no JSON array ({})"),
    "searches": (Kind.STUDIES, with_value("searches", "{}"), "1 row with a searches that is no JSON array ({})"),
    "no member": (Kind.STUDIES, with_value("trial_id", None), "1 row with no trial_id"),
    "search": (
        Kind.STUDIES,
        with_value("searches", '[{"search_id": 3}]'),
        "a submission of 'demo' with 1 of 1 searches that make no sense",
    ),
    "event": (Kind.SEARCH, with_value("event", "guessed"), "1 row with an unknown event (guessed)"),
    "state": (Kind.SEARCH, with_value("state", "done"), "1 row with an unknown state (done)"),
    "untold": (Kind.SEARCH, with_values(event="told", state=None), "1 row with event told and no state"),
    "by nobody": (Kind.SEARCH, with_values(event="confirmed", study=""), "1 row with event confirmed and no study"),
    "round": (Kind.SEARCH, with_value("round_index", -1), "1 row with a round_index below 0 (-1)"),
    "candidate": (Kind.SEARCH, with_value("candidate", -1), "1 row with a candidate below 0 (-1)"),
    "nobody": (Kind.SEARCH, with_value("candidate", None), "1 row with no candidate"),
    "seeds": (Kind.SEARCH, with_value("seeds", [1]), "1 row with not as many seeds as trial_ids"),
    "trials": (Kind.SEARCH, with_value("trial_ids", ["a" * 32, "b"]), "1 row with trial_ids that are not 32 hex"),
    "values": (
        Kind.SEARCH,
        with_values(event="told", state="completed", objective_values=[None]),
        "1 row with not a value for each objective ([NULL])",
    ),
    "search id": (Kind.SEARCH, with_value("search_id", "x"), "1 row with a search_id that is not 32 hex digits (x)"),
    "parameters": (Kind.SEARCH, with_value("parameters", "[]"), "1 row with a parameters that is no JSON object ([])"),
}


@pytest.mark.parametrize("case", WRONG_ROWS)
def test_rows_that_make_no_sense_are_listed_and_stay(filled, case):
    kind, change, expected = WRONG_ROWS[case]
    path = republish(filled, kind, change)
    report = doctor(filled.path)
    (found,) = [found for found in report.findings if found.what.startswith(expected)]
    assert (found.path, found.is_repaired) == (path, False)
    assert path.exists()
    results_store.open(filled.path).sql("SELECT * FROM results").rows()


def test_a_configuration_nested_beyond_python_is_listed(filled):
    republish(filled, Kind.TRIALS, with_value("config", DEEP))
    assert any("two configurations: they differ in their depth" in what for what in whats(doctor(filled.path)))


def test_a_member_beyond_all_numbers_is_listed(filled):
    republish(filled, Kind.STUDIES, with_value("member", 2**63 - 1))
    assert "a submission of 'demo' has 7 of its 9223372036854775808 members" in whats(doctor(filled.path))


def test_attempts_with_two_contents_are_listed(filled, make, of):
    filled.publish([make.trial(**of.attempt(0), seed=0, metrics={"test_accuracy": 0.9})])
    filled.publish([EpochRecord(**of.attempt(1), epoch=0, metrics={"train_loss": 0.75})])
    same = [make.trial(**of.attempt(2), seed=2, metrics={"test_accuracy": 2 / 8}), make.trial(**of.attempt("new"))]
    filled.publish(same)  # a row that is there twice is no contradiction
    assert whats(doctor(filled.path)) == [
        f"attempt {of.attempt(number)['attempt_id']} has 2 different rows where it can have one" for number in (0, 1)
    ]


def test_trials_with_two_configurations_are_listed(filled, make, of):
    other = make.config() | {"training": {"epochs": 3}}
    filled.publish([make.trial(of.id(0), attempt_id=of.id("a"), config=other)])  # a field more, at its default
    assert doctor(filled.path).findings == ()
    changed = make.config() | {"task": {"name": "needle_haystack"}}
    filled.publish([make.trial(of.id(1), attempt_id=of.id("b"), seed=1, config=changed)])
    filled.publish([make.trial(of.id(2), attempt_id=of.id("c"), seed=9)])
    assert sorted(whats(doctor(filled.path))) == sorted(
        [
            f"trial {of.id(1)} is recorded with two configurations: they differ in task.name",
            f"trial {of.id(2)} is recorded with two seeds or trainables",
        ]
    )


def test_submissions_that_are_not_whole_are_listed(filled):
    table = pq.read_table(first_file(filled, Kind.STUDIES))
    first_file(filled, Kind.STUDIES).unlink()
    parts = [table.slice(0, 2), table.slice(3)]
    publish(Layout(filled.path), Kind.STUDIES, encode(pa.concat_tables(parts)))
    assert whats(doctor(filled.path)) == ["a submission of 'demo' has 5 of its 6 members"]
    publish(Layout(filled.path), Kind.STUDIES, encode(with_value("file_text", "x")(table.slice(2, 1))))
    assert whats(doctor(filled.path)) == ["the rows of a submission of 'demo' contradict each other"]


def test_a_study_that_only_searches_is_sound(filled, make, of):
    filled.publish([make.submission({}, study="searching", submission_id=of.id("x"), searches=make.searches())])
    assert doctor(filled.path).findings == ()
    republish_bare(filled, searches="[]")
    assert {f"1 row with no {name}" for name in ("member", "variant", "seed")} <= set(whats(doctor(filled.path)))


def republish_bare(store, **values):
    """The row of a submission without members once more, changed."""
    for file in (store.path / "studies").iterdir():
        table = pq.read_table(file)
        if table.column("member").null_count:
            publish(Layout(store.path), Kind.STUDIES, encode(with_values(**values)(table)))
            return


def test_a_submission_with_and_without_members_contradicts_itself(filled, make, of):
    bare = make.submission({}, submission_id=of.id("demo"), searches=make.searches(search_id=of.id("search of demo")))
    filled.publish([bare])
    assert whats(doctor(filled.path)) == ["the rows of a submission of 'demo' contradict each other"]


def test_candidates_that_nobody_asked_for_and_gaps_are_listed(filled, make, of):
    search = {"search_id": of.id("search of demo"), "trial_ids": [of.id(0), of.id(1)], "config": make.config()}
    filled.publish([make.candidate("told", 7, **search), make.candidate("confirmed", 2, study="demo", **search)])
    found = one(doctor(filled.path))
    search_id, again = search["search_id"], "submitting its study again asks for what is missing"
    assert found.what == f"rows of 2 candidates of search {search_id} (#2, …) that no row asks for; {again}"
    filled.publish([make.candidate("asked", number, **search) for number in (2, 7)])
    assert one(doctor(filled.path)).what == f"search {search_id} has 4 of its 8 candidates; {again}"


def test_what_two_drivers_asked_for_and_unknown_searches_are_notes(filled, make, of):
    search = {"trial_ids": [of.id(0), of.id(1)], "config": make.config()}
    filled.publish([make.candidate("asked", 0, search_id=of.id("search of demo"), minutes=1, **search)])
    filled.publish([make.candidate("asked", 0, search_id=of.id("unknown"), **search)])
    report = doctor(filled.path)
    assert report.findings == ()
    assert [note.split(",")[0].split(" that")[0] for note in report.notes] == [
        "search/ has 1 candidate with two configurations",
        "search/ has rows of 1 search",
    ]


def test_a_candidate_and_its_trial_with_two_configurations_are_listed(filled, make, of):
    search = {"search_id": of.id("search of demo"), "trial_ids": [of.id(4), of.id(5)], "seeds": [4, 5]}
    filled.publish([make.candidate("asked", 2, config={"task": {"name": "other"}}, **search)])
    assert sorted(whats(doctor(filled.path))) == sorted(
        f"trial {of.id(number)} is recorded with two configurations: they differ in task.name" for number in (4, 5)
    )


def test_copies_in_the_cache_are_read_again(filled, make, of, monkeypatch):
    monkeypatch.setattr("results_store.catalogue.segments._MIN_MEMBERS", 4)
    sql = "SELECT * FROM results, (SELECT count(*) FROM epochs), (SELECT count(*) FROM gates) ORDER BY ALL"
    before = results_store.open(filled.path).sql(sql).rows()
    segments = sorted((filled.path / ".cache" / "segments").rglob("*.parquet"))
    assert len(segments) >= 3
    assert doctor(filled.path).findings == ()
    assert all(segment.exists() for segment in segments)
    damaged = segments[0]
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    found = one(doctor(filled.path))
    assert (found.path, found.done) == (damaged, "deleted")
    assert not damaged.exists()
    assert results_store.open(filled.path).sql(sql).rows() == before


def test_a_read_only_store_is_checked_and_stays_as_it_is(filled):
    file = first_file(filled)
    file.write_bytes(b"torn")
    (filled.path / ".tmp" / "old").write_bytes(b"half")
    os.utime(filled.path / ".tmp" / "old", (0, 0))
    filled.problems()
    before = {path: path.lstat().st_mtime_ns for path in filled.path.rglob("*")}
    with read_only(filled.path):
        report = doctor(filled.path)
    assert {found.path for found in report.findings} == {file, filled.path / ".tmp" / "old"}
    assert {found.done for found in report.findings} == {"nothing could be done: the store cannot be written to"}
    assert not any(found.is_repaired for found in report.findings)
    assert report.notes[0].startswith("nothing can be repaired: cannot write to the store")
    assert {path: path.lstat().st_mtime_ns for path in filled.path.rglob("*")} == before


def test_a_sound_read_only_store_has_no_findings(filled):
    with read_only(filled.path):
        assert doctor(filled.path).findings == ()


@pytest.mark.parametrize("case", ["missing", "empty", "file", "other things"])
def test_what_is_no_store_is_one_line(weird_path, case):
    path = weird_path / "x"
    match case:
        case "empty":
            path.mkdir()
        case "file":
            path.write_text("x")
        case "other things":
            path.mkdir()
            (path / "thesis.tex").write_text("x")
    with pytest.raises(StorePathError) as caught:
        doctor(path)
    assert "\n" not in str(caught.value)
    assert case == "missing" or [entry.name for entry in weird_path.rglob("*")][:2] in (["x"], ["x", "thesis.tex"])


def test_it_does_not_disturb_a_compaction(filled):
    with only_one(Layout(filled.path)), pytest.raises(CompactionError, match="is running"):
        doctor(filled.path)


def test_hostile_texts_come_out_inert(filled, make, of):
    steering = "\x1b[31mred\n"
    (filled.path / "trials" / steering).write_text("x")
    filled.publish([make.trial(steering, attempt_id=of.id("y"))])
    filled.publish([make.failure(of.id(0), attempt_id=of.id("z"), failed_at=make.start + timedelta(1))])
    for found in doctor(filled.path).findings:
        assert "\x1b" not in str(found)
        assert "\n" not in str(found)
    json.dumps([str(found.path) for found in doctor(filled.path).findings])


@pytest.fixture
def with_weights(filled, make, of):
    """A store with the weights of two trials; the row of one of them is withdrawn."""
    for trial in ("kept", "withdrawn"):
        name = filled.publish_weights(trial.encode())
        filled.publish([make.trial(**of.attempt(trial), weights_file=name)])
    filled.publish([RetractionRecord(**of.attempt("withdrawn"), reason="wrong", retracted_at=make.start)])
    return filled


def file_of(store, content):
    return Layout(store.path).weights / Layout.name_of_weights(content)


def test_sound_weights_have_no_findings_and_compacting_leaves_them_alone(with_weights):
    num_files = doctor(with_weights.path).num_files
    before = {path: path.stat() for path in Layout(with_weights.path).weights.iterdir()}
    assert len(before) == 2
    compact(with_weights.path)
    assert {path: path.stat() for path in Layout(with_weights.path).weights.iterdir()} == before
    report = doctor(with_weights.path)
    assert (report.findings, report.notes) == ((), ())
    assert report.num_files < num_files


def test_damaged_weights_go_to_quarantine_and_are_missed_until_the_trial_has_others(with_weights, make, of):
    file = file_of(with_weights, b"kept")
    file.write_bytes(b"kepT")
    damaged, missed = doctor(with_weights.path).findings
    assert (damaged.path, damaged.done, "damaged" in damaged.what) == (file, "moved to quarantine/", True)
    assert (with_weights.path / "quarantine" / "weights" / file.name).read_bytes() == b"kepT"
    assert (missed.path.parent.name, missed.is_repaired) == ("trials", False)
    assert of.id("kept") in missed.what
    assert one(doctor(with_weights.path)) == missed
    again = {**of.attempt("kept"), "attempt_id": of.id("again"), "minutes": 9}
    with_weights.publish([make.trial(**again, weights_file=with_weights.publish_weights(b"the same, again"))])
    assert doctor(with_weights.path).findings == ()


def test_nobody_misses_the_weights_of_a_withdrawn_trial(with_weights):
    file_of(with_weights, b"withdrawn").unlink()
    assert doctor(with_weights.path).findings == ()


def test_weights_of_a_killed_attempt_are_noted(with_weights):
    with_weights.publish_weights(b"nobody's")
    report = doctor(with_weights.path)
    assert report.findings == ()
    (note,) = report.notes
    assert note.startswith("weights/ has 1 file that no row in trials/ names")
    assert file_of(with_weights, b"nobody's").exists()


def test_foreign_things_among_the_weights_go_to_quarantine(with_weights, tmp_path):
    folder = Layout(with_weights.path).weights
    (folder / "model.pt").write_text("mine")
    (folder / "folder").mkdir()
    (folder / ("c" * 64 + ".safetensors")).symlink_to(tmp_path)
    os.mkfifo(folder / ("d" * 64 + ".safetensors"))
    report = doctor(with_weights.path)
    assert [found.done for found in report.findings] == ["moved to quarantine/"] * 4
    assert tmp_path.exists()
    assert doctor(with_weights.path).findings == ()


def test_a_file_in_the_place_of_the_weights_goes_to_quarantine(filled):
    (filled.path / "weights").write_text("mine")
    found = one(doctor(filled.path))
    assert (found.what, found.is_repaired) == ("it should be a folder", True)
    assert (filled.path / "quarantine" / "weights.no-folder").read_text() == "mine"
    assert doctor(filled.path).findings == ()


def test_weights_are_checked_in_a_store_that_cannot_be_written(with_weights):
    file_of(with_weights, b"kept").write_bytes(b"kepT")
    with read_only(with_weights.path):
        report = doctor(with_weights.path)
    assert [found.is_repaired for found in report.findings] == [False, False]
    assert file_of(with_weights, b"kept").exists()


def test_a_name_of_weights_that_is_none_is_found(filled, make, of):
    filled.publish([make.trial(**of.attempt("odd"), weights_file="../x")])
    assert "1 row with a weights_file that is no name of one (../x)" in whats(doctor(filled.path))
