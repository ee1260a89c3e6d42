"""Workers that are killed: at random while they train, and at named points of their work."""

import os
import random
import secrets
import signal
import subprocess
import time
from pathlib import Path

from chaotic import SLEEP_S, TOKENS
from kill_points import WORKER_POINTS

from results_store import FolderStore, Kind
from tests.chaos.outcome import Outcome, counts_of
from tests.chaos.processes import Amor, is_running_worker, running_workers
from tests.chaos.rows import compare
from tests.chaos.studies import amor_study, chaotic_study, scratch, undisturbed

PART = "workers"
LOOK_EVERY_S = 0.02


def kill_at_random(*, num_kills: int, num_trials: int, seed: int, num_workers: int = 2) -> Outcome:
    """SIGKILL to workers in the middle of a call, each after a random time; trials take 0.03 to 0.15 s."""
    with scratch() as folder:
        study = chaotic_study(folder, num_trials)
        environment = {SLEEP_S: "0.03"}
        injected = "SIGKILL of a worker while it trains, at random"
        # So few trials are trained in a life that workers remain to be killed.
        max_life_s = 0.12 * num_trials / num_kills
        return _hunt(folder, study, environment, injected, num_kills, max_life_s, random.Random(seed), num_workers)


def kill_real_training(*, num_kills: int, num_trials: int, seed: int, num_workers: int = 2) -> Outcome:
    """The same with AMOR's own models: real tensors, stacks as amor chooses them, real metrics."""
    with scratch() as folder:
        study = amor_study(folder, num_trials, num_train=100)
        injected = "the same, AMOR's own models"
        return _hunt(folder, study, {}, injected, num_kills, 1.0, random.Random(seed), num_workers)


def kill_at_points(*, num_kills_each: int, num_trials: int, num_workers: int = 2) -> Outcome:
    """Workers kill themselves at every named point, also between publishing a row and telling of it."""
    started_s = time.monotonic()
    with scratch() as folder:
        study = chaotic_study(folder, num_trials, has_loners=True)
        truth = undisturbed(folder, study)
        tokens = folder / "tokens"
        tokens.mkdir()
        for point in WORKER_POINTS:
            for number in range(num_kills_each):
                (tokens / f"{point}#{number}").touch()
        amor = Amor(folder=folder, mark=secrets.token_hex(8), environment={SLEEP_S: "0.01", TOKENS: str(tokens)})
        store = folder / "store"
        amor.finish("submit", study, "--store", store, "--workers", num_workers, "--stack", 3)
        findings = compare(store, truth)
        left = sorted(path.name for path in tokens.iterdir())
        return Outcome(
            part=PART,
            injected=f"SIGKILL of a worker at {len(WORKER_POINTS)} named points",
            where=f"Ray, {num_workers} workers",
            num_injected=len(WORKER_POINTS) * num_kills_each - len(left),
            num_trials=len(truth.trial_ids),
            duration_s=time.monotonic() - started_s,
            details={"not reached": left, "lost attempts recorded": _num_lost_attempts(store)},
            **counts_of([findings]),
        )


def _hunt(
    folder: Path,
    study: Path,
    environment: dict[str, str],
    injected: str,
    num_kills: int,
    max_life_s: float,
    rng: random.Random,
    num_workers: int,
) -> Outcome:
    started_s = time.monotonic()
    truth = undisturbed(folder, study)
    amor = Amor(folder=folder, mark=secrets.token_hex(8), environment=environment)
    store = folder / "store"
    process = amor.start("submit", study, "--store", store, "--workers", num_workers)
    num_killed = _kill_workers_of(process, num_kills, max_life_s, rng)
    code = amor.wait(process)
    if code != 0:
        raise RuntimeError(f"the driver did not survive the deaths of its workers: {code}: {amor.output()[-2000:]}")
    return Outcome(
        part=PART,
        injected=injected,
        where=f"Ray, {num_workers} workers",
        num_injected=num_killed,
        num_trials=len(truth.trial_ids),
        duration_s=time.monotonic() - started_s,
        details={"asked for": num_kills, "lost attempts recorded": _num_lost_attempts(store)},
        **counts_of([compare(store, truth)]),
    )


def _kill_workers_of(process: subprocess.Popen[bytes], num_kills: int, max_life_s: float, rng: random.Random) -> int:
    """Every worker, once it is seen to train, has a random time to live; how many were killed while training."""
    dies_s: dict[int, float] = {}
    num_killed = 0
    while num_killed < num_kills and process.poll() is None:
        for pid in sorted(running_workers(process.pid)):
            dies_s.setdefault(pid, time.monotonic() + rng.uniform(0.0, max_life_s))
            if time.monotonic() >= dies_s[pid] and is_running_worker(pid) and num_killed < num_kills:
                os.kill(pid, signal.SIGKILL)
                dies_s[pid] = float("inf")
                num_killed += 1
        time.sleep(LOOK_EVERY_S)
    return num_killed


def _num_lost_attempts(store: Path) -> int:
    return sum(row["kind"] == "lost" for row in FolderStore(store).rows(Kind.FAILURES))
