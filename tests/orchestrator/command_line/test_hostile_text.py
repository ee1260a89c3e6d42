"""Whatever stands in a store, a study file or an argument: no command steers the terminal."""

import dataclasses
import json
import os
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import told_search
from optuna.distributions import CategoricalDistribution

from results_store import FolderStore
from results_store.records import (
    ArmRecord,
    ClaimRecord,
    FailureRecord,
    FigureRecord,
    FigureVariant,
    MemberRecord,
    MetricInfo,
    Provenance,
    PublishedPoint,
    StatementRecord,
    SubmissionRecord,
    TableRecord,
    TableRow,
    TrialRecord,
)

HOSTILE = (
    "\x1b[2J\x1b]8;;http://x\x07\x1b]52;c;aGk=\x07\x9b2J\u202e\u2066\u200f\u2028\ufeff\U000e0041"
    "|`<script>alert(1)</script>\\input{/etc/passwd}\\write18{id}%$_&#^~{}'; DROP VIEW trials; --\"\n\r\t=cmd|x!A0"
)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TRIAL, FAILED = "a" * 32, "f" * 32


def steers(text):
    return {
        hex(ord(character))
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in "\n\t"
    }


@pytest.fixture
def hostile_store(tmp_path):
    """A store with this text in every place that takes any text, also in the store's own name."""
    store = FolderStore(tmp_path / "st\x1b[2Jore\u202e")
    provenance = Provenance(
        git_commit=HOSTILE, git_dirty=True, source_hash=HOSTILE, versions={"torch": HOSTILE}, host=HOSTILE,
        cpu=HOSTILE, threads=1, finished_at=NOW,
    )  # fmt: skip
    config = {HOSTILE: 1, "task": {"name": HOSTILE}}
    store.publish(
        [
            TrialRecord(
                trial_id=TRIAL, attempt_id=HOSTILE, trainable=HOSTILE, trainable_version=1, seed=0, status="completed",
                config=config, metrics={"score": 0.5}, duration_s=1.0, stack_size=1, provenance=provenance,
                weights_file=HOSTILE,
            )
        ]
    )  # fmt: skip
    store.publish(
        [
            FailureRecord(
                trial_id=FAILED, attempt_id=HOSTILE, kind="raised", host=HOSTILE, cause=HOSTILE,
                traceback=f"{HOSTILE}\n{HOSTILE}", gave_up=True, stack_size=1, failed_at=NOW,
            )
        ]
    )  # fmt: skip
    sql = "SELECT variant, list(score ORDER BY seed) AS score, list(state) AS state FROM results GROUP BY variant"
    members = [
        MemberRecord(variant=HOSTILE, cell_id=HOSTILE, trial_id=trial_id, seed=seed, config=config, point=HOSTILE)
        for seed, trial_id in enumerate((TRIAL, FAILED))
    ]
    members.append(replace(members[0], trial_id="e" * 32, seed=2, measured_later=(HOSTILE,)))
    statement = StatementRecord(
        expect="at_least", metric="score", value=0.1,
        arms=(ArmRecord(variant=HOSTILE, label=HOSTILE, cell_id=HOSTILE, reason=HOSTILE, published=0.5),),
    )  # fmt: skip
    unknown = dataclasses.replace(
        statement, arms=(ArmRecord(variant=HOSTILE, label=HOSTILE, cell_id=None, reason=HOSTILE),)
    )
    claims = [
        ClaimRecord(name=HOSTILE, family=HOSTILE, statement=statement),
        ClaimRecord(name=f"{HOSTILE} twice", family=HOSTILE, statement=unknown),
    ]
    figure = {
        "title": HOSTILE, "variants": [FigureVariant(variant=HOSTILE, label=HOSTILE)], "metric": "score",
        "along": HOSTILE, "published": [PublishedPoint(x=1, y=0.5, label=HOSTILE)],
    }  # fmt: skip
    figures = [
        FigureRecord(name=HOSTILE, kind="sweep", **figure),
        FigureRecord(name=f"{HOSTILE} by epoch", kind="metric_by_epoch", **figure),
    ]
    rows = [TableRow(variant=HOSTILE, label=HOSTILE, published={"score": 0.5})]
    store.publish(
        [
            SubmissionRecord(
                submission_id=HOSTILE, study=HOSTILE, description=HOSTILE, tags=(HOSTILE,), submitted_at=NOW,
                file_name=HOSTILE, file_text=HOSTILE, settings=(HOSTILE,), trainable=HOSTILE, trainable_version=1,
                metrics=(MetricInfo(name="score", unit=HOSTILE, title=HOSTILE),), members=members,
                tables=[TableRecord(name=HOSTILE, title=HOSTILE, sql=sql, rows=rows)], claims=claims, figures=figures,
            )
        ]
    )  # fmt: skip
    (store.path / "trials" / "e\x1b[2Jvil\u202e").write_text("x")
    (store.path / "fo\x9breign").write_text("x")
    (store.path / "weights").mkdir()
    (store.path / "weights" / "e\x1b[2Jvil\u202e").write_text("x")
    return store.path


