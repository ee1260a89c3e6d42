"""Whatever is wrong with a search meets one clear line with file, line and column, before anything runs."""

import pytest
from searching import check, the_search

from orchestrator.search.judging import num_racing_on
from orchestrator.search.record import point_of, search_info
from orchestrator.search.search import short_names
from orchestrator.search.section import Racing

GOOD = """\
base:
  task: {name: needle_haystack}
  model: {name: amor}
variants:
  ssm_only: {model.name: ssm}
  entropy: {}
grid:
  training.batch_size: [16, 32]
search:
  sampler: {name: tpe, seed: 0}
  parameters:
    model.gate.scale: {type: float, low: 1.0, high: 30.0, log: true}
    model: {attention: {top_k: {type: int, low: 1, high: 32, log: true}}}
    task.noise_length: {type: int, low: 10, high: 150, step: 10}
    model.gate.name: {type: categorical, choices: [entropy, oracle, random]}
    model.gate.rate: {type: float, low: 0.1, high: 0.9, when: {model.gate.name: random}}
  fixed:
    - {model: {gate: {name: entropy, scale: 5.0}}, model.attention.top_k: 3, task.noise_length: 50}
  objectives:
    - {metric: validation_retrieval_accuracy, direction: maximize}
    - {parameter: task.noise_length, direction: maximize}
  constraints:
    - {metric: validation_gate_rate, at_most: 0.25}
  max_trials: 120
  round_size: 8
  replicates: 3
  confirm: {top: 5, seeds: 10}
"""
SCALE = "model.gate.scale: {type: float, low: 1.0, high: 30.0, log: true}"
TOP_K = "{type: int, low: 1, high: 32, log: true}"
NOISE = "{type: int, low: 10, high: 150, step: 10}"
CHOICES = "choices: [entropy, oracle, random]"
WHEN = "when: {model.gate.name: random}"
TPE = "sampler: {name: tpe, seed: 0}"
ACCURACY = "{metric: validation_retrieval_accuracy, direction: maximize}"
AT = "search.parameters.model.gate.scale"


