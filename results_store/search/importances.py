"""How much each parameter of a search matters for each objective: two methods of Optuna, side by side.

PED-ANOVA asks which parameters tell the best candidates from the others: for being good, and it handles parameters
that are searched in some places only. fANOVA fits a random forest to all candidates and asks which parameters explain
the differences between them, bad ones included; it knows only parameters that every candidate has.

Both look at candidates that a sampler chose, not at evenly spread ones: they tell where to look, they prove nothing.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from results_store.search.history import SearchHistory
from results_store.search.info import SearchObjective
from results_store.search.optuna_study import optuna_study, quiet_optuna

if TYPE_CHECKING:
    from optuna import Study
    from optuna.importance import BaseImportanceEvaluator
    from optuna.trial import FrozenTrial

__all__ = [
    "Importance",
    "ImportanceMethod",
    "importance_notes",
    "importances",
    "method_notes",
    "most_important_first",
    "result_notes",
]

MIN_COMPLETED = 10
"""Completed candidates below which no importance is told."""

_BEST_SHARE, _MIN_BEST = 0.1, 5
"""PED-ANOVA takes the best tenth for good ones, and no fewer than Optuna recommends."""

_FOREST_DEPTH = 7
"""Optuna's own 64 takes 4 s at 300 candidates and 39 s at 1,000; up to here 2 s, and shares differ by a few percent."""

_SEED = 0


class ImportanceMethod(StrEnum):
    """How importances are assessed."""

    PED_ANOVA = "PED-ANOVA"
    FANOVA = "fANOVA"


@dataclass(frozen=True, kw_only=True)
class Importance:
    """The importances of all parameters for one objective by one method.

    Attributes:
        objective: The objective, a metric.
        method: How they were assessed.
        shares: By parameter its share of the importance of all, which sum to 1; a parameter that the method cannot
            assess is absent. Empty where there is a reason.
        reason: Why there is no importance at all, for people; empty where there is.
        num_candidates: The completed candidates that it rests on.
        num_best: Those that count as good ones; None for fANOVA.
    """

    objective: SearchObjective
    method: ImportanceMethod
    shares: Mapping[str, float]
    reason: str = ""
    num_candidates: int
    num_best: int | None = None


def importances(history: SearchHistory) -> list[Importance]:
    """The importances for every objective that is a metric, by both methods; the same each time.

    Raises:
        StoreError: What the store holds of the search makes no sense.
    """
    study = optuna_study(history)
    found = []
    for index, objective in enumerate(history.info.objectives):
        if objective.is_metric:
            found.append(_ped_anova(study, history, index))
            found.append(_fanova(study, history, index))
    return found


def _ped_anova(study: Study, history: SearchHistory, index: int) -> Importance:
    from optuna.importance import PedAnovaImportanceEvaluator

    sign = -1.0 if history.info.objectives[index].direction == "maximize" else 1.0
    losses = sorted(sign * candidate.values[index] for candidate in history.completed)
    num_best, reason = 0, _too_little(losses)
    evaluator = None
    if not reason:
        quantile = max(_BEST_SHARE, _MIN_BEST / len(losses))
        cutoff = losses[math.ceil(quantile * len(losses)) - 1]
        num_best = sum(loss <= cutoff for loss in losses)
        if num_best == len(losses):
            # Optuna would call all parameters equally important.
            reason = "no candidate is worse than the best ones, which are as good as each other"
        evaluator = PedAnovaImportanceEvaluator(target_quantile=quantile)
    return _assessed(
        study, history, index, ImportanceMethod.PED_ANOVA, evaluator, reason=reason, sign=sign, num_best=num_best
    )


def _fanova(study: Study, history: SearchHistory, index: int) -> Importance:
    from optuna.importance import FanovaImportanceEvaluator

    reason = _too_little([candidate.values[index] for candidate in history.completed])
    if not reason and not _always_active(history):
        reason = "there is no parameter that every candidate has"
    evaluator = FanovaImportanceEvaluator(seed=_SEED, max_depth=_FOREST_DEPTH)
    return _assessed(study, history, index, ImportanceMethod.FANOVA, evaluator, reason=reason)


