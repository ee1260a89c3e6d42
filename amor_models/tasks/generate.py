"""Generating data by a task's name, and keeping it for the next trial."""

import functools
from collections.abc import Callable
from typing import Any

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


@functools.lru_cache(maxsize=24)
def _cached(name: str, size: int, seed: int, parameters: tuple[tuple[str, Any], ...]) -> Dataset:
    dataset = generate(name, size=size, seed=seed, **dict(parameters))
    for array in vars(dataset).values():
        if array is not None:
            array.flags.writeable = False  # shared by all trials of this process
    return dataset


def dataset_of(task: TaskConfig, *, size: int, seed: int) -> Dataset:
    """The data set of a configured task, generated once per process and seed; its arrays are read-only."""
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
    return _cached(task.name, size, seed, tuple(sorted(parameters.items())))
