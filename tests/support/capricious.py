"""Trainables that are well one day and not the next, and one that reports every second epoch only."""

import os
import random
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from orchestrator import Epoch, Finished, Metric, Trainable


class CapriciousConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = 0.0
    spread: float = 1.0


class Capricious(Trainable):
    """On a bad day half of the trials raise, or diverge."""

    name: ClassVar = "capricious"
    version: ClassVar = 1
    config_model: ClassVar = CapriciousConfig
    metrics: ClassVar = (Metric(name="score", direction="maximize"),)

    def train(self, trials):
        for trial in trials:
            is_bad = trial.config.value > 0
            if is_bad and os.environ.get("CAPRICIOUS_RAISES"):
                raise RuntimeError("not today")
            score = random.Random(trial.seed).gauss(trial.config.value, trial.config.spread)
            if is_bad and os.environ.get("CAPRICIOUS_DIVERGES"):
                score = float("nan")
            yield Finished(trial_id=trial.trial_id, metrics={"score": score})


class Sparse(Capricious):
    """Eight epochs, of which every second is reported."""

    name: ClassVar = "sparse"
    epoch_metrics: ClassVar = Capricious.metrics

    def num_epochs(self, config):
        return 8

    def train(self, trials):
        for trial in trials:
            score = random.Random(trial.seed).gauss(trial.config.value, trial.config.spread)
            for epoch in (2, 4, 6, 8):
                yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics={"score": score - 1 / epoch})
            yield Finished(trial_id=trial.trial_id, metrics={"score": score})