def test_the_search_that_is_spoiled_below_is_valid():
    searches, problems = check(GOOD)
    assert problems == []
    assert [search.variants for search in searches] == [("ssm_only",), ("ssm_only",), ("entropy",), ("entropy",)]


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        # ranges
        (SCALE, SCALE.replace("1.0", "30.0"), f"study.yaml:12:23: {AT}: the range is empty: low 30.0 is not below high 30.0; a single value belongs into `base`"),
        (SCALE, SCALE.replace("1.0", "0.0"), f"study.yaml:12:23: {AT}: log: true takes a low above 0 (got 0.0)"),
        (TOP_K, TOP_K.replace("low: 1,", "low: 0,"), "study.yaml:13:32: search.parameters.model.attention.top_k: log: true takes a low at least 1 (got 0)"),
        (NOISE, NOISE.replace("150", "155"), "study.yaml:14:24: search.parameters.task.noise_length: step 10 does not divide the range from 10 to 155; change `high` or `step`"),
        (SCALE, SCALE.replace("log: true", "step: 0.3"), f"{AT}: step 0.3 does not divide the range from 1.0 to 30.0"),
        (SCALE, SCALE.replace("log: true", "log: true, step: 1.0"), f"{AT}: log: true takes no `step`"),
        (SCALE, SCALE.replace("1.0", "-1.0e+308").replace("30.0", "1.0e+308").replace("log: true", "log: false"), f"{AT}: the range from -1e+308 to 1e+308 is wider than any number"),
        (NOISE, NOISE.replace("step: 10", "step: 0"), "noise_length.step: should be greater than or equal to 1 (got 0)"),
        (TOP_K, TOP_K.replace("low: 1,", "low: 1.5,"), "study.yaml:13:49: search.parameters.model.attention.top_k.low: should be a valid integer (got 1.5)"),
        (CHOICES, "choices: [entropy, entropy]", "search.parameters.model.gate.name.choices: choices must be distinct; repeated: 'entropy'"),
        (CHOICES, "choices: [random]", "search.parameters.model.gate.name.choices: there is nothing to choose"),
        (CHOICES, "choices: []", "search.parameters.model.gate.name.choices: should have at least 1 item (got [])"),
        # what the trainable refuses, and where
        (NOISE, NOISE.replace("150", "300"), "study.yaml:14:51: search.parameters.task.noise_length.high: seq_length 256 is too short"),
        (SCALE, SCALE.replace("low: 1.0", "low: -1.0").replace(", log: true", ""), f"study.yaml:12:42: {AT}.low: should be greater than 0 (got -1.0)"),
        (CHOICES, "choices: [entropy, oracel, random]", "search.parameters.model.gate.name.choices.1: unknown gate \"oracel\"; did you mean 'oracle'?"),
        (TOP_K, "{type: float, low: 1.5, high: 32.0}", "search.parameters.model.attention.top_k.low: should be a valid integer (got 1.5)"),
        # keys
        (SCALE, SCALE.replace("high:", "hihg:"), "study.yaml:12:47: search.parameters.model.gate.scale.hihg: unknown key; did you mean 'high'?"),
        ("max_trials", "max_trails", "study.yaml:24:3: search.max_trails: unknown key; did you mean 'max_trials'?"),
        ("confirm: {top", "confirm: {tpo", "search.confirm.tpo: unknown key; did you mean 'top'?"),
        (SCALE, SCALE.replace("type: float, ", ""), f"{AT}: should be a mapping whose `type` is float, int or categorical"),
        (SCALE, SCALE.replace("float", "flaot"), f"{AT}: should be a mapping whose `type` is float, int or categorical"),
        (SCALE, SCALE.replace("gate.scale", "gate.scael"), "study.yaml:12:5: search.parameters.model.gate.scael: no configuration has the key 'model.gate.scael'; did you mean 'model.gate.scale'?"),
        (SCALE, SCALE.replace("gate.scale", "attention.top_k"), "'model.attention.top_k' is written twice, nested and with dots"),
        (SCALE, SCALE.replace("model.gate.scale", "training.batch_size"), "search.parameters.training.batch_size: 'training.batch_size' is an axis of the grid, too; search it or list it, not both"),
        ("  entropy: {}", "  entropy: {model.gate.scale: 3.0}", f"{AT}: variant 'entropy' sets this key; it cannot be searched as well"),
        # conditions
        (WHEN, "when: {model.gate.nam: random}", "search.parameters.model.gate.rate.when: no configuration has the key 'model.gate.nam'; did you mean 'model.gate.name'?"),
        (WHEN, "when: {model.gate.name: learned_rl}", "search.parameters.model.gate.rate.when: holds nowhere in the space"),
        (WHEN, "when: random", "search.parameters.model.gate.rate.when: should be a mapping (got \"random\")"),
        (CHOICES, CHOICES + ", when: {model.gate.rate: 0.5}", "conditions go in a circle: 'model.gate.name', 'model.gate.rate'"),
        # points to try first
        ("scale: 5.0", "scale: 50.0", "search.fixed.0.model.gate.scale: is no value of this parameter, a number from 1.0 to 30.0 (got 50.0)"),
        ("top_k: 3", "top_k: three", "search.fixed.0.model.attention.top_k: is no value of this parameter, a whole number from 1 to 32 (got \"three\")"),
        ("scale: 5.0", "scael: 5.0", "search.fixed.0.model.gate.scael: no parameter \"model.gate.scael\" is searched; did you mean 'model.gate.scale'?"),
        (", task.noise_length: 50}", "}", "study.yaml:18:7: search.fixed.0: a fixed point has every parameter; missing: task.noise_length"),
        ("scale: 5.0", "scale: 5.0, rate: 0.5", "search.fixed.0: 'model.gate.rate' is not searched at this point, where its `when` does not hold"),
        # objectives and constraints
        (ACCURACY, ACCURACY.replace("accuracy", "acuracy"), "study.yaml:20:16: search.objectives.0.metric: there is no metric \"validation_retrieval_acuracy\"; did you mean 'validation_retrieval_accuracy'?"),
        (ACCURACY, ACCURACY.replace("validation", "test"), "search.objectives.0.metric: a search never sees the test split (got \"test_retrieval_accuracy\"); take 'validation_retrieval_accuracy'"),
        ("validation_gate_rate, at_most: 0.25", "attention_madds_executed, at_most: 1000", "search.constraints.0.metric: a search never sees the test split (got \"attention_madds_executed\")"),
        ("validation_gate_rate", "test_gate_rate", "search.constraints.0.metric: a search never sees the test split"),
        ("at_most: 0.25", "at_most: 25", "search.constraints.0.at_most: validation_gate_rate is a fraction between 0 and 1 (got 25; 5 % is 0.05)"),
        ("at_most: 0.25", "at_most: 0.2, at_least: 0.1", "search.constraints.0: a constraint has `at_most` or `at_least`, one of them"),
        ("{parameter: task.noise_length,", "{parameter: task.noise_width,", "search.objectives.1.parameter: no parameter \"task.noise_width\" is searched; did you mean 'task.noise_length'?"),
        ("{parameter: task.noise_length,", "{parameter: model.gate.name,", "an objective is a number; 'model.gate.name' is categorical"),
        ("{parameter: task.noise_length,", "{parameter: model.gate.rate,", "an objective has a value everywhere; 'model.gate.rate' has a `when`"),
        ("{parameter: task.noise_length,", "{parameter: model.attention.top_k,", "search.objectives.1.parameter: variant 'ssm_only' is searched, too, but does not use this key"),
        ("{parameter: task.noise_length,", "{parameter: task.noise_length, metric: train_loss,", "an objective is a `metric` or a `parameter`, one of them"),
        ("{parameter: task.noise_length,", "{metric: validation_retrieval_accuracy,", "'validation_retrieval_accuracy' is an objective twice"),
        # what the sampler cannot do
        (TPE, "sampler: {name: cmaes}", "study.yaml:10:19: search.sampler.name: sampler cmaes is not offered: Optuna keeps its state pickled"),
        (TPE, "sampler: {name: bohb}", "search.sampler.name: should be 'random', 'tpe', 'nsga2', 'gp' or 'qmc' (got \"bohb\")"),
        (TPE, "sampler: {name: nsga2}", "study.yaml:10:19: search.sampler.name: sampler nsga2 cannot search 'model.gate.rate', which has a `when`; take tpe or random"),
        (TPE, "sampler: {name: gp}", "search.sampler.name: sampler gp takes minutes per round with several objectives; take tpe or nsga2"),
        (TPE, "sampler: {name: random}", "study.yaml:10:19: search.sampler.name: sampler random does not steer by constraints; take tpe, nsga2 or gp"),
        (TPE, "sampler: {name: qmc}", "search.sampler.name: sampler qmc does not steer by constraints"),
        (TPE, "sampler: {name: tpe, population_size: 8}", "search.sampler: sampler tpe has no population"),
        (TPE, "sampler: tpe", "study.yaml:10:12: search.sampler: should be a mapping (got \"tpe\")"),
        ("round_size: 8", "pruning: {method: median}", "study.yaml:25:21: search.pruning.method: should be racing or halving (got \"median\")"),
        ("round_size: 8", "pruning: {first_seeds: 2}", "study.yaml:25:3: search.pruning.method: this key is required"),
        ("round_size: 8", "pruning: racing", "study.yaml:25:12: search.pruning: should be a mapping (got \"racing\")"),
        ("round_size: 8", "pruning: {method: halving}", "search: pruning: halving takes a single objective; with several take racing, or no pruning"),
        ("round_size: 8", "pruning: {method: racing, first_seeds: 3}", "search: pruning: racing takes more replicates (3) than first_seeds (3)"),
        ("round_size: 8", "pruning: {method: racing, keep: 1.0}", "search.pruning.keep: should be less than 1 (got 1.0)"),
        ("round_size: 8", "reduction: lower_bound\n  pruning: {method: racing}", "search: pruning: racing by a lower_bound takes first_seeds of at least 2"),
        ("replicates: 3", "reduction: lower_bound", "search: reduction: lower_bound takes at least 2 replicates"),
        ("replicates: 3", "reduction: best", "search.reduction: should be 'mean', 'median', 'worst' or 'lower_bound' (got \"best\")"),
        # what is too much, and what contradicts itself
        (NOISE, "{type: float, low: 0.0, high: 1.0, step: 1.0e-300}", "search.parameters.task.noise_length: step 1e-300 is too fine for the range from 0.0 to 1.0; leave `step` out"),
        ("replicates: 3", "replicates: 100001", "search.replicates: should be less than or equal to 100000 (got 100001)"),
        ("top: 5", "top: 10001", "search.confirm.top: should be less than or equal to 10000 (got 10001)"),
        ("seeds: 10}", "seeds: 100001}", "search.confirm.seeds: should be less than or equal to 100000 (got 100001)"),
        ("at_most: 0.25}", "at_most: 0.25}\n    - {metric: validation_gate_rate, at_least: 0.3}", "study.yaml:24:7: search.constraints.1: nothing keeps both: validation_gate_rate at least 0.3 and at most 0.25"),
        (ACCURACY, "{parameter: model.attention.top_k, direction: minimize}", "study.yaml:20:5: search.objectives: an objective at least is a metric"),
        ("replicates: 3", "replicates: 4", "search.replicates: 4 replicates are more than the study's 3 seeds; raise `seeds`, or lower `replicates`"),
        ("max_trials: 120", "max_trials: 0", "search.max_trials: should be greater than or equal to 1 (got 0)"),
    ],
)  # fmt: skip
def test_each_meets_one_clear_line(good, bad, expected):
    assert good in GOOD
    searches, problems = check(GOOD.replace(good, bad, 1))
    assert searches == ()
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("study.yaml:") and "\n" not in problem for problem in problems)
    assert len(problems) == len(set(problems))


