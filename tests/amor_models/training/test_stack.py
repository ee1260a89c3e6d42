"""Training as a whole: determinism, independence of stack-mates, divergence, reports."""

import functools
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amor_models import EPOCH_METRICS, METRICS
from amor_models.configuration import ExperimentConfig, identity_config
from amor_models.evaluation import evaluate
from amor_models.randomness import Streams
from amor_models.training import (
    EntropyReport,
    EpochReport,
    FinalReport,
    GateReport,
    StackTraining,
    TrialSetup,
    WeightsReport,
    max_stack_size,
    prepare_worker,
    stack_key,
    train_stack,
)

MODELS = [
    {"name": "ssm"},
    {"name": "ssm_mlp"},
    {"name": "full_attention"},
    {"name": "amor"},
    {"name": "amor", "gate": {"name": "oracle"}},
    {"name": "amor", "gate": {"name": "learned_ste"}, "attention": {"kv": "raw_embedding", "top_k": 2}},
    {"name": "amor", "gate": {"name": "learned_rl"}},
    {"name": "amor", "gate": {"name": "random", "rate": 0.4}},
]


@pytest.fixture(autouse=True)
def _worker():
    prepare_worker()


def config(model, *, task=None, d_model=16, **training):
    size = {} if model["name"] == "heuristic" else {"d_model": d_model}
    if model["name"] in ("amor", "full_attention") and "num_heads" not in model:
        size["num_heads"] = 4
    small = {"num_train": 20, "num_validation": 9, "num_test": 10}
    return ExperimentConfig.model_validate(
        {
            "task": {"name": "simple_retrieval", "seq_length": 60, **small, **(task or {})},
            "model": {**size, **model},
            "training": {"epochs": 2, "batch_size": 8, **training},
        }
    )


def run(*setups):
    """All reports of a stack, by key."""
    reports = {setup.key: [] for setup in setups}
    for report in train_stack(setups):
        reports[report.key].append(report)
    return reports


def setup(config, seed=0, key=None):
    return TrialSetup(key=key or str(seed), config=config, streams=Streams(seed))


def final(reports):
    (report,) = [report for report in reports if isinstance(report, FinalReport)]
    return report


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_the_same_trial_twice_is_bit_identical(model):
    first, second = (run(setup(config(model), 3)) for _ in range(2))
    assert first == second
    assert final(first["3"]).status == "completed"


@pytest.mark.parametrize("model", MODELS, ids=str)
@pytest.mark.parametrize(("d_model", "batch_size"), [(16, 8), (32, 24)])
def test_a_trial_is_bit_identical_in_any_stack(model, d_model, batch_size):
    @settings(deadline=None, max_examples=3)
    @given(seeds=st.lists(st.integers(0, 5), min_size=2, max_size=4, unique=True))
    def check(seeds):
        same = config(model, d_model=d_model, batch_size=batch_size)
        assert max_stack_size(same) > len(seeds)
        stacked = run(*(setup(same, seed) for seed in seeds))
        for seed in seeds:
            assert stacked[str(seed)] == run(setup(same, seed))[str(seed)]

    check()


WIDE = {"d_model": 64, "batch_size": 32, "task": {"num_train": 40}}
"""The paper's width and batch, and a last batch of 8."""

ENTROPY = {"name": "amor", "gate": {"name": "entropy"}}
VARIATIONS = [
    config(ENTROPY, **WIDE),
    config({**ENTROPY, "gate": {"name": "entropy", "threshold": 0.9, "scale": 9.0, "target_rate": 0.4}}, **WIDE),
    config({**ENTROPY, "dropout": 0.3}, **WIDE, learning_rate=1e-2, weight_decay=0.3, max_grad_norm=0.1),
    config(ENTROPY, **{**WIDE, "task": {"num_train": 40, "retrieval_prob": 0.4}}, balance_weight=2.0),
    config(ENTROPY, **WIDE, learning_rate=1e38),
]
"""What may differ inside a stack; the last one diverges and leaves."""


@functools.cache
def alone(variation, seed):
    key = f"{variation} {seed}"
    return run(setup(VARIATIONS[variation], seed, key=key))[key]


def test_variations_may_be_stacked_and_differ():
    assert len({stack_key(each) for each in VARIATIONS}) == 1
    losses = [final(alone(index, 1)).values["train_loss"] for index in range(len(VARIATIONS))]
    assert losses[-1] is None
    assert len(set(losses)) == len(VARIATIONS)


@settings(deadline=None, max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=6, unique=True))
def test_a_trial_is_bit_identical_whoever_its_stack_mates_are(members):
    stacked = run(*(setup(VARIATIONS[variation], seed, key=f"{variation} {seed}") for variation, seed in members))
    for variation, seed in members:
        assert stacked[f"{variation} {seed}"] == alone(variation, seed)


