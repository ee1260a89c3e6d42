"""The synthetic tasks: data with labels."""

from amor_models.tasks.dataset import Dataset
from amor_models.tasks.generate import CACHE_BYTES, dataset_of, generate
from amor_models.tasks.needle_haystack import emitted_pairs, surviving_pairs

__all__ = ["CACHE_BYTES", "Dataset", "dataset_of", "emitted_pairs", "generate", "surviving_pairs"]