def test_a_parameter_that_no_variant_uses_is_told():
    text = GOOD.replace(CHOICES, "choices: [oracle, random]").replace("{name: entropy, scale: 5.0}", "{name: oracle}")
    _, problems = check(
        text.replace("    - {model: {gate: {name: oracle}}", "    - {model: {gate: {name: oracle, scale: 5.0}}")
    )
    assert any(f"study.yaml:12:5: {AT}: no variant uses this key (gate " in problem for problem in problems), problems


def test_all_problems_show_at_once():
    text = GOOD.replace("low: 10,", "low: 200,").replace("max_trials", "max_trails").replace("name: tpe", "name: cmaes")
    _, problems = check(text)
    for key in ("search.parameters.task.noise_length", "search.max_trails", "search.max_trials", "search.sampler.name"):
        assert any(f": {key}: " in problem for problem in problems), key


@pytest.mark.parametrize(
    "raw", ["[]", "3", "{}", "{parameters: [], objectives: {}}", "{parameters: {model: 3}, fixed: [3]}"]
)
def test_anything_at_all_as_a_search_is_told_apart_from_one(raw):
    searches, problems = check(f"base: {{task: {{name: simple_retrieval}}, model: {{name: ssm}}}}\nsearch: {raw}\n")
    assert searches == ()
    assert problems
    assert all(problem.startswith("study.yaml:2:") for problem in problems)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("model: {name: amor}", "model: {name: amr}", 'study.yaml:3:17: base.model.name: unknown model "amr"'),
        ("  entropy: {}", "  entropy: {model.d_model: 0}", "variants.entropy.model.d_model: should be greater than or"),
    ],
)
def test_ranges_are_not_blamed_for_what_is_wrong_elsewhere(old, new, expected):
    _, problems = check(GOOD.replace(old, new))
    assert any(expected in problem for problem in problems), problems
    assert not any("low:" in problem or "high:" in problem for problem in problems), problems