def _assessed(
    study: Study,
    history: SearchHistory,
    index: int,
    method: ImportanceMethod,
    evaluator: BaseImportanceEvaluator | None,
    *,
    reason: str,
    sign: float = 1.0,
    num_best: int | None = None,
) -> Importance:
    def target(trial: FrozenTrial) -> float:
        return sign * float(trial.values[index])

    parameters = _ever_active(history) if method is ImportanceMethod.PED_ANOVA else _always_active(history)
    raw: dict[str, float] = {}
    if not reason and evaluator is not None:
        with quiet_optuna(), warnings.catch_warnings():
            # It says of every target that low values are taken for good ones.
            warnings.filterwarnings("ignore", message=".*computes the importances of params to achieve low.*")
            try:
                found = evaluator.evaluate(study, params=parameters, target=target)
            except RuntimeError:  # every tree of the forest is a stump
                found = {}
        raw = {name: max(0.0, float(value)) for name, value in found.items()}
    total = math.fsum(raw.values())
    if not reason and not (total > 0 and math.isfinite(total)):
        reason, raw = "no parameter makes a difference that the method sees", {}
    return Importance(
        objective=history.info.objectives[index],
        method=method,
        shares={name: raw[name] / total for name in parameters if name in raw},
        reason=reason,
        num_candidates=len(history.completed),
        num_best=None if method is ImportanceMethod.FANOVA else num_best,
    )


def _too_little(values: Sequence[float]) -> str:
    if len(values) < MIN_COMPLETED:
        candidates = "candidate is" if len(values) == 1 else "candidates are"
        return f"{len(values)} {candidates} completed; importances take at least {MIN_COMPLETED}"
    if min(values) == max(values):
        return f"all {len(values)} completed candidates have the same value"
    return ""


def _ever_active(history: SearchHistory) -> list[str]:
    met = {name for candidate in history.completed for name in candidate.parameters}
    return [name for name in history.info.parameters if name in met]


def _always_active(history: SearchHistory) -> list[str]:
    completed = history.completed
    return [
        name
        for name in history.info.parameters
        if completed and all(name in candidate.parameters for candidate in completed)
    ]


def most_important_first(history: SearchHistory, found: Sequence[Importance]) -> list[str]:
    """The parameters, the most important one first: by the sum over all that was assessed."""
    sums = dict.fromkeys(history.info.parameters, 0.0)
    for importance in found:
        for name, share in importance.shares.items():
            sums[name] += share
    return sorted(sums, key=lambda name: -sums[name])


def importance_notes(history: SearchHistory, found: Sequence[Importance]) -> list[str]:
    """Sentences on what importances are and rest on, and why some are missing."""
    return [*method_notes(found), *result_notes(history, found)]


def method_notes(found: Sequence[Importance]) -> list[str]:
    """Sentences on what importances are."""
    given = [importance for importance in found if not importance.reason]
    notes = []
    if any(importance.method is ImportanceMethod.PED_ANOVA for importance in given):
        notes.append(
            "PED-ANOVA: how far a parameter tells the best candidates (a tenth, at least 5) from all completed ones."
        )
    if any(importance.method is ImportanceMethod.FANOVA for importance in given):
        notes.append("fANOVA: the share of a random forest's variance that a parameter alone explains.")
    if given:
        notes.append("Each is a share of the importance of all parameters, estimated from what the sampler chose.")
    return notes


def result_notes(history: SearchHistory, found: Sequence[Importance]) -> list[str]:
    """Sentences on what the importances of a search rest on, and why some are missing."""
    notes = [f"{len(history.completed)} of {len(history.candidates)} candidates are completed."]
    reasons = {(importance.objective.name, importance.reason): importance for importance in found if importance.reason}
    for (name, reason), importance in reasons.items():
        both = {other.method for other in found if (other.objective.name, other.reason) == (name, reason)}
        method = "" if len(both) > 1 else f", {importance.method}"
        notes.append(f"{name}{method}: {reason}.")
    partly = [name for name in _ever_active(history) if name not in _always_active(history)]
    if partly and any(importance.shares for importance in found):
        verb = "is" if len(partly) == 1 else "are"
        notes.append(
            f"{', '.join(partly)} {verb} searched in some places only: PED-ANOVA weighs that, fANOVA leaves it out."
        )
    notes += [
        f"{objective.name} is a parameter and an objective itself; its importances are not asked for."
        for objective in history.info.objectives
        if not objective.is_metric
    ]
    return notes
