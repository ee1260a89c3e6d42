"""Values that are measured in another cell, as a study file writes them: what is read, in which cell, what is wrong."""

from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field, create_model

from orchestrator.errors import StudyError
from orchestrator.space.measured import DECIMALS, measured_value, number_for
from orchestrator.study.loading import load_study

TEXT = """\
schema_version: 1
name: control
seeds: 3
base:
  task: {name: simple_retrieval}
  model: {name: amor, gate: {name: entropy}}
variants:
  ssm: {model.name: ssm}
  entropy: {}
  control: {model.gate: {name: random, rate: RATE}}
grid:
  model.attention.top_k: [1, 3]
  model.gate.scale: [2.0, 5.0]
"""
RATE = "{of: entropy, metric: validation_gate_rate, where: {model.gate.scale: 2.0}}"
TOP_K, SCALE, GATE_RATE = ("model", "attention", "top_k"), ("model", "gate", "scale"), ("model", "gate", "rate")


@pytest.fixture
def load(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def load(text=TEXT, *settings):
        (tmp_path / "study.yaml").write_text(text.replace("RATE", RATE))
        return load_study("study.yaml", settings)

    return load


@pytest.fixture
def problems_of(load):
    def problems_of(text, *settings):
        with pytest.raises(StudyError) as caught:
            load(text, *settings)
        return str(caught.value).splitlines()

    return problems_of


def sources(study):
    """(top_k of the waiting cell, variant, top_k and scale of the cell in which its rate is measured)."""
    return [
        (cell.leaves()[TOP_K], source.variants[0], source.leaves()[TOP_K], source.leaves()[SCALE])
        for cell in study.waiting
        for source in cell.sources.values()
    ]


def test_axes_that_both_have_are_matched_and_where_chooses_among_the_others(load):
    study = load()
    assert sources(study) == [(1, "entropy", 1, 2.0), (3, "entropy", 3, 2.0)]
    assert [cell.variants for cell in study.all_cells] == [("ssm",), *[("entropy",)] * 4, *[("control",)] * 2]
    assert len(study.trials) == 5 * 3, "what waits has no trials"
    assert all(GATE_RATE not in cell.leaves() for cell in study.waiting)


def test_where_wins_over_the_grid_point(load):
    where = "{model.gate: {scale: 5.0}, model: {attention.top_k: 3}}"
    study = load(TEXT.replace("RATE", f"{{of: entropy, metric: validation_gate_rate, where: {where}}}"))
    assert sources(study) == [(1, "entropy", 3, 5.0), (3, "entropy", 3, 5.0)]


def test_equal_ones_are_one_cell_under_all_their_names(load):
    names = TEXT.replace("grid:", "  again: {model.gate: {name: random, rate: RATE}}\ngrid:")
    assert [cell.variants for cell in load(names).waiting] == [("control", "again")] * 2


def test_a_value_that_a_variant_does_not_use_is_not_waited_for(load):
    in_base = TEXT.replace(", rate: RATE}}", "}}").replace("{name: entropy}", "{name: entropy, rate: RATE}")
    study = load(in_base)
    assert {cell.variants for cell in study.waiting} == {("control",)}
    assert {variant for cell in study.cells for variant in cell.variants} == {"ssm", "entropy"}


def test_an_axis_may_have_one_among_its_values(load):
    text = TEXT.replace(", rate: RATE", "")
    text += "  model.gate.rate: [0.1, RATE]\n  when: {model.gate.rate: {model.gate.name: random}}\n"
    study = load(text)
    assert sources(study) == [(1, "entropy", 1, 2.0), (3, "entropy", 3, 2.0)]
    assert sum(cell.variants == ("control",) for cell in study.cells) == 2


def test_conditions_on_defaults_hold_for_what_waits(load):
    without_axes = TEXT[: TEXT.index("grid:")].replace(", where: {model.gate.scale: 2.0}", "")
    text = without_axes + "grid:\n  training.epochs: [2, 3]\n  when: {training.epochs: {model.num_layers: 2}}\n"
    text = text.replace("RATE", "{of: entropy, metric: validation_gate_rate}")
    assert {cell.leaves()["training", "epochs"] for cell in load(text).waiting} == {2, 3}


@pytest.mark.parametrize("key", ["model.gate.rate", "variants.control.model.gate.rate"])
def test_set_takes_it_away_and_brings_it_back(load, key):
    assert load(TEXT, f"{key}=0.3").waiting == ()
    plain = TEXT.replace("rate: RATE", "rate: 0.3")
    assert load(plain).waiting == ()
    assert sources(load(plain, f"{key}={RATE}")) == sources(load())


CONTROL = "study.yaml:10:"
KEY = "variants.control.model.gate.rate"


@pytest.mark.parametrize(
    ("rate", "expected"),
    [
        ("{of: entropi, metric: validation_gate_rate}", f"{CONTROL}51: {KEY}.of: there is no variant \"entropi\"; did you mean 'entropy'?"),
        ("{of: [1], metric: validation_gate_rate}", f"{CONTROL}51: {KEY}.of: should be the name of a variant (got [1])"),
        ("{of: control, metric: validation_gate_rate}", f"{CONTROL}51: {KEY}.of: variant 'control' would wait for itself; name one whose configuration is known"),
        (RATE.replace("metric: validation_gate_rate, ", ""), f"{CONTROL}40: {KEY}.metric: this key is required"),
        (RATE.replace("gate_rate", "gate_rat"), f"{CONTROL}68: {KEY}.metric: there is no metric \"validation_gate_rat\"; did you mean 'validation_gate_rate'?"),
        (RATE.replace("validation_", "test_"), f"{CONTROL}68: {KEY}.metric: a configuration never depends on the test split (got \"test_gate_rate\"); take 'validation_gate_rate'"),
        (RATE.replace("where", "were"), f"{CONTROL}90: {KEY}.were: unknown key; did you mean 'where'?"),
        ("{of: entropy, metric: validation_gate_rate}", f"{CONTROL}51: {KEY}.of: names 2 cells of variant 'entropy'; say where: model.gate.scale"),
        (RATE.replace("2.0", "3.0"), f"{CONTROL}97: {KEY}.where: variant 'entropy' has no cell at this grid point"),
        (RATE.replace("scale", "scal"), f"{CONTROL}115: {KEY}.where.model.gate.scal: no configuration has this key; did you mean 'model.gate.scale'?"),
        (RATE.replace("2.0", "[2.0]"), f"{CONTROL}116: {KEY}.where.model.gate.scale: should be one value (got [2.0])"),
        (RATE.replace("{model.gate.scale: 2.0}", "3"), f"{CONTROL}97: {KEY}.where: should map keys to values (got 3)"),
        (RATE.replace("entropy", "ssm"), f"{CONTROL}93: {KEY}.where: variant 'ssm' has no cell at this grid point"),
    ],
)  # fmt: skip
def test_every_mistake_has_its_line_and_column(problems_of, rate, expected):
    assert expected in problems_of(TEXT.replace("RATE", rate))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("training.epochs", "takes no measured value, which is a number with decimals: should be a valid integer"),
        ("model.attention.kv", "takes no measured value, which is a number with decimals: should be 'ghost' or 'raw_embedding'"),
        ("model.gate.name", "takes no measured value, which is a number with decimals"),
        ("model.gate.rte", "unknown key; did you mean 'rate'?"),
        ("model.gate.rate", "no variant uses this key (gate 'entropy' has no 'rate')"),
    ],
)  # fmt: skip
def test_keys_that_take_no_number_are_told(problems_of, key, expected):
    text = TEXT.replace("model.gate: {name: random, rate: RATE}", f"{key}: RATE")
    (problem,) = problems_of(text)
    assert problem.startswith("study.yaml:10:")
    assert problem.endswith(f": variants.control.{key}: {expected}")


