"""`amor report`: study files and names, the two forms, where they go, and what is said on the way."""

import stat

import pytest


@pytest.fixture
def study(write_study):
    return write_study(one={"number": 1}, bad={"behaviour": "raise"})


@pytest.fixture
def store(amor, study, tmp_path, monkeypatch):
    path = tmp_path / "store"
    amor("submit", study, "--store", path, "--executor", "inline")
    monkeypatch.setenv("AMOR_STORE", str(path))
    return path


def test_a_page_of_a_study_file(amor, store, study, tmp_path):
    output = tmp_path / "new folder" / "report.html"
    answer = amor("report", study, "--output", output)
    assert (answer.code, answer.out, answer.err) == (0, "", "")
    page = output.read_text()
    assert page.startswith("<!DOCTYPE html>")
    assert "does the number matter?" in page
    assert "Of 4 trials, 2 are completed; 2 failed." in page
    assert stat.S_IMODE(output.stat().st_mode) & 0o444


def test_file_and_name_give_the_same_report(amor, store, study):
    by_name = amor("report", "numbers", "--format", "markdown")
    assert by_name.code == 0
    assert by_name.out.startswith("# Study numbers\n")
    assert amor("report", study, "--format", "markdown") == by_name
    assert amor("report", study, "numbers", "--format", "markdown") == by_name


def test_the_form_follows_the_name_of_the_file(amor, store, tmp_path):
    amor("report", "numbers", "--output", tmp_path / "report.md")
    assert (tmp_path / "report.md").read_text() == amor("report", "numbers", "--format", "markdown").out
    amor("report", "numbers", "--output", tmp_path / "other.md", "--format", "html")
    assert (tmp_path / "other.md").read_text() == amor("report", "numbers").out


def test_a_title_of_ones_own(amor, store):
    answer = amor("report", "numbers", "--title", "What came of it", "--format", "markdown")
    assert answer.out.startswith("# What came of it\n")


def test_an_introduction_of_ones_own(amor, store, tmp_path):
    path = tmp_path / "introduction.md"
    path.write_text("Why we\nasked <b>.\n\n    amor report numbers\n\nHow\x1b[2J.\n")
    told = ("report", "numbers", "--introduction", path)
    markdown = amor(*told, "--format", "markdown").out
    assert "\n\nWhy we\nasked <b>.\n\n    amor report numbers\n\nHow\\x1b[2J.\n\n- Tags" in markdown
    page = amor(*told, "--output", tmp_path / "page.html") and (tmp_path / "page.html").read_text()
    assert "<p>Why we\nasked &lt;b&gt;.</p>" in page
    assert "<code>    amor report numbers</code></pre>" in page


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"\xff\xfe", "not UTF-8 text"), (b" " * 20_000_000, "larger than")],
)
def test_an_introduction_that_is_no_text(amor, store, tmp_path, content, message):
    path = tmp_path / "introduction.md"
    if content is not None:
        path.write_bytes(content)
    answer = amor("report", "numbers", "--introduction", path)
    assert (answer.code, answer.out) == (2, "")
    assert message in answer.err
    assert answer.err.count("\n") == 1


def test_a_file_that_was_changed_since_is_told(amor, store, study):
    study.write_text(study.read_text().replace("seeds: 2", "seeds: 3"))
    answer = amor("report", study, "--format", "markdown")
    assert answer.code == 0
    assert "is not what was submitted last" in answer.err
    assert "- Seeds: 2" in answer.out


def test_all_that_is_wrong_with_the_arguments_is_told_together(amor, store, study, tmp_path):
    (tmp_path / "no_name.yaml").write_text("schema_version: 1\n")
    answer = amor("report", tmp_path / "none.yaml", tmp_path / "no_name.yaml", study)
    assert (answer.code, answer.out) == (2, "")
    assert len(answer.err.splitlines()) == 2
    assert "no_name.yaml:1:1: name: a study has a name" in answer.err
    answer = amor("report", "numbers", "one", "two")
    assert answer.code == 2
    assert "never submitted" in answer.err
    assert "'one', 'two'" in answer.err


def test_nothing_is_written_into_the_store_or_where_nothing_can_be(amor, store, tmp_path):
    assert amor("report", "numbers", "--output", store / "report.html").code == 2
    (tmp_path / "file").write_text("x")
    answer = amor("report", "numbers", "--output", tmp_path / "file" / "report.html")
    assert answer.code == 2
    assert len(answer.err.splitlines()) == 1
    assert amor("report", "numbers", "--output", tmp_path).code == 2


def test_a_store_that_is_not_there_is_not_made(amor, tmp_path):
    answer = amor("report", "numbers", "--store", tmp_path / "none")
    assert answer.code == 2
    assert not (tmp_path / "none").exists()
