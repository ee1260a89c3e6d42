"""Every mistake in a claim meets one clear line with its place, before anything runs."""

from pathlib import Path

import pytest

from orchestrator.errors import StudyError
from orchestrator.study.loading import load_study

BEFORE = """\
schema_version: 1
name: claims
seeds: 3
base: {task: {name: simple_retrieval}, model: {name: amor, gate: {name: entropy}}}
variants: {ssm: {model.name: ssm}, amor: {}, twin: {model.gate.scale: 5.0}, oracle: {model.gate.name: oracle}, k_8: {}}
grid: {model.attention.top_k: [8, 1, 3], exclude: [{variant: k_8, model.attention.top_k: [1, 3]}]}
claims:
"""
AT = "where: {model.attention.top_k: 3}"
GREATER = "{name: a, metric: test_accuracy, compare: [amor, ssm], " + AT + ", expect: greater}"
ARMS = (
    "{name: a, metric: test_accuracy, expect: greater, compare: [{variant: amor, where: {model.attention.top_k: 1}}, "
    "{variant: amor, where: {model.attention.top_k: 3}}]}"
)
RATIO = "{name: a, metric: test_accuracy, compare: [oracle, ssm], " + AT + ", expect: ratio, ratio: 6.0}"
EQUIVALENT = "{name: a, metric: test_accuracy, compare: [oracle, ssm], " + AT + ", expect: equivalent, margin: 0.02}"
AT_LEAST = (
    "{name: a, metric: test_accuracy, variant: oracle, " + AT + ", expect: at_least, value: 0.9, published: 0.95}"
)
ALL = (
    "{name: a, expect: all, " + AT + ", of: [{metric: test_accuracy, compare: [oracle, ssm], expect: greater, "
    "published: [0.9, null]}, {metric: test_gate_rate, variant: oracle, expect: at_most, value: 0.3}]}"
)
MONOTONE = (
    "{name: a, metric: test_accuracy, variant: amor, along: model.attention.top_k, expect: monotone, "
    "direction: decreasing, tolerance: 0.01, published: [0.8, null, 0.1]}"
)
DROP = (
    "{name: a, metric: test_accuracy, variant: {variant: amor}, along: model.attention.top_k, expect: drop, "
    "beyond: 1, margin: 0.1}"
)
VARIANTS = (
    "{name: a, metric: test_accuracy, variant: [{variant: amor, where: {model.attention.top_k: 1}}, k_8], "
    "along: model.attention.top_k, expect: monotone, direction: decreasing, published: [0.8, null]}"
)
KINDS = {"greater": GREATER, "arms": ARMS, "ratio": RATIO, "equivalent": EQUIVALENT, "at_least": AT_LEAST, "all": ALL,
         "monotone": MONOTONE, "variants": VARIANTS, "drop": DROP}  # fmt: skip


@pytest.fixture
def problems_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(*claims):
        Path("study.yaml").write_text(BEFORE + "".join(f"  - {claim}\n" for claim in claims))
        try:
            load_study("study.yaml")
        except StudyError as error:
            return str(error).splitlines()
        return []

    return load


@pytest.mark.parametrize("claim", KINDS.values(), ids=KINDS)
def test_what_is_spoiled_below_is_valid(problems_of, claim):
    assert problems_of(claim) == []


