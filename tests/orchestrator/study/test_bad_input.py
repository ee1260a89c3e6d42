"""Every kind of bad input meets one clear line with file, line and column, before anything runs."""

from pathlib import Path

import pytest

from orchestrator.errors import StudyError
from orchestrator.study.loading import load_study

GOOD = """\
schema_version: 1
name: good
seeds: 3
base:
  task: {name: simple_retrieval}
  model: {name: amor, gate: {name: entropy}}
variants:
  ssm_only: {model.name: ssm}
  entropy: {}
grid:
  model.attention.top_k: [3, 8]
tables:
  - {name: one, sql: one.sql, rows: [{variant: entropy, published: {test_accuracy: 0.9}}]}
claims:
  - name: better
    metric: test_accuracy
    compare: [entropy, ssm_only]
    where: {model.attention.top_k: 3}
    expect: greater
"""


@pytest.fixture
def problems_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("one.sql").write_text("SELECT variant FROM results")
    Path("broken.sql").write_text("SELEKT")
    Path("two.sql").write_text("SELECT 1; SELECT 2")

    def load(text, settings=()):
        Path("study.yaml").write_text(text)
        try:
            load_study("study.yaml", settings)
        except StudyError as error:
            return str(error).splitlines()
        return []

    return load


def test_the_study_that_is_spoiled_below_is_valid(problems_of):
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        # keys
        ("seeds: 3", "sedes: 3", "study.yaml:3:1: sedes: unknown key; did you mean 'seeds'?"),
        ("seeds: 3\n", "", "study.yaml:1:1: seeds: this key is required"),
        (
            "gate: {name: entropy}",
            "gat: {name: entropy}",
            "study.yaml:6:23: base.model.gat: unknown key; did you mean 'gate'?",
        ),
        (
            "entropy: {}",
            "entropy: {model.gate.treshold: 0.4}",
            "study.yaml:9:13: variants.entropy.model.gate.treshold: unknown key; did you mean 'threshold'?",
        ),
        ("seeds: 3", "seeds: 3\nseeds: 4", "study.yaml:4:1: seeds: this key is written twice in one mapping"),
        (
            "  entropy: {}",
            "  entropy: {}\n  ssm_only: {}",
            "study.yaml:10:3: ssm_only: this key is written twice in one mapping",
        ),
        (
            "entropy: {}",
            "entropy: {model.dropout: 0.1, model: {dropout: 0.2}}",
            "study.yaml:9:50: variants.entropy.model.dropout: 'model.dropout' is set twice here, nested and with dots",
        ),
        # wrong types
        ("seeds: 3", "seeds: many", "should be a valid integer or a valid list (got \"many\")"),
        ("seeds: 3", "seeds: true", "study.yaml:3:8: seeds: should be a valid integer or a valid list (got true)"),
        (
            "entropy: {}",
            'entropy: {training.epochs: "15"}',
            'study.yaml:9:30: variants.entropy.training.epochs: should be a valid integer (got "15")',
        ),
        ("variants:", "variants: 7\nvaariants:", "study.yaml:7:11: variants: should be a mapping (got 7)"),
        ("name: good", "name: a/../b", "study.yaml:2:7: name: should be letters, digits,"),
        # impossible values
        ("[3, 8]", "[0, 8]", "study.yaml:11:27: grid.model.attention.top_k.0: should be greater than or equal to 1 (got 0)"),
        (
            "entropy: {}",
            "entropy: {model.d_model: 30}",
            "study.yaml:9:28: variants.entropy.model.d_model: d_model 30 is not divisible by num_heads 4",
        ),
        (
            "entropy: {}",
            "entropy: {model.gate.target_rate: 1.5}",
            "study.yaml:9:37: variants.entropy.model.gate.target_rate: should be less than or equal to 1 (got 1.5)",
        ),
        ("entropy: {}", "entropy: {task.seq_length: 5}", "study.yaml:9:30: variants.entropy.task.seq_length: "),
        (
            "{name: simple_retrieval}",
            "{name: needle_haystack, noise_length_range: [150, 50]}",
            "base.task.noise_length_range: ",
        ),
        ("entropy: {}", "entropy: {training.learning_rate: .nan}", "variants.entropy.training.learning_rate: "),
        ("gate: {name: entropy}", "gate: {name: entropi}", "base.model.gate.name: unknown gate \"entropi\"; did you mean 'entropy'?"),
        ("seeds: 3", "seeds: [1, 2, 1]", "study.yaml:3:8: seeds: seeds must be distinct; repeated: 1"),
        ("seeds: 3", "seeds: []", "study.yaml:3:8: seeds: "),
        ("seeds: 3", "seeds: 0", "study.yaml:3:8: seeds: "),
        ("seeds: 3", "seeds: [-1]", "study.yaml:3:9: seeds.0: should be greater than or equal to 0 (got -1)"),
        # grid
        ("[3, 8]", "[]", "study.yaml:11:26: grid.model.attention.top_k: an axis needs at least one value"),
        ("[3, 8]", "3", "study.yaml:11:26: grid.model.attention.top_k: an axis is a list of values (got 3)"),
        (
            "model.attention.top_k: [3, 8]",
            "model.attention.topk: [3, 8]",
            "study.yaml:11:3: grid.model.attention.topk: unknown key; did you mean 'top_k'?",
        ),
        (
            "model.attention.top_k: [3, 8]",
            "model.attention.top_k: [3, 8]\n  model.gate.rate: [0.1]",
            "study.yaml:12:3: grid.model.gate.rate: no variant uses this key",
        ),
        (
            "[3, 8]",
            "[3, 8]\n  zip: [{training.epochs: [1, 2], task.num_train: [100]}]",
            "study.yaml:12:9: grid.zip.0: lists that walk together have equal lengths (got 1, 2)",
        ),
        (
            "[3, 8]",
            "[3, 8]\n  exclude: [{model.atention.top_k: 3}]",
            "grid.exclude.0: no configuration has the key 'model.atention.top_k'; did you mean 'model.attention.top_k'?",
        ),
        (
            "[3, 8]",
            "[3, 8]\n  exclude: [{variant: ssm_only}]",
            "grid.exclude: leaves no grid point of variant 'ssm_only'",
        ),
        (
            "[3, 8]",
            "[3, 8]\n  when: {model.gate.scale: {variant: entropy}}",
            "grid.when.model.gate.scale: no axis of the grid is called so",
        ),
        ("entropy: {}", "entropy: {model.gate.name: oracle}\n  other: {model.gate.scale: 3.0, model.gate.name: always}",
         "variants.other.model.gate.scale: no variant uses this key (gate 'always' has no 'scale')"),
        # claims
        ("metric: test_accuracy", "metric: test_acuracy", "claims.0.metric: there is no metric \"test_acuracy\"; did you mean 'test_accuracy'?"),
        ("[entropy, ssm_only]", "[entropi, ssm_only]", "claims.0.compare.0: there is no variant \"entropi\"; did you mean 'entropy'?"),
        ("where: {model.attention.top_k: 3}", "where: {model.attention.top_k: 5}", "claims.0.where: variant 'entropy' has no cell at this grid point"),
        ("where: {model.attention.top_k: 3}", "where: {model.attention.topk: 3}", "claims.0.where.model.attention.topk: no configuration has this key; did you mean"),
        ("    where: {model.attention.top_k: 3}\n", "", "names 2 cells of variant 'entropy'; say where: model.attention.top_k"),
        ("expect: greater", "expect: at_least", "study.yaml:15:5: claims.0.value: this key is required"),
        ("expect: greater", "expect: at_least", "study.yaml:17:5: claims.0.compare: unknown key; `expect: at_least` takes: "),
        # tables
        ("one.sql", "none.sql", "tables.0.sql: none.sql cannot be read: no such file or directory"),
        ("one.sql", "broken.sql", "tables.0.sql: broken.sql:1:1: Parser Error"),
        ("one.sql", "two.sql", "tables.0.sql: two.sql: "),
        ("rows: [{variant: entropy,", "rows: [{variant: entropie,", "tables.0.rows.0.variant: there is no variant \"entropie\""),
        ("published: {test_accuracy: 0.9}", "published: {accuracy: 0.9}", "there is no metric \"accuracy\"; did you mean"),
        # the rest
        ("schema_version: 1", "schema_version: 2", "study.yaml:1:17: schema_version: this amor reads schema_version 1 (got 2)"),
        ("seeds: 3", "seeds: 3\nrandomness: {train_dat: 42}", "randomness.train_dat: trainable 'amor' has no such stream; did you mean 'train_data'?"),
        ("seeds: 3", "seeds: 3\ntrainable: nowhere:Nothing", "trainable: trainable 'nowhere:Nothing': nowhere cannot be imported"),
        ("seeds: 3", "seeds: 3\ntrainable: 'os.system(1)'", "trainable: unknown trainable 'os.system(1)'"),
        ("seeds: 3", "seeds: [3", "is no valid YAML"),
        ("seeds: 3", "seeds: 3\n7: x", "keys are text; write '7' in quotes"),
    ],
)  # fmt: skip
def test_each_meets_one_clear_line(problems_of, good, bad, expected):
    assert good in GOOD
    problems = problems_of(GOOD.replace(good, bad, 1))
    assert any(expected in problem for problem in problems), problems
    assert all(problem.startswith("study.yaml:") for problem in problems)
    assert len(problems) == len(set(problems))


