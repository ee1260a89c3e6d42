"""Models come back from the file that a trial has left: the same bits, and nothing else is taken for one."""

import json
import random
import struct

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load, save

import amor_models
import results_store
from amor_models import replication
from amor_models.configuration import ExperimentConfig
from amor_models.evaluation import BATCH_SIZE, Split, evaluate
from amor_models.randomness import Streams
from amor_models.tasks import dataset_of
from amor_models.training import TrialSetup, WeightsReport, prepare_worker, train_stack
from orchestrator import SubmitOptions, submit

VARIANTS = {
    "ssm_only": "{model: {name: ssm}}",
    "ssm_mlp": "{model: {name: ssm_mlp}}",
    "full_attention": "{model: {name: full_attention}}",
    "amor_entropy": "{model: {name: amor}}",
    "amor_oracle": "{model: {name: amor, gate: {name: oracle}}}",
    "amor_learned_ste": "{model: {name: amor, gate: {name: learned_ste}}}",
    "amor_learned_rl": "{model: {name: amor, gate: {name: learned_rl}}}",
    "amor_raw_embedding_kv": "{model: {name: amor, gate: {name: oracle}, attention: {kv: raw_embedding}}}",
    "always": "{model: {name: amor, gate: {name: always}}}",
    "never": "{model: {name: amor, gate: {name: never}}}",
    "random": "{model: {name: amor, gate: {name: random, rate: 0.4}}}",
    "needle": "{task: {name: needle_haystack, noise_length: 5}}",
}
STUDY = """\
schema_version: 1
name: saved
seeds: [3, 4]
randomness: {test_data: 43, gate_noise: {offset: 9}}
base:
  task: {name: simple_retrieval, num_train: 20, num_validation: 9, num_test: 150, seq_length: 60}
  model: {name: amor, d_model: 16, num_heads: 4, attention: {top_k: 2}}
  training: {epochs: 1, batch_size: 8, learning_rate: 5.0e-3, save_weights: true}
variants:
"""


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """Every kind of model, trained in stacks of two."""
    prepare_worker()
    folder = tmp_path_factory.mktemp("saved")
    path = folder / "saved.yaml"
    path.write_text(STUDY + "".join(f"  {name}: {changes}\n" for name, changes in VARIANTS.items()))
    submit(path, store=folder / "store", options=SubmitOptions(executor="inline"))
    return results_store.open(folder / "store")


def rows(store, variant):
    found = store.sql("SELECT * FROM results WHERE variant = $variant ORDER BY seed", {"variant": variant}).dicts()
    assert [row["state"] for row in found] == ["completed"] * 2
    return found


def header(content):
    (size,) = struct.unpack("<Q", content[:8])
    return json.loads(content[8 : 8 + size])


def unseen_split(row, path):
    """The trial's test split, from its file alone."""
    metadata = header(path.read_bytes())["__metadata__"]
    task = ExperimentConfig.model_validate_json(metadata["config"]).task
    streams = Streams(row["seed"], json.loads(metadata["randomness"]))
    return Split.of(dataset_of(task, size=task.num_test, seed=streams.seed_of("test_data")))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_model_gives_the_recorded_metrics_of_the_test_split_exactly(store, variant):
    for row in rows(store, variant):
        assert row["stack_size"] == (1 if variant == "full_attention" else 2)
        path = store.weights(row["trial_id"])
        assert path.name == row["weights_file"]
        model = amor_models.load_weights(path)
        assert (model.num_trials, model.training) == (1, False)
        (counts,) = evaluate(model, [unseen_split(row, path)], "test")
        found = {f"test_{name}": value for name, value in counts.metrics().items()}
        assert {name: repr(value) for name, value in found.items()} == {name: repr(row[name]) for name in found}
        assert counts.attention_madds == row["attention_madds_executed"]


def test_a_gate_that_draws_begins_with_what_it_drew_on_the_test_split(store):
    """Nobody needs to know of `begin_evaluation`: the model as it comes gives what was recorded."""
    for row in rows(store, "random"):
        path = store.weights(row["trial_id"])
        split = unseen_split(row, path)
        model = amor_models.load_weights(path)
        with torch.no_grad():
            batches = [model(tokens[None, :, :-1]) for tokens in split.tokens.split(BATCH_SIZE)]
        fires = torch.cat([output.gate[0] for output in batches])
        assert float(fires.double().mean()) == row["test_gate_rate"]
        predicted = torch.cat([output.logits[0] for output in batches]).argmax(dim=-1)
        assert float((predicted == split.tokens[:, 1:]).double().mean()) == row["test_accuracy"]


