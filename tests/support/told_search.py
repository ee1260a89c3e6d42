"""A search as it stands in a store: candidates that were told, winners that were confirmed, and all of their trials."""

import dataclasses
import math
import random
from datetime import UTC, datetime, timedelta

from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution, distribution_to_json

from results_store.records import CandidateRecord, MetricInfo, Provenance, SubmissionRecord, TrialRecord
from results_store.search import SearchConstraint, SearchInfo, SearchObjective

START = datetime(2026, 1, 1, tzinfo=UTC)
SEARCH_SEEDS, CONFIRM_SEEDS = (0, 1, 2), tuple(range(100, 110))
GATE, SCALE, RATE, TOP_K, LENGTH = (
    "model.gate.name",
    "model.gate.scale",
    "model.gate.target_rate",
    "model.attention.top_k",
    "task.noise_length",
)
RANGES = {
    GATE: CategoricalDistribution(["entropy", "oracle", "random"]),
    SCALE: FloatDistribution(1.0, 30.0, log=True),
    RATE: FloatDistribution(0.02, 0.5),
    TOP_K: IntDistribution(1, 32, log=True),
    LENGTH: IntDistribution(10, 150, step=10),
}
ACCURACY, GATE_RATE = "validation_retrieval_accuracy", "validation_gate_rate"
OBJECTIVES = (
    SearchObjective(name=ACCURACY, kind="metric", direction="maximize"),
    SearchObjective(name=GATE_RATE, kind="metric", direction="minimize"),
    SearchObjective(name=LENGTH, kind="parameter", direction="maximize"),
)
METRICS = tuple(
    MetricInfo(name=f"{split}_{name}", unit="fraction", title=f"{title}{name.replace('_', ' ')}")
    for split, title in (("test", ""), ("validation", "validation "))
    for name in ("retrieval_accuracy", "gate_rate")
)


def info(num_objectives=2, variants=("searched",), search_id="5" * 32, ranges=None, **changes):
    fields = {
        "search_id": search_id,
        "variants": variants,
        "parameters": {name: distribution_to_json(found) for name, found in (ranges or RANGES).items()},
        "objectives": OBJECTIVES[:num_objectives],
        "constraints": (SearchConstraint(metric=GATE_RATE, at_most=0.4),),
        "sampler": {"name": "tpe", "seed": 0},
        "max_trials": 1000,
        "round_size": 8,
        "seeds": SEARCH_SEEDS,
        "pruning": {"method": "racing", "first_seeds": 1, "keep": 0.5},
        "confirm": {"top": 3, "seeds": len(CONFIRM_SEEDS)},
    }
    return SearchInfo(**{**fields, **changes})


def records(of, num_candidates=64, *, study="gates", confirm=(), world=None, start=0):
    """The rows of a search and of its trials; about one candidate in five fails or is pruned.

    Args:
        of: What the study records of it.
        num_candidates: How many were asked for; all are told.
        study: The study that confirms.
        confirm: Numbers of candidates that are confirmed.
        world: From a candidate's parameters to accuracy and gate rate; a plausible one if left out.
        start: Tells the trials of one search from those of another.
    """
    draw = random.Random(start)
    for number in range(num_candidates):
        parameters = _parameters(draw)
        accuracy, rate = (world or _world)(parameters)
        fate = "completed" if world is not None else _fate(draw.random())
        seeds = SEARCH_SEEDS[:1] if fate == "pruned" else SEARCH_SEEDS
        of_seeds = {seed: (accuracy, rate) if world else _noisy(draw, accuracy, rate) for seed in seeds}
        fields = _candidate(of, number, parameters, seeds, start)
        yield CandidateRecord(event="asked", **fields, recorded_at=_moment(number))
        for seed, metrics in of_seeds.items():
            failed = fate == "failed" and seed == 1
            yield _trial(fields, seed, metrics, "diverged" if failed else "completed")
        outcome = {"state": fate, "reason": "" if fate == "completed" else f"{fate} with $\\frac{{\x1b[2J"}
        if fate == "completed":
            values = [math.fsum(found) / len(found) for found in zip(*of_seeds.values(), strict=True)]
            values.append(float(parameters[LENGTH]))
            outcome["objective_values"] = values[: len(of.objectives)]
            outcome["violations"] = [values[1] - 0.4][: len(of.constraints)]
        yield CandidateRecord(event="told", **fields, **outcome, recorded_at=_moment(number, told=True))
        if number in confirm:
            fields = _candidate(of, number, parameters, CONFIRM_SEEDS, start)
            yield CandidateRecord(event="confirmed", study=study, **fields, recorded_at=_moment(number, told=True))
            for seed in CONFIRM_SEEDS:
                yield _trial(fields, seed, _noisy(draw, accuracy - 0.03, rate), "completed")