TABLE = "published: {test_accuracy: 0.9}}]"


@pytest.mark.parametrize(
    ("summaries", "expected"),
    [
        ("{test_acuracy: [mean]}", "15:6: tables.0.summaries.test_acuracy: this key names no column of replicates"),
        ("{variant: [mean]}", "variant: this key names no column of replicates of the query; it gives test_accuracy"),
        ("{test_accuracy: [meen]}", "tables.0.summaries.test_accuracy.0: should be 'mean', 'median', "),
        ("{test_accuracy: [mean, {share_over: 0.9}]}", "test_accuracy.1.share_over: unknown key"),
        ("{test_accuracy: [mean, {share_above: high}]}", "share_above: should be a valid number"),
        (
            "{test_accuracy: [mean, {share_above: 90}]}",
            "15:28: tables.0.summaries.test_accuracy.1: the threshold of a fraction is at least 0 and below 1 (got 90; "
            "90 % is 0.9)",
        ),
        ("{test_accuracy: [learned]}", "there is no learned of numbers; they have mean, median, interquartile_mean"),
        ("{epochs: [median, mean]}", "there is no mean of learning times; they have median, learned, log_rank"),
        ("{test_accuracy: [mean, mean]}", "test_accuracy has the same summary twice"),
        ("{test_accuracy: []}", "should have at least 1 item"),
        ("{test_accuracy: mean}", "should be a valid list"),
    ],
)
def test_summaries_that_a_table_cannot_show_meet_one_clear_line(problems_of, summaries, expected):
    lists = ["list(test_accuracy) AS test_accuracy", "list({'event': seed, 'trained': 5}) AS epochs"]
    Path("lists.sql").write_text(f"SELECT variant, {', '.join(lists)} FROM results GROUP BY variant")
    good = GOOD.replace("one.sql", "lists.sql").replace(
        TABLE,
        f"{TABLE},\n    summaries:\n    {{test_accuracy: [mean, median, {{share_above: 0.9}}], epochs: [median]}}",
    )
    assert problems_of(good) == []
    problems = problems_of(
        good.replace("{test_accuracy: [mean, median, {share_above: 0.9}], epochs: [median]}", summaries)
    )
    assert any(expected in problem for problem in problems), problems


