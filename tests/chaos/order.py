"""The order of completion, the number of workers, and which trials share a stack: none of it changes a row."""

import contextlib
import io
import random
import secrets
import time

import pytest
from shuffled import shuffle

import orchestrator
from tests.chaos.outcome import Outcome, counts_of
from tests.chaos.processes import Amor
from tests.chaos.rows import compare
from tests.chaos.studies import amor_study, scratch, undisturbed

PART = "order"
NUM_WORKERS = (1, 2, 4)


def any_order(*, num_rounds: int, num_trials: int, seed: int) -> Outcome:
    """AMOR's own models in one process; workers, stacks, and the order in which stacks end are drawn."""
    started_s = time.monotonic()
    findings, orders = [], set()
    with scratch() as folder:
        study = amor_study(folder, num_trials)
        truth = undisturbed(folder, study)
        for number in range(num_rounds):
            with pytest.MonkeyPatch.context() as patch:
                executors = shuffle(patch, random.Random(f"{seed} {number}"))
                store = folder / f"store {number}"
                options = orchestrator.SubmitOptions(
                    executor="inline", num_workers=NUM_WORKERS[number % len(NUM_WORKERS)], stack_size=6
                )
                with contextlib.redirect_stderr(io.StringIO()):
                    orchestrator.submit(study, store=store, options=options)
            orders.add(tuple(executors[0].order))
            findings.append(compare(store, truth))
    return Outcome(
        part=PART,
        injected="another order, other stacks, 1, 2 or 4 workers",
        where="one process",
        num_injected=len(orders),
        num_trials=num_rounds * len(truth.trial_ids),
        duration_s=time.monotonic() - started_s,
        **counts_of(findings),
    )


def real_workers(*, num_trials: int) -> Outcome:
    """AMOR's own models on Ray clusters of 1, 2 and 4 workers, in stacks as amor chooses them."""
    started_s = time.monotonic()
    findings = []
    with scratch() as folder:
        study = amor_study(folder, num_trials)
        truth = undisturbed(folder, study)
        for num_workers in NUM_WORKERS:
            amor = Amor(folder=folder, mark=secrets.token_hex(8))
            store = folder / f"store {num_workers}"
            amor.finish("submit", study, "--store", store, "--workers", num_workers)
            findings.append(compare(store, truth))
    return Outcome(
        part=PART,
        injected="1, 2 and 4 workers",
        where="Ray",
        num_injected=len(NUM_WORKERS),
        num_trials=len(NUM_WORKERS) * len(truth.trial_ids),
        duration_s=time.monotonic() - started_s,
        **counts_of(findings),
    )