@settings(deadline=None, max_examples=12)
@given(
    gate=st.sampled_from(
        [
            {"name": "entropy"},
            {"name": "entropy", "threshold": 0.97},
            {"name": "learned_ste"},
            {"name": "learned_rl"},
            {"name": "oracle"},
            {"name": "always"},
            {"name": "random", "rate": 0.002},
        ]
    ),
    top_k=st.sampled_from([1, 5, 8, 32, 200]),
    d_model=st.sampled_from([16, 48, 80]),
    heads=st.sampled_from([2, 16]),
    sequences=st.integers(9, 40),
    batch_size=st.sampled_from([8, 16, 24]),
    num_steps=st.integers(24, 40),
)
def test_a_trial_is_bit_identical_whatever_the_shapes(gate, top_k, d_model, heads, sequences, batch_size, num_steps):
    model = {"name": "amor", "gate": gate, "attention": {"top_k": top_k}, "num_heads": heads}
    task = {"seq_length": num_steps, "num_train": sequences, "retrieval_distance_range": [4, 10]}
    same = config(model, task=task, d_model=d_model, batch_size=batch_size)
    stacked = run(*(setup(same, seed) for seed in range(3)))
    for seed in range(3):
        assert stacked[str(seed)] == run(setup(same, seed))[str(seed)]


@pytest.mark.parametrize("gate", ["entropy", "oracle", "always", "never", "learned_ste"])
@pytest.mark.parametrize("heads", [1, 16])
def test_a_last_batch_of_one_sequence_and_any_number_of_heads_train(gate, heads):
    model = {"name": "amor", "gate": {"name": gate}, "num_heads": heads}
    assert final(run(setup(config(model, task={"num_train": 9})))["0"]).status == "completed"


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_a_trial_that_leaves_changes_nothing_for_the_others(model):
    same = config(model, epochs=3)
    training = StackTraining([setup(same, seed) for seed in range(3)])
    reports = training.run()
    first_epoch = [next(reports) for _ in range(3)]
    training.leave(["1"])
    assert training.keys == ("0", "2")
    rest = list(reports)
    assert {report.key for report in rest} == {"0", "2"}
    for key in training.keys:
        assert [report for report in [*first_epoch, *rest] if report.key == key] == run(setup(same, int(key)))[key]


def until_learned(reports, epochs, more):
    """The first epoch that passed, if any, and the last that is trained."""
    accuracies = [
        report.values["validation_retrieval_accuracy"] for report in reports if isinstance(report, EpochReport)
    ]
    learned = next((epoch for epoch, accuracy in enumerate(accuracies, 1) if accuracy > LEARNED), None)
    return learned, epochs if learned is None or more is None else min(epochs, learned + more)


LEARNED = 0.15


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_training_stops_some_epochs_after_retrieval_is_learned(model, monkeypatch):
    monkeypatch.setattr("amor_models.training.stack_training.RETRIEVAL_IS_LEARNED", LEARNED)
    epochs = 5
    mores = (None, 0, 1, 2)
    members = [
        TrialSetup(
            key=f"{seed}-{more}", config=config(model, epochs=epochs, stop_after_retrieval=more), streams=Streams(seed)
        )
        for seed in range(3)
        for more in mores
    ]
    stacked = run(*members)
    lengths = {final(reports).values["epochs_trained"] for reports in stacked.values()}
    assert len(lengths) > 1
    for seed in range(3):
        whole = stacked[f"{seed}-None"]
        for more in mores:
            reports = stacked[f"{seed}-{more}"]
            learned, last = until_learned(whole, epochs, more)
            trained = [report for report in reports if isinstance(report, EpochReport)]
            assert [report.values for report in trained] == [report.values for report in whole[:last]]
            values = final(reports).values
            assert values["epochs_to_retrieval"] == learned
            assert values["epochs_trained"] == last
            assert {name: values[name] for name in trained[-1].values} == trained[-1].values
            # What was stopped is what would have been trained for so many epochs.
            if last < epochs:
                alone = final(run(setup(config(model, epochs=last), seed))[str(seed)]).values
                assert values == alone


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_who_ends_earlier_is_evaluated_on_its_own_with_the_same_bits(model, monkeypatch):
    """At the paper's width, with weights, whole reports: nothing tells how many others were in the stack."""
    monkeypatch.setattr("amor_models.training.stack_training.RETRIEVAL_IS_LEARNED", -1.0)  # learned at once
    evaluated = []

    def counted(model, splits, name):
        evaluated.extend(split for split in splits if name == "test")
        return evaluate(model, splits, name)

    monkeypatch.setattr("amor_models.training.stack_training.evaluate", counted)
    lengths = {0: 1, 1: 2, 2: 1, 3: 3, 4: 3}
    members = [
        TrialSetup(
            key=str(seed),
            config=config(model, **WIDE, epochs=3, stop_after_retrieval=epochs - 1),
            streams=Streams(seed),
            save_weights=True,
        )
        for seed, epochs in lengths.items()
    ]
    stacked = run(*members)
    assert {key: final(reports).values["epochs_trained"] for key, reports in stacked.items()} == {
        str(seed): epochs for seed, epochs in lengths.items()
    }
    assert len(evaluated) == len(members), "each test split once"
    for member in members:
        assert plain(stacked[member.key]) == plain(run(member)[member.key])


