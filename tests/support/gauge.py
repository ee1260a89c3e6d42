"""A trainable whose numbers follow its configuration, and that fails where a test says so."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Finished, Metric, Trainable

WORK = []
"""(level, seed) of all that was trained in this process."""

FAULTS = {}
"""What happens instead, by (level, seed): an exception to raise, or a score."""


class GaugeConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    level: float = Field(default=0.0, le=1000)
    epochs: int = 1


class Gauge(Trainable):
    name: ClassVar = "gauge"
    version: ClassVar = 1
    config_model: ClassVar = GaugeConfig
    metrics: ClassVar = (Metric(name="score", direction="maximize"), Metric(name="secret", is_of_test_split=True))

    def stack_key(self, config):
        return "any"

    def train(self, trials):
        for trial in trials:
            WORK.append((trial.config.level, trial.seed))
            fault = FAULTS.get(WORK[-1])
            if isinstance(fault, BaseException):
                raise fault
            score = trial.config.level + trial.seed / 8 + trial.config.epochs / 64 if fault is None else fault
            yield Finished(trial_id=trial.trial_id, metrics={"score": score, "secret": 0.0})
