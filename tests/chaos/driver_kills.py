"""Drivers that are killed: at named points of their work, and at random; the same command goes on."""

import contextlib
import random
import secrets
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from chaotic import SLEEP_S, TOKENS
from kill_points import (
    COMPACTION_POINTS,
    DRIVER_POINTS,
    LOSS_POINTS,
    MEASURING_POINTS,
    SEARCH_POINTS,
    WORKER_POINTS,
)

from tests.chaos.outcome import Outcome, counts_of
from tests.chaos.processes import Amor, Identity, descendants, wait_until_gone
from tests.chaos.rows import Findings, Rows, compare
from tests.chaos.stores import one_row_per_file
from tests.chaos.studies import chaotic_study, measured_study, scratch, search_study, undisturbed

PART = "driver"
KILLED = -signal.SIGKILL
INLINE = ("--executor", "inline", "--stack", 3)
RAY = ("--executor", "ray", "--workers", 2, "--stack", 3)
NUM_AT_ONCE = 2
WAITERS = ThreadPoolExecutor(100, thread_name_prefix="waits for orphans")
Item = TypeVar("Item")


@dataclass(kw_only=True)
class Tally:
    """What came of several stores."""

    num_trials: int = 0
    killed: list[Future[tuple[int, float]]] = field(default_factory=list)
    findings: list[Findings] = field(default_factory=list)
    not_reached: list[str] = field(default_factory=list)

    def outcome(self, injected: str, where: str, started_s: float) -> Outcome:
        """Waits until all processes of the runs that were killed are gone, or have had their time."""
        left_and_waited = [gone.result() for gone in self.killed]
        return Outcome(
            part=PART,
            injected=injected,
            where=where,
            num_injected=len(self.killed),
            num_trials=self.num_trials,
            num_orphans=sum(num_left for num_left, _ in left_and_waited),
            duration_s=time.monotonic() - started_s,
            details={
                "not reached": self.not_reached,
                "processes were gone at the latest, s after the kill": max(
                    (waited_s for _, waited_s in left_and_waited), default=0.0
                ),
            },
            **counts_of(self.findings),
        )

    def was_killed(self, amor: Amor, processes: set[Identity]) -> None:
        """From now on its processes are waited for, while others go on."""
        self.killed.append(WAITERS.submit(wait_until_gone, amor.mark, processes, time.monotonic()))

    def add(self, other: "Tally") -> None:
        self.num_trials += other.num_trials
        self.killed += other.killed
        self.findings += other.findings
        self.not_reached += other.not_reached


def kill_inline_at_points(*, passages: Sequence[int], num_trials: int) -> Outcome:
    """At every point, at its first passage and at later ones; the worker's points are the driver's own here."""
    points = [(name, passage) for name in (*DRIVER_POINTS, *WORKER_POINTS) for passage in passages]
    return _at_points(points, INLINE, "one process", partial(chaotic_study, num_trials=num_trials, has_loners=True))


def kill_on_ray_at_points(*, points: Sequence[str], num_trials: int) -> Outcome:
    """The driver dies, its workers do not know it yet; a worker has died before where the point asks for it."""
    study = partial(chaotic_study, num_trials=num_trials, has_loners=True)
    return _at_points([(name, 1) for name in points], RAY, "Ray, 2 workers", study)


def kill_search_at_points(*, passages: Sequence[int], num_candidates: int, pruning: str) -> Outcome:
    """A search dies while it asks, trains or tells; it has to end with the candidates of an undisturbed one."""
    points = [(name, passage) for name in SEARCH_POINTS for passage in passages]
    study = partial(search_study, num_candidates=num_candidates, pruning=pruning)
    return _at_points(points, INLINE, f"a search with {pruning}, one process", study)


def kill_measuring_at_points(*, passages: Sequence[int]) -> Outcome:
    """A study dies before, while and after its values are measured; what waits for them has to come out the same."""
    points = [(name, passage) for name in MEASURING_POINTS for passage in passages if passage == 1 or "now" not in name]
    return _at_points(points, INLINE, "measured values, one process", measured_study)


def kill_compaction_at_points(*, passages: Sequence[int], num_trials: int) -> Outcome:
    """`amor compact` dies; the views stay as they were, and the next one ends its work."""
    started_s = time.monotonic()
    with scratch() as folder:
        study = chaotic_study(folder, num_trials)
        truth = undisturbed(folder, study)
        small = folder / "small"
        one_row_per_file(folder / "undisturbed", small)

        def kill(point: tuple[str, int]) -> Tally:
            name, passage = point
            here = _folder_of(folder, point)
            store = here / "store"
            shutil.copytree(small, store)
            amor = Amor(folder=here, mark=secrets.token_hex(8))
            code = amor.run("compact", "--store", store, kill_at=name, passage=passage)
            tally = Tally(num_trials=2 * len(truth.trial_ids))
            if code == KILLED:
                tally.was_killed(amor, set())
            else:
                tally.not_reached.append(f"{name}, passage {passage}")
            tally.findings.append(compare(store, truth))
            amor.finish("compact", "--store", store)
            tally.findings.append(compare(store, truth))
            return tally

        points = [(name, passage) for name in COMPACTION_POINTS for passage in passages]
        tally = _together(kill, points)
        return tally.outcome(f"SIGKILL of a compaction at {len(COMPACTION_POINTS)} named points", "a store", started_s)


