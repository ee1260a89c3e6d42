"""The estimate of a stack's memory against real processes, and its laws."""

import json
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from amor_models.configuration import ExperimentConfig
from amor_models.models import build_stack
from amor_models.randomness import Streams
from amor_models.training import stack_memory
from amor_models.training.stack_memory import num_weights

PROGRAM = """
import json, sys
from pathlib import Path
import ray, duckdb, pyarrow
import orchestrator.worker.worker
from amor_models.configuration import ExperimentConfig
from amor_models.randomness import Streams
from amor_models.training import TrialSetup, prepare_worker, train_stack
config, size = json.loads(sys.argv[1])
config = ExperimentConfig.model_validate(config)
prepare_worker()
for _ in train_stack([TrialSetup(key=str(seed), config=config, streams=Streams(seed)) for seed in range(size)]):
    pass
# Not `ru_maxrss`: that is also the peak of the process which started this one, before it became another program.
(peak,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(1024 * int(peak.split()[1]))
"""


def experiment(model, *, task="needle_haystack", batch_size=32, **of_task):
    sizes = {"num_train": 2 * batch_size, "num_validation": 128, "num_test": 1, **of_task}
    return {
        "task": {"name": task, **sizes},
        "model": model,
        "training": {"epochs": 1, "batch_size": batch_size},
    }


@pytest.mark.skipif(sys.platform != "linux", reason="the peak stands in /proc on Linux only")
@pytest.mark.parametrize(
    ("config", "size"),
    [
        (experiment({"name": "ssm"}), 1),
        (experiment({"name": "ssm", "d_model": 128, "num_layers": 3}, batch_size=128), 2),
        (experiment({"name": "amor"}), 4),
        (experiment({"name": "amor", "gate": {"name": "always"}, "attention": {"top_k": 32}}), 1),
        (experiment({"name": "full_attention", "num_heads": 8}), 3),
        (experiment({"name": "full_attention"}, task="simple_retrieval"), 8),
        (experiment({"name": "full_attention", "d_model": 256, "num_layers": 4}, batch_size=16), 2),
        (experiment({"name": "ssm"}, vocab_size=1000), 2),
        (experiment({"name": "amor"}, task="simple_retrieval", vocab_size=500), 4),
    ],
    ids=str,
)
def test_no_process_needs_more_than_thought_nor_less_than_half(config, size):
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, json.dumps([config, size])], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    estimate = stack_memory(ExperimentConfig.model_validate(config), size)
    assert 0.5 * estimate < int(run.stdout) <= estimate


@given(
    model=st.sampled_from(["ssm", "ssm_mlp", "full_attention", "amor"]),
    size=st.integers(1, 63),
    batch_size=st.integers(1, 512),
)
def test_more_trials_need_more(model, size, batch_size):
    config = ExperimentConfig.model_validate(experiment({"name": model}, batch_size=batch_size))
    assert 0 < stack_memory(config, size) < stack_memory(config, size + 1)


@pytest.mark.parametrize("model", ["ssm", "ssm_mlp", "full_attention", "amor"])
@pytest.mark.parametrize("width", [64, 256])
def test_the_weights_are_counted_but_for_a_few(model, width):
    extra = {"attention": {"kv": "raw_embedding"}} if model == "amor" else {}
    config = ExperimentConfig.model_validate(experiment({"name": model, "d_model": width, **extra}, vocab_size=300))
    counted, real = num_weights(config), build_stack([config], [Streams(1)]).num_parameters()
    assert 0.95 * real < counted <= 1.25 * real