def test_a_circle_is_told_at_both_its_ends(problems_of):
    text = TEXT.replace("grid:", "  other: {model.gate: {name: random, rate: RATE}}\ngrid:")
    text = text.replace("RATE", "{of: other, metric: validation_gate_rate}", 1)
    text = text.replace("RATE", "{of: control, metric: validation_gate_rate}", 1)
    assert problems_of(text) == [
        f"study.yaml:10:51: {KEY}.of: variant 'control' would wait for 'other', which waits for a value, too; name one "
        "whose configuration is known",
        "study.yaml:11:49: variants.other.model.gate.rate.of: variant 'other' would wait for 'control', which waits for "
        "a value, too; name one whose configuration is known",
    ]


def test_mistakes_of_settings_name_the_setting(problems_of):
    setting = "model.gate.rate={of: nobody, metric: test_gate_rate}"
    assert problems_of(TEXT, setting) == [
        f'--set {setting}: model.gate.rate.of: there is no variant "nobody"; known: ssm, entropy, control',
        f"--set {setting}: model.gate.rate.metric: a configuration never depends on the test split (got "
        "\"test_gate_rate\"); take 'validation_gate_rate'",
    ]


SEARCH = """\
search:
  parameters: {model.gate.threshold: {type: float, low: 0.1, high: 0.9}}
  objectives: [{metric: validation_accuracy, direction: maximize}]
  max_trials: 4
  replicates: 1
"""