def kill_inline_at_random(*, num_kills: int, num_trials: int, seed: int, num_at_once: int = NUM_AT_ONCE) -> Outcome:
    """Again and again on one store until the study is done, then on a new one; several stores at a time."""
    return _at_random(num_kills, num_trials, seed, INLINE, "one process", num_lanes=num_at_once, horizon_s=4.0)


def kill_on_ray_at_random(*, num_kills: int, num_trials: int, seed: int) -> Outcome:
    """The same with a Ray cluster that loses its driver, also while it starts."""
    return _at_random(num_kills, num_trials, seed, RAY, "Ray, 2 workers", num_lanes=1, horizon_s=14.0)


def _at_points(
    points: Sequence[tuple[str, int]], options: tuple[object, ...], where: str, make_study: Callable[[Path], Path]
) -> Outcome:
    started_s = time.monotonic()
    with scratch() as folder:
        study = make_study(folder)
        truth = undisturbed(folder, study)

        def kill(point: tuple[str, int]) -> Tally:
            name, passage = point
            here = _folder_of(folder, point)
            environment = {SLEEP_S: "0.02"}
            if name in LOSS_POINTS:
                environment[TOKENS] = str(here / "tokens")
                (here / "tokens").mkdir()
                (here / "tokens" / "in training#0").touch()
            amor = Amor(folder=here, mark=secrets.token_hex(8), environment=environment)
            arguments = ("submit", study, "--store", here / "store", *options)
            with _followed(amor.start(*arguments, kill_at=name, passage=passage)) as (process, seen):
                code = amor.wait(process)
            tally = Tally(num_trials=len(truth.trial_ids))
            if code == KILLED:
                tally.was_killed(amor, seen)
            else:
                tally.not_reached.append(f"{name}, passage {passage}")
            again = Amor(folder=here, mark=secrets.token_hex(8), environment={SLEEP_S: "0"})
            again.finish(*arguments)
            tally.findings.append(compare(here / "store", truth))
            return tally

        tally = _together(kill, points, num_at_once=NUM_AT_ONCE if options is INLINE else 1)
        num_points = len({name for name, _ in points})
        return tally.outcome(f"SIGKILL of the driver at {num_points} named points", where, started_s)


def _at_random(
    num_kills: int,
    num_trials: int,
    seed: int,
    options: tuple[object, ...],
    where: str,
    *,
    num_lanes: int,
    horizon_s: float,
) -> Outcome:
    started_s = time.monotonic()
    with scratch() as folder:
        study = chaotic_study(folder, num_trials)
        truth = undisturbed(folder, study)

        def lane(number: int) -> Tally:
            rng = random.Random(f"{seed} {number}")
            here = _folder_of(folder, ("lane", number))
            num_here = num_kills // num_lanes + (number < num_kills % num_lanes)
            tally = Tally()
            while (num_left := num_here - len(tally.killed)) > 0:
                store = here / secrets.token_hex(4)
                arguments = ("submit", study, "--store", store, *options)
                tally.add(_disturbed(here, arguments, truth, store, rng, num_left, horizon_s))
            return tally

        tally = _together(lane, range(num_lanes), num_at_once=num_lanes)
        return tally.outcome("SIGKILL of the driver at random", where, started_s)


def _disturbed(
    folder: Path,
    arguments: Sequence[object],
    truth: Rows,
    store: Path,
    rng: random.Random,
    max_kills: int,
    horizon_s: float,
) -> Tally:
    """One store: the same command until it comes to its end, killed at most so often on its way."""
    tally = Tally(num_trials=len(truth.trial_ids))
    while True:
        amor = Amor(folder=folder, mark=secrets.token_hex(8), environment={SLEEP_S: "0.02"})
        with _followed(amor.start(*arguments)) as (process, seen):
            if len(tally.killed) < max_kills:
                try:
                    process.wait(rng.uniform(0.0, horizon_s))
                except subprocess.TimeoutExpired:
                    process.kill()
            code = amor.wait(process)
        if code != KILLED:
            break
        tally.was_killed(amor, seen)
    if code != 0:
        raise RuntimeError(f"the same command, given again, ended with {code}: {amor.output()[-2000:]}")
    tally.findings.append(compare(store, truth))
    return tally


@contextlib.contextmanager
def _followed(process: subprocess.Popen[bytes]) -> Iterator[tuple[subprocess.Popen[bytes], set[Identity]]]:
    """Collects the processes that come of one, as long as the block runs."""
    seen: set[Identity] = set()
    is_over = threading.Event()

    def look() -> None:
        while not is_over.wait(0.2):
            seen.update(descendants(process.pid))

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield process, seen
    finally:
        is_over.set()
        thread.join()


def _together(work: Callable[[Item], Tally], items: Sequence[Item], num_at_once: int = NUM_AT_ONCE) -> Tally:
    total = Tally()
    with ThreadPoolExecutor(num_at_once) as pool:
        for tally in pool.map(work, items):
            total.add(tally)
    return total


def _folder_of(folder: Path, name: tuple[str, int]) -> Path:
    here = folder / f"{name[0]} {name[1]}"
    here.mkdir()
    return here
