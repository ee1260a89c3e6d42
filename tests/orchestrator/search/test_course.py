"""Laws of a search's course: whatever interrupts it, it ends as if nothing had."""

import itertools
from dataclasses import replace

import pytest
from courses import KilledError, World, score
from hypothesis import given, settings
from hypothesis import strategies as st
from searching import the_search

from orchestrator.errors import ExecutionError
from orchestrator.search.course import Known, course, fresh_seeds
from orchestrator.search.judging import Train, trials_for
from orchestrator.trainables.contract import TrialStatus
from results_store.records import CandidateState

TEXT = """
name: s
trainable: do_nothing
seeds: 4
base: {{spread: 0.3, epochs: {epochs}}}
search:
  sampler: {{name: {sampler}, seed: 1}}
  parameters:
    value: {{type: float, low: -3.0, high: 3.0}}
  objectives:
    - {{metric: score, direction: maximize}}
  max_trials: {max_trials}
  round_size: {round_size}
  replicates: 3
  pruning: {pruning}
  confirm: {{top: 2, seeds: 2}}
"""
RACING = "{method: racing, first_seeds: 1, keep: 0.5}"
HALVING = "{method: halving, first_epochs: 1, factor: 2}"


def a_search(sampler="tpe", max_trials=10, round_size=4, pruning="null", epochs=8):
    return the_search(
        TEXT.format(sampler=sampler, max_trials=max_trials, round_size=round_size, pruning=pruning, epochs=epochs)
    )


def poor(trial):
    return trial.cell.config.value < -2 and trial.seed == 1


searches = st.builds(
    a_search,
    sampler=st.sampled_from(["random", "tpe", "nsga2", "qmc"]),
    max_trials=st.integers(1, 12),
    round_size=st.integers(1, 5),
    pruning=st.sampled_from(["null", RACING, HALVING]),
)


@settings(max_examples=25, deadline=None)
@given(search=searches, kills=st.lists(st.integers(0, 14), max_size=6))
def test_a_search_that_is_killed_anywhere_ends_like_one_that_is_not(search, kills):
    undisturbed, world = World(fails=poor), World(fails=poor)
    expected = undisturbed.run(search)
    for steps in kills:
        try:
            world.run(search, steps=steps)
        except KilledError:
            continue
    assert world.run(search) == expected
    assert world.record() == undisturbed.record()
    assert set(world.confirmed) == set(undisturbed.confirmed)
    assert world.stored == undisturbed.stored


@pytest.mark.parametrize("pruning", ["null", RACING, HALVING])
def test_every_single_moment_of_being_killed(pruning):
    search = a_search(pruning=pruning, max_trials=6, round_size=3)
    undisturbed = World(fails=poor)
    undisturbed.run(search)
    for steps in itertools.count():
        world = World(fails=poor)
        try:
            world.run(search, steps=steps)
        except KilledError:
            world.run(search)
            assert world.record() == undisturbed.record(), steps
        else:
            assert steps > 8
            return


@settings(max_examples=15, deadline=None)
@given(search=searches, raised=st.lists(st.integers(1, 12), min_size=1, max_size=3))
def test_raising_max_trials_goes_on_as_if_it_had_been_so_from_the_start(search, raised):
    section = search.section
    world, whole = World(), World()
    for max_trials in sorted([section.max_trials, *raised]):
        larger = the_search_with(search, max_trials)
        world.run(larger)
    whole.run(larger)
    assert [row[:3] for row in world.record()] == [row[:3] for row in whole.record()]
    assert world.told == whole.told


def the_search_with(search, max_trials):
    return replace(search, section=search.section.model_copy(update={"max_trials": max_trials}))


def test_nothing_is_trained_twice_and_a_finished_search_asks_for_nothing():
    search, world = a_search(), World()
    summary = world.run(search)
    trained = list(world.trained)
    assert len(trained) == len(set(trained)) == 10 * 3 + 2 * 2
    assert world.run(search) == summary
    assert world.trained == trained


