"""Proposals are a pure function of the search and what was told, for every sampler that is offered."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import qmc
from searching import grow, the_search

from orchestrator.search.candidates import CandidateState, Outcome, told
from orchestrator.search.propose import MAX_ATTEMPTS, MAX_ATTEMPTS_OF_GP, _Round, propose

MIXED = """
trainable: do_nothing
search:
  sampler: {name: NAME, seed: 3}
  parameters:
    value: {type: float, low: -3.0, high: 3.0}
    spread: {type: float, low: 0.25, high: 4.0, log: true}
    epochs: {type: int, low: 1, high: 16}
    sleep_s: {type: categorical, choices: [0.0, 1.0, 2.0]}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 60
  round_size: 4
"""
CONDITIONAL = MIXED.replace("high: 16}", "high: 16, when: {sleep_s: [1.0, 2.0]}}")
FINITE = """
trainable: do_nothing
search:
  sampler: {name: NAME, seed: 3}
  parameters:
    value: {type: float, low: 0.0, high: 0.3, step: 0.1}
    epochs: {type: int, low: 1, high: 5, step: 2}
    sleep_s: {type: categorical, choices: [0.0, 1.0]}
  fixed: [{value: 0.3, epochs: 5, sleep_s: 1.0}]
  objectives: [{metric: score, direction: maximize}]
  max_trials: 60
  round_size: 5
