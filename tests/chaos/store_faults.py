"""Files that are damaged, and publishers that die: rows are absent or whole, and never wrong."""

import os
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import results_store
from results_store import Kind
from tests.chaos.outcome import Outcome
from tests.chaos.processes import ROOT, SUPPORT, TIMEOUT_S
from tests.chaos.publishers import NUM_EPOCHS, score_of
from tests.chaos.rows import rows_of
from tests.chaos.stores import one_row_per_file
from tests.chaos.studies import chaotic_study, scratch, undisturbed

PART = "store"
NUM_FILES_AT_ONCE = 10


def damage_files(*, num_flips: int, num_cuts: int, num_trials: int, seed: int) -> list[Outcome]:
    """One bit turned, or the end cut off, of a file of any kind: it is left out and told, the others are as before."""
    rng = random.Random(seed)
    with scratch() as folder:
        undisturbed(folder, chaotic_study(folder, num_trials))
        store = folder / "store"
        one_row_per_file(folder / "undisturbed", store)
        flips = _damage(store, "a bit of a file turned", num_flips, _flipped, rng)
        cuts = _damage(store, "a file cut off", num_cuts, _cut, rng)
    return [flips, cuts]


def kill_publishers(*, num_kills: int, seed: int) -> Outcome:
    """SIGKILL while files are being published; what was promised is there, and what is there is whole."""
    started_s = time.monotonic()
    with scratch() as folder:
        store, promises = folder / "store", folder / "promises"
        environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), str(SUPPORT)])}
        arguments = [store, promises, num_kills, seed]
        subprocess.run(
            [sys.executable, "-m", "tests.chaos.publishers", *map(str, arguments)],
            cwd=ROOT,
            env=environment,
            check=True,
            timeout=TIMEOUT_S,
        )
        promised = promises.read_text(encoding="ascii").split()
        opened = results_store.open(store)
        rows = opened.sql("SELECT trial_id, score FROM trials").rows()
        epochs = dict(opened.sql("SELECT trial_id, count(DISTINCT epoch) FROM epochs GROUP BY trial_id").rows())
    found = dict(rows)
    is_wrong = [found[trial] != score_of(trial) or epochs.get(trial) != NUM_EPOCHS for trial in found]
    return Outcome(
        part=PART,
        injected="SIGKILL while publishing",
        where="a publisher per kill",
        num_injected=num_kills,
        num_trials=len(promised),
        num_lost=len(set(promised) - found.keys()),
        num_twice=len(rows) - len(found),
        num_wrong=sum(is_wrong),
        num_damaged=len(opened.problems),
        duration_s=time.monotonic() - started_s,
        details={"there, but killed before it could be promised": len(found.keys() - set(promised))},
    )


def _flipped(content: bytes, rng: random.Random) -> bytes:
    flipped = bytearray(content)
    flipped[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content))]


def _damage(
    store: Path, injected: str, num_times: int, damaged: Callable[[bytes, random.Random], bytes], rng: random.Random
) -> Outcome:
    """Several files at a time; the rows have to be those of a store without these files."""
    started_s = time.monotonic()
    files = sorted(path for kind in Kind for path in (store / kind.value).glob("*"))
    num_trials = len(rows_of(store).trial_ids)
    num_wrong = num_untold = num_done = 0
    while num_done < num_times:
        chosen = rng.sample(files, min(NUM_FILES_AT_ONCE, num_times - num_done))
        contents = {path: path.read_bytes() for path in chosen}
        for path in chosen:
            path.unlink()
        without = rows_of(store)
        for path, content in contents.items():
            path.write_bytes(damaged(content, rng))
        told = [problem.path for problem in results_store.open(store).problems]
        num_untold += len(set(chosen) ^ set(told))
        num_wrong += rows_of(store) != without
        for path, content in contents.items():
            path.write_bytes(content)
        num_done += len(chosen)
    return Outcome(
        part=PART,
        injected=injected,
        where=f"{len(files)} files, {NUM_FILES_AT_ONCE} at a time",
        num_injected=num_done,
        num_trials=num_trials,
        num_wrong=num_wrong,
        num_damaged=num_untold,
        duration_s=time.monotonic() - started_s,
        details={"damaged files that were not told": num_untold},
    )