def test_all_problems_show_at_once(problems_of):
    text = GOOD.replace("seeds: 3", "sedes: 3").replace("gate: {name: entropy}", "gat: {}").replace("[3, 8]", "[]")
    problems = problems_of(text)
    for key in ("sedes", "base.model.gat", "grid.model.attention.top_k"):
        assert any(f": {key}: " in problem for problem in problems), key


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("training.epochs=x", '--set training.epochs=x: training.epochs: should be a valid integer (got "x")'),
        ("training.epoch=3", "training.epoch: unknown key; did you mean 'epochs'?"),
        ("training.epochs", "write key=value"),
        ("=3", "write key=value"),
        ("seeds=[1,1]", "--set seeds=[1,1]: seeds: seeds must be distinct; repeated: 1"),
        ("training.epochs=[1", "the value is no valid YAML"),
    ],
)
def test_a_wrong_setting_is_told_as_such(problems_of, setting, expected):
    problems = problems_of(GOOD, [setting])
    assert any(expected in problem and problem.startswith("--set") for problem in problems), problems


def test_a_file_that_is_no_study(problems_of, tmp_path):
    assert problems_of("- a\n- b\n") == [
        "study.yaml:1:1: a study file is a mapping (schema_version, name, seeds, base, …)"
    ]
    with pytest.raises(StudyError, match="cannot be read: no such file"):
        load_study(tmp_path / "absent.yaml")
    with pytest.raises(StudyError, match="cannot be read: is a directory"):
        load_study(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StudyError, match=r"is not UTF-8 text|is no valid YAML"):
        load_study(tmp_path / "bytes.yaml")


