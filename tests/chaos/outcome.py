"""What came of a scenario, and the table of all of them."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.chaos.rows import Findings


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What was injected, and what it cost.

    Attributes:
        part: which part it belongs to.
        injected: the fault, in a few words.
        where: what it was done to: the executor and its workers, or a store.
        num_injected: how often the fault really happened.
        num_trials: trials that had to be there in the end, each of every store counted.
        num_lost: those of them that are not there, or not finished.
        num_twice: those that a view counts more than once.
        num_wrong: those with a number that an undisturbed run does not give, and tables that differ.
        num_damaged: files that are neither absent nor whole.
        num_orphans: processes of killed runs that did not end by themselves.
        num_again: trials computed more often than needed; harmless, as views count one.
        duration_s: how long all of it took.
        details: further numbers for the JSON file.
    """

    part: str
    injected: str
    where: str
    num_injected: int
    num_trials: int
    num_lost: int = 0
    num_twice: int = 0
    num_wrong: int = 0
    num_damaged: int = 0
    num_orphans: int = 0
    num_again: int = 0
    duration_s: float = 0.0
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def is_clean(self) -> bool:
        bad = (self.num_lost, self.num_twice, self.num_wrong, self.num_damaged, self.num_orphans)
        return self.num_injected > 0 and not any(bad)


def counts_of(findings: Iterable[Findings]) -> dict[str, int]:
    """The sums of what was found in several stores, as fields of an `Outcome`."""
    found = list(findings)
    return {
        "num_lost": sum(len(one.lost) for one in found),
        "num_twice": sum(len(one.twice) for one in found),
        "num_wrong": sum(len(one.wrong) for one in found),
        "num_damaged": sum(one.num_damaged for one in found),
        "num_again": sum(one.num_again for one in found),
    }


def print_table(outcomes: Sequence[Outcome], machine: dict[str, Any], *, is_quick: bool) -> None:
    """Prints one line per scenario to stdout."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=160)
    title = f"{machine['cpu']}, {machine['num_cpus']} CPUs"
    if is_quick:
        title += "; a quick run: few faults"
    table = Table("part", "what was injected", "where", title=title, title_justify="left")
    for heading in ("times", "trials", "lost", "twice", "wrong", "damaged", "orphans", "again", "seconds"):
        table.add_column(heading, justify="right")
    part = None
    for outcome in outcomes:
        bad = (outcome.num_lost, outcome.num_twice, outcome.num_wrong, outcome.num_damaged, outcome.num_orphans)
        table.add_row(
            "" if outcome.part == part else outcome.part,
            outcome.injected,
            outcome.where,
            f"{outcome.num_injected:,}" if outcome.num_injected else "NONE",
            f"{outcome.num_trials:,}",
            *(f"{number:,}" if not number else f"{number:,} !" for number in bad),
            f"{outcome.num_again:,}",
            f"{outcome.duration_s:.0f}",
        )
        part = outcome.part
    console.print(table)
    console.print(
        "times: how often it really happened. lost, twice, wrong: trials of the study after the same command was given "
        "again,\nagainst an undisturbed run, bit for bit. damaged: files neither absent nor whole. orphans: processes "
        "left of killed runs.\nagain: attempts that computed a trial once more; the views count one.",
        highlight=False,
    )


def write_json(path: Path, outcomes: Sequence[Outcome], machine: dict[str, Any], *, seed: int, is_quick: bool) -> None:
    """Writes everything, details included."""
    content = {
        "machine": machine,
        "seed": seed,
        "quick": is_quick,
        "outcomes": [asdict(outcome) | {"is_clean": outcome.is_clean} for outcome in outcomes],
    }
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