@pytest.mark.parametrize(
    "arguments",
    [
        ["list"], ["list", "--json"], ["list", "--tag", HOSTILE], ["status"], ["status", "--json"], ["status", HOSTILE],
        ["status", "nothing\x1b[2J"], ["show", TRIAL], ["show", TRIAL, "--json"], ["show", FAILED],
        ["show", FAILED, "--json"], ["show", HOSTILE], ["table", HOSTILE], ["table", HOSTILE, HOSTILE],
        ["table", HOSTILE, "nothing\x1b[2J"], ["table", HOSTILE, "--format", "latex"],
        ["table", HOSTILE, "--format", "csv"], ["table", HOSTILE, "--values"],
        ["table", HOSTILE, "--values", "--format", "csv"], ["query", f'SELECT "{HOSTILE}" FROM trials'], ["query", HOSTILE],
        ["query", "--file", HOSTILE], ["query", "SELECT 1", "--output", f"{HOSTILE}/x"],
        ["query", "SELECT 1", "--format", HOSTILE], ["query", "SELECT 1 AS \"\x1b[2J\"", "--explain"],
        ["claims"], ["claims", HOSTILE], ["claims", "--json"], ["claims", HOSTILE, "--format", "latex"],
        ["claims", "--format", "csv"], ["claims", "nothing\x1b[2J"], ["claims", "--format", HOSTILE],
        ["plan", HOSTILE], ["validate", HOSTILE], ["compact"], ["compact", "--json"], ["doctor"],
        ["doctor", "--json"], ["replay", TRIAL, "--save-weights"], [HOSTILE], ["list", f"--{HOSTILE}"],
        ["report", HOSTILE], ["report", HOSTILE, "--format", "markdown"], ["report", "nothing\x1b[2J"],
        ["report", HOSTILE, "--output", f"{HOSTILE}/x"], ["report", HOSTILE, "--format", HOSTILE],
        ["report", HOSTILE, "--title", HOSTILE, "--format", "markdown"], ["report", f"{HOSTILE}.yaml"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(HOSTILE, "HOSTILE").encode("unicode_escape").decode(),
)  # fmt: skip
def test_no_command_steers_the_terminal(amor, hostile_store, tmp_path, monkeypatch, arguments):
    monkeypatch.setenv("AMOR_STORE", str(hostile_store))
    monkeypatch.chdir(tmp_path)
    answer = amor(*arguments)
    assert not steers(answer.out), answer.out
    assert not steers(answer.err), answer.err
    assert "Traceback (most" not in answer.err
    assert "a fault of amor" not in answer.err
    if "--json" in arguments:
        assert json.loads(answer.out) is not None


@pytest.fixture
def hostile_search(hostile_store, tmp_path, monkeypatch):
    """The same store with a search of such a study; commands that write files write them here."""
    metrics = [MetricInfo(name=metric.name, unit=HOSTILE, title=HOSTILE) for metric in told_search.METRICS]
    ranges = {**told_search.RANGES, HOSTILE: CategoricalDistribution([HOSTILE, "other"])}
    of = told_search.info(variants=(HOSTILE,), ranges=ranges, reduction=HOSTILE, pruning={"method": HOSTILE})
    told_search.publish(FolderStore(hostile_store), of, study=f"search {HOSTILE}", metrics=metrics, confirm=(2,))
    monkeypatch.setenv("AMOR_STORE", str(hostile_store))
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ["figure", HOSTILE], ["figure", HOSTILE, HOSTILE], ["figure", HOSTILE, f"{HOSTILE} by epoch"],
        ["figure", f"search {HOSTILE}"], ["figure", f"search {HOSTILE}", HOSTILE],
        ["figure", f"search {HOSTILE}", "--format", HOSTILE], ["figure", f"search {HOSTILE}", "front", "--output", HOSTILE],
        ["figure", f"search {HOSTILE}", "front", "--output", "o\x1b[2Jut\u202e"], ["search", HOSTILE],
        ["search", "export", HOSTILE], ["search", "export", f"search {HOSTILE}"],
        ["search", "export", f"search {HOSTILE}", "--output", HOSTILE],
        ["search", "export", f"search {HOSTILE}", "--output", "o\x1b[2Jut\u202e"],
        ["search", "export", f"search {HOSTILE}", "--output", f"{HOSTILE}/x"], ["table", f"search {HOSTILE}"],
        ["report", f"search {HOSTILE}"], ["report", f"search {HOSTILE}", "--format", "markdown"],
        ["table", f"search {HOSTILE}", "importances", "--format", "latex"],
        ["table", f"search {HOSTILE}", "importances", "--format", "csv"],
    ],
    ids=lambda arguments: " ".join(arguments).replace(HOSTILE, "HOSTILE").encode("unicode_escape").decode(),
)  # fmt: skip
def test_no_command_on_searches_steers_the_terminal(amor, hostile_search, arguments):
    answer = amor(*arguments)
    assert not steers(answer.out), answer.out
    assert not steers(answer.err), answer.err
    assert "Traceback (most" not in answer.err
    assert "a fault of amor" not in answer.err


