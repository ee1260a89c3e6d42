"""The driver's decisions under schedules of faults that are drawn: no process, no file, no clock."""

import time

from tests.chaos.outcome import Outcome

PART = "decisions"


def run_schedules(*, num_schedules: int, seed: int) -> Outcome:
    """Each schedule is one seed, checks its own laws, and can be run again alone."""
    from simulation import run_schedule

    started_s = time.monotonic()
    broken: dict[int, str] = {}
    for number in range(seed, seed + num_schedules):
        try:
            run_schedule(number)
        except AssertionError as error:
            broken[number] = str(error)
    return Outcome(
        part=PART,
        injected="a schedule of faults, drawn",
        where="the state machine, simulated",
        num_injected=num_schedules,
        num_trials=num_schedules,
        num_wrong=len(broken),
        duration_s=time.monotonic() - started_s,
        details={"seeds that broke a law": broken},
    )