"""
SEVERAL = "objectives: [{metric: score, direction: maximize}, {parameter: value, direction: minimize}]\n  constraints: [{metric: score, at_most: 1.0}]"
GENETIC = "{name: nsga2, population_size: 6, seed: 3}"


def several(text):
    return text.replace("objectives: [{metric: score, direction: maximize}]", SEVERAL)


TEXTS = {
    "random": MIXED.replace("NAME", "random"),
    "tpe": MIXED.replace("NAME", "tpe"),
    "qmc": MIXED.replace("NAME", "qmc"),
    "nsga2": MIXED.replace("{name: NAME, seed: 3}", GENETIC),
    "tpe, several": several(MIXED.replace("NAME", "tpe")),
    "nsga2, several": several(MIXED.replace("{name: NAME, seed: 3}", GENETIC)),
    "random, conditional": CONDITIONAL.replace("NAME", "random"),
    "tpe, conditional": CONDITIONAL.replace("NAME", "tpe"),
    "tpe, several, conditional": several(CONDITIONAL.replace("NAME", "tpe")),
    "tpe, finite": FINITE.replace("NAME", "tpe"),
    "qmc, finite": FINITE.replace("NAME", "qmc"),
}
NUM_ROUNDS = 5


def parameters_of(proposals):
    return [dict(candidate.parameters) for candidate in proposals.candidates]


@pytest.fixture(scope="module")
def grown():
    """Every search, grown round by round in this process."""
    return {name: (the_search(text), *grow(the_search(text), NUM_ROUNDS)) for name, text in TEXTS.items()}


FRESH = """
import json, sys
from searching import grow, the_search
texts = json.load(sys.stdin)
print(json.dumps({name: [dict(told.parameters) for told in grow(the_search(text), int(sys.argv[1]))[0]] for name, text in texts.items()}))
"""


@pytest.mark.parametrize("hash_seed", ["0", "77"])
def test_a_fresh_process_with_other_hashes_proposes_the_same(grown, hash_seed):
    search_path = os.pathsep.join([os.environ["PYTHONPATH"], str(Path.cwd())])
    done = subprocess.run(
        [sys.executable, "-c", FRESH, str(NUM_ROUNDS)],
        input=json.dumps(TEXTS),
        env=os.environ | {"PYTHONHASHSEED": hash_seed, "PYTHONPATH": search_path},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == {
        name: [dict(candidate.parameters) for candidate in history] for name, (_, history, _) in grown.items()
    }
    assert done.stderr == ""


@pytest.mark.parametrize("name", TEXTS)
def test_a_resumed_search_proposes_what_the_undisturbed_one_would(grown, name):
    """Killed in any round, any number of times: the round is asked again from the record alone, written as JSON."""
    _, history, rounds = grown[name]
    history = [replace(told, parameters=json.loads(json.dumps(told.parameters))) for told in history]
    for round_index in (NUM_ROUNDS - 1, 0, 2, 2):
        known = [candidate for candidate in history if candidate.round_index < round_index]
        again = propose(the_search(TEXTS[name]), known, round_index)
        assert parameters_of(again) == parameters_of(rounds[round_index])
        assert [c.cell.cell_id for c in again.candidates] == [c.cell.cell_id for c in rounds[round_index].candidates]


@pytest.mark.parametrize("name", TEXTS)
def test_neither_max_trials_nor_the_order_of_the_file_decides_what_is_proposed(grown, name):
    search, history, rounds = grown[name]
    text = TEXTS[name].replace("max_trials: 60", "max_trials: 9")
    lines = text.splitlines()
    first = next(index for index, line in enumerate(lines) if line.startswith("    value:"))
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    other = the_search("\n".join(lines))
    assert other.search_id == search.search_id
    known = [candidate for candidate in history if candidate.round_index < 3]
    assert parameters_of(propose(other, known, 3)) == parameters_of(rounds[3])


@pytest.mark.parametrize("name", TEXTS)
def test_candidates_are_distinct_and_within_their_ranges(grown, name):
    search, history, _ = grown[name]
    assert len({candidate.cell_id for candidate in history}) == len(history)
    for candidate in history:
        for parameter in search.space.parameters:
            if parameter.name in candidate.parameters:
                assert parameter.domain.contains(candidate.parameters[parameter.name])
            else:
                assert parameter.when is not None
                assert candidate.parameters["sleep_s"] == 0.0


@pytest.mark.parametrize("name", ["random", "tpe", "nsga2", "qmc"])
def test_another_seed_and_another_round_give_other_candidates(name):
    text = TEXTS[name]
    one, other = the_search(text), the_search(text.replace("seed: 3", "seed: 4"))
    assert one.search_id != other.search_id
    assert parameters_of(propose(one, [], 0)) != parameters_of(propose(other, [], 0))
    assert parameters_of(propose(one, [], 0)) != parameters_of(propose(one, [], 1)) or name == "qmc"


outcomes = st.lists(
    st.one_of(
        st.just(Outcome(state=CandidateState.FAILED)),
        st.just(Outcome(state=CandidateState.PRUNED)),
        st.floats(-1e6, 1e6).map(
            lambda value: Outcome(state=CandidateState.COMPLETED, values=(value, -value), violations=(value,))
        ),
    ),
    min_size=12,
    max_size=12,
)


@settings(deadline=None, max_examples=15)
@given(outcomes, st.sampled_from(["tpe, several", "nsga2, several", "tpe, several, conditional"]))
def test_whatever_is_told_the_same_history_gives_the_same_round(outcomes, name):
    search = the_search(TEXTS[name])
    history = []
    for round_index in range(3):
        proposals = propose(search, history, round_index)
        told_now = outcomes[4 * round_index : 4 * round_index + 4]
        history += told(proposals.candidates, told_now, round_index)
    assert parameters_of(propose(search, history, 3)) == parameters_of(
        propose(the_search(TEXTS[name]), list(history), 3)
    )


@pytest.mark.parametrize("name", ["random", "tpe", "qmc", "nsga2"])
def test_a_finite_space_is_searched_whole_and_then_ends(name):
    """Every configuration once: all duplicates are replaced, also at the very end."""
    search = the_search(FINITE.replace("NAME", name))
    history, rounds = grow(search, 5)
    assert dict(history[0].parameters) == {"value": 0.3, "epochs": 5, "sleep_s": 1.0}
    found = [tuple(candidate.parameters[key] for key in ("value", "epochs", "sleep_s")) for candidate in history]
    assert sorted(found) == [(v, e, s) for v in (0.0, 0.1, 0.2, 0.3) for e in (1, 3, 5) for s in (0.0, 1.0)]
    assert [len(proposals.candidates) for proposals in rounds] == [5, 5, 5, 5, 4]
    assert [proposals.ended for proposals in rounds[:4]] == [None] * 4
    assert rounds[4].ended == "the space is exhausted: all its 24 valid configurations are candidates"
    assert propose(search, history, 5).candidates == ()
    assert sum(proposals.num_duplicates for proposals in rounds) > 0


def test_fixed_points_come_first_also_over_several_rounds():
    points = [f"{{value: {value}, spread: 1.0, epochs: 2, sleep_s: 0.0}}" for value in (1.0, -1, 0.5, 2, 3)]
    text = TEXTS["tpe"].replace("objectives:", f"fixed: [{', '.join(points)}]\n  objectives:")
    history, _ = grow(the_search(text), 2)
    assert [candidate.parameters["value"] for candidate in history[:5]] == [1.0, -1.0, 0.5, 2.0, 3.0]
    assert history[5].parameters["spread"] != 1.0


def test_configurations_that_the_trainable_refuses_are_replaced():
    search = the_search("""
