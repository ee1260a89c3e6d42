"""`python -m tests.chaos.publishers STORE PROMISES NUM_KILLS SEED`: forks publishers, kills each after a random time.

The time begins with its first file, which takes much longer than the others.

A publisher does what a worker's does: the epochs of a trial, then its row; what `publish` has returned from it notes
in the file of promises. This process only imports before it forks: threads would not survive it.
"""

import itertools
import os
import random
import signal
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd  # noqa: F401  Arrow imports it when it makes its first array: not in every publisher

from results_store import FolderStore
from results_store.records import EpochRecord, Provenance, TrialRecord

NUM_EPOCHS = 2
MAX_LIFE_S = 0.05

PROVENANCE = Provenance(
    git_commit=None,
    git_dirty=None,
    source_hash="",
    versions={},
    host="host",
    cpu="cpu",
    threads=1,
    finished_at=datetime(2026, 1, 1, tzinfo=UTC),
)


def score_of(trial_id: str) -> float:
    return random.Random(trial_id).gauss(0.0, 1.0)


def publish_for_ever(store: FolderStore, publisher: int, promises: int, tell: int) -> None:
    for number in itertools.count():
        trials = [f"{publisher}-{number}-{index}" for index in range(2)]
        store.publish(
            [
                EpochRecord(trial_id=trial, attempt_id=trial, epoch=epoch, metrics={"loss": score_of(trial) + epoch})
                for trial in trials
                for epoch in range(NUM_EPOCHS)
            ]
        )
        os.write(tell, b".")
        store.publish([trial_record(trial) for trial in trials])
        os.write(promises, "".join(f"{trial}\n" for trial in trials).encode())


def trial_record(trial_id: str) -> TrialRecord:
    return TrialRecord(
        trial_id=trial_id,
        attempt_id=trial_id,
        trainable="none",
        trainable_version=1,
        seed=0,
        status="completed",
        config={},
        metrics={"score": score_of(trial_id)},
        duration_s=0.0,
        stack_size=2,
        provenance=PROVENANCE,
    )


def main(store: str, promises_path: str, num_kills: int, seed: int) -> None:
    rng = random.Random(seed)
    promises = os.open(promises_path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    for publisher in range(num_kills):
        begun, tell = os.pipe()
        pid = os.fork()
        if not pid:
            publish_for_ever(FolderStore(Path(store)), publisher, promises, tell)
        os.close(tell)
        os.read(begun, 1)
        time.sleep(rng.uniform(0.0, MAX_LIFE_S))
        os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
        os.close(begun)
        if not os.WIFSIGNALED(status):
            sys.exit(f"publisher {publisher} ended by itself: {status}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
