"""`python -m benchmarks`: measures, prints one table, writes JSON. Nothing else should run on the machine."""

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import memory, orchestration, proposals, queries, scaling, training
from benchmarks.figures import Figure, print_table, write_json
from benchmarks.machine import describe_machine

DEFAULT_OUTPUT = Path(__file__).parent / "results.json"
MAX_LOAD = 0.5
PARTS = ("training", "orchestration", "scaling", "queries", "memory", "proposals")
Tell = Callable[[str], None]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to run; may be repeated; default all")
    parser.add_argument("--quick", action="store_true", help="tiny sizes: shows that it works, measures nothing")
    parser.add_argument("--workers", type=int, default=2, help="workers of the parts with a cluster; default 2")
    parser.add_argument("--output", type=Path, default=DEFAULT_OUTPUT, help=f"JSON file; default {DEFAULT_OUTPUT.name}")
    return parser.parse_args(arguments)


def _parts(*, is_quick: bool, num_workers: int) -> dict[str, Callable[[Tell], list[Figure]]]:
    return {
        "training": lambda tell: training.measure(training.QUICK if is_quick else training.FULL, tell),
        "orchestration": lambda tell: orchestration.measure(
            orchestration.QUICK if is_quick else orchestration.FULL, num_workers, tell
        ),
        "scaling": lambda tell: scaling.measure(scaling.QUICK if is_quick else scaling.FULL, num_workers, tell),
        "queries": lambda tell: queries.measure(queries.QUICK if is_quick else queries.FULL, tell),
        "memory": lambda tell: memory.measure(memory.QUICK if is_quick else memory.FULL, num_workers, tell),
        "proposals": lambda tell: proposals.measure(proposals.QUICK if is_quick else proposals.FULL, tell),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the parts asked for; 0 whether or not the requirements are met: a missed one stands in the table."""
    options = _parse(arguments)
    started_s = time.monotonic()

    def tell(text: str) -> None:
        print(f"[{time.monotonic() - started_s:6.0f} s] {text}", file=sys.stderr, flush=True)

    machine = describe_machine()
    if not options.quick and machine["load_average"][0] > MAX_LOAD:
        tell(f"the load average is {machine['load_average'][0]:.1f}: something else runs here; figures will suffer")
    figures: list[Figure] = []
    for name, part in _parts(is_quick=options.quick, num_workers=options.workers).items():
        if not options.only or name in options.only:
            figures += part(tell)
            machine["load_average_at_end"] = os.getloadavg()
            # After every part: what an hour has measured is not lost with the next part.
            write_json(options.output, figures, machine, is_quick=options.quick)
    print_table(figures, machine, is_quick=options.quick)
    tell(f"written to {options.output}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