base: {task: {name: simple_retrieval}, model: {name: amor, d_model: 24}}
search:
  sampler: {name: random}
  parameters:
    model.num_heads: {type: int, low: 1, high: 12}
  objectives: [{metric: validation_accuracy, direction: maximize}]
  max_trials: 20
  round_size: 10
""")
    proposals = propose(search, [], 0)
    assert sorted(c.parameters["model.num_heads"] for c in proposals.candidates) == [1, 2, 3, 4, 6, 8, 12]
    assert proposals.num_invalid > 0
    assert "all its 7 valid configurations" in proposals.ended


def test_different_values_that_are_one_configuration_are_one_candidate():
    """Without a balance weight the target rate changes nothing: the trainable's normal form says so."""
    search = the_search("""
base: {task: {name: simple_retrieval}, model: {name: amor}, training: {balance_weight: 0.0}}
search:
  sampler: {name: random}
  parameters:
    model.gate.target_rate: {type: float, low: 0.1, high: 0.5, step: 0.1}
    model.attention.top_k: {type: int, low: 1, high: 2}
  objectives: [{metric: validation_accuracy, direction: maximize}]
  max_trials: 20
""")
    proposals = propose(search, [], 0)
    assert sorted(c.parameters["model.attention.top_k"] for c in proposals.candidates) == [1, 2]
    assert "all its 2 valid configurations" in proposals.ended


def test_qmc_walks_one_sobol_sequence_through_all_rounds():
    """The first 32 points of a Sobol sequence have one in each 32nd of every axis; any other choice has gaps."""
    text = """
trainable: do_nothing
search:
  sampler: {name: qmc}
  parameters:
    spread: {type: float, low: 0.0, high: 1.0}
    value: {type: float, low: 0.0, high: 1.0}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 32
  round_size: 4
"""
    history, rounds = grow(the_search(text), 8)
    assert all(proposals.num_duplicates == 0 for proposals in rounds)
    points = np.array([[told.parameters["spread"], told.parameters["value"]] for told in history])
    for column in points.T:
        assert sorted((column * 32).astype(int)) == list(range(32))
    assert qmc.discrepancy(points) < 0.01


def score(search, candidate):
    distance = abs(candidate.parameters["value"] - 1.5) + abs(candidate.parameters["spread"] - 1.0)
    return Outcome(state=CandidateState.COMPLETED, values=(-distance,))


@pytest.mark.parametrize(("name", "num_rounds"), [("tpe", 15), ("nsga2", 40)])
def test_samplers_learn_from_what_is_told(name, num_rounds):
    """If nothing reached the sampler, its later candidates would be as far from the best point as its first."""
    history, _ = grow(the_search(TEXTS[name]), num_rounds, score)
    values = [candidate.outcome.values[0] for candidate in history]
    assert np.mean(values[-20:]) > np.mean(values[:20]) + 0.5


def test_nsga2_breeds_from_parents_once_its_population_is_full():
    """A child takes each value from a parent, or mutates it; random points would share no float with any other."""
    history, _ = grow(the_search(TEXTS["nsga2"]), 6, score)
    firsts, rest = history[:8], history[8:]
    known = {candidate.parameters["value"] for candidate in firsts}
    assert len(known) == 8
    assert sum(candidate.parameters["value"] in known for candidate in rest) >= len(rest) / 2