def test_what_was_asked_keeps_its_parameters_whatever_would_be_proposed_now():
    search, world = a_search(sampler="random", max_trials=4), World()
    other, elsewhere = a_search(sampler="qmc", max_trials=4), World()
    with pytest.raises(KilledError):
        elsewhere.run(other, steps=2)
    world.asked = dict(elsewhere.asked)
    world.run(search)
    assert [row[1] for row in world.record()] == [
        dict(entry.candidate.parameters) for entry in elsewhere.asked.values()
    ]
    assert all(judged.outcome.state is CandidateState.COMPLETED for judged in world.told.values())


def test_a_failed_or_diverged_replicate_fails_its_candidate():
    search = a_search(sampler="qmc", max_trials=8)
    world = World(fails=poor, diverges=lambda trial: trial.cell.config.value > 2 and trial.seed == 2)
    world.run(search)
    for number, entry in world.asked.items():
        value = entry.candidate.cell.config.value
        expected = CandidateState.COMPLETED if -2 <= value <= 2 else CandidateState.FAILED
        assert world.told[number].outcome.state is expected
    assert {judged.outcome.state for judged in world.told.values()} == {CandidateState.COMPLETED, CandidateState.FAILED}


def test_told_values_are_the_mean_over_the_replicates():
    search, world = a_search(), World()
    world.run(search)
    for number, entry in world.asked.items():
        values = [score(trial) for trial in trials_for(search, entry.candidate, (0, 1, 2))]
        assert world.told[number].outcome.values == pytest.approx((sum(values) / 3,))


def test_racing_gives_the_rest_of_the_seeds_to_the_better_half_of_each_round():
    search, world = a_search(pruning=RACING, max_trials=8, sampler="random"), World()
    world.run(search)
    for first in (0, 4):
        of_round = range(first, first + 4)
        after_one = {number: score(trials_for(search, world.asked[number].candidate, (0,))[0]) for number in of_round}
        best = sorted(of_round, key=lambda number: -after_one[number])[:2]
        assert {number for number in of_round if world.told[number].seeds == (0, 1, 2)} == set(best)
        assert {n for n in of_round if world.told[n].outcome.state is CandidateState.PRUNED} == set(of_round) - set(
            best
        )
    assert len(world.trained) == 8 + 4 * 2 + 2 * 2, "the others' other seeds are never trained"


def test_halving_trains_few_candidates_long():
    search, world = a_search(pruning=HALVING, max_trials=4, sampler="random", epochs=8), World()
    world.run(search)
    lengths = [length for _, length in world.trained]
    assert lengths.count(1) == 4 * 3
    assert lengths.count(2) == 2 * 3
    assert lengths.count(None) == 1 * 3 + 1 * 2, "one is left; it alone can be confirmed"
    states = [judged.outcome.state for judged in world.told.values()]
    assert states.count(CandidateState.PRUNED) == 3
    assert states.count(CandidateState.COMPLETED) == 1


def test_halving_does_not_cut_where_training_has_ended():
    search, world = a_search(pruning=HALVING, max_trials=4, sampler="random", epochs=8), World()
    late = search.section.pruning.model_copy(update={"first_epochs": 8})
    world.run(replace(search, section=search.section.model_copy(update={"pruning": late})))
    assert all(length is None for _, length in world.trained)
    assert {judged.outcome.state for judged in world.told.values()} == {CandidateState.COMPLETED}


def test_what_was_withdrawn_is_trained_again_and_judged_anew():
    search, world = a_search(), World()
    world.run(search)
    before = dict(world.told)
    chosen = trials_for(search, world.asked[3].candidate, (0,))[0]
    del world.stored[chosen.trial_id, None]
    world.trained.clear()
    world.unsound = {3}
    world.run(search)
    assert world.trained == [(chosen.trial_id, None)]
    assert world.told == before, "the same bits come to the same"
    del world.stored[chosen.trial_id, None]
    world.fails = lambda trial: trial.trial_id == chosen.trial_id
    world.run(search)
    assert world.told[3].outcome.state is CandidateState.FAILED
    assert all(world.told[number] == before[number] for number in before if number != 3)