def test_conditions_on_rare_combinations_of_many_choices_are_kept():
    many = ", ".join(str(float(number)) for number in range(1, 21))
    search = the_search(f"""
trainable: do_nothing
search:
  parameters:
    value: {{type: categorical, choices: [{many}]}}
    spread: {{type: categorical, choices: [{many}]}}
    epochs: {{type: int, low: 1, high: 9, when: {{value: 20.0, spread: 20.0}}}}
    sleep_s: {{type: float, low: 0.0, high: 1.0, when: {{value: 19.0}}}}
  objectives: [{{metric: score, direction: maximize}}]
  max_trials: 10
""")
    assert {parameter.name for parameter in search.space.parameters} == {"value", "spread", "epochs", "sleep_s"}
    values = search.space.walk(
        lambda parameter: list(parameter.domain.values())[-1] if parameter.name != "sleep_s" else 0
    )
    assert values == {"value": 20.0, "spread": 20.0, "epochs": 9}


def test_a_setting_of_a_searched_key_is_told():
    _, problems = check(GOOD, ["model.gate.scale=3.0"])
    assert any("--set model.gate.scale=3.0 gives it a value; it cannot be searched as well" in p for p in problems)


def test_each_variant_has_the_parameters_that_it_uses_at_each_grid_point():
    searches, _ = check(GOOD)
    names = [{parameter.name for parameter in search.space.parameters} for search in searches]
    assert names[0] == names[1] == {"task.noise_length"}
    assert names[2] == names[3]
    assert len(names[2]) == 5
    sizes = [search.space.written[("training", "batch_size")].value for search in searches]
    assert sizes == [16, 32, 16, 32]
    assert [search.point for search in searches] == ["batch_size=16", "batch_size=32"] * 2
    assert [search.name for search in searches[:2]] == ["ssm_only, batch_size=16", "ssm_only, batch_size=32"]
    assert [dict(values) for values in searches[0].fixed] == [{"task.noise_length": 50}]
    assert searches[2].replicate_seeds == (0, 1, 2)


