"""A trainable that does whatever its configuration says: for tests of what amor makes of it."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from orchestrator import Epoch, Finished, Metric, Trainable, TrialStatus


def hang():
    """Blocks every signal, and keeps the interpreter's lock: nothing but SIGKILL ends this process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.PyDLL(None).sleep(600)


class MuteError(Exception):
    def __str__(self):
        raise ValueError("no words")


class MisbehavingConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    behaviour: Literal[
        "work",
        "raise",
        "nan",
        "die",
        "die_once",
        "terminate_once",
        "hang",
        "hang_once",
        "leave",
        "crash",
        "nothing",
        "undeclared",
        "twice",
        "stranger",
        "exit",
        "interrupt",
        "mute",
        "text",
        "flag",
        "array",
        "huge",
        "status",
        "prune",
        "prune_once",
        "no_report",
        "half_epoch",
        "same_epoch",
        "numpy",
        "pid",
    ] = "work"
    number: int = 0
    marks: str = Field(default="", description="Folder in which every execution leaves a mark.")
    sleep_s: float = 0.0


class Misbehaving(Trainable):
    name: ClassVar = "misbehaving"
    version: ClassVar = 1
    config_model: ClassVar = MisbehavingConfig
    metrics: ClassVar = (Metric(name="score", direction="maximize", title="Score"),)
    epoch_metrics: ClassVar = (Metric(name="train_loss"),)
    streams: ClassVar = ("data", "noise")

    def identity(self, config):
        return config.model_copy(update={"marks": "", "sleep_s": 0.0})

    def stack_key(self, config):
        return "any"

    def train(self, trials):
        for trial in trials:
            yield from self._train(trial)

    def _train(self, trial):
        config = trial.config
        marks = Path(config.marks) if config.marks else None
        num_before = len(list(marks.glob(f"{trial.trial_id}.*"))) if marks else 0
        if marks:
            (marks / f"{trial.trial_id}.{num_before}").touch()
        time.sleep(config.sleep_s)
        score = float(config.number + trial.seed)
        odd = {"text": "high", "flag": True, "array": np.zeros(3), "huge": 2**70, "numpy": np.float32(0.5)}
        match config.behaviour:
            case "pid":
                score = float(os.getpid())
            case "exit":
                raise SystemExit(0)
            case "interrupt":
                raise KeyboardInterrupt
            case "mute":
                raise MuteError
            case "text" | "flag" | "array" | "huge" | "numpy":
                score = odd[config.behaviour]
            case "status":
                yield Finished(trial_id=trial.trial_id, metrics={"score": score}, status="weird")
            case "prune":
                yield Finished(trial_id=trial.trial_id, metrics={}, status=TrialStatus.PRUNED)
                return
            case "prune_once":
                if not num_before:
                    yield Finished(trial_id=trial.trial_id, metrics={}, status=TrialStatus.PRUNED)
                    return
            case "no_report":
                yield {"score": score}
            case "half_epoch":
                yield Epoch(trial_id=trial.trial_id, epoch=1.5, metrics={"train_loss": 0.5})
            case "same_epoch":
                yield Epoch(trial_id=trial.trial_id, epoch=1, metrics={"train_loss": 0.5})
            case "raise":
                raise RuntimeError("the trainable says no\nin two lines")
            case "nan":
                score = float("nan")
            case "die":
                os.kill(os.getpid(), signal.SIGKILL)
            case "die_once":
                if not num_before:
                    os.kill(os.getpid(), signal.SIGKILL)
            case "terminate_once":
                if not num_before:
                    os.kill(os.getpid(), signal.SIGTERM)
                    time.sleep(1)
            case "hang":
                hang()
            case "hang_once":
                if not num_before:
                    hang()
            case "leave":
                os._exit(1)
            case "crash":
                ctypes.string_at(0)
            case "nothing":
                return
            case "undeclared":
                yield Finished(trial_id=trial.trial_id, metrics={"secret": 1.0})
            case "stranger":
                yield Finished(trial_id="somebody else", metrics={"score": 1.0})
        yield Epoch(trial_id=trial.trial_id, epoch=1, metrics={"train_loss": 0.5})
        yield Finished(trial_id=trial.trial_id, metrics={"score": score})
        if config.behaviour == "twice":
            yield Finished(trial_id=trial.trial_id, metrics={"score": score})


class SlowToStart(Misbehaving):
    def prepare_worker(self):
        time.sleep(3.0)
