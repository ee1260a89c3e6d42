"""A worker: trains stacks, one after another, and publishes what came of them."""

import math
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from orchestrator.errors import StopNow, TrainableError, one_line
from orchestrator.trainables.contract import (
    Details,
    Epoch,
    Finished,
    Metric,
    MetricValue,
    Report,
    Trainable,
    TrialSpec,
    TrialStatus,
    Weights,
)
from orchestrator.trainables.loading import load_trainable
from orchestrator.trainables.source import source_hash
from orchestrator.worker.assignment import MAX_CALL_S, Assignment, AttemptTask, Raised, Reply, WorkerSetup
from orchestrator.worker.provenance import host_name, provenance_now
from orchestrator.worker.publisher import Publisher, RecordSink
from orchestrator.worker.weights import weights_file
from results_store import Layout, Store, StoreError
from results_store.records import EntropyRecord, EpochRecord, GateRecord, TrialRecord, Value


class Worker:
    """Runs in one process; `run` is called for one stack at a time."""

    def __init__(self, setup: WorkerSetup, store: Store) -> None:
        self._setup = setup
        self._trainable = load_trainable(setup.trainable)
        self._trainable.prepare_worker()
        self._source_hash = source_hash(self._trainable)
        self._publisher = Publisher(store)

    @property
    def host(self) -> str:
        """The machine's name."""
        return host_name()

    def run_all(self, assignments: Sequence[Assignment]) -> list[Reply]:
        """Runs stacks that were expected to be very short; a reply for each, also for those that are left."""
        begun_s = time.monotonic()
        replies: list[Reply] = []
        for assignment in assignments:
            has_time = not replies or time.monotonic() - begun_s < MAX_CALL_S
            replies.append(self.run(assignment) if has_time else Reply(was_skipped=True))
        return replies

    def run(self, assignment: Assignment) -> Reply:
        """Trains a stack; what the trainable raises, and what the store refuses, stands in the reply."""
        started_s = time.monotonic()
        run = StackRun(assignment, self._trainable, self._setup, self._source_hash, self._publisher)
        raised = None
        try:
            run.train()
        except StopNow:
            raise
        except BaseException as error:  # whatever a trainable raises, also SystemExit, is its trial's failure
            raised = Raised(cause=one_line(error), traceback=_traceback(error), finished=run.finished_attempts())
        duration_s = time.monotonic() - started_s
        try:
            self._publisher.flush() if assignment.publish_at_once else self._publisher.flush_if_due()
        except StoreError as error:
            return Reply(published=self._publisher.take_published(), store_error=str(error))
        return Reply(published=self._publisher.take_published(), duration_s=duration_s, raised=raised)

    def flush(self) -> Reply:
        """Publishes all that was trained."""
        try:
            self._publisher.flush()
        except StoreError as error:
            return Reply(published=self._publisher.take_published(), store_error=str(error))
        return Reply(published=self._publisher.take_published())

    def close(self) -> None:
        """Ends the worker's thread."""
        self._publisher.close()


