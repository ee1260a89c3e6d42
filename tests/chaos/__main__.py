"""`python -m tests.chaos`: injects faults, prints one table of what was tried and what was lost."""

import argparse
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kill_points import LOSS_POINTS

from benchmarks.machine import describe_machine
from orchestrator.executors.ray_environment import prepare_environment
from tests.chaos import driver_kills, order, schedules, store_faults, two_drivers, worker_kills
from tests.chaos.outcome import Outcome, print_table, write_json
from tests.chaos.studies import PRUNINGS

RAY_POINTS = (
    "after planning",
    "after the submission record",
    "before a failure record",
    "after a failure record",
    "before noticing",
    "after noticing",
    *LOSS_POINTS,
)
MAX_ERROR = 100
PARTS = ("workers", "driver", "together", "order", "store", "decisions")


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """How much is injected; a store more or less is a matter of minutes."""

    num_worker_kills: int = 200
    num_worker_trials: int = 1000
    num_real_kills: int = 40
    num_real_trials: int = 120
    num_kills_at_each_point: int = 8
    passages: tuple[int, ...] = (1, 3)
    ray_points: tuple[str, ...] = RAY_POINTS
    num_driver_kills: int = 60
    num_ray_driver_kills: int = 10
    num_rounds: int = 20
    num_ray_rounds: int = 3
    num_orders: int = 30
    num_flips: int = 5000
    num_cuts: int = 1000
    num_publishers: int = 1000
    num_schedules: int = 10_000


QUICK = Sizes(
    num_worker_kills=5,
    num_worker_trials=30,
    num_real_kills=2,
    num_real_trials=8,
    num_kills_at_each_point=1,
    passages=(1,),
    ray_points=RAY_POINTS[:1],
    num_driver_kills=2,
    num_ray_driver_kills=1,
    num_rounds=1,
    num_ray_rounds=1,
    num_orders=2,
    num_flips=10,
    num_cuts=10,
    num_publishers=20,
    num_schedules=100,
)


def _scenarios(sizes: Sizes, seed: int) -> list[tuple[str, Callable[[], Outcome | list[Outcome]]]]:
    """What is run, by part."""
    return [
        (
            "workers",
            lambda: worker_kills.kill_at_random(
                num_kills=sizes.num_worker_kills, num_trials=sizes.num_worker_trials, seed=seed
            ),
        ),
        (
            "workers",
            lambda: worker_kills.kill_real_training(
                num_kills=sizes.num_real_kills, num_trials=sizes.num_real_trials, seed=seed
            ),
        ),
        (
            "workers",
            lambda: worker_kills.kill_at_points(
                num_kills_each=sizes.num_kills_at_each_point, num_trials=30 * sizes.num_kills_at_each_point
            ),
        ),
        ("driver", lambda: driver_kills.kill_inline_at_points(passages=sizes.passages, num_trials=45)),
        *(
            (
                "driver",
                lambda pruning=pruning: driver_kills.kill_search_at_points(
                    passages=sizes.passages, num_candidates=8, pruning=pruning
                ),
            )
            for pruning in PRUNINGS
        ),
        ("driver", lambda: driver_kills.kill_measuring_at_points(passages=(1, 2))),
        ("driver", lambda: driver_kills.kill_on_ray_at_points(points=sizes.ray_points, num_trials=60)),
        (
            "driver",
            lambda: driver_kills.kill_inline_at_random(num_kills=sizes.num_driver_kills, num_trials=60, seed=seed),
        ),
        (
            "driver",
            lambda: driver_kills.kill_on_ray_at_random(num_kills=sizes.num_ray_driver_kills, num_trials=150, seed=seed),
        ),
        ("driver", lambda: driver_kills.kill_compaction_at_points(passages=sizes.passages, num_trials=30)),
        ("together", lambda: two_drivers.run_together(num_rounds=sizes.num_rounds, num_trials=60)),
        ("together", lambda: two_drivers.run_together(num_rounds=sizes.num_ray_rounds, num_trials=150, on_ray=True)),
        ("order", lambda: order.any_order(num_rounds=sizes.num_orders, num_trials=16, seed=seed)),
        ("order", lambda: order.real_workers(num_trials=16)),
        (
            "store",
            lambda: store_faults.damage_files(
                num_flips=sizes.num_flips, num_cuts=sizes.num_cuts, num_trials=12, seed=seed
            ),
        ),
        ("store", lambda: store_faults.kill_publishers(num_kills=sizes.num_publishers, seed=seed)),
        ("decisions", lambda: schedules.run_schedules(num_schedules=sizes.num_schedules, seed=seed)),
    ]


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="a part to run; may be repeated; default all")
    parser.add_argument("--quick", action="store_true", help="few faults: shows that it works")
    parser.add_argument("--seed", type=int, default=0, help="of everything that is drawn; default 0")
    parser.add_argument("--output", type=Path, help="a JSON file for everything, details included")
    return parser.parse_args(arguments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the parts asked for; 1 if anything was lost, counted twice or wrong, or a fault did not happen."""
    options = _parse(arguments)
    prepare_environment(None)
    started_s = time.monotonic()
    machine = describe_machine()
    outcomes: list[Outcome] = []
    for part, scenario in _scenarios(QUICK if options.quick else Sizes(), options.seed):
        if options.only and part not in options.only:
            continue
        try:
            came = scenario()
        except Exception as error:  # the others go on; the table says that this one did not come to its end
            sys.stderr.write("".join(traceback.format_exception(error)))
            where = " ".join(str(error).split())[:MAX_ERROR]
            came = Outcome(part=part, injected="broke off", where=where, num_injected=0, num_trials=0)
        for outcome in came if isinstance(came, list) else [came]:
            outcomes.append(outcome)
            told = "all well" if outcome.is_clean else "NOT WELL"
            text = (
                f"[{time.monotonic() - started_s:6.0f} s] {outcome.part}: {outcome.injected}, {outcome.where}: {told}"
            )
            sys.stderr.write(text + "\n")
        if options.output is not None:
            write_json(options.output, outcomes, machine, seed=options.seed, is_quick=options.quick)
    print_table(outcomes, machine, is_quick=options.quick)
    return 0 if all(outcome.is_clean for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
