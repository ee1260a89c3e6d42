"""Every mistake in the section `figures` meets one clear line with file, line and column."""

from pathlib import Path

import pytest

from orchestrator.errors import StudyError
from orchestrator.study.figures.record import figure_record
from orchestrator.study.loading import load_study
from orchestrator.study.submission import submission_record
from results_store.records import FigureKind, FigureVariant

GOOD = """\
schema_version: 1
name: good
seeds: [3, 5]
base:
  task: {name: needle_haystack}
  model: {name: amor, gate: {name: entropy}}
variants:
  ssm_only: {model.name: ssm}
  entropy: {}
  blind: {model: {name: heuristic, rule: last_stored}}
grid:
  task.noise_length: [10, 20]
  model.attention.top_k: [3, 8]
  when: {model.attention.top_k: {model.name: amor}}
figures:
  - {name: hist, kind: entropy_histogram, variants: [ssm_only, {variant: entropy, label: AMOR}], seeds: [3], where: {task.noise_length: 10}}
  - {name: gap, kind: metric_by_epoch, metric: validation_entropy_gap_nats, published: [{x: 1, y: 0.5}]}
  - name: noise
    kind: sweep
    along: task.noise_length
    metric: test_retrieval_accuracy
    variants: [entropy]
    references: [blind, ssm_only]
    published: [{x: 10, y: 0.4, low: 0.3, high: 0.5}]
    log: true
  - {name: pattern, kind: gate_pattern, variant: entropy, seed: 5, where: {task.noise_length: 10, model.attention.top_k: 3}}
  - {name: attention, kind: tradeoff, metric: test_retrieval_accuracy, variants: [entropy], published: [{x: 0.2, y: 0.4}]}
  - {name: learned, kind: survival, variants: [entropy]}
"""
SEARCHED = """\
schema_version: 1
name: searched
seeds: 2
base:
  task: {name: simple_retrieval}
  model: {name: amor, gate: {name: entropy}}
variants:
  ssm_only: {model.name: ssm}
  entropy: {}
search:
  parameters: {model.gate.scale: {type: float, low: 1.0, high: 9.0}}
  objectives: [{metric: validation_accuracy, direction: maximize}]
  max_trials: 4
figures:
  - {name: hist, kind: entropy_histogram, variants: [ssm_only]}
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def loaded(text, settings=()):
        Path("study.yaml").write_text(text)
        return load_study("study.yaml", settings)

    return loaded


@pytest.fixture
def problems_of(load):
    def problems(text, settings=()):
        try:
            load(text, settings)
        except StudyError as error:
            return str(error).splitlines()
        return []

    return problems


def test_the_study_that_is_spoiled_below_is_valid(problems_of):
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("name: gap, ", "name: hist, ", "17:12: figures.1.name: two figures are called 'hist'"),
        ("name: gap, ", "name: front, ", "17:12: figures.1.name: 'front' is the name of a figure that searches have; take another"),
        ("name: gap, ", "name: a/b, ", "17:12: figures.1.name: should be letters, digits, '_', '.' and '-', with a letter or digit first (got \"a/b\")"),
        ("name: gap, ", "", "17:5: figures.1.name: this key is required"),
        ("kind: survival", "kind: pie", "28:27: figures.5.kind: should be entropy_histogram, metric_by_epoch, sweep, gate_pattern, tradeoff or survival (got \"pie\")"),
        ("kind: survival, ", "", "28:5: figures.5.kind: this key is required"),
        ("metric: validation_entropy_gap_nats, ", "", "17:5: figures.1.metric: this key is required"),
        ("    along: task.noise_length\n", "", "18:5: figures.2.along: this key is required"),
        ("variant: entropy, seed: 5", "seed: 5", "26:5: figures.3.variant: this key is required"),
        ("    log: true", "    logg: true", "25:5: figures.2.logg: unknown key"),
        ("[ssm_only, {variant", "[ssm, {variant", "16:54: figures.0.variants.0: there is no variant \"ssm\"; known: ssm_only, entropy, blind"),
        ("{variant: entropy, label: AMOR}", "{variant: entropi}", "16:64: figures.0.variants.1: there is no variant \"entropi\"; did you mean 'entropy'?"),
        ("{variant: entropy, label: AMOR}", "{variant: entropy, label: ssm_only}", "16:64: figures.0.variants.1: variants 'ssm_only' and 'entropy' have one label, 'ssm_only'"),
        ("[blind, ssm_only]", "[blind, entropy]", "23:25: figures.2.references.1: variant 'entropy' is named twice"),
        ("    variants: [entropy]\n    references: [blind, ssm_only]", "    variants: [entropy, {variant: blind, label: entropy}]", "22:25: figures.2.variants.1: variants 'entropy' and 'blind' have one label, 'entropy', and one value of task.noise_length (10)"),
        ("[ssm_only, {variant: entropy, label: AMOR}]", "ssm_only", "16:53: figures.0.variants: should be a valid list (got \"ssm_only\")"),
        ("metric: validation_entropy_gap_nats", "metric: test_entropy_gap_nats", "17:48: figures.1.metric: there is no metric that is reported per epoch \"test_entropy_gap_nats\"; did you mean 'validation_entropy_gap_nats'?"),
        ("metric: test_retrieval_accuracy\n", "metric: test_retrival_accuracy\n", "21:13: figures.2.metric: there is no metric \"test_retrival_accuracy\"; did you mean 'test_retrieval_accuracy'?"),
        ("along: task.noise_length", "along: task.noise_lenght", "20:12: figures.2.along: no configuration has the key \"task.noise_lenght\"; did you mean 'task.noise_length'?"),
        ("along: task.noise_length", "along: model.name", "20:12: figures.2.along: takes a key whose values are numbers (got \"amor\")"),
        ("    variants: [entropy]\n    references: [blind, ssm_only]\n", "    variants: [ssm_only]\n    where: {task.noise_length: 30}\n", "23:12: figures.2.where: variant 'ssm_only' has no cell at this grid point"),
        ("along: task.noise_length\n    metric: test_retrieval_accuracy\n    variants: [entropy]\n    references: [blind, ssm_only]", "along: model.attention.top_k\n    metric: test_retrieval_accuracy\n    variants: [entropy, ssm_only]", "20:12: figures.2.along: variant 'ssm_only' does not use model.attention.top_k; it may be one of the `references`"),
        ("along: task.noise_length", "along: training.balance_weight", "25:10: figures.2.log: a logarithmic axis takes values above 0 (got 0.0)"),
        ("y: 0.4, low: 0.3, high: 0.5", "y: 40, low: 30, high: 50", "24:28: figures.2.published.0.y: test_retrieval_accuracy is a fraction between 0 and 1 (got 40; 5 % is 0.05)"),
        ("y: 0.4, low: 0.3, high: 0.5", "y: 0.4, low: 0.3", "24:17: figures.2.published.0: an interval takes both `low` and `high`"),
        ("y: 0.4, low: 0.3, high: 0.5", "y: 0.4, low: 0.5, high: 0.6", "24:17: figures.2.published.0: y lies between low and high (got low 0.5, y 0.4, high 0.6)"),
        ("published: [{x: 10,", "published: [{x: 0,", "24:21: figures.2.published.0.x: a logarithmic axis takes values above 0 (got 0)"),
        ("published: [{x: 0.2", "published: [{x: 20", "27:109: figures.4.published.0.x: test_gate_rate is a fraction between 0 and 1 (got 20; 5 % is 0.05)"),
        ("seeds: [3], where", "seeds: [4], where", "16:106: figures.0.seeds.0: seed 4 is not one of the study's seeds"),
        ("seed: 5", "seed: 6", "26:65: figures.3.seed: seed 6 is not one of the study's seeds"),
        ("seed: 5", "seed: 5, sequence: -1", "26:78: figures.3.sequence: should be greater than or equal to 0 (got -1)"),
        ("where: {task.noise_length: 10, model.attention.top_k: 3}", "where: {task.noise_length: 10}", "26:75: figures.3.where: names 2 cells of variant 'entropy'; say where: model.attention.top_k"),
        ("seed: 5, where: {task.noise_length: 10, model.attention.top_k: 3}", "seed: 5", "26:5: figures.3: names 4 cells of variant 'entropy'; say where: model.attention.top_k, task.noise_length"),
        ("where: {task.noise_length: 10}", "where: {task.noise_lenght: 10}", "16:137: figures.0.where.task.noise_lenght: no configuration has this key; did you mean 'task.noise_length'?"),
        ("where: {task.noise_length: 10}", "where: {task.noise_length: 11}", "16:117: figures.0.where: variant 'ssm_only' has no cell at this grid point"),
    ],
    ids=str,
)  # fmt: skip
def test_every_mistake_is_one_line_at_its_place(problems_of, good, bad, expected):
    assert good in GOOD
    problems = problems_of(GOOD.replace(good, bad, 1))
    assert f"study.yaml:{expected}" in problems
    figure = ".".join(expected.split(": ")[1].split(".")[:2])
    assert all(f": {figure}" in problem for problem in problems)


def test_all_mistakes_are_told_at_once(problems_of):
    text = GOOD.replace("kind: survival, variants: [entropy]", "kind: survival, variants: [entropi]")
    text = text.replace("kind: tradeoff", "kind: pie").replace("name: gap, ", "name: hist, ")
    keys = [problem.split(": ")[1] for problem in problems_of(text)]
    assert keys == ["figures.1.name", "figures.4.kind", "figures.5.variants.0"]


def test_a_searched_variant_has_no_figure(load, problems_of):
    study = load(SEARCHED.replace(", variants: [ssm_only]", ""))
    assert submission_record(study).figures[0].variants == (FigureVariant(variant="ssm_only"),)
    (problem,) = problems_of(SEARCHED.replace("[ssm_only]", "[entropy]"))
    assert "variant 'entropy' is searched; a figure is about cells that the file itself names" in problem
    (problem,) = problems_of(SEARCHED.replace("[ssm_only]", "[]").replace("  ssm_only: {model.name: ssm}\n", ""))
    assert "figures.0: the study has no variant that it could show" in problem


def test_what_a_trainable_does_not_report_is_no_figure(problems_of):
    text = """\