def submission(*infos, study="gates", **changes):
    fields = {
        "submission_id": f"{study}-1", "study": study, "submitted_at": START, "file_name": "gates.yaml",
        "file_text": "schema_version: 1\n", "trainable": "amor", "trainable_version": 1, "metrics": METRICS,
        "members": [], "searches": [dataclasses.asdict(of) for of in infos],
    }  # fmt: skip
    return SubmissionRecord(**{**fields, **changes})


def publish(store, *infos, study="gates", num_candidates=64, confirm=(), world=None, **changes):
    """Publishes a study with these searches, or with the usual one, and all that came of them."""
    infos = infos or (info(),)
    store.publish([submission(*infos, study=study, **changes)])
    for start, of in enumerate(infos):
        found = list(records(of, num_candidates, study=study, confirm=confirm, world=world, start=start))
        for kind in (CandidateRecord, TrialRecord):
            if rows := [record for record in found if isinstance(record, kind)]:
                store.publish(rows)


def _parameters(draw):
    found = {}
    for name, wanted in RANGES.items():
        if isinstance(wanted, CategoricalDistribution):
            found[name] = draw.choices(wanted.choices, weights=[3, 1, 1])[0]
        elif name != SCALE or found[GATE] == "entropy":
            low, high = (math.log(wanted.low), math.log(wanted.high)) if wanted.log else (wanted.low, wanted.high)
            drawn = draw.uniform(low, high)
            drawn = min(max(math.exp(drawn), wanted.low), wanted.high) if wanted.log else drawn
            if isinstance(wanted, IntDistribution):
                drawn = wanted.low + round((drawn - wanted.low) / wanted.step) * wanted.step
            found[name] = drawn
    return found


def _world(parameters):
    rate = parameters[RATE] * (1 + 0.1 * math.sin(parameters[TOP_K]))
    skill = {"entropy": 1.0, "oracle": 1.05, "random": 0.5}[parameters[GATE]]
    return 0.35 + 0.6 * skill * (1 - math.exp(-6 * rate)) - parameters[LENGTH] / 1000, rate


def _fate(chance):
    return "failed" if chance < 0.06 else "pruned" if chance < 0.2 else "completed"


def _noisy(draw, accuracy, rate):
    return min(1.0, max(0.0, accuracy + draw.gauss(0, 0.02))), min(1.0, max(0.0, rate + draw.gauss(0, 0.005)))


def _candidate(of, number, parameters, seeds, start):
    config = {}
    for name, value in parameters.items():
        *path, leaf = name.split(".")
        part = config
        for key in path:
            part = part.setdefault(key, {})
        part[leaf] = value
    return {
        "search_id": of.search_id, "round_index": number // 8, "candidate": number,
        "cell_id": f"{start:016x}{number:016x}", "parameters": parameters, "config": config,
        "point": f"candidate {number}", "seeds": list(seeds),
        "trial_ids": [f"{start:08x}{number:012x}{seed:012x}" for seed in seeds],
        "objective_names": [objective.name for objective in of.objectives],
        "objective_directions": [objective.direction for objective in of.objectives],
    }  # fmt: skip


def _trial(candidate, seed, metrics, status):
    provenance = Provenance(
        git_commit=None, git_dirty=None, source_hash="s", versions={}, host="host", cpu="cpu", threads=1,
        finished_at=START,
    )  # fmt: skip
    trial_id = candidate["trial_ids"][candidate["seeds"].index(seed)]
    values = {f"{split}_{name}": value for split in ("test", "validation")
              for name, value in zip(("retrieval_accuracy", "gate_rate"), metrics, strict=True)}  # fmt: skip
    return TrialRecord(
        trial_id=trial_id, attempt_id=trial_id, trainable="amor", trainable_version=1, seed=seed, status=status,
        config=candidate["config"], metrics=values, duration_s=1.0, stack_size=1, provenance=provenance,
    )  # fmt: skip


def _moment(number, *, told=False):
    return START + timedelta(minutes=10 * (number // 8) + 9 * told)
