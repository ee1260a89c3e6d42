"""Two processes that take turns: one trains our stacks, the other the baseline.

Each is as its users would have it (ours after `prepare_worker`, which changes how the process gets its memory; the
baseline in an ordinary process with one thread), and only one of them computes at any time.
"""

import multiprocessing
import time
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

import torch

from amor_models.evaluation.split import Split
from amor_models.randomness import Streams
from amor_models.tasks import dataset_of
from amor_models.training import StackTraining, TrialSetup, prepare_worker
from benchmarks.cases import Case, balance
from benchmarks.operations import shares_of_time
from benchmarks.plain import PlainTraining, build_plain
from benchmarks.products import MultiplyAdds, sgemm_gflops

DATA_SEED = 42


class PlainLane:
    """Trains the baseline."""

    def __init__(self) -> None:
        torch.set_num_threads(1)

    def build(self, case: Case) -> None:
        """Gets a case ready."""
        config = case.config()
        torch.manual_seed(0)
        data = Split.of(dataset_of(config.task, size=config.task.num_train, seed=DATA_SEED))
        weight, rate = balance(config)
        self.training = PlainTraining(
            build_plain(case.model, vocab_size=config.total_vocab_size),
            data.tokens,
            data.needs_retrieval,
            batch_size=config.training.batch_size,
            learning_rate=config.training.learning_rate,
            weight_decay=config.training.weight_decay,
            max_grad_norm=config.training.max_grad_norm,
            balance_weight=weight,
            target_rate=rate,
        )

    def epoch_s(self) -> float:
        """Trains one epoch; seconds that it took."""
        started_s = time.perf_counter()
        self.training.train_epoch()
        return time.perf_counter() - started_s


class OurLane:
    """Trains our stacks."""

    def __init__(self) -> None:
        prepare_worker()

    def build(self, case: Case, stack_sizes: tuple[int, ...]) -> None:
        """Gets stacks of all sizes ready; their trials share data and differ in seed, as replicates do."""
        config = case.config()
        setups = [
            TrialSetup(key=str(seed), config=config, streams=Streams(seed, {"train_data": DATA_SEED}))
            for seed in range(max(stack_sizes))
        ]
        # The training's own steps, without the evaluation after each epoch: the baseline has none.
        self.trainings = {size: StackTraining(setups[:size]) for size in stack_sizes}

    def epoch_s(self, stack_size: int) -> float:
        """Trains one epoch of one stack; seconds that it took."""
        training = self.trainings[stack_size]
        started_s = time.perf_counter()
        training.train_epoch()
        return time.perf_counter() - started_s

    def epoch_madds(self, stack_size: int) -> int:
        """Trains one epoch and counts the multiply-adds of its matrix products."""
        with MultiplyAdds() as counter:
            self.epoch_s(stack_size)
        total: int = counter.total
        return total

    def shares_of_time(self, stack_size: int) -> dict[str, float]:
        """Trains one epoch under the profiler; see `operations.shares_of_time`."""
        return shares_of_time(self.trainings[stack_size].train_epoch)

    def sgemm_gflops(self, shape: tuple[int, int, int]) -> float:
        """Speed of a matrix product now."""
        return sgemm_gflops(shape)


def _serve(lane_class: type, connection: Connection) -> None:
    lane = lane_class()
    while (call := connection.recv()) is not None:
        name, arguments = call
        try:
            connection.send((getattr(lane, name)(*arguments), None))
        except Exception as error:  # told in the process that asked
            connection.send((None, f"{type(error).__name__}: {error}"))
            raise


class Lane:
    """A lane in a process of its own: `call` waits for the answer."""

    def __init__(self, lane_class: type) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, other = context.Pipe()
        self._process = context.Process(target=_serve, args=(lane_class, other), daemon=True)
        self._process.start()
        other.close()

    def call(self, name: str, *arguments: Any) -> Any:
        """Calls a method of the lane.

        Raises:
            RuntimeError: it raised.
        """
        self._connection.send((name, arguments))
        answer, problem = self._connection.recv()
        if problem is not None:
            raise RuntimeError(f"{name}: {problem}")
        return answer

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process.is_alive():
            self._connection.send(None)
            self._process.join(timeout=10)
        self._process.terminate()