schema_version: 1
name: nothing
trainable: do_nothing
seeds: 1
figures:
  - {name: learned, kind: survival}
  - {name: attention, kind: tradeoff, metric: score}
"""
    said = problems_of(text)
    assert said[0] == (
        "study.yaml:6:27: figures.0.kind: a survival needs epochs_to_retrieval, epochs_trained, which trainable "
        "'do_nothing' does not report"
    )
    assert any(
        "a tradeoff needs test_gate_rate, attention_madds_executed, attention_madds_dense" in line for line in said
    )


def test_a_trainable_without_epochs_has_no_curves(problems_of):
    (problem,) = problems_of(
        "schema_version: 1\nname: gauge\ntrainable: gauge:Gauge\nseeds: 1\nbase: {}\n"
        "figures: [{name: curves, kind: metric_by_epoch, metric: score}]\n"
    )
    assert "figures.0.metric: trainable 'gauge' has no metric that is reported per epoch" in problem


def test_seeds_of_the_command_line_do_not_spoil_figures(load):
    study = load(GOOD, ["seeds=1"])
    records = {record.name: record for record in submission_record(study).figures}
    assert records["pattern"].seeds == (5,)  # will say that there is no such trial


def test_the_record_spells_out_what_the_file_leaves_to_be_understood(load):
    study = load(GOOD)
    records = {figure.name: figure_record(figure, study.file) for figure in study.file.figures}
    assert [record.kind for record in records.values()] == list(FigureKind)
    assert records["hist"].variants == (
        FigureVariant(variant="ssm_only"),
        FigureVariant(variant="entropy", label="AMOR"),
    )
    assert [one.variant for one in records["gap"].variants] == ["ssm_only", "entropy", "blind"]
    assert [one.variant for one in records["noise"].references] == ["blind", "ssm_only"]
    assert (records["noise"].log, records["noise"].along) == (True, "task.noise_length")
    without_seed = load(GOOD.replace("seed: 5, ", "")).file.figures[3]
    assert figure_record(without_seed, study.file).seeds == (3,)
    without_variants = load(GOOD.replace("    variants: [entropy]\n", "")).file.figures[2]
    assert [one.variant for one in figure_record(without_variants, study.file).variants] == ["entropy"]
    assert [one.variant for one in figure_record(study.file.figures[1], study.file, {"blind"}).variants] == [
        "ssm_only",
        "entropy",
    ]
