"""Finds out how a recorded trial was trained: by which trainable, with which pinned streams.

A row says neither where its trainable is imported from nor which streams were pinned; the submissions that list the
trial, or whose search has asked for it, hold the study file, which says both. What they say is believed only if it
gives the trial's own id again.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import ValidationError

from orchestrator.document.validation import errors_of
from orchestrator.document.yaml_document import parse_document
from orchestrator.errors import StudyError, TrainableError, UsageError
from orchestrator.identity.identifiers import Pins, trial_ids
from orchestrator.replay.recorded import SHOWN_DIGITS
from orchestrator.study.schema import StudyFile
from orchestrator.study.settings import apply_to_study, parse_settings
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import BUILT_IN, load_trainable
from results_store import Results
from results_store.records import TrialRecord

MAX_REASONS = 3


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train a trial again, beside the configuration and the seed that stand in its row.

    Attributes:
        reference: the trainable as a study file names it.
        trainable: what it is.
        pins: the pinned streams.
    """

    reference: str
    trainable: Trainable
    pins: Pins


class _MismatchError(Exception):
    """A submission does not lead to the trial; its text says why."""


def reconstruct(results: Results, trial: TrialRecord) -> Recipe:
    """How a trial was trained, from the submissions that list it.

    Raises:
        UsageError: none of them gives the trial's id, or what is installed is not what trained it.
    """
    reasons: dict[str, None] = {}
    tried: list[tuple[str, Pins]] = []
    for origin, candidate in _candidates(results, trial, reasons):
        if candidate in tried:
            continue
        tried.append(candidate)
        try:
            return _checked(origin, *candidate, trial)
        except (_MismatchError, TrainableError) as error:
            reasons[str(error)] = None
    if not tried and not reasons:
        reasons["no submission in the store lists it, so nothing tells what trained it"] = None
    text = "; ".join(list(reasons)[:MAX_REASONS])
    raise UsageError(f"trial {trial.trial_id[:SHOWN_DIGITS]} cannot be replayed: {text}")


def _candidates(
    results: Results, trial: TrialRecord, reasons: dict[str, None]
) -> Iterator[tuple[str, tuple[str, Pins]]]:
    """Trainables and pins that may have made the trial, and where they come from; the latest submission first.

    What cannot be read becomes a reason.
    """
    rows = results.sql(
        """
        WITH of_searches AS (SELECT DISTINCT search_id FROM raw.search WHERE list_contains(trial_ids, $trial_id))
        SELECT study, file_text, settings, max(submitted_at) AS latest FROM raw.studies
        WHERE trial_id = $trial_id OR EXISTS (FROM of_searches WHERE contains(studies.searches, search_id))
        GROUP BY study, file_text, settings ORDER BY latest DESC
        """,
        {"trial_id": trial.trial_id},
    ).rows()
    for study, file_text, settings, _ in rows:
        try:
            yield (
                f"with the trainable and the pinned streams of study {study!r}",
                _read_submission(file_text or "", settings or []),
            )
        except (StudyError, ValidationError):
            reasons[f"the file of study {study!r} that lists it cannot be read by this amor"] = None
    if trial.trainable in BUILT_IN:
        yield "without pinned streams (no submission in the store tells of any)", (trial.trainable, {})


def _read_submission(file_text: str, settings: list[str]) -> tuple[str, Pins]:
    """The trainable and the pins of a study as submitted; the rest of the file need not be valid today."""
    document = parse_document(file_text, "the recorded study file")
    data = apply_to_study(document.data, parse_settings(settings).study)
    known = {"schema_version": 1, "name": "study", "seeds": 1}
    known |= {key: data[key] for key in ("schema_version", "trainable", "randomness") if key in data}
    file = StudyFile.model_validate(known)
    return file.trainable, file.pins()


def _checked(origin: str, reference: str, pins: Pins, trial: TrialRecord) -> Recipe:
    """The recipe, if it leads to the trial.

    Args:
        origin: where reference and pins come from, as the beginning of a sentence about what they lead to.
        reference: the trainable as a study file names it.
        pins: the pinned streams.
        trial: the trial's row.

    Raises:
        _MismatchError: it does not.
        TrainableError: the trainable cannot be loaded or asked.
    """
    trainable = load_trainable(reference)
    if trainable.name != trial.trainable:
        raise _MismatchError(
            f"the trainable {reference!r} is called {trainable.name!r} now; it was recorded by {trial.trainable!r}"
        )
    if trainable.version != trial.trainable_version:
        commit = trial.provenance.git_commit
        way = f"check out commit {commit}" if commit else f"install version {trial.trainable_version}"
        raise _MismatchError(
            f"recorded by version {trial.trainable_version} of {trial.trainable!r}; "
            f"installed is version {trainable.version}: {way} to replay it"
        )
    try:
        config = trainable.config_model.model_validate(trial.config)
    except ValidationError as error:
        path, message = next(errors_of(error, trial.config))
        what = ": ".join(filter(None, (".".join(map(str, path)), message)))
        raise _MismatchError(f"the installed {trial.trainable!r} refuses its recorded configuration: {what}") from error
    found = trial_ids(trainable, config, pins, (trial.seed,))[trial.seed]
    if found != trial.trial_id:
        raise _MismatchError(
            f"{origin}, its configuration and seed make trial {found[:SHOWN_DIGITS]}: "
            "they are not what it was trained with"
        )
    return Recipe(reference=reference, trainable=trainable, pins=pins)
