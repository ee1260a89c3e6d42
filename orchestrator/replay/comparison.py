"""Compares two runs of one trial bit for bit."""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from orchestrator.replay.run import Metrics, Run
from results_store.records import Value


@dataclass(frozen=True, kw_only=True)
class Pair:
    """One number of the record beside that of the replay; None where there is none.

    Attributes:
        name: the metric, or `status`.
        epoch: the epoch that it belongs to; None: the end of the trial.
    """

    name: str
    epoch: int | None
    recorded: Value
    replayed: Value

    @property
    def is_identical(self) -> bool:
        """Whether every bit is equal: 0.0 is not -0.0, and all NaN are one."""
        recorded, replayed = self.recorded, self._replayed_as_stored()
        if isinstance(recorded, float) and isinstance(replayed, float):
            return _bits(recorded) == _bits(replayed) or (math.isnan(recorded) and math.isnan(replayed))
        return type(recorded) is type(replayed) and recorded == replayed

    @property
    def ulps(self) -> int | None:
        """How many floats lie between the two, plus one; 0 for 0.0 and -0.0. None where one is no finite float."""
        recorded, replayed = self.recorded, self._replayed_as_stored()
        if not (isinstance(recorded, float) and isinstance(replayed, float)):
            return None
        if not (math.isfinite(recorded) and math.isfinite(replayed)):
            return None
        return abs(_rank(recorded) - _rank(replayed))

    def _replayed_as_stored(self) -> Value:
        """In a column of floats, whole numbers are floats; a column has one type for all rows of a file."""
        if isinstance(self.recorded, float) and isinstance(self.replayed, int):
            return float(self.replayed)
        return self.replayed


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What two runs of one trial have in common, and what not.

    A metric that is None in both is a pair too; the store does not tell None from a metric that was not reported.

    Attributes:
        pairs: every value of the epochs that both have, in their order, then the status and the metrics of the end.
        epochs: the epochs that both have.
        epochs_missing_in_record: epochs that only the replay has.
        epochs_missing_in_replay: epochs that only the record has.
    """

    pairs: tuple[Pair, ...]
    epochs: tuple[int, ...]
    epochs_missing_in_record: tuple[int, ...]
    epochs_missing_in_replay: tuple[int, ...]

    @property
    def differences(self) -> list[Pair]:
        """The pairs that differ."""
        return [pair for pair in self.pairs if not pair.is_identical]

    @property
    def is_identical(self) -> bool:
        """Whether nothing differs and no epoch is missing on either side."""
        return not (self.differences or self.epochs_missing_in_record or self.epochs_missing_in_replay)

    @property
    def num_metrics(self) -> int:
        """How many metrics of the end were compared."""
        return sum(pair.epoch is None for pair in self.pairs) - 1  # the status is none

    @property
    def num_epoch_values(self) -> int:
        """How many values of epochs were compared."""
        return sum(pair.epoch is not None for pair in self.pairs)


def compare(recorded: Run, replayed: Run) -> Comparison:
    """Compares every metric of every epoch and of the end."""
    return Comparison(
        pairs=tuple(_pairs(recorded, replayed)),
        epochs=tuple(epoch for epoch in recorded.epochs if epoch in replayed.epochs),
        epochs_missing_in_record=tuple(epoch for epoch in replayed.epochs if epoch not in recorded.epochs),
        epochs_missing_in_replay=tuple(epoch for epoch in recorded.epochs if epoch not in replayed.epochs),
    )


def _pairs(recorded: Run, replayed: Run) -> Iterator[Pair]:
    for epoch, metrics in recorded.epochs.items():
        if epoch in replayed.epochs:
            yield from _pairs_of(metrics, replayed.epochs[epoch], epoch)
    yield Pair(name="status", epoch=None, recorded=recorded.trial.status, replayed=replayed.trial.status)
    yield from _pairs_of(recorded.trial.metrics, replayed.trial.metrics, None)


def _pairs_of(recorded: Metrics, replayed: Metrics, epoch: int | None) -> Iterator[Pair]:
    for name in dict.fromkeys([*replayed, *recorded]):
        yield Pair(name=name, epoch=epoch, recorded=recorded.get(name), replayed=replayed.get(name))


def _bits(value: float) -> bytes:
    return struct.pack("<d", value)


def _rank(value: float) -> int:
    """The place of a finite float among all of them in order, from 0 at 0.0."""
    magnitude: int = struct.unpack("<q", struct.pack("<d", abs(value)))[0]
    return -magnitude if value < 0 else magnitude
