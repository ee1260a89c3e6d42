"""One execution of a trial as numbers: the row and the epochs that it left."""

from collections.abc import Mapping
from dataclasses import dataclass

from orchestrator.worker.publisher import DetailRecord
from results_store.records import TrialRecord, Value

Metrics = Mapping[str, Value]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one execution of a trial reported.

    Attributes:
        trial: its row.
        epochs: the metrics of each epoch, in the order of the epochs.
    """

    trial: TrialRecord
    epochs: Mapping[int, Metrics]


@dataclass(frozen=True, kw_only=True)
class ReplayedRun(Run):
    """A run that was made now, with all that is needed to publish it.

    Attributes:
        details: its epochs, entropies and samples of gate decisions.
        weights: the file of its weights, if they were asked for and reported.
    """

    details: tuple[DetailRecord, ...]
    weights: bytes | None


@dataclass(frozen=True, kw_only=True)
class RecordedRun(Run):
    """A run as the store has it.

    Attributes:
        retracted: why its row was withdrawn, empty without a reason; None: it counts.
    """

    retracted: str | None = None
