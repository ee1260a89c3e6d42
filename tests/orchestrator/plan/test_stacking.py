"""Laws of the choice of stacks, for any trainable's estimates; and what AMOR's own come to."""

from collections import Counter
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict

from orchestrator.errors import TrainableError
from orchestrator.executors.capacity import Capacity
from orchestrator.plan.schedule import simulate
from orchestrator.plan.stacking import MAX_STACK_SIZE, WORTH, make_stacks, warning_of_memory
from orchestrator.space.cells import Cell
from orchestrator.space.trial import Trial
from orchestrator.study.loading import load_study
from orchestrator.trainables.do_nothing import DoNothing
from orchestrator.trainables.estimates import Estimates

QUICKSTART = Path(__file__).parents[3] / "studies" / "quickstart.yaml"
RECURRENT = (1.0, 0.85, 0.8, 0.75, 0.76, 0.78, 0.79, 0.8)


class Knobs(BaseModel):
    model_config = ConfigDict(frozen=True)

    name: int = 0
    key: int | None = 0
    cost: float = 1.0
    per_trial: tuple[float, ...] = (1.0,)
    process_bytes: int = 0
    trial_bytes: int = 0


class Knobbed(DoNothing):
    config_model = Knobs

    def stack_key(self, config):
        return config.key

    def cost(self, config):
        return config.cost

    def stack_cost(self, config, stack_size):
        return stack_size * config.cost * config.per_trial[min(stack_size, len(config.per_trial)) - 1]

    def memory_bytes(self, config, stack_size):
        return config.process_bytes + stack_size * config.trial_bytes


ESTIMATES = Estimates(Knobbed())


def capacity(num_workers, memory=None):
    return Capacity(num_workers=num_workers, memory_per_worker_bytes=memory)


def trials_of(*cells):
    """Trials for pairs of a configuration and a number of seeds, longest first."""
    trials = [
        Trial(trial_id=f"{index}-{seed}", cell=Cell(cell_id=str(index), config=config, variants=("v",)), seed=seed)
        for index, (config, num_seeds) in enumerate(cells)
        for seed in range(num_seeds)
    ]
    return sorted(trials, key=lambda trial: -trial.cell.config.cost)


def sizes(stacks):
    return [len(stack.trials) for stack in stacks]


def end_of(stacks, num_workers):
    return simulate([stack.cost for stack in stacks], num_workers).time


def knobs(per_trial):
    return st.builds(
        Knobs,
        key=st.sampled_from([None, 0, 1]),
        cost=st.floats(0.01, 100.0),
        per_trial=per_trial,
        process_bytes=st.integers(0, 20),
        trial_bytes=st.integers(0, 5),
    )


def studies(per_trial):
    return st.lists(st.tuples(knobs(per_trial), st.integers(1, 12)), min_size=1, max_size=6).map(
        lambda cells: trials_of(*cells)
    )


ANY_GAIN = st.lists(st.floats(0.2, 2.0), min_size=0, max_size=9).map(lambda factors: (1.0, *factors))
NO_GAIN = st.just((1.0,))
WORKERS = st.integers(1, 12)
MEMORY = st.none() | st.integers(0, 60)
SIZES = st.none() | st.integers(1, 20)


@settings(deadline=None)
@given(trials=studies(ANY_GAIN), num_workers=WORKERS, memory=MEMORY, stack_size=SIZES)
def test_every_trial_is_once_in_a_stack_of_its_kind_that_fits(trials, num_workers, memory, stack_size):
    stacks = make_stacks(trials, ESTIMATES, capacity(num_workers, memory), stack_size)
    assert Counter(trial.trial_id for stack in stacks for trial in stack.trials) == {t.trial_id: 1 for t in trials}
    for stack in stacks:
        configs = [trial.cell.config for trial in stack.trials]
        size = len(configs)
        assert size <= (MAX_STACK_SIZE if stack_size is None else stack_size)
        assert len({config.key for config in configs}) == 1
        assert stack.cost == max(ESTIMATES.stack_cost(config, size) for config in configs)
        if size > 1:
            assert configs[0].key is not None
            assert memory is None or max(ESTIMATES.memory_bytes(config, size) for config in configs) <= memory
    costs = [stack.cost for stack in stacks]
    assert costs == sorted(costs, reverse=True)


@settings(deadline=None)
@given(trials=studies(ANY_GAIN), num_workers=WORKERS, memory=MEMORY)
def test_no_worker_goes_without_and_none_ends_later_than_with_trials_alone(trials, num_workers, memory):
    stacks = make_stacks(trials, ESTIMATES, capacity(num_workers, memory))
    assert len(stacks) >= min(num_workers, len(trials))
    alone = simulate([trial.cell.config.cost for trial in trials], num_workers).time
    assert end_of(stacks, num_workers) <= alone / (1 - WORTH) * (1 + 1e-9)


@settings(deadline=None)
@given(trials=studies(NO_GAIN), num_workers=WORKERS, memory=MEMORY)
def test_where_stacking_gains_nothing_every_trial_is_alone_longest_first(trials, num_workers, memory):
    stacks = make_stacks(trials, ESTIMATES, capacity(num_workers, memory))
    assert [stack.trials for stack in stacks] == [(trial,) for trial in trials]


@settings(deadline=None)
@given(trials=studies(ANY_GAIN), num_workers=WORKERS, memory=MEMORY, stack_size=SIZES, data=st.data())
def test_the_order_of_replicates_changes_nothing_but_their_places(trials, num_workers, memory, stack_size, data):
    replicates = [list(members) for _, members in groupby(trials, key=lambda trial: trial.cell.cell_id)]
    shuffled = [trial for members in replicates for trial in data.draw(st.permutations(members))]

    def shape(given_trials):
        stacks = make_stacks(given_trials, ESTIMATES, capacity(num_workers, memory), stack_size)
        return [([trial.cell.cell_id for trial in stack.trials], stack.cost) for stack in stacks]

    assert shape(trials) == shape(shuffled) == shape(trials)


