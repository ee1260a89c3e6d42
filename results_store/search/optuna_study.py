"""A search in Optuna's words: its candidates as finished trials, for Optuna's own analyses and its dashboard."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from results_store.errors import StoreError
from results_store.records import CandidateState
from results_store.search.history import RETRACTED, SearchHistory, ToldCandidate
from results_store.search.info import SearchConstraint
from results_store.text import inert

if TYPE_CHECKING:
    import optuna
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

__all__ = ["distributions", "frozen_trials", "optuna_study", "quiet_optuna"]

_LISTED = "constraints"
"""The trial's system attribute in which Optuna kept the list of its constraints before version 5."""

_UNKNOWN_TIME = datetime.fromtimestamp(0, tz=UTC)


@contextlib.contextmanager
def quiet_optuna() -> Iterator[None]:
    """Optuna announces every study on stderr, and warns of what is experimental."""
    import optuna

    verbosity = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(verbosity)


def distributions(history: SearchHistory) -> dict[str, BaseDistribution]:
    """What each parameter of the search can be, by its dotted key.

    Raises:
        StoreError: What the store holds of them makes no sense.
    """
    from optuna.distributions import json_to_distribution

    found = {}
    for name, text in history.info.parameters.items():
        try:
            found[name] = json_to_distribution(text)
        except Exception:  # Optuna passes on whatever its classes raise
            raise _senseless(history, f"the range of {name!r}") from None
    return found


def frozen_trials(history: SearchHistory, *, for_dashboard: bool = False) -> list[FrozenTrial]:
    """The candidates that were told as trials of Optuna, in the order asked.

    A parameter that is not active is absent. A candidate that was withdrawn is a failed trial. The values of
    confirmation, which the search never sees, stand in `user_attrs` with what identifies the candidate here.

    Args:
        history: The search.
        for_dashboard: Whether constraints are kept as older versions of Optuna kept them: a list without names, the
            only form that optuna-dashboard 0.21 sees, and that Optuna 5 reads, too. The names go to `user_attrs`.

    Raises:
        StoreError: What the store holds of a candidate makes no sense: a value out of its range, say.
    """
    import optuna
    from optuna.trial import TrialState

    states = {
        str(CandidateState.COMPLETED): TrialState.COMPLETE,
        str(CandidateState.FAILED): TrialState.FAIL,
        str(CandidateState.PRUNED): TrialState.PRUNED,
        RETRACTED: TrialState.FAIL,
    }
    ranges = distributions(history)
    trials = []
    for candidate in history.candidates:
        constraints = _constraints(history, candidate)
        is_listed = for_dashboard and bool(constraints)
        attributes = _attributes(history, candidate)
        try:
            trials.append(
                optuna.trial.create_trial(
                    state=states[candidate.state],
                    values=list(candidate.values) or None,
                    params=dict(candidate.parameters),
                    distributions={name: ranges[name] for name in candidate.parameters},
                    user_attrs={**attributes, "constraints": constraints} if is_listed else attributes,
                    system_attrs={_LISTED: list(constraints.values())} if is_listed else None,
                    constraints=None if for_dashboard else constraints,
                )
            )
        except (ValueError, TypeError, LookupError):
            raise _senseless(history, f"candidate {candidate.candidate}") from None
        trials[-1].datetime_start = candidate.asked_at or _UNKNOWN_TIME
        trials[-1].datetime_complete = max(candidate.told_at or _UNKNOWN_TIME, trials[-1].datetime_start)
    return trials


def optuna_study(
    history: SearchHistory, storage: BaseStorage | None = None, *, for_dashboard: bool = False
) -> optuna.Study:
    """The search as a study of Optuna, named like the study, with the variant where there are several searches.

    Args:
        history: The search.
        storage: Where Optuna keeps the study; in memory if left out.
        for_dashboard: As for `frozen_trials`.

    Raises:
        StoreError: What the store holds of it makes no sense.
    """
    import optuna

    trials = frozen_trials(history, for_dashboard=for_dashboard)
    with quiet_optuna():
        study = optuna.create_study(
            study_name=history.name,
            directions=[objective.direction for objective in history.info.objectives],
            storage=storage,
        )
        study.set_metric_names([objective.name for objective in history.info.objectives])
        study.add_trials(trials)
    return study


def _attributes(history: SearchHistory, candidate: ToldCandidate) -> dict[str, Any]:
    attributes: dict[str, Any] = {
        "candidate": candidate.candidate,
        "round": candidate.round_index,
        "cell_id": candidate.cell_id,
        "point": candidate.point,
        "trial_ids": list(candidate.trial_ids),
    }
    if candidate.reason:
        attributes["reason"] = candidate.reason
    if candidate.state == RETRACTED:
        attributes["state"] = RETRACTED
    if candidate.confirmed:
        attributes |= {
            f"confirmed {name}": list(values)
            for name, values in zip(history.confirmed_metrics, candidate.confirmed, strict=True)
        }
    return attributes


def _constraints(history: SearchHistory, candidate: ToldCandidate) -> dict[str, float]:
    """How far each bound is broken, by the bound as people write it."""
    found: dict[str, float] = {}
    for index, violation in enumerate(candidate.violations):
        constraints = history.info.constraints
        name = _bound(constraints[index]) if index < len(constraints) else str(index)
        found[name if name not in found else f"{name} ({index})"] = violation
    return found


def _bound(constraint: SearchConstraint) -> str:
    if constraint.at_most is not None:
        return f"{constraint.metric} <= {constraint.at_most:g}"
    return f"{constraint.metric} >= {constraint.at_least:g}" if constraint.at_least is not None else constraint.metric


def _senseless(history: SearchHistory, what: str) -> StoreError:
    return StoreError(inert(f"what the store holds on {what} of the search of {history.name!r} makes no sense"))