def test_a_round_is_judged_as_a_whole_where_one_of_its_trials_is_withdrawn():
    """Another value of one candidate may bring it, and not another, beyond the barrier."""
    search, world = a_search(pruning=RACING, max_trials=4, sampler="random"), World()
    world.run(search)
    pruned = [number for number in range(4) if world.told[number].outcome.state is CandidateState.PRUNED]
    kept = [number for number in range(4) if number not in pruned]
    first = trials_for(search, world.asked[pruned[0]].candidate, (0,))[0]
    world.stored[first.trial_id, None] = (TrialStatus.COMPLETED, {"score": 100.0})  # as it comes out on a good machine
    world.unsound = {pruned[0]}
    world.run(search)
    assert world.told[pruned[0]].outcome.state is CandidateState.COMPLETED
    assert [world.told[number].outcome.state for number in kept].count(CandidateState.PRUNED) == 1


def test_one_that_failed_stays_told():
    search, world = a_search(sampler="qmc", max_trials=8), World(fails=poor)
    world.run(search)
    failed = [number for number, judged in world.told.items() if judged.outcome.state is CandidateState.FAILED]
    assert failed
    world.trained.clear()
    world.fails = lambda trial: False
    world.run(search)
    assert not world.trained
    assert all(world.told[number].outcome.state is CandidateState.FAILED for number in failed)


@pytest.mark.parametrize("constraint", ["", "constraints: [{metric: score, at_most: -100.0}]"])
def test_without_anything_to_confirm_there_are_no_winners(constraint):
    text = TEXT.format(sampler="tpe", max_trials=4, round_size=2, pruning="null", epochs=0)
    several = "objectives:\n    - {metric: score, direction: maximize}\n    - {parameter: value, direction: minimize}"
    text = text.replace("objectives:\n    - {metric: score, direction: maximize}", several)
    search = the_search(text.replace("  max_trials", f"  {constraint}\n  max_trials"))
    world = World(fails=lambda trial: not constraint)
    summary = world.run(search)
    assert summary.winners == ()
    assert len(world.told) == 4


def test_winners_are_confirmed_on_seeds_that_the_search_has_not_used():
    search, world = a_search(), World()
    summary = world.run(search, study_seeds=(0, 1, 2, 3))
    best = sorted(world.told, key=lambda number: -world.told[number].outcome.values[0])[:2]
    assert summary.winners == tuple(best)
    assert [seeds for _, seeds in world.confirmed] == [(3, 4), (3, 4)]


@given(used=st.integers(1, 5), study=st.lists(st.integers(0, 20), unique=True, max_size=8), number=st.integers(1, 9))
def test_fresh_seeds_are_fresh_and_the_studys_first(used, study, number):
    search = replace(a_search(), replicate_seeds=tuple(range(used)))
    seeds = fresh_seeds(search, study, number)
    assert len(seeds) == len(set(seeds)) == number
    assert not set(seeds) & set(range(used))
    others = [seed for seed in study if seed >= used][:number]
    assert list(seeds[: len(others)]) == others


def test_fresh_seeds_are_seeds():
    search = replace(a_search(), replicate_seeds=(2**63 - 1, 0))
    assert fresh_seeds(search, (2**63 - 1, 0), 3) == (1, 2, 3)


def test_a_candidate_that_makes_another_configuration_now_is_an_error():
    search, world = a_search(max_trials=2), World()
    world.run(search)
    known = [
        Known(number=one.number, parameters=one.parameters, cell_id="0" * 32, judged=one.judged)
        for one in world.known()
    ]
    with pytest.raises(ExecutionError, match=r"candidate 0 .* another configuration than when it was recorded"):
        next(course(search, known))


def test_an_exhausted_space_ends_the_search():
    text = TEXT.format(sampler="tpe", max_trials=50, round_size=4, pruning="null", epochs=0)
    search = the_search(text.replace("low: -3.0, high: 3.0", "low: -3.0, high: 3.0, step: 1.0"))
    world = World()
    summary = world.run(search)
    assert "exhausted" in summary.ended
    assert sorted(entry.candidate.parameters["value"] for entry in world.asked.values()) == [-3, -2, -1, 0, 1, 2, 3]
    assert len(summary.outcomes) == 7
    num_trained = len(world.trained)
    assert world.run(search) == summary
    assert len(world.trained) == num_trained


def test_the_course_waits_for_a_whole_round():
    """All of a round is wanted at once: stacks and workers are filled, and no order of endings can matter."""
    running = course(a_search(), [])
    asked = next(running)
    assert len(asked.entries) == 4
    wanted = next(running)
    assert isinstance(wanted, Train)
    assert len(wanted.trials) == 12
