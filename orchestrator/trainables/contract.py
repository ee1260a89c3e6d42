"""The contract between amor and what it trains.

A trainable trains a *stack*: one or more trials of equal shape, as one program. It yields reports as it goes; amor
gives the trials to workers, publishes the reports, retries what is lost and decides what counts as done.

    class Line(Trainable):
        name = "line"
        version = 1
        config_model = LineConfig            # a pydantic model: validates and documents `base`
        metrics = (Metric(name="test_loss", unit="", direction="minimize", title="Test loss", description="…"),)

        def train(self, trials):
            for trial in trials:
                yield Finished(trial_id=trial.trial_id, metrics={"test_loss": …})

A study names it as `trainable: package.module:Line`.
"""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

from numpy.typing import NDArray
from pydantic import BaseModel

MetricValue = float | int | None


class TrialStatus(StrEnum):
    """How a trial that was trained ended."""

    COMPLETED = "completed"
    DIVERGED = "diverged"
    PRUNED = "pruned"


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number that a trainable reports.

    Attributes:
        name: the column's name in SQL.
        unit: "fraction" (shown as percent), "nats", "count", "s", or "" for none.
        direction: what is better, or None where neither is.
        title: the column's heading in tables.
        description: one sentence.
        is_of_test_split: whether it is measured on data that a search must not see; always so of `test_…`.
    """

    name: str
    unit: str = ""
    direction: Literal["maximize", "minimize"] | None = None
    title: str = ""
    description: str = ""
    is_of_test_split: bool = False


@dataclass(frozen=True, kw_only=True)
class TrialSpec:
    """One trial as a trainable sees it.

    Attributes:
        trial_id: names the trial in reports.
        config: an instance of the trainable's `config_model`.
        seed: the replicate's seed.
        randomness: pinned streams: a raw seed, or `{"offset": n}` plus the trial's seed; the others are the
            trainable's to derive from the seed.
        save_weights: whether a `Weights` report is wanted (see `Trainable.saves_weights`).
    """

    trial_id: str
    config: BaseModel
    seed: int
    randomness: Mapping[str, int | Mapping[str, int]] = field(default_factory=dict)
    save_weights: bool = False


@dataclass(frozen=True, kw_only=True)
class Epoch:
    """Metrics of one epoch of one trial; published in batches while the trial runs."""

    trial_id: str
    epoch: int
    metrics: Mapping[str, MetricValue]


@dataclass(frozen=True, kw_only=True)
class Finished:
    """The final metrics of one trial; None where a metric is undefined. NaN or infinity mark it as diverged."""

    trial_id: str
    metrics: Mapping[str, MetricValue]
    status: TrialStatus = TrialStatus.COMPLETED


@dataclass(frozen=True, kw_only=True)
class Details:
    """Rows for `STORE/entropy/` or `STORE/gates/`: binned entropies, and sample sequences with gate decisions."""

    trial_id: str
    table: Literal["entropy", "gates"]
    rows: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, kw_only=True)
class Weights:
    """The trained weights of one trial, for `STORE/weights/`: NumPy arrays by name, kept if the trial completes.

    At most once per trial, before its `Finished`; the arrays must not change afterwards.
    """

    trial_id: str
    tensors: Mapping[str, NDArray[Any]]


Report = Epoch | Finished | Details | Weights


class Trainable(ABC):
    """What trains a stack of trials; see the module's docstring.

    Attributes:
        name: enters the identity of every trial.
        version: enters the identity; raised when the meaning of a field or the arithmetic changes.
        config_model: pydantic model of the configuration; unions are told apart by a discriminator.
        metrics: the metrics of `Finished` reports; a metric not listed here is refused.
        epoch_metrics: the metrics of `Epoch` reports.
        streams: names of the random streams that a study may pin.
        source_packages: packages beside its own whose source it depends on (provenance).
    """

    name: ClassVar[str]
    version: ClassVar[int]
    config_model: ClassVar[type[BaseModel]]
    metrics: ClassVar[Sequence[Metric]]
    epoch_metrics: ClassVar[Sequence[Metric]] = ()
    streams: ClassVar[Sequence[str]] = ()
    source_packages: ClassVar[Sequence[str]] = ()

    @abstractmethod
    def train(self, trials: Sequence[TrialSpec]) -> Iterator[Report]:
        """Trains a stack and yields, for every trial, any number of `Epoch` and `Details` and one `Finished`.

        Where a trial's weights are wanted (`TrialSpec.save_weights`), `Weights` come before its `Finished`.

        A trial's numbers must depend on its configuration, seed and randomness only: not on the worker, the order of
        execution or its stack-mates. An exception fails the whole stack; its members are then tried alone.

        The generator may be closed at an `Epoch` report, when nobody wants to know more of any trial of the stack. So a
        stack whose trials are stopped early saves most if they report each epoch together.
        """

    def identity(self, config: Any) -> BaseModel:
        """The configuration in normal form: what does not change the result is at its default. Idempotent."""
        normal: BaseModel = config
        return normal

    def saves_weights(self, config: Any) -> bool:  # noqa: ARG002
        """Whether this configuration asks for the trained weights to be kept; then `TrialSpec.save_weights` is set.

        The field that asks for it changes no result: `identity` puts it to its default, and it should be declared with
        `Field(exclude=True)`, so that it is not recorded as a part of the configuration either.
        """
        return False

    def stack_key(self, config: Any) -> Hashable | None:  # noqa: ARG002
        """Trials with equal keys may be trained in one stack; None: this trial is trained alone."""
        return None

    def cost(self, config: Any) -> float:  # noqa: ARG002
        """Expected training time in arbitrary units, 0 or more: orders trials longest first and scales forecasts."""
        return 1.0

    def stack_cost(self, config: Any, stack_size: int) -> float:
        """Expected time of training a whole stack of `stack_size` trials like this one, in the units of `cost`.

        Stacks get the size with the least time per trial; of a stack whose members differ, the longest estimate
        counts. By default stacking gains nothing, and every trial is trained alone.
        """
        return stack_size * self.cost(config)

    def num_epochs(self, config: Any) -> int | None:  # noqa: ARG002
        """How many `Epoch` reports a trial makes: no search cuts where nothing is left to train. None: unknown."""
        return None

    def memory_bytes(self, config: Any, stack_size: int) -> int:  # noqa: ARG002
        """Peak resident memory, in bytes, of a worker process that trains a stack of `stack_size` trials like this one.

        Bounds the size of stacks, so it must not fall while `stack_size` grows. 0: unknown, nothing is bounded.
        """
        return 0

    def prepare_worker(self) -> None:  # noqa: B027
        """Called once in every worker process before its first stack, for example to set thread counts."""
