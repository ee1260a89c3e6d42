"""Generating data by a task's name, and keeping it for the next trial."""

import threading
from collections.abc import Callable, Hashable, Mapping
from typing import Any

from numpy.typing import NDArray

from amor_models.configuration import NeedleHaystackTask, SimpleRetrievalTask, TaskConfig
from amor_models.tasks.dataset import Dataset
from amor_models.tasks.needle_haystack import generate_needle_haystack
from amor_models.tasks.simple_retrieval import generate_simple_retrieval

_GENERATORS: dict[str, Callable[..., Dataset]] = {
    "simple_retrieval": generate_simple_retrieval,
    "needle_haystack": generate_needle_haystack,
}


def generate(name: str, *, size: int, seed: int, **parameters: Any) -> Dataset:
    """Generates a data set.

    Args:
        name: "simple_retrieval" or "needle_haystack".
        size: number of sequences.
        seed: seed of the single Mersenne Twister from which everything is drawn; 0 is a seed.
        **parameters: the task's parameters, see `generate_simple_retrieval`, `generate_needle_haystack`.

    Raises:
        ValueError: for a task that does not exist.
    """
    if name not in _GENERATORS:
        raise ValueError(f"there is no task {name!r}; the tasks are {', '.join(_GENERATORS)}")
    return _GENERATORS[name](size=size, seed=seed, **parameters)


CACHE_BYTES = 100_000_000
"""Of generated data at most that a process keeps: of the paper's tasks, for about eight seeds."""


class DataCache:
    """Data sets by what they were generated from, the longest unused forgotten first; safe to share among threads.

    Args:
        max_bytes: of arrays at most that are kept; a larger data set is generated whenever it is asked for.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._kept: dict[Hashable, Dataset] = {}
        self._lock = threading.Lock()

    def get(self, name: str, *, size: int, seed: int, parameters: Mapping[str, Any]) -> Dataset:
        """The data set, with read-only arrays."""
        key = (name, size, seed, tuple(sorted(parameters.items())))
        with self._lock:
            dataset = self._kept.pop(key, None)
            if dataset is None:
                dataset = generate(name, size=size, seed=seed, **parameters)
                for array in _arrays(dataset):
                    array.flags.writeable = False  # shared by all trials of this process
            self._kept[key] = dataset  # the last, as the latest used
            while self.num_bytes > self._max_bytes:
                del self._kept[next(iter(self._kept))]
            return dataset

    @property
    def num_bytes(self) -> int:
        """Bytes of the arrays kept."""
        return sum(array.nbytes for dataset in self._kept.values() for array in _arrays(dataset))


def _arrays(dataset: Dataset) -> list[NDArray[Any]]:
    return [array for array in vars(dataset).values() if array is not None]


_CACHE = DataCache(CACHE_BYTES)


def dataset_of(task: TaskConfig, *, size: int, seed: int) -> Dataset:
    """The data set of a configured task, kept for the next trial (up to `CACHE_BYTES`); its arrays are read-only."""
    parameters: dict[str, Any]
    if isinstance(task, SimpleRetrievalTask):
        parameters = {
            "local_order": task.local_order,
            "retrieval_distance_range": task.retrieval_distance_range,
            "retrieval_prob": task.retrieval_prob,
        }
    else:
        assert isinstance(task, NeedleHaystackTask)
        parameters = {
            "noise_length_range": task.noise_range,
            "impossible_query_prob": task.impossible_query_prob,
        }
    parameters |= {"seq_length": task.seq_length, "vocab_size": task.vocab_size}
    return _CACHE.get(task.name, size=size, seed=seed, parameters=parameters)
