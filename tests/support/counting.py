"""A trainable that counts what it does, epoch by epoch."""

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Details, Epoch, Finished, Metric, Trainable

WORK = []
"""(trial id, epoch) of all that was trained in this process; 0 is the end of a trial."""


class CountingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    epochs: int = 4
    reports_every: int = Field(default=1, description="Epochs between two reports; 0: none is reported.")
    score: float = 0.0
    in_lockstep: bool = True
    at_close: Literal["nothing", "raise", "go on"] = "nothing"


class Counting(Trainable):
    name: ClassVar = "counting"
    version: ClassVar = 1
    config_model: ClassVar = CountingConfig
    metrics: ClassVar = (Metric(name="score", direction="maximize", title="Score"), Metric(name="size"))
    epoch_metrics: ClassVar = (Metric(name="score"), Metric(name="loss"))

    def stack_key(self, config):
        return "any"

    def train(self, trials):
        try:
            if trials[0].config.in_lockstep:
                yield from self._together(trials)
            else:
                for trial in trials:
                    yield from self._together([trial])
        except GeneratorExit:
            match trials[0].config.at_close:
                case "raise":
                    raise ValueError("no end") from None
                case "go on":
                    yield Finished(trial_id=trials[0].trial_id, metrics={})
            raise

    def _together(self, trials):
        for epoch in range(1, max(trial.config.epochs for trial in trials) + 1):
            training = [trial for trial in trials if epoch <= trial.config.epochs]
            WORK.extend((trial.trial_id, epoch) for trial in training)
            for trial in training:
                every = trial.config.reports_every
                if every and epoch % every == 0:
                    metrics = {"score": trial.config.score + epoch, "loss": 1 / epoch}
                    yield Details(trial_id=trial.trial_id, table="entropy", rows=[{"count": epoch}])
                    yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics=metrics)
            for trial in training:
                if epoch == trial.config.epochs:
                    WORK.append((trial.trial_id, 0))
                    yield Finished(trial_id=trial.trial_id, metrics={"score": trial.config.score + epoch, "size": 7})