def test_a_condition_on_the_variant_is_decided_before_the_search():
    text = GOOD.replace(NOISE, NOISE.replace("step: 10", "step: 10, when: {variant: entropy}"))
    text = text.replace("    - {parameter: task.noise_length, direction: maximize}\n", "")
    searches, problems = check(text)
    assert problems == []
    assert {search.variants for search in searches} == {("entropy",)}
    assert all(p.when is None for search in searches for p in search.space.parameters if p.name == "task.noise_length")


@pytest.mark.parametrize(
    ("grid", "expected"),
    [
        ("training.batch_size: [16]", ["", ""]),
        ("training.batch_size: [16]\n  training.learning_rate: [0.001, 0.00123456789]",
         ["learning_rate=0.001", "learning_rate=0.00123457"] * 2),
        ("training.epochs: [3, 4]\n  when: {training.epochs: {variant: entropy}}", ["", "epochs=3", "epochs=4"]),
        ("zip: [{training.batch_size: [16, 32], training.epochs: [3, 3]}]", ["batch_size=16", "batch_size=32"] * 2),
        ("training.batch_size: [16, 32]\n  exclude: [{variant: entropy, training.batch_size: 32}]",
         ["batch_size=16", "batch_size=32", "batch_size=16"]),
    ],
)  # fmt: skip
def test_the_searches_of_a_variant_are_told_apart_by_what_differs(grid, expected):
    searches, problems = check(GOOD.replace("training.batch_size: [16, 32]", grid))
    assert problems == []
    assert [search.point for search in searches] == expected


def test_a_point_is_no_part_of_the_identity():
    searches, _ = check(GOOD)
    alone, _ = check(GOOD.replace("[16, 32]", "[16]"))
    assert alone[0].point == ""
    assert alone[0].search_id == searches[0].search_id
    fixed, _ = check(GOOD, ["training.batch_size=16"])
    assert {search.point for search in fixed} == {""}, "a setting wins over the grid"


def test_points_of_candidates_begin_with_that_of_their_search():
    (search, *_), _ = check(GOOD)
    assert point_of(search, {"task.noise_length": 20}) == "batch_size=16, noise_length=20"
    (alone, *_), _ = check(GOOD.replace("[16, 32]", "[16]"))
    parameters = {"task.noise_length": 20, "model.gate.scale": 5.3214999}
    assert point_of(alone, {"task.noise_length": 20}) == "noise_length=20"
    (_, _, gated, _), _ = check(GOOD)
    assert point_of(gated, parameters) == "batch_size=16, noise_length=20, scale=5.3215"
    assert search_info(gated).point == "batch_size=16"


def test_a_key_is_named_whole_where_another_ends_in_the_same():
    paths = [("model", "scale"), ("task", "scale"), ("training", "epochs"), ("training", "epochs")]
    assert list(short_names(paths).values()) == ["model.scale", "task.scale", "epochs"]