def test_a_variant_that_is_searched_has_no_cell_to_measure_in(problems_of):
    assert problems_of(TEXT + SEARCH) == [
        f"study.yaml:10:51: {KEY}.of: variant 'entropy' is searched; a value is measured in a cell that the file itself names"
    ]


def test_a_variant_that_is_searched_cannot_wait(problems_of):
    text = TEXT.replace("entropy: {}", "entropy: {model.gate.threshold: 0.4}").replace(
        "control: {model.gate: {name: random, rate: RATE}}",
        "control: {model.dropout: RATE}",
    )
    when = SEARCH.replace("high: 0.9}", "high: 0.9, when: {variant: control}}")
    (problem,) = problems_of(text + when)
    assert problem == (
        "study.yaml:10:28: variants.control.model.dropout: variant 'control' is searched; its cells cannot wait for a "
        "value that is measured"
    )


def test_beside_a_search_it_waits_like_everywhere(load):
    text = TEXT.replace("  ssm:", "  searched: {}\n  ssm:")
    study = load(text + SEARCH.replace("high: 0.9}", "high: 0.9, when: {variant: searched}}"))
    assert {search.variants for search in study.searches} == {("searched",)}
    assert sources(study) == [(1, "entropy", 1, 2.0), (3, "entropy", 3, 2.0)]


BOUNDS = st.floats(-1e6, 1e6)


@given(BOUNDS, st.floats(1e-3, 1e6), st.sampled_from(["both", "above", "below", "none"]), st.booleans(), st.booleans())
def test_what_stands_in_is_a_value_that_the_key_may_have(low, width, which, is_strict, is_optional):
    above, below = ("gt", "lt") if is_strict else ("ge", "le")
    bounds = {above: low} if which in ("both", "above") else {}
    bounds |= {below: low + width} if which in ("both", "below") else {}
    number = Annotated[float, Field(**bounds)]
    inner = create_model("Inner", number=(number | None if is_optional else number, ...))
    model: type[BaseModel] = create_model("Outer", inner=(inner, ...))
    value = number_for(model, ("inner", "number"))
    assert model.model_validate({"inner": {"number": value}}).inner.number == value


@given(st.lists(st.floats(-1e9, 1e9), min_size=1), st.randoms())
def test_a_value_does_not_depend_on_the_order_and_has_few_digits(values, rng):
    shuffled = rng.sample(values, len(values))
    value = measured_value(values)
    assert measured_value(shuffled) == value
    assert round(value, DECIMALS) == value
    assert abs(value - sum(values) / len(values)) <= 0.5 * 10**-DECIMALS + 1e-6 * max(map(abs, values))