def plain(reports):
    """Reports that can be compared, weights as bytes."""
    return [
        {name: tensor.tobytes() for name, tensor in report.tensors.items()}
        if isinstance(report, WeightsReport)
        else report
        for report in reports
    ]


def test_a_stack_that_all_have_left_ends():
    training = StackTraining([setup(config({"name": "ssm"}), 0)])
    reports = training.run()
    next(reports)
    training.leave(["0"])
    assert list(reports) == []


def test_shapes_that_cannot_be_aligned_are_trained_alone():
    odd = config({"name": "ssm"}, d_model=10, batch_size=5)
    assert max_stack_size(odd) == 1
    stacked = run(*(setup(odd, seed) for seed in range(3)))
    assert stacked["1"] == run(setup(odd, 1))["1"]


def test_a_diverging_trial_ends_and_leaves_the_others_alone():
    healthy, broken = config({"name": "amor"}), config({"name": "amor"}, learning_rate=1e38)
    reports = run(setup(healthy, 0), setup(broken, 1), setup(healthy, 2))
    assert [final(reports[key]).status for key in "012"] == ["completed", "diverged", "completed"]
    assert isinstance(reports["1"][-1], FinalReport)
    assert final(reports["1"]).values["test_accuracy"] is None
    assert final(reports["1"]).values["num_parameters"] > 0
    assert reports["0"] == run(setup(healthy, 0))["0"]
    assert final(run(setup(broken, 1))["1"]).status == "diverged"


@pytest.mark.parametrize("model", MODELS, ids=str)
def test_reports_are_complete(model):
    reports = run(setup(config(model, task={"name": "needle_haystack", "noise_length": 10})))["0"]
    epochs = [report for report in reports if isinstance(report, EpochReport)]
    assert [report.epoch for report in epochs] == [1, 2]
    for report in epochs:
        assert list(report.values) == [metric.name for metric in EPOCH_METRICS]
        assert math.isfinite(report.values["train_loss"])
    values = final(reports).values
    assert list(values) == [metric.name for metric in METRICS]
    assert {name: values[name] for name in epochs[-1].values} == epochs[-1].values
    assert all(value is None or math.isfinite(value) for value in values.values())
    assert (values["test_gate_rate"] is None) == (model["name"] != "amor")
    assert 0 <= values["test_retrieval_accuracy"] <= 1
    (gates,) = [report for report in reports if isinstance(report, GateReport)]
    assert len(gates.rows) == 4
    assert {len(row["tokens"]) for row in gates.rows} == {59}
    for report in reports:
        if isinstance(report, EntropyReport):
            assert sum(row["count"] for row in report.rows) == 10 * 59


def test_heuristics_are_evaluated_without_training():
    needle = {"name": "needle_haystack", "seq_length": 256, "num_test": 50, "num_validation": 50}
    model = {"name": "heuristic", "rule": "last_stored"}
    report = final(run(setup(config(model, task=needle)))["0"])
    assert report.status == "completed"
    assert 0.1 < report.values["test_retrieval_accuracy"] < 0.7
    assert report.values["num_parameters"] == 0
    assert report.values["test_accuracy"] is None


@pytest.mark.parametrize(
    "one",
    [
        config({"name": "ssm", "num_layers": 1, "dropout": 0.7}, balance_weight=3.0),
        config({"name": "amor", "gate": {"name": "oracle"}}, balance_weight=3.0),
        config({"name": "amor", "gate": {"name": "entropy", "target_rate": 0.9}}, balance_weight=0.0),
        config({"name": "ssm"}, task={"retrieval_distance_range": [12, 13]}),
        config({"name": "ssm"}, stop_after_retrieval=1),
        config({"name": "ssm"}, task={"name": "needle_haystack", "noise_length": 7, "noise_width": 4}),
    ],
    ids=str,
)
def test_equal_identities_train_identically(one):
    assert one != identity_config(one)
    assert run(setup(one, 2)) == run(setup(identity_config(one), 2))


def test_wrong_stacks_are_refused():
    with pytest.raises(ValueError, match="cannot be trained in one stack"):
        run(setup(config({"name": "ssm"}), 0), setup(config({"name": "ssm_mlp"}), 1))
    with pytest.raises(ValueError, match="the same key"):
        list(train_stack([setup(config({"name": "ssm"}), 0)] * 2))
    assert list(train_stack([])) == []


def test_the_oracle_learns_what_the_backbone_alone_does_not():
    task = {"seq_length": 48, "retrieval_distance_range": [4, 10], "num_train": 400, "num_test": 100}
    task["retrieval_prob"] = 0.5
    scores = {}
    for name, model in (("ssm", {"name": "ssm"}), ("oracle", {"name": "amor", "gate": {"name": "oracle"}})):
        trained = config({**model, "d_model": 32}, task=task, epochs=5, learning_rate=5e-3, batch_size=16)
        scores[name] = [
            final(reports).values["test_retrieval_accuracy"]
            for reports in run(setup(trained, 0), setup(trained, 1)).values()
        ]
    assert min(scores["oracle"]) > max(scores["ssm"]) + 0.05, scores