def test_variants_that_differ_in_nothing_share_a_search():
    searches, _ = check(GOOD.replace("  entropy: {}", "  entropy: {}\n  again: {}"))
    assert [search.variants for search in searches[2:]] == [("entropy", "again"), ("entropy", "again")]


SMALL = """
trainable: do_nothing
randomness: {}
search:
  parameters:
    value: {type: float, low: 0.0, high: 2.0}
    epochs: {type: int, low: 1, high: 9}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 10
  replicates: 2
"""


def test_golden_search_id():
    """Under this id the rounds of a search stand in users' stores: if it changes, their searches start again."""
    assert the_search(SMALL).search_id == "aa031c82b7f89150c7639195a47f212e"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("max_trials: 10", "max_trials: 99"),
        ("max_trials: 10", "max_trials: 10\n  confirm: {top: 1}"),
        ("low: 0.0", "low: 0"),
        ("high: 9", "high: 9, step: 1, log: false"),
        ("  replicates: 2", "  replicates: 2\n  reduction: mean\n  sampler: {name: tpe, seed: 0}"),
        ("trainable: do_nothing", "trainable: do_nothing\nseeds: 7"),
    ],
)
def test_what_proposes_the_same_is_the_same_search(old, new):
    assert old in SMALL
    assert the_search(SMALL.replace(old, new)).search_id == the_search(SMALL).search_id


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("high: 2.0", "high: 3.0"),
        ("low: 1,", "low: 1, log: true,"),
        ("direction: maximize", "direction: minimize"),
        ("max_trials: 10", "max_trials: 10\n  constraints: [{metric: score, at_most: 1.0}]"),
        ("max_trials: 10", "max_trials: 10\n  sampler: {name: random}"),
        ("max_trials: 10", "max_trials: 10\n  sampler: {name: tpe, seed: 1}"),
        ("max_trials: 10", "max_trials: 10\n  round_size: 9"),
        ("max_trials: 10", "max_trials: 10\n  fixed: [{value: 1.0, epochs: 2}]"),
        ("replicates: 2", "replicates: 3"),
        ("replicates: 2", "replicates: 2\n  reduction: worst"),
        ("replicates: 2", "replicates: 2\n  pruning: {method: racing}"),
        ("trainable: do_nothing", "trainable: do_nothing\nbase: {spread: 2.0}"),
        ("randomness: {}", "randomness: {data: 42}"),
        ("epochs:", "sleep_s:"),
    ],
)
def test_what_decides_a_proposal_or_a_value_makes_another_search(old, new):
    assert old in SMALL
    text = SMALL.replace(old, new)
    if "sleep_s" in text:
        text = text.replace("{type: int, low: 1, high: 9}", "{type: float, low: 1, high: 9}")
    assert the_search(text).search_id != the_search(SMALL).search_id


def test_halving_takes_metrics_of_epochs():
    text = """
trainable: do_nothing
base: {epochs: 4}
search:
  parameters: {value: {type: float, low: 0.0, high: 1.0}}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 8
  pruning: {method: halving}
"""
    assert check(text)[1] == []
    amor = """
base: {task.name: simple_retrieval, model.name: amor}
search:
  parameters: {training.learning_rate: {type: float, low: 0.001, high: 0.01}}
  objectives: [{metric: num_parameters, direction: minimize}]
  max_trials: 8
  pruning: {method: halving}
"""
    (problem,) = check(amor)[1]
    assert "halving takes metrics that are reported per epoch, which 'num_parameters' is not" in problem


def test_a_key_may_be_searched_in_some_variants_and_set_in_others():
    text = """
trainable: do_nothing
variants: {searched: {}, fixed: {value: 0.5}}
search:
  parameters: {value: {type: float, low: 0.0, high: 1.0, when: {variant: searched}}}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 8
"""
    (search,), problems = check(text)
    assert problems == []
    assert search.variants == ("searched",)


def test_more_points_to_try_first_than_trials_are_told():
    text = SMALL.replace("max_trials: 10", "max_trials: 1\n  fixed: [{value: 1.0, epochs: 2}, {value: 2.0, epochs: 2}]")
    (problem,) = check(text)[1]
    assert "search.fixed: 2 points are more than max_trials (1) allows" in problem