@settings(deadline=None)
@given(num_trials=st.integers(1, 60), stack_size=st.integers(1, 20), num_workers=WORKERS)
def test_a_size_that_is_asked_for_gives_as_few_stacks_as_it_can_of_even_sizes(num_trials, stack_size, num_workers):
    trials = trials_of((Knobs(per_trial=RECURRENT), num_trials))
    found = sizes(make_stacks(trials, ESTIMATES, capacity(num_workers), stack_size))
    assert len(found) == -(-num_trials // stack_size)
    assert max(found) - min(found) <= 1


@pytest.mark.parametrize(
    ("num_trials", "num_workers", "expected"),
    [
        (400, 2, [4] * 100),  # plenty: the fastest size
        (10, 2, [5, 5]),  # 4, 3, 3 would end later
        (3, 2, [2, 1]),
        (3, 4, [1, 1, 1]),
        (60, 10, [4] * 10 + [2] * 10),  # in fours alone, five workers would have two stacks and five have one
    ],
)
def test_sizes_follow_from_the_fastest_one_and_the_workers(num_trials, num_workers, expected):
    trials = trials_of((Knobs(per_trial=RECURRENT), num_trials))
    assert sizes(make_stacks(trials, ESTIMATES, capacity(num_workers))) == expected


def test_a_long_stack_is_cut_where_its_worker_would_end_long_after_the_others():
    trials = trials_of((Knobs(name=1, key=1, cost=10.0, per_trial=RECURRENT), 4), (Knobs(per_trial=RECURRENT), 40))
    stacks = make_stacks(trials, ESTIMATES, capacity(3))
    long = [len(stack.trials) for stack in stacks if stack.trials[0].cell.config.cost == 10.0]
    assert long == [2, 2]
    assert end_of(stacks, 3) < ESTIMATES.stack_cost(trials[0].cell.config, 4)


def test_memory_bounds_stacks_and_what_is_too_large_alone_is_told_and_trained_alone():
    small = Knobs(per_trial=RECURRENT, process_bytes=10**9, trial_bytes=10**9)
    large = small.model_copy(update={"trial_bytes": 7 * 10**9})
    trials = trials_of((small, 6), (large, 2))
    room = capacity(1, 4 * 10**9)
    stacks = make_stacks(trials, ESTIMATES, room, stack_size=8)
    assert sorted((stack.trials[0].cell.cell_id, len(stack.trials)) for stack in stacks) == [
        *[("0", 3)] * 2,
        *[("1", 1)] * 2,
    ]
    warning = warning_of_memory(trials, ESTIMATES, room)
    assert warning.startswith(
        "2 of 8 trials are thought to need up to 8 GB of memory each, more than the 4 GB of a worker"
    )
    assert warning_of_memory(trials[:6], ESTIMATES, room) is None
    assert warning_of_memory(trials, ESTIMATES, capacity(1)) is None


@pytest.mark.parametrize(
    ("num_bytes", "text"),
    [(999, "999 bytes"), (999_600, "1 MB"), (10**18, "1 EB"), (10**30, "more than 1000 EB")],
)
def test_the_memory_that_is_warned_of_has_a_readable_unit(num_bytes, text):
    trials = trials_of((Knobs(process_bytes=num_bytes), 1))
    warning = warning_of_memory(trials, ESTIMATES, capacity(1, 500))
    assert f"need up to {text} of memory each, more than the 500 bytes of a worker" in warning


class Incomparable:
    def __hash__(self):
        return 1

    def __eq__(self, other):
        raise ValueError("no comparison")


def test_keys_that_cannot_be_compared_are_the_trainables_fault():
    trainable = Knobbed()
    trainable.stack_key = lambda _: (Incomparable(),)
    with pytest.raises(TrainableError) as error:
        make_stacks(trials_of((Knobs(), 1), (Knobs(), 1)), Estimates(trainable), capacity(1))
    assert str(error.value) == ("trainable 'do_nothing': stack_key().__eq__() raised ValueError: no comparison")


def test_sizes_that_are_chosen_fit_into_memory_too():
    trials = trials_of((Knobs(per_trial=RECURRENT, trial_bytes=1), 10))
    assert max(sizes(make_stacks(trials, ESTIMATES, capacity(2, 5)))) == 5
    assert max(sizes(make_stacks(trials, ESTIMATES, capacity(2, 4)))) == 4


def test_costs_that_no_float_can_sum_lose_no_trial():
    trials = trials_of((Knobs(cost=1e307, per_trial=RECURRENT), 100))
    assert sum(sizes(make_stacks(trials, ESTIMATES, capacity(2)))) == 100


def test_the_quickstart_on_two_workers():
    study = load_study(QUICKSTART)
    estimates = Estimates(study.trainable)
    trials = sorted(study.trials, key=lambda trial: -estimates.cost(trial.cell.config))
    stacks = make_stacks(trials, estimates, capacity(2, 4 * 10**9))
    found: dict[str, list[int]] = {}
    for stack in stacks:
        (variant,) = stack.trials[0].cell.variants
        found.setdefault(variant, []).append(len(stack.trials))
    num_seeds = len(study.file.seed_list())
    assert found.pop("full_attention") == [1] * num_seeds
    assert found.keys() == {"ssm_only", "amor_oracle", "amor_entropy"}
    assert all(sum(each) == num_seeds for each in found.values())
    assert max(map(max, found.values())) > 1
    assert end_of(stacks, 2) < simulate([estimates.cost(trial.cell.config) for trial in trials], 2).time