def test_a_bomb_of_aliases_is_refused(problems_of):
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
    (problem,) = problems_of("\n".join(levels))
    assert "too large" in problem


def test_terminal_escapes_come_out_inert(problems_of):
    problems = problems_of(GOOD.replace("seeds: 3", '"se\\e[31mds": 3'))
    assert any("unknown key" in problem for problem in problems)
    assert not any("\x1b" in problem for problem in problems)


@pytest.mark.parametrize(
    ("good", "bad", "expected"),
    [
        ("task: {name: simple_retrieval}", "training: {epochs: 3}", "base.task: this key is required"),
        ("entropy: {}", "entropy: {training.learning_rate: .inf}", "numbers are finite (got inf)"),
        ("entropy: {}", f"entropy: {{training.epochs: {'9' * 400}}}", "whole numbers lie between -2^63 and 2^63"),
        ("entropy: {}", "entropy: !!python/object/apply:os.system [echo]", "tags such as !name are not allowed"),
        ("base:\n", "base: &b\n  <<: *b\n", "is no valid YAML"),
        ("one.sql", '"a\\0b"', "is not a path of UTF-8 text"),
        ("one.sql", ".", "tables.0.sql: . cannot be read: not a file"),
        ("schema_version: 1", "schema_version: true", "this amor reads schema_version 1 (got True)"),
        ("schema_version: 1", "schema_version: 1.0", "this amor reads schema_version 1 (got 1.0)"),
        ("[3, 8]", "[3, 8]\n  exclude: [{variant: nobody}]", "grid.exclude.0: holds at no grid point of any variant"),
        ("[3, 8]", "[3, 8]\n  exclude: [{model.attention.top_k: 5}]", "grid.exclude.0: holds at no grid point"),
        ("grid:", "zip: []\ngrid:", "zip: unknown key; `zip` belongs under `grid`"),
        (
            "{test_accuracy: 0.9}",
            "{test_accuracy: 90}",
            "test_accuracy is a fraction between 0 and 1 (got 90; 5 % is 0.05)",
        ),
        ("one.sql", "column.sql", 'column.sql:1:17: Binder Error: Referenced column "test_acuracy" not found'),
        ("one.sql", "nameless.sql", "gives no column variant; it names the lines"),
    ],
)
def test_odder_things_meet_one_clear_line_too(problems_of, good, bad, expected):
    Path("column.sql").write_text("SELECT variant, test_acuracy FROM results")
    Path("nameless.sql").write_text("SELECT list(test_accuracy) AS test_accuracy FROM results")
    assert good in GOOD
    problems = problems_of(GOOD.replace(good, bad, 1))
    assert any(expected in problem for problem in problems), problems


def test_a_grid_that_nobody_can_mean_is_refused_at_once(problems_of):
    axes = f"model.d_model: {list(range(4, 4004, 4))}\n  training.epochs: {list(range(1, 1001))}"
    (problem,) = problems_of(GOOD.replace("model.attention.top_k: [3, 8]", axes))
    assert "2,000,000 points (axes times variants) are more than the 20,000" in problem


def test_every_wrong_item_of_a_list_is_told(problems_of):
    wrong = GOOD.replace("expect: greater", "expect: greatest")
    wrong += "  - {name: second, metric: test_acuracy, compare: [entropy, ssm_only], expect: less}\n"
    wrong += "  - {name: 3, metric: test_accuracy, compare: [entropy, ssm_only], expect: less}\n"
    problems = problems_of(wrong)
    for key in ("claims.0.expect", "claims.1.metric", "claims.2.name"):
        assert any(f": {key}: " in problem for problem in problems), key


@pytest.mark.parametrize("variants", ["{'a b': {}}", "{'a b': {}, other: {value: 1.0}}"])
def test_a_variant_that_is_wrong_says_nothing_about_what_is_searched(problems_of, variants):
    """What the variant would use is not known, so no parameter is said to be used by none."""
    (problem,) = problems_of(f"""\
schema_version: 1
name: good
trainable: do_nothing
seeds: 1
variants: {variants}
search:
  parameters:
    spread: {{type: float, low: 0.5, high: 1.0, when: {{variant: 'a b'}}}}
  objectives: [{{metric: score, direction: maximize}}]
  max_trials: 4
""")
    assert "variants.a b: should be letters, digits," in problem