def test_bounds_that_leave_a_single_value_do_not_contradict_each_other():
    text = SMALL.replace(
        "max_trials", "constraints: [{metric: score, at_least: 1.0}, {metric: score, at_most: 1.0}]\n  max_trials"
    )
    assert check(text)[1] == []


def test_one_wrong_parameter_blames_no_other():
    """Its own messages stand at its own ends, and its values are said of no other parameter."""
    _, problems = check("""
trainable: do_nothing
search:
  parameters:
    value: {type: float, low: 0.0, high: 2.0}
    spread: {type: float, low: 0.5, high: 3.0}
    epochs: {type: float, low: 1.5, high: 5.5}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 10
""")
    assert len(problems) == 2, problems
    for end, value in (("low", 1.5), ("high", 5.5)):
        assert any(
            f"search.parameters.epochs.{end}: should be a valid integer" in p and f"{value}" in p for p in problems
        )


def test_several_wrong_parameters_are_each_told():
    _, problems = check(
        SMALL.replace("epochs: {type: int, low: 1", "spread: {type: int, low: -1").replace(
            "9}", "9}\n    sleep_s: {type: float, low: -3.0, high: 1.0}"
        )
    )
    assert len(problems) == 2, problems
    assert any("search.parameters.spread.low" in problem and "-1" in problem for problem in problems)
    assert any("search.parameters.sleep_s.low" in problem and "-3.0" in problem for problem in problems)


@pytest.mark.parametrize(
    ("base", "epochs", "first", "expected"),
    [
        ("epochs: 8", "", 9, "halving cuts after 9 epochs first, but trials have 8; lower it, or leave out pruning"),
        ("epochs: 8", "", 8, "halving cuts after 8 epochs first, but trials have 8; lower it, or leave out pruning"),
        ("epochs: 8", "", 7, None),
        ("spread: 1.0", "", 1, "halving cuts after 1 epoch first, but trials have 0; lower it, or leave out pruning"),
        ("spread: 1.0", "epochs: {type: int, low: 1, high: 9}", 3, None),
        ("spread: 1.0", "epochs: {type: int, low: 1, high: 9}", 9, "halving cuts after 9 epochs first, but trials have at most 9; lower"),
    ],
)  # fmt: skip
def test_halving_that_would_never_cut_is_told(base, epochs, first, expected):
    _, problems = check(f"""
trainable: do_nothing
base: {{{base}}}
search:
  parameters:
    value: {{type: float, low: 0.0, high: 1.0}}
    {epochs}
  objectives: [{{metric: score, direction: maximize}}]
  max_trials: 8
  pruning: {{method: halving, first_epochs: {first}}}
""")
    if expected is None:
        assert problems == []
    else:
        (problem,) = problems
        assert f"search.pruning.first_epochs: {expected}" in problem


@pytest.mark.parametrize(("keep", "number", "kept"), [(0.28, 25, 7), (0.07, 100, 7), (0.5, 5, 3), (1e-05, 3, 1)])
def test_the_share_that_races_on_is_counted_as_it_is_written(keep, number, kept):
    assert num_racing_on(Racing(method="racing", keep=keep), number) == kept


def test_an_objective_may_depend_on_the_variant_where_no_other_variant_is_searched():
    text = """
trainable: do_nothing
variants: {searched: {}, fixed: {value: 0.5}}
search:
  parameters:
    value: {type: float, low: 0.0, high: 1.0, when: {variant: searched}}
  objectives: [{metric: score, direction: maximize}, {parameter: value, direction: minimize}]
  max_trials: 8
"""
    (search,), problems = check(text)
    assert problems == []
    assert search.variants == ("searched",)
    both = text.replace("  objectives", "    spread: {type: float, low: 0.0, high: 1.0}\n  objectives")
    (problem,) = check(both)[1]
    assert "search.objectives.1.parameter: variant 'fixed' is searched, too, but does not use this key" in problem


def test_without_any_variant_nothing_is_said_about_the_space():
    assert check(SMALL.replace("randomness: {}", "variants: {}")) == ((), [])
