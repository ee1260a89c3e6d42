"""Two drivers on one store at once, and compactions during both."""

import contextlib
import secrets
import time
from dataclasses import dataclass
from pathlib import Path

from chaotic import SLEEP_S

import results_store
from tests.chaos.outcome import Outcome, counts_of
from tests.chaos.processes import Amor
from tests.chaos.rows import Findings, Rows, compare
from tests.chaos.studies import chaotic_study, scratch, undisturbed

PART = "together"
INLINE = ("--executor", "inline", "--stack", 3)
RAY = ("--executor", "ray", "--workers", 2, "--stack", 3)


@dataclass(frozen=True, kw_only=True)
class Round:
    """What came of one store.

    Attributes:
        findings: the store against the truth in the end.
        num_merged: compactions that merged files while both drivers ran.
        num_looks: how often the store was read meanwhile.
        torn: what a reader saw meanwhile that must not be.
    """

    findings: Findings
    num_merged: int
    num_looks: int
    torn: tuple[str, ...]


def run_together(*, num_rounds: int, num_trials: int, on_ray: bool = False) -> Outcome:
    """The same study twice on an empty store, again and again; each compacted and read without a pause."""
    started_s = time.monotonic()
    rounds = []
    with scratch() as folder:
        study = chaotic_study(folder, num_trials)
        truth = undisturbed(folder, study)
        for number in range(num_rounds):
            here = folder / f"round {number}"
            here.mkdir()
            rounds.append(_round(here, study, truth, RAY if on_ray else INLINE))
    counts = counts_of(round_.findings for round_ in rounds)
    torn = [text for round_ in rounds for text in round_.torn]
    return Outcome(
        part=PART,
        injected="a second driver, and compactions during both",
        where="Ray, 2 workers each" if on_ray else "a process each",
        num_injected=sum(round_.findings.num_again > 0 for round_ in rounds),
        num_trials=num_rounds * len(truth.trial_ids),
        duration_s=time.monotonic() - started_s,
        details={
            "rounds": num_rounds,
            "compactions that merged files while both ran": sum(round_.num_merged for round_ in rounds),
            "looks at the store meanwhile": sum(round_.num_looks for round_ in rounds),
            "what they saw that must not be": torn,
        },
        **counts | {"num_wrong": counts["num_wrong"] + len(torn)},
    )


def _round(folder: Path, study: Path, truth: Rows, options: tuple[object, ...]) -> Round:
    store = folder / "store"
    amor = Amor(folder=folder, mark=secrets.token_hex(8), environment={SLEEP_S: "0.02"})
    drivers = [amor.start("submit", study, "--store", store, *options) for _ in range(2)]
    watcher = _Watcher(store)
    num_merged = 0
    while not any(driver.poll() is not None for driver in drivers):
        num_merged += _compact(store)
        watcher.look()
    codes = [amor.wait(driver) for driver in drivers]
    if codes != [0, 0]:
        raise RuntimeError(f"the drivers ended with {codes}: {amor.output()[-2000:]}")
    return Round(
        findings=compare(store, truth), num_merged=num_merged, num_looks=watcher.num_looks, torn=tuple(watcher.torn)
    )


def _compact(store: Path) -> bool:
    """Whether files were merged; there is nothing to merge before the store is there."""
    with contextlib.suppress(results_store.StorePathError):
        report = results_store.compact(store)
        return any(kind.after.num_files < kind.before.num_files for kind in report.kinds)
    time.sleep(0.05)
    return False


class _Watcher:
    """A reader: what was published stays, and counts once at every moment."""

    def __init__(self, store: Path) -> None:
        self._store = store
        self._seen: set[str] = set()
        self.num_looks = 0
        self.torn: list[str] = []

    def look(self) -> None:
        opened = results_store.open(self._store)
        rows = [row[0] for row in opened.sql("SELECT trial_id FROM trials").rows()]
        self.num_looks += 1
        if len(rows) != len(set(rows)):
            self.torn.append("a trial was counted twice")
        if not self._seen <= set(rows):
            self.torn.append(f"{len(self._seen - set(rows))} trials were gone")
        if opened.problems:
            self.torn.append(str(opened.problems[0]))
        self._seen |= set(rows)
