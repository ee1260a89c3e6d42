"""What the README, and what it leads to, shows works as it stands there."""

import re
from pathlib import Path

import pytest

import results_store
from orchestrator import SubmitOptions, submit
from orchestrator.command_line.main import app
from orchestrator.study.loading import load_study
from results_store.records import FigureKind

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
GUIDES = {
    path: path.read_text()
    for path in (
        ROOT / "README.md",
        *(ROOT / "docs" / f"{name}.md" for name in ("study_files", "search", "speed", "faults")),
    )
}
TEXT = "\n".join(GUIDES.values())


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.MULTILINE | re.DOTALL)


def test_the_study_is_valid(tmp_path):
    study = next(block for block in blocks("yaml") if "name: gates" in block)
    (tmp_path / "tables").symlink_to(ROOT / "studies" / "tables")
    path = tmp_path / "gates.yaml"
    path.write_text(study)
    loaded = load_study(path)
    assert loaded.name == "gates"
    assert len(loaded.cells) == 1 + 2 + 6


def test_the_claims_are_valid_and_of_every_kind(tmp_path):
    path = tmp_path / "claims.yaml"
    path.write_text(
        """\
schema_version: 1
name: claims
seeds: 10
base: {task: {name: needle_haystack}, model: {name: amor, gate: {name: oracle}}}
variants: {amor_oracle: {}, full_attention: {model.name: full_attention}}
grid: {model.attention.top_k: [3, 16]}
"""
        + next(block for block in blocks("yaml") if block.startswith("claims:"))
    )
    kinds = {claim.expect for claim in load_study(path).file.claims}
    assert kinds == {"greater", "ratio", "at_least", "all", "monotone", "drop"}


def test_the_control_with_a_measured_rate_fits_into_the_study(tmp_path):
    study = next(block for block in blocks("yaml") if "name: gates" in block)
    control = next(block for block in blocks("yaml") if block.startswith("  random: "))
    (tmp_path / "tables").symlink_to(ROOT / "studies" / "tables")
    path = tmp_path / "gates.yaml"
    path.write_text(study.replace("grid:", f"{control}grid:", 1))
    assert [cell.variants for cell in load_study(path).waiting] == [("random",)] * 3


def test_the_search_is_valid(tmp_path):
    path = tmp_path / "which-gate.yaml"
    path.write_text(next(block for block in blocks("yaml") if "name: which-gate" in block))
    loaded = load_study(path)
    (search,) = loaded.searches
    assert search.variants == ("searched",)
    assert [cell.variants for cell in loaded.cells] == [("ssm_only",)]


def test_every_command_is_in_the_table_and_only_they():
    named = set(re.findall(r"^\| `amor (\w+)", README, flags=re.MULTILINE))
    commands = {command.name or command.callback.__name__ for command in app.registered_commands}
    groups = {group.name for group in app.registered_groups}
    assert named == commands | groups


@pytest.mark.parametrize("option", sorted(set(re.findall(r"`(--[a-z-]+)", TEXT))))
def test_every_option_exists(option, capfdbinary):
    helps = []
    for command in ("submit", "plan", "query", "list", "table", "figure", "replay", "report"):
        with pytest.raises(SystemExit):
            app([command, "--help"])
        helps.append(capfdbinary.readouterr().out.decode())
    assert any(option in text for text in helps) or option == "--debug"


def test_the_python_snippet_runs(tmp_path, monkeypatch):
    snippet = next(block for block in blocks("python") if "orchestrator.submit" in block)
    small = ["seeds=1", "task.num_train=32", "task.num_validation=16", "task.num_test=16", "training.epochs=1"]

    def submit_small(study, store):
        options = SubmitOptions(executor="inline", only=("ssm_only",))
        return submit(ROOT / study, store=tmp_path / store, settings=small, options=options)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("orchestrator.submit", submit_small)
    exec(compile(snippet, "README.md", "exec"), {})


def test_the_snippet_on_weights_runs(tmp_path, monkeypatch):
    small = ["seeds=1", "task.num_train=32", "task.num_validation=16", "task.num_test=16", "training.epochs=1"]
    options = SubmitOptions(executor="inline", only=("amor_entropy",))
    settings = [*small, "training.save_weights=true"]
    submit(ROOT / "studies" / "quickstart.yaml", store=tmp_path / "results", settings=settings, options=options)
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(compile(next(block for block in blocks("python") if "load_weights" in block), "README.md", "exec"), names)
    assert names["output"].logits.shape[:2] == (1, 4)
    assert names["output"].gate.shape == names["output"].entropy.shape == names["output"].logits.shape[:3]


def test_the_example_of_a_trainable_trains_its_study(tmp_path, monkeypatch):
    package = tmp_path / "installed" / "my_package"
    package.mkdir(parents=True)
    (package / "line.py").write_text(next(block for block in blocks("python") if "class Line" in block))
    monkeypatch.syspath_prepend(package.parent)
    path = tmp_path / "lines.yaml"
    path.write_text(next(block for block in blocks("yaml") if "name: lines" in block))
    submit(path, store=tmp_path / "store", options=SubmitOptions(executor="inline"))
    rows = results_store.open(tmp_path / "store").sql("SELECT variant, seed, test_loss FROM results").rows()
    assert sorted(rows) == sorted(
        (variant, seed, pytest.approx(offset + seed * 1e-3))
        for variant, offset in (("steep", 3.0), ("right", 0.0))
        for seed in range(3)
    )


@pytest.mark.parametrize("path", sorted(ROOT.glob("*.md")) + sorted(ROOT.glob("docs/*.md")), ids=lambda path: path.name)
def test_links_lead_somewhere(path):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", path.read_text()):
        file, _, anchor = target.partition("#")
        other = path.parent / file if file else path
        assert other.exists(), target
        if anchor:
            text = other.read_text()
            headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
            anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
            assert anchor in anchors | set(re.findall(r'<a id="([^"]+)">', text)), target


def test_the_figures_are_valid(tmp_path):
    section = next(block for block in blocks("yaml") if block.startswith("figures:"))
    path = tmp_path / "figures.yaml"
    path.write_text(
        "schema_version: 1\nname: figures\nseeds: 3\n"
        "base: {task: {name: needle_haystack}, model: {name: amor}}\n"
        "variants:\n  ssm_only: {model.name: ssm}\n  oracle: {model.gate.name: oracle}\n  entropy: {}\n"
        "  key_blind: {model: {name: heuristic, rule: last_stored}}\n"
        "grid: {task.noise_length: [10, 50]}\n" + section
    )
    kinds = [figure.kind for figure in load_study(path).file.figures]
    named = re.findall(r"^\| `(\w+)` \|", TEXT.split("## Figures of a study")[1].split("\n## ")[0], flags=re.MULTILINE)
    assert kinds == named == [kind.value for kind in FigureKind]