@pytest.mark.parametrize(
    ("claim", "good", "bad", "expected"),
    [
        # the kind
        (GREATER, "greater", "greatest", "expect: should be greater, less, equivalent, ratio, at_least, at_most, all, monotone or drop"),
        (GREATER, ", expect: greater", "", "expect: this key is required"),
        (GREATER, "greater", "[greater]", "expect: "),
        # keys
        (RATIO, ", ratio: 6.0", "", "ratio: this key is required"),
        (RATIO, "ratio: 6.0", "ratio: 6.0, margine: 1", "margine: unknown key; did you mean 'margin'?"),
        (RATIO, "ratio: 6.0", "ratio: 6.0, margin: x", "margin: should be a valid number (got \"x\")"),
        (RATIO, "ratio: 6.0", "ratio: 0", "ratio: should be greater than 0 (got 0)"),
        (EQUIVALENT, ", margin: 0.02", "", "margin: this key is required"),
        (EQUIVALENT, "0.02", "0", "margin: should be greater than 0 (got 0)"),
        (AT_LEAST, ", value: 0.9", "", "value: this key is required"),
        (AT_LEAST, "variant: oracle", "compare: [oracle, ssm]", "compare: unknown key; `expect: at_least` takes: "),
        (MONOTONE, ", direction: decreasing", "", "direction: this key is required"),
        (MONOTONE, "decreasing", "down", "direction: should be 'increasing' or 'decreasing' (got \"down\")"),
        (MONOTONE, ", along: model.attention.top_k", "", "along: this key is required"),
        (DROP, ", beyond: 1", "", "beyond: this key is required"),
        (DROP, "variant: {variant: amor}", "variant: {varian: amor}", "variant.varian: unknown key; did you mean 'variant'?"),
        # what is compared
        (GREATER, "[amor, ssm]", "[amor]", "compare: should have at least 2 items (got [\"amor\"])"),
        (GREATER, "[amor, ssm]", "[amor, ssm, oracle]", "compare: list should have at most 2 items"),
        (GREATER, "[amor, ssm]", "[amor, amor]", "compare: compares 'amor' with itself"),
        (GREATER, "[amor, ssm]", "[amor, {variant: amor}]", "compare: compares 'amor' with itself"),
        (GREATER, "[amor, ssm]", "[amor, twin]", "compare: 'amor' and 'twin' are one cell here, compared with itself"),
        (GREATER, "[amor, ssm]", "[amor, ssn]", "compare.1: there is no variant \"ssn\"; did you mean 'ssm'?"),
        (ARMS, "{variant: amor, where: {model.attention.top_k: 1}}", "{variant: amr}", "compare.0.variant: there is no variant \"amr\""),
        (AT_LEAST, "variant: oracle", "variant: oracl", "variant: there is no variant \"oracl\"; did you mean 'oracle'?"),
        (GREATER, "test_accuracy", "test_acuracy", "metric: there is no metric \"test_acuracy\"; did you mean 'test_accuracy'?"),
        # grid points
        (GREATER, "top_k: 3", "top_k: 5", "where: variant 'amor' has no cell at this grid point"),
        (GREATER, "top_k: 3", "topk: 3", "where.model.attention.topk: no configuration has this key; did you mean"),
        (GREATER, ", where: {model.attention.top_k: 3}", "", "compare.0: names 3 cells of variant 'amor'; say where: model.attention.top_k"),
        (ARMS, "top_k: 1", "top_k: 5", "compare.0.where: variant 'amor' has no cell at this grid point"),
        (ARMS, "top_k: 1", "topk: 1", "compare.0.where.model.attention.topk: no configuration has this key"),
        (ARMS, ", where: {model.attention.top_k: 1}", "", "compare.0: names 3 cells of variant 'amor'; say where: model.attention.top_k"),
        # conjunctions
        (ALL, "expect: greater", "expect: all", "of.0.expect: should be greater, less, equivalent, ratio, at_least or at_most (got \"all\")"),
        (ALL, "expect: greater", "expect: drop", "of.0.expect: should be greater,"),
        (ALL, "expect: greater", "expect: greater, family: x", "of.0.family: unknown key; `expect: greater` takes: "),
        (ALL, "expect: greater", "expect: greater, name: x", "of.0.name: unknown key; `expect: greater` takes: "),
        (ALL, "compare: [oracle, ssm]", "compare: [oracle, oracle]", "of.0.compare: compares 'oracle' with itself"),
        (ALL, "top_k: 3", "top_k: 4", "of.0.compare.0: variant 'oracle' has no cell at this grid point"),
        (ALL, "top_k: 3", "topk: 3", "where.model.attention.topk: no configuration has this key"),
        (ALL, "test_gate_rate", "gate_rate", "of.1.metric: there is no metric \"gate_rate\""),
        # series
        (MONOTONE, "along: model.attention.top_k", "along: model.attention.topk", "along: no configuration has this key; did you mean"),
        (MONOTONE, "along: model.attention.top_k", "along: model.gate.name", "along: a series ascends along a number, which cells of variant 'amor' do not all have here (got \"entropy\")"),
        (MONOTONE, "along: model.attention.top_k", "along: model.gate.target_rate", "variant: names several cells at one point of the series; say where: model.attention.top_k"),
        (MONOTONE, "variant: amor", "variant: ssm", "along: a series ascends along a number, which cells of variant 'ssm' do not all have here"),
        (MONOTONE, "variant: amor", "variant: amor, where: {model.attention.top_k: 3}", "along: a series has at least two points (got 1)"),
        (MONOTONE, "variant: amor", "variant: amor, where: {model.attention.top_k: 2}", "where: variant 'amor' has no cell at this grid point"),
        (MONOTONE, "[0.8, null, 0.1]", "[0.8, 0.1]", "published: the series has 3 points: 1, 3, 8 (got 2 values)"),
        (VARIANTS, "top_k: 1", "top_k: 8", "variant: a series ascends along model.attention.top_k (got 8, 8)"),
        (VARIANTS, ", where: {model.attention.top_k: 1}", "", "variant: a series ascends along model.attention.top_k (got 1, 3, 8, 8)"),
        (VARIANTS, ", k_8]", ", k8]", "variant.1: there is no variant \"k8\"; did you mean 'k_8'?"),
        (VARIANTS, ", k_8]", "]", "variant"),
        (DROP, "beyond: 1", "beyond: 8", "beyond: there must be points up to it and beyond it, between 1 and 8 (got 8)"),
        (DROP, "beyond: 1", "beyond: 0.5", "beyond: there must be points up to it and beyond it, between 1 and 8 (got 0.5)"),
        # numbers
        (GREATER, "greater", "greater, margin: 5", "margin: test_accuracy is a fraction between 0 and 1 (got 5; 5 % is 0.05)"),
        (GREATER, "greater", "greater, margin: -0.1", "margin: should be greater than or equal to 0 (got -0.1)"),
        (GREATER, "greater", "greater, published: [68.35, 1.0]", "published.0: test_accuracy is a fraction between 0 and 1 (got 68.35;"),
        (GREATER, "greater", "greater, published: [0.6]", "published: should have at least 2 items"),
        (AT_LEAST, "value: 0.9", "value: 90", "value: test_accuracy is a fraction between 0 and 1 (got 90;"),
        (AT_LEAST, "published: 0.95", "published: 95", "published: test_accuracy is a fraction between 0 and 1 (got 95;"),
        (ALL, "value: 0.3", "value: 30", "of.1.value: test_gate_rate is a fraction between 0 and 1 (got 30;"),
        (MONOTONE, "tolerance: 0.01", "tolerance: 2", "tolerance: test_accuracy is a fraction between 0 and 1 (got 2;"),
    ],
)  # fmt: skip
def test_each_meets_one_clear_line(problems_of, claim, good, bad, expected):
    assert good in claim
    problems = problems_of(claim.replace(good, bad, 1))
    assert any(f"claims.0.{expected}" in problem for problem in problems), problems
    assert all(problem.startswith("study.yaml:8:") for problem in problems)
    assert len(problems) == len(set(problems))


def test_two_claims_of_one_name_are_refused(problems_of):
    (problem,) = problems_of(GREATER, AT_LEAST)
    assert problem == "study.yaml:9:12: claims.1.name: two claims are called 'a'"


def test_the_wrong_ones_do_not_hide_those_after_them(problems_of):
    wrong = AT_LEAST.replace("oracle", "nobody").replace("name: a", "name: c")
    problems = problems_of(GREATER.replace("greater", "greatest"), 7, wrong)
    for key in ("claims.0.expect", "claims.1", "claims.2.variant"):
        assert any(f": {key}: " in problem for problem in problems), problems


def test_searched_variants_have_no_cells_to_claim_of(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text("""\
schema_version: 1
name: searching
trainable: do_nothing
seeds: 3
variants: {searched: {}, plain: {value: 1.0}}
search:
  parameters:
    spread: {type: float, low: 0.5, high: 1.0, when: {variant: searched}}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 4
claims:
  - {name: a, metric: score, compare: [searched, plain], expect: greater}
""")
    with pytest.raises(StudyError, match=r"claims\.0\.compare\.0: variant 'searched' is searched"):
        load_study(path)