@pytest.mark.parametrize("form", ["table", "csv", "json", "markdown", "latex"])
@pytest.mark.parametrize("view", ["results", "studies", "failures", "trials"])
def test_no_view_steers_the_terminal(amor, hostile_store, form, view):
    answer = amor("query", f"FROM {view}", "--format", form, "--store", hostile_store)
    assert answer.code == 0, answer.err
    assert not steers(answer.out)


def test_what_a_study_file_says_names_no_file_in_the_store(amor, hostile_store):
    """Names of studies, variants and tables are values in rows."""
    names = {path.name for path in hostile_store.rglob("*.parquet")}
    assert all(len(name) == 72 for name in names)
    assert (
        amor("query", "SELECT count(*) AS n FROM trials", "--store", hostile_store, "--format", "csv").out == "n\n1\n"
    )


@pytest.mark.parametrize("setting", [HOSTILE, f"{HOSTILE}=1", f"value={HOSTILE}", 'value="\\e[2J"', f"a.{HOSTILE}.b=2"])
def test_settings_and_choices_come_out_inert(amor, write_study, setting):
    for arguments in (["--set", setting], ["--set", f"description={setting}"]):
        answer = amor("validate", write_study(), *arguments)
        assert not steers(answer.out + answer.err)
        assert "a fault of amor" not in answer.err
    assert not steers(amor("plan", write_study(), "--only", setting).err)


def test_a_trainable_that_raises_hostile_text_is_told_inertly(amor, write_study, tmp_path):
    study = write_study(one={"behaviour": "raise"})
    answer = amor("submit", study, "--store", tmp_path / "st", "--executor", "inline")
    assert answer.code == 1
    assert not steers(answer.out + answer.err)


@pytest.mark.parametrize("place", ["trials/x.csv", "x.csv", ".cache/verified.json", "linked/x.csv", "trials/../x.csv"])
def test_a_result_is_not_written_into_the_store(amor, hostile_store, tmp_path, place):
    (tmp_path / "linked").symlink_to(hostile_store)
    output = tmp_path / place if place.startswith("linked") else hostile_store / place
    before = {path: path.stat().st_size for path in hostile_store.rglob("*")}
    answer = amor("query", "SELECT 1", "--store", hostile_store, "--output", output)
    assert answer.code == 2
    assert "lies in the store" in answer.err
    assert (
        before.items()
        >= {path: path.stat().st_size for path in hostile_store.rglob("*") if ".cache" not in path.parts}.items()
    )


def test_a_published_file_is_not_overwritten_by_a_result(amor, hostile_store):
    for file in (hostile_store / "trials").glob("*.parquet"):
        content = file.read_bytes()
        assert amor("query", "SELECT 1", "--store", hostile_store, "--output", file).code == 2
        assert file.read_bytes() == content


def test_pipes_and_devices_are_no_study_files(amor, tmp_path):
    os.mkfifo(tmp_path / "pipe.yaml")
    for path in (tmp_path / "pipe.yaml", "/dev/zero", "/dev/null"):
        answer = amor("validate", path)
        assert answer.code == 2
        assert "cannot be read: not a file" in answer.err


def test_a_table_of_a_study_takes_no_pipe_and_no_huge_file(amor, write_study, tmp_path):
    study = write_study()
    (tmp_path / "scores.sql").unlink()
    os.mkfifo(tmp_path / "scores.sql")
    assert "cannot be read: not a file" in amor("validate", study).err
    (tmp_path / "scores.sql").unlink()
    (tmp_path / "scores.sql").write_text("-" * 5_000_000)
    assert "larger than 4,000,000 bytes" in amor("validate", study).err