def test_constraints_steer_the_sampler():
    """TPE keeps to where the constraint holds, although the objective is better elsewhere."""
    text = TEXTS["tpe"].replace("max_trials", "constraints: [{metric: score, at_most: 0.0}]\n  max_trials")

    def tempted(search, candidate):
        value = candidate.parameters["value"]
        return Outcome(state=CandidateState.COMPLETED, values=(value,), violations=(value,))

    history, _ = grow(the_search(text), 12, tempted)
    free, _ = grow(
        the_search(TEXTS["tpe"]),
        12,
        lambda search, candidate: Outcome(state=CandidateState.COMPLETED, values=(candidate.parameters["value"],)),
    )
    means = [np.mean([c.parameters["value"] for c in found[-24:]]) for found in (history, free)]
    assert abs(means[0]) < 0.75
    assert means[1] > 1.5


GAUSSIAN = """
trainable: do_nothing
search:
  sampler: {name: gp, seed: 3}
  parameters: {value: {type: float, low: -3.0, high: 3.0}}
  objectives: [{metric: score, direction: maximize}]
  max_trials: 60
  round_size: 12
"""
ONE_MORE = """
import sys
from dataclasses import replace
from pathlib import Path
from searching import grow, the_search
from orchestrator.search.propose import propose
from orchestrator.search.candidates import CandidateState, Outcome
text = sys.stdin.read()
judge = lambda _, c: Outcome(state=CandidateState.COMPLETED, values=(-abs(c.parameters["value"] - 1.0),))
history, _ = grow(the_search(text), 1, judge)
proposals = propose(the_search(text.replace("round_size: 12", "round_size: 2")), history, 1)
print([c.parameters["value"] for c in proposals.candidates])
"""


def test_a_gaussian_process_proposes_the_same_in_every_process():
    """It is fitted by an optimiser on torch's numbers, so processes are compared bit for bit, past its random start."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], str(Path.cwd())])}
    found = [
        subprocess.run(
            [sys.executable, "-c", ONE_MORE],
            input=GAUSSIAN,
            env=environment | {"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "77")
    ]
    assert found[0] == found[1]
    assert all(abs(value - 1.0) < 0.5 for value in json.loads(found[0]))


def test_a_gaussian_process_computes_on_one_thread_and_leaves_the_others_their_number():
    import torch

    search, before = the_search(GAUSSIAN), torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        seen = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(_Round, "propose", lambda _: seen.append(torch.get_num_threads()))
            propose(search, [], 0)
        assert seen == [1]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("name", "most"), [("gp", MAX_ATTEMPTS_OF_GP), ("tpe", MAX_ATTEMPTS)])
def test_a_sampler_that_repeats_itself_is_asked_so_many_times(name, most):
    """Then a point is drawn at random; gp, which takes seconds to repeat itself, is given up earlier."""
    search = the_search(FINITE.replace("NAME", name).replace("round_size: 5", "round_size: 2"))
    asked = []

    def stubborn(trial, parameter):
        asked.append(parameter.name)
        return search.fixed[0][parameter.name]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("orchestrator.search.propose.suggest", stubborn)
        proposals = propose(search, [], 0)
    assert [dict(c.parameters) == search.fixed[0] for c in proposals.candidates] == [True, False]
    assert proposals.num_duplicates == most
    assert asked.count("value") == most + 2, "and is told of both candidates, which it has not proposed"


def test_optuna_says_nothing_and_its_verbosity_stays(capfd):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.INFO)
    propose(the_search(TEXTS["qmc"]), [], 0)
    assert capfd.readouterr().err == ""
    assert optuna.logging.get_verbosity() == optuna.logging.INFO


def test_judged_histories_have_every_outcome(grown):
    """So that the laws above are about failed and pruned candidates, too."""
    states = {candidate.outcome.state for _, history, _ in grown.values() for candidate in history}
    assert states == set(CandidateState)