class StackRun:
    """One stack: checks the trainable's reports against its contract and turns them into records.

    An attempt with `stop_after_epoch` is recorded as pruned at that epoch, with those of the epoch's metrics that a
    finished trial has too, as they are: a NaN there is a measurement, and that a trial diverges is the trainable's to
    say, in a `Finished` report. What is reported on it afterwards is ignored. The trainable is closed once every trial
    of the stack is finished or stopped; so a stack that is trained in lockstep does no work beyond, while one that is
    trained trial by trial is spared the rest of its last trial only.

    Args:
        assignment: the stack.
        trainable: what trains it, prepared for this process.
        setup: what is known of the study and of the source.
        source: the hash of the trainable's source.
        sink: takes the records.
        now_s: a clock that only goes forward.
    """

    def __init__(
        self,
        assignment: Assignment,
        trainable: Trainable,
        setup: WorkerSetup,
        source: str,
        sink: RecordSink,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._tasks = {task.trial_id: task for task in assignment.tasks}
        self._trainable = trainable
        self._setup = setup
        self._source_hash = source
        self._sink = sink
        self._finished: list[str] = []
        self._stopped: set[str] = set()
        self._epochs: set[tuple[str, int]] = set()
        self._weights: dict[str, bytes] = {}
        self._now_s = now_s
        self._shared_until_s = now_s()
        self._share_s = 0.0

    def train(self) -> None:
        """Trains all its trials.

        Raises:
            TrainableError: the trainable breaks its contract.
            BaseException: whatever the trainable raises.
        """
        config_model = self._trainable.config_model
        specs = [
            TrialSpec(
                trial_id=task.trial_id,
                config=config_model.model_validate(task.config),
                seed=task.seed,
                randomness=self._setup.pins,
                save_weights=task.save_weights,
            )
            for task in self._tasks.values()
        ]
        reports = self._trainable.train(specs)
        for report in reports:
            task = self._task_of(report)
            if task.attempt_id not in self._stopped:
                self._take(report, task)
            if self._stopped and len(self._finished) == len(self._tasks):
                _close(reports)
                break
        missing = [task.trial_id for task in self._tasks.values() if task.attempt_id not in self._finished]
        if missing:
            raise TrainableError(f"{self._name} ended without a Finished report for trial {missing[0]}")

    def finished_attempts(self) -> tuple[str, ...]:
        """The attempts whose rows the sink has, also those that were stopped."""
        return tuple(self._finished)

    @property
    def _name(self) -> str:
        return f"trainable {self._trainable.name!r}"

    def _task_of(self, report: Report) -> AttemptTask:
        if not isinstance(report, (Epoch, Details, Weights, Finished)):
            raise TrainableError(f"{self._name} yielded {type(report).__name__}, which is no report")
        task = self._tasks.get(report.trial_id)
        if task is None:
            raise TrainableError(f"{self._name} reported on trial {report.trial_id!r}, which is not in its stack")
        if task.attempt_id in self._finished and task.attempt_id not in self._stopped:
            raise TrainableError(f"{self._name} reported on trial {report.trial_id} after its Finished report")
        return task

    def _take(self, report: Report, task: AttemptTask) -> None:
        match report:
            case Epoch():
                record = EpochRecord(
                    trial_id=task.trial_id,
                    attempt_id=task.attempt_id,
                    epoch=self._new_epoch(report),
                    metrics=self._checked(report.metrics, self._trainable.epoch_metrics),
                )
                self._sink.add_details([record])
                if task.stop_after_epoch is not None and record.epoch >= task.stop_after_epoch:
                    self._stop(task, record.metrics)
            case Details():
                kind = EntropyRecord if report.table == "entropy" else GateRecord
                self._sink.add_details(
                    [kind(trial_id=task.trial_id, attempt_id=task.attempt_id, values=dict(row)) for row in report.rows]
                )
            case Weights():
                if task.attempt_id in self._weights:
                    raise TrainableError(f"{self._name} reported weights of trial {report.trial_id} twice")
                self._weights[task.attempt_id] = weights_file(
                    report.tensors, task=task, trainable=self._trainable, pins=self._setup.pins
                )
            case Finished():
                metrics = self._checked(report.metrics, self._trainable.metrics)
                self._finish(task, self._status(report, metrics), metrics)

    def _stop(self, task: AttemptTask, epoch_metrics: Mapping[str, Value]) -> None:
        declared = {metric.name for metric in self._trainable.metrics}
        self._stopped.add(task.attempt_id)
        self._finish(
            task, TrialStatus.PRUNED, {name: value for name, value in epoch_metrics.items() if name in declared}
        )

    def _new_epoch(self, report: Epoch) -> int:
        epoch = report.epoch
        if not isinstance(epoch, int) or isinstance(epoch, bool):
            raise TrainableError(f"{self._name} reported epoch {epoch!r}, which is no whole number")
        if (report.trial_id, epoch) in self._epochs:
            raise TrainableError(f"{self._name} reported epoch {epoch} of trial {report.trial_id} twice")
        self._epochs.add((report.trial_id, epoch))
        return epoch

    def _checked(self, metrics: Mapping[str, MetricValue], declared: Iterable[Metric]) -> dict[str, MetricValue]:
        """The metrics as plain numbers; a column of the store must hold nothing else."""
        undeclared = metrics.keys() - {metric.name for metric in declared}
        if undeclared:
            raise TrainableError(
                f"{self._name} reported metrics that it does not declare: {', '.join(sorted(undeclared))}"
            )
        return {name: self._number(name, value) for name, value in metrics.items()}

    def _number(self, metric: str, value: Any) -> MetricValue:
        number: Any = value.item() if isinstance(value, np.generic) else value
        is_whole = isinstance(number, int) and not isinstance(number, bool) and abs(number) < 2**63
        if number is None or isinstance(number, float) or is_whole:
            plain: MetricValue = number
            return plain
        raise TrainableError(f"{self._name} reported {metric} = {value!r:.60}; a metric is a float, an int or None")

    def _status(self, report: Finished, metrics: Mapping[str, MetricValue]) -> TrialStatus:
        try:
            status = TrialStatus(report.status)
        except ValueError:
            raise TrainableError(f"{self._name} reported status {report.status!r:.60}") from None
        if status is TrialStatus.COMPLETED and not all(_is_finite(value) for value in metrics.values()):
            return TrialStatus.DIVERGED
        return status

    def _finish(self, task: AttemptTask, status: TrialStatus, metrics: Mapping[str, Value]) -> None:
        weights = self._weights.pop(task.attempt_id, None)
        if status is not TrialStatus.COMPLETED:
            weights = None  # of no model that anybody asked for
        record = TrialRecord(
            trial_id=task.trial_id,
            attempt_id=task.attempt_id,
            trainable=self._trainable.name,
            trainable_version=self._trainable.version,
            seed=task.seed,
            status=status.value,
            config=task.config,
            metrics=metrics,
            duration_s=self._duration_s(),
            stack_size=len(self._tasks),
            provenance=provenance_now(self._setup, self._source_hash),
            weights_file=None if weights is None else Layout.name_of_weights(weights),
        )
        self._finished.append(task.attempt_id)
        if weights is not None:
            self._sink.add_weights(weights)
        self._sink.add_trial(record)

    def _duration_s(self) -> float:
        """What a trial that ends now has had of the stack's time."""
        now_s = self._now_s()
        self._share_s += (now_s - self._shared_until_s) / (len(self._tasks) - len(self._finished))
        self._shared_until_s = now_s
        return self._share_s


def _close(reports: Iterator[Report]) -> None:
    """Ends a training that is not at its end; an iterator that is no generator may have nothing to end."""
    close = getattr(reports, "close", None)
    if close is not None:
        close()


def _traceback(error: BaseException) -> str:
    try:
        return "".join(traceback.format_exception(error))
    except Exception:  # an exception whose text cannot be made
        return "".join(traceback.format_tb(error.__traceback__)) + type(error).__name__


def _is_finite(value: MetricValue) -> bool:
    return value is None or math.isfinite(value)
