"""A trainable for faults: numbers of every kind, of configuration and seed only; times and deaths from outside.

What must not be in a trial's identity, nor in its stored configuration, comes from the environment.
"""

import contextlib
import os
import random
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
from kill_points import WORKER_POINTS, arm
from pydantic import BaseModel, ConfigDict

from orchestrator import Details, Epoch, Finished, Metric, Trainable, Weights

SLEEP_S = "AMOR_CHAOS_SLEEP_S"
"""How long an epoch takes; a trial has two."""

TOKENS = "AMOR_CHAOS_TOKENS"
"""A folder of files `POINT#NUMBER`: a worker that comes to the point takes one away, and dies."""

NUM_EPOCHS = 2


class ChaoticConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    number: int = 0
    loner: bool = False  # raises unless it is trained alone


class Chaotic(Trainable):
    name: ClassVar = "chaotic"
    version: ClassVar = 1
    config_model: ClassVar = ChaoticConfig
    metrics: ClassVar = (
        Metric(name="score", direction="maximize", title="Score"),
        Metric(name="num_draws", unit="count", title="Draws"),
        Metric(name="rare", unit="fraction", title="Rare"),
    )
    epoch_metrics: ClassVar = (Metric(name="train_loss"), Metric(name="score", direction="maximize"))

    def stack_key(self, config):
        return "any"

    def prepare_worker(self):
        tokens = os.environ.get(TOKENS)
        if tokens:
            for name, point in WORKER_POINTS.items():
                arm(point, lambda name=name: takes_token(Path(tokens), name))

    def train(self, trials):
        if len(trials) > 1 and any(trial.config.loner for trial in trials):
            raise RuntimeError("a loner wants to be alone")
        for trial in trials:
            yield from reports(trial)


def takes_token(folder, point):
    for token in folder.glob(f"{point}#*"):
        with contextlib.suppress(FileNotFoundError):  # another worker was faster
            token.unlink()
            return True
    return False


def pause(seed):
    time.sleep(float(os.environ.get(SLEEP_S, "0")) * (0.5 + seed % 3))


def reports(trial):
    draw = random.Random(f"{trial.config.number} {trial.seed}")
    for epoch in range(1, NUM_EPOCHS + 1):
        pause(trial.seed)
        train_loss = draw.expovariate(1.0)
        yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics={"train_loss": train_loss, "score": -train_loss})
    bins = [{"bin": index, "count": draw.randrange(100), "share": draw.random()} for index in range(3)]
    yield Details(trial_id=trial.trial_id, table="entropy", rows=bins)
    if trial.seed % 2:
        yield Weights(trial_id=trial.trial_id, tensors={"layer.weight": np.array([draw.random() for _ in range(6)])})
    score = float("nan") if trial.seed % 13 == 12 else draw.gauss(0.0, 1.0)
    rare = None if trial.seed % 5 else draw.random()
    yield Finished(trial_id=trial.trial_id, metrics={"score": score, "num_draws": draw.randrange(2**53), "rare": rare})
