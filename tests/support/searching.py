"""Searches for tests: a study file's section checked against small surroundings, and a world that judges candidates."""

import math

from orchestrator.document.changes import flatten
from orchestrator.document.problems import Problem
from orchestrator.document.yaml_document import parse_document
from orchestrator.search.candidates import Outcome, told
from orchestrator.search.checks import check_search
from orchestrator.search.propose import propose
from orchestrator.space.grid import parse_grid
from orchestrator.space.layers import Layers, Variant
from orchestrator.study.settings import parse_settings
from orchestrator.trainables.loading import load_trainable
from results_store.records import CandidateState


def check(text, settings=()):
    """The searches of a study file, and its problems, one line each."""
    document = parse_document(text, "study.yaml")
    problems = []

    def report(path, message):
        key = ".".join(map(str, path))
        at_key = message.startswith(("unknown key", "no configuration has", "no variant uses"))
        position = document.key_position(path) if at_key else document.value_position(path)
        problems.append(str(Problem(source="study.yaml", position=position, key=key, message=message)))

    data = document.data
    surroundings = Layers(
        trainable=load_trainable(data.get("trainable", "amor")),
        base=tuple(flatten(data.get("base", {}), ("base",))),
        variants=tuple(
            Variant(name=name, changes=tuple(flatten(changes, ("variants", name))))
            for name, changes in data.get("variants", {"base": {}}).items()
        ),
        grid=parse_grid(data.get("grid", {}), report),
        settings=parse_settings(settings).configuration,
        pins=data.get("randomness", {}),
        seeds=tuple(range(data.get("seeds", 3))),
    )
    return check_search(data["search"], surroundings, report).searches, problems


def the_search(text, settings=()):
    """The one search of a valid study file."""
    (search,), problems = check(text, settings)
    assert problems == []
    return search


def judge(search, candidate):
    """What came of a candidate: depends on its parameters only; some fail, some are pruned."""
    numbers = [
        float(value) if isinstance(value, (int, float)) else len(str(value)) for value in candidate.parameters.values()
    ]
    level = sum((index + 1) * math.sin(number) for index, number in enumerate(numbers))
    if level > 2.5:
        return Outcome(state=CandidateState.FAILED, reason="diverged")
    if level < -2.5:
        return Outcome(state=CandidateState.PRUNED)
    return Outcome(
        state=CandidateState.COMPLETED,
        values=tuple(level * (index + 1) for index in range(len(search.section.objectives))),
        violations=tuple(level - 1 for _ in search.section.constraints),
    )


def grow(search, num_rounds, judge=judge):
    """A search from its first round on: everything told, and each round's proposals."""
    history, rounds = [], []
    for round_index in range(num_rounds):
        proposals = propose(search, history, round_index)
        rounds.append(proposals)
        outcomes = [judge(search, candidate) for candidate in proposals.candidates]
        history += told(proposals.candidates, outcomes, round_index)
    return history, rounds
