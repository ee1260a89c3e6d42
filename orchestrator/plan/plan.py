"""What a submit would do: which trials are done, which are to be run, in what stacks, and for how long."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from orchestrator.plan.forecast import Forecast
from orchestrator.study.schema import Claim
from orchestrator.study.study import Study, Trial
from orchestrator.trainables.loading import asking

ALPHA = 0.05
"""The level at which claims are decided."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A study against a store.

    Attributes:
        study: what is asked for.
        done: ids of its trials that are in the store.
        shared: ids of its trials that other studies of the store have too.
        to_run: the trials to train, longest first.
        left_out: trials that are missing too, but that `--only` leaves alone.
        cpu_hours: predicted CPU time of `to_run`, from past trials; None without any.
        warnings: what the user should know beforehand.
    """

    study: Study
    done: frozenset[str]
    shared: frozenset[str]
    to_run: tuple[Trial, ...]
    left_out: tuple[Trial, ...]
    cpu_hours: float | None
    warnings: tuple[str, ...]

    def stacks(self, size: int) -> list[tuple[Trial, ...]]:
        """The trials to run, grouped into stacks of at most `size` that may be trained together."""
        groups: dict[object, list[Trial]] = {}
        for trial in self.to_run:
            with asking(self.study.trainable, "stack_key"):
                key = self.study.trainable.stack_key(trial.cell.config)
                hash(key)
            groups.setdefault(trial.trial_id if key is None else ("stack", key), []).append(trial)
        stacks = [
            tuple(group[start : start + size]) for group in groups.values() for start in range(0, len(group), size)
        ]
        order = {trial.trial_id: index for index, trial in enumerate(self.to_run)}
        return sorted(stacks, key=lambda stack: order[stack[0].trial_id])


def make_plan(
    study: Study,
    *,
    done: Collection[str],
    shared: Collection[str],
    forecast: Forecast,
    source_hashes: Mapping[str, int],
    only: Sequence[str] = (),
) -> Plan:
    """Plans a study.

    Args:
        study: the study.
        done: ids of its trials that are in the store.
        shared: ids of its trials that other studies have too.
        forecast: predicts durations.
        source_hashes: number of the store's trials by source hash, for this trainable and version, with the
            present source among them (at least 0).
        only: variants to run; all if empty.
    """
    finished = frozenset(done)
    missing = [trial for trial in study.trials if trial.trial_id not in finished]
    wanted = [trial for trial in missing if not only or set(only) & set(trial.cell.variants)]
    chosen = {trial.trial_id for trial in wanted}
    with asking(study.trainable, "cost"):
        costs = {cell.cell_id: float(study.trainable.cost(cell.config)) for cell in study.cells}
    to_run = sorted(wanted, key=lambda trial: -costs[trial.cell.cell_id])
    seconds = forecast.total_s([(trial.cell.leaves(), costs[trial.cell.cell_id]) for trial in to_run])
    return Plan(
        study=study,
        done=finished,
        shared=frozenset(shared),
        to_run=tuple(to_run),
        left_out=tuple(trial for trial in missing if trial.trial_id not in chosen),
        cpu_hours=None if seconds is None else seconds / 3600,
        warnings=(*_source_warnings(study, source_hashes), *_seed_warnings(study)),
    )


def _source_warnings(study: Study, source_hashes: Mapping[str, int]) -> list[str]:
    if len(source_hashes) < 2:
        return []
    counts = ", ".join(f"{count} from {source}" for source, count in sorted(source_hashes.items()) if count)
    return [
        f"trainable {study.trainable.name!r} version {study.trainable.version} has changed its source since trials "
        f"were stored ({counts}); if numbers changed, raise the version"
    ]


def _seed_warnings(study: Study) -> list[str]:
    """With n paired seeds no p-value lies below 2^-n; Holm's correction multiplies the smallest by the family size."""
    families: dict[str, list[Claim]] = {}
    for claim in study.file.claims:
        families.setdefault(claim.family or study.name, []).append(claim)
    num_seeds = len(study.file.seed_list())
    warnings = []
    for family, claims in families.items():
        needed = math.ceil(math.log2(len(claims) / ALPHA))
        if num_seeds < needed:
            warnings.append(
                f"{_many(num_seeds, 'seed')} cannot support {_many(len(claims), 'claim')} of family {family!r}: the "
                f"smallest corrected p-value is {min(1.0, len(claims) * 2.0**-num_seeds):.2g}; take {needed} or more"
            )
    return warnings


def _many(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
