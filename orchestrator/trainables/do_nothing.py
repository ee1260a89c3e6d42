"""A trainable that trains nothing: for tests, benchmarks, and trying out a study file."""

import random
import time
from collections.abc import Hashable, Iterator, Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from orchestrator.trainables.contract import Epoch, Finished, Metric, Report, Trainable, TrialSpec


class DoNothingConfig(BaseModel):
    """A configuration with a few knobs that only the reported numbers depend on."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: float = Field(default=0.0, description="The mean of the reported metric.", allow_inf_nan=False)
    spread: float = Field(default=1.0, ge=0, description="The standard deviation over seeds.")
    epochs: int = Field(default=0, ge=0, description="How many epoch rows to report.")
    sleep_s: float = Field(default=0.0, ge=0, description="How long each trial takes, in seconds.")


class DoNothing(Trainable):
    """Reports a normal draw that depends on configuration and seed only."""

    name: ClassVar[str] = "do_nothing"
    version: ClassVar[int] = 1
    config_model: ClassVar[type[BaseModel]] = DoNothingConfig
    metrics: ClassVar[Sequence[Metric]] = (
        Metric(name="score", direction="maximize", title="Score", description="A normal draw per seed."),
    )
    epoch_metrics: ClassVar[Sequence[Metric]] = metrics

    def stack_key(self, config: DoNothingConfig) -> Hashable:
        """Any trials may share a stack; they do nothing together."""
        return config.epochs

    def num_epochs(self, config: DoNothingConfig) -> int:
        """As many as it is told."""
        return config.epochs

    def train(self, trials: Sequence[TrialSpec]) -> Iterator[Report]:
        """Sleeps as long as asked and reports."""
        for trial in trials:
            config = trial.config
            assert isinstance(config, DoNothingConfig)
            score = random.Random(trial.seed).gauss(config.value, config.spread)
            for epoch in range(1, config.epochs + 1):
                time.sleep(config.sleep_s / config.epochs)
                yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics={"score": score * epoch / config.epochs})
            if not config.epochs:
                time.sleep(config.sleep_s)
            yield Finished(trial_id=trial.trial_id, metrics={"score": score})
