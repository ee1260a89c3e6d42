"""The published results of the paper's studies: what stands in docs/paper_v1.md is made of them, and of nothing else."""

import shlex
from pathlib import Path

import pytest

import results_store
from orchestrator.command_line.entry import main
from orchestrator.study.loading import load_study

ROOT = Path(__file__).parents[1]
PAPER = ROOT / "studies" / "paper_v1"
PUBLISHED = PAPER / "published_results"
MAX_BYTES = 5_000_000


@pytest.fixture(scope="module")
def results():
    opened = results_store.open(PUBLISHED)
    assert opened.problems == ()
    return opened


def test_the_page_is_what_its_command_makes(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = "docs/paper_v1.md"
    indented = [line for line in Path(page).read_text().splitlines() if line.startswith("    ")]
    number = 1 + next(n for n, line in enumerate(indented) if not line.endswith("\\"))
    command = shlex.split(" ".join(line.removesuffix("\\") for line in indented[:number]))
    assert command[:2] == ["amor", "report"]
    assert page in command
    typed = [path for word in command for path in (sorted(map(str, Path().glob(word))) if "*" in word else [word])]
    monkeypatch.setattr("sys.argv", [str(tmp_path / "page.md") if word == page else word for word in typed])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    assert (tmp_path / "page.md").read_bytes() == Path(page).read_bytes()


def test_the_table_in_the_readme_is_theirs(results):
    table = results.table("v1-simple-retrieval", "table3").markdown()
    readme = (ROOT / "README.md").read_text().splitlines()
    assert [line for line in table.splitlines() if line.startswith("|") and line not in readme] == []


def test_they_are_of_the_study_files_as_they_stand(results):
    submitted = dict(results.sql("SELECT study, file_text FROM studies WHERE is_latest").rows())
    assert submitted == {load_study(path).name: path.read_text() for path in PAPER.glob("*.yaml")}


def test_they_are_small():
    assert sum(path.stat().st_size for path in PUBLISHED.rglob("*.parquet")) < MAX_BYTES


def test_every_number_of_a_trial_was_trained(results):
    """No row came from anywhere but a training run: each has its epochs, its provenance, and its place in a study."""
    rows = results.sql(
        """
        SELECT count(*), count(git_commit), bool_or(git_dirty), min(epochs_trained - num_epochs), max(epochs_trained - num_epochs)
        FROM trials LEFT JOIN (SELECT trial_id, count(*) AS num_epochs FROM epochs GROUP BY trial_id) USING (trial_id)
        WHERE model_name <> 'heuristic'
        """
    ).rows()
    ((num_trials, num_commits, is_dirty, *difference),) = rows
    assert num_trials == num_commits > 0
    assert not is_dirty
    assert difference == [0, 0]
