"""An executor whose workers end in any order, and stacks of any size."""

import random
from collections import deque
from dataclasses import replace

from orchestrator.executors.inline import InlineExecutor
from orchestrator.plan.stacking import make_stacks
from results_store import FolderStore


class ShuffledExecutor(InlineExecutor):
    """In this process; which worker trains next is drawn, each keeps the order of its own stacks."""

    def __init__(self, store: FolderStore, rng: random.Random) -> None:
        super().__init__(lambda: store)
        self._rng = rng
        self.order: list[str] = []

    def poll(self, timeout_s):
        if not self._events and self._work:
            worker_id = self._rng.choice(sorted({worker_id for worker_id, _ in self._work}))
            index = next(index for index, (other, _) in enumerate(self._work) if other == worker_id)
            chosen = self._work[index]
            self._work = deque([chosen, *(item for other, item in enumerate(self._work) if other != index)])
            if chosen[1] is not None:
                self.order += [task.trial_id for task in chosen[1].tasks]
        return super().poll(timeout_s)


def shuffle(monkeypatch, rng):
    """From now on submits use such an executor, and cut their stacks anywhere; returns the executors made."""
    executors = []

    def make(store, options):
        executors.append(ShuffledExecutor(store, rng))
        return executors[-1]

    def cut(*arguments):
        pieces = []
        for stack in make_stacks(*arguments):
            trials = list(stack.trials)
            rng.shuffle(trials)
            while trials:
                size = rng.randint(1, len(trials))
                pieces.append(replace(stack, trials=tuple(trials[:size])))
                trials = trials[size:]
        rng.shuffle(pieces)
        return pieces

    monkeypatch.setattr("orchestrator.driver.submit._executor", make)
    monkeypatch.setattr("orchestrator.driver.study_run.make_stacks", cut)
    return executors