@pytest.mark.parametrize("variant", [name for name in VARIANTS if name in replication.MODEL_NAMES])
def test_the_file_can_be_read_by_the_authors_names(store, variant):
    row = rows(store, variant)[0]
    path = store.weights(row["trial_id"])
    tensors = load(path.read_bytes())
    ours, theirs = amor_models.load_weights(path), replication.load(variant, tensors, num_heads=4, top_k=2)
    dumped = replication.dump(ours)
    assert dumped.keys() == tensors.keys()
    assert all(np.array_equal(dumped[name], tensor) for name, tensor in tensors.items())
    split = unseen_split(row, path)
    inputs, labels = split.tokens[None, :16, :-1], split.needs_retrieval[None, :16]
    with torch.no_grad():
        outputs = [model(inputs, needs_retrieval=labels) for model in (ours, theirs)]
    assert torch.equal(outputs[0].logits, outputs[1].logits)


@pytest.mark.parametrize("name", ["ssm", "ssm_mlp", "full_attention", "amor"])
def test_weights_do_not_depend_on_stack_mates_and_come_only_if_asked_for(name):
    prepare_worker()
    size = {"num_heads": 4} if name in ("amor", "full_attention") else {}
    task = {"name": "simple_retrieval", "seq_length": 60, "num_train": 20, "num_validation": 9, "num_test": 10}
    config = ExperimentConfig.model_validate(
        {"task": task, "model": {"name": name, "d_model": 16, **size}, "training": {"epochs": 2, "batch_size": 8}}
    )

    def weights(*seeds, asked):
        setups = [
            TrialSetup(key=str(seed), config=config, streams=Streams(seed), save_weights=seed in asked)
            for seed in seeds
        ]
        return {report.key: report.tensors for report in train_stack(setups) if isinstance(report, WeightsReport)}

    assert weights(1, 2, asked=()) == {}
    alone = weights(2, asked=[2])["2"]
    together = weights(1, 2, 3, 4, asked=[2, 4])
    assert together.keys() == {"2", "4"}
    assert {name: tensor.tobytes() for name, tensor in together["2"].items()} == {
        name: tensor.tobytes() for name, tensor in alone.items()
    }


@pytest.fixture(scope="module")
def sound(store):
    return store.weights(rows(store, "amor_entropy")[0]["trial_id"])


def refused(path):
    with pytest.raises(ValueError, match=r"\.safetensors") as told:
        amor_models.load_weights(path)
    (line,) = str(told.value).splitlines()
    return line


@settings(max_examples=100, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_flipped_bit_or_a_cut_is_found(sound, tmp_path_factory, rng):
    content = bytearray(sound.read_bytes())
    if rng.random() < 0.5:
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    else:
        del content[rng.randrange(len(content)) :]
    path = tmp_path_factory.mktemp("damaged") / sound.name
    path.write_bytes(content)
    assert refused(path) == f"{path} is damaged: its content does not have the hash in its name"


def test_a_file_of_another_name_is_taken_as_it_is(sound, tmp_path):
    path = tmp_path / "best.safetensors"
    path.write_bytes(sound.read_bytes())
    expected, found = (replication.dump(amor_models.load_weights(file)) for file in (sound, path))
    assert all(np.array_equal(found[name], tensor) for name, tensor in expected.items())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"trainable": "do_nothing"}, "they are of trainable 'do_nothing'"),
        ({"trainable": None}, "KeyError: 'trainable'"),
        ({"seed": "x"}, "invalid literal"),
        ({"randomness": "[1]"}, "dictionary update|must be"),
        ({"randomness": '{"nothing": 1}'}, "no random stream 'nothing'"),
        ({"config": "{"}, "Invalid JSON"),
        ({"config": "[" * 100_000}, "ValidationError"),
        ({"config": '{"task": {"name": "simple_retrieval"}, "model": {"name": "ssm"}}'}, "left over"),
        ({"config": '{"task": {"name": "needle_haystack"}, "model": {"name": "amor"}}'}, "has shape"),
        (
            {"config": '{"task": {"name": "needle_haystack"}, "model": {"name": "heuristic", "rule": "uniform"}}'},
            "heuristic",
        ),
    ],
)
def test_what_is_no_model_of_ours_is_one_line(sound, tmp_path, changes, message):
    content = sound.read_bytes()
    metadata = {**header(content)["__metadata__"], **changes}
    path = tmp_path / "other.safetensors"
    path.write_bytes(save(load(content), {name: text for name, text in metadata.items() if text is not None}))
    with pytest.raises(ValueError, match=message):
        amor_models.load_weights(path)
    refused(path)


@pytest.mark.parametrize(
    "content", [b"", b"x" * 20, b"PK\3\4" + b"\0" * 100, b"\x80\x04N.", save({}), save({"a": np.zeros(2)})]
)
def test_other_files_are_one_line(tmp_path, content):
    path = tmp_path / "other.safetensors"
    path.write_bytes(content)
    assert "holds no weights of one of AMOR's models" in refused(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(FileNotFoundError):
        amor_models.load_weights(tmp_path / "nothing.safetensors")


def test_a_model_can_be_trained_on(sound):
    """Dropout and gates that draw have their generators."""
    model = amor_models.load_weights(sound).train()
    tokens = torch.tensor([[[random.Random(0).randrange(8) for _ in range(12)]]])
    loss = model(tokens).logits.square().mean()
    loss.backward()
    assert any(parameter.grad is not None and parameter.grad.any() for parameter in model.parameters())
