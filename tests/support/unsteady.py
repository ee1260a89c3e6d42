"""A trainable whose numbers a test can make differ from one run to the next."""

import math
import os
import random
import sys
from typing import ClassVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Epoch, Finished, Metric, Trainable, TrialStatus, Weights

TWIST = ""
"""What the next run does otherwise than the one before."""


class UnsteadyConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = 3
    level: float = 0.1
    random: bool = False
    keep: bool = Field(default=False, exclude=True, description="Keep the weights.")


class Unsteady(Trainable):
    name: ClassVar = "unsteady"
    version: ClassVar = 1
    config_model: ClassVar = UnsteadyConfig
    metrics: ClassVar = (
        Metric(name="score", direction="maximize", title="Score"),
        Metric(name="count"),
        Metric(name="nothing"),
        Metric(name="signed_zero"),
        Metric(name="not_a_number"),
    )
    epoch_metrics: ClassVar = (Metric(name="loss"), Metric(name="steps"))
    streams: ClassVar = ("data", "noise")

    def identity(self, config):
        return config.model_copy(update={"keep": False})

    def saves_weights(self, config):
        return config.keep

    def prepare_worker(self):
        if TWIST == "raise when prepared":
            raise SystemExit(3)

    def train(self, trials):
        for trial in trials:
            sys.stdout.write("a trainable may print\n")
            yield from self._train(trial)

    def _train(self, trial):
        config = trial.config
        draw = random.Random(trial.seed).random()
        if config.random:
            draw = int.from_bytes(os.urandom(4)) / 2**32
        for epoch in range(1, config.epochs + (TWIST == "more epochs") - (TWIST == "fewer epochs") + 1):
            loss = config.level * draw / epoch
            if TWIST == "an epoch" and epoch == 2:
                loss = math.nextafter(loss, 1)
            if TWIST == "raise" and epoch == 2:
                raise RuntimeError("not this time\nand not the next")
            if TWIST == "interrupt":
                raise KeyboardInterrupt
            yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics={"loss": loss, "steps": 10 * epoch})
        metrics = {"score": draw, "count": 7, "nothing": None, "signed_zero": -0.0}
        if config.level < 0:
            metrics["not_a_number"] = math.nan
        match TWIST:
            case "a metric":
                metrics["score"] = math.nextafter(math.nextafter(draw, 1), 1)
            case "a count":
                metrics["count"] = 8
            case "a sign":
                metrics["signed_zero"] = 0.0
            case "a missing metric":
                del metrics["score"]
            case "an additional metric":
                metrics["nothing"] = 0.0
            case "an infinity":
                metrics["score"] = math.inf
        if trial.save_weights and TWIST != "no weights":
            yield Weights(trial_id=trial.trial_id, tensors={"layer": np.array([draw, config.level])})
        status = TrialStatus.PRUNED if TWIST == "pruned" else TrialStatus.COMPLETED
        yield Finished(trial_id=trial.trial_id, metrics=metrics, status=status)
