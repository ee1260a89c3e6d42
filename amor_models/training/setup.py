"""What is to be trained together, and what may be."""

import ctypes
import mmap
import sys
from collections.abc import Hashable
from dataclasses import dataclass
from functools import cache

import torch

from amor_models.configuration import AmorModel, ExperimentConfig, FullAttentionModel, HeuristicModel
from amor_models.layers import ALIGNED
from amor_models.randomness import Streams

LARGEST_STACK = 64
"""Sizes beyond are not tested; memory and cache end earlier."""


@dataclass(frozen=True, kw_only=True)
class TrialSetup:
    """One trial: its name in the reports, its configuration, its random streams, and whether to report its weights."""

    key: str
    config: ExperimentConfig
    streams: Streams
    save_weights: bool = False


def stack_key(config: ExperimentConfig) -> Hashable:
    """Trials with equal keys may be trained in one stack: equal shapes and an equal program.

    What may differ inside a stack: seeds and streams, the task's probabilities and noise lengths, the
    dropout rate, the gate's numbers, learning rate, weight decay, clipping and balance weight.
    """
    task, model, training = config.task, config.model, config.training
    data = (task.name, task.seq_length, task.vocab_size, task.num_train, task.num_validation, task.num_test)
    if isinstance(model, HeuristicModel):
        return ("heuristic", *data)
    shape: tuple[Hashable, ...] = (model.name, model.d_model, model.num_layers, model.dropout > 0)
    if isinstance(model, FullAttentionModel):
        shape += (model.num_heads,)
    elif isinstance(model, AmorModel):
        shape += (model.num_heads, model.gate.name, model.attention.top_k, model.attention.kv)
    return (*data, *shape, training.batch_size, training.epochs)


def max_stack_size(config: ExperimentConfig) -> int:
    """The largest stack in which a trial's bits are those that it has alone.

    MKL rounds by the alignment of its operands, so every trial's slice of every product has to be aligned: the
    width a multiple of 16 and, for the scores of attention, sequences times heads too, in the last, smaller
    batch as well. Elsewhere the number of rows may depend on the others (positions where the gates fire), so nothing
    there may round by a row's place. Trials of other shapes are trained one after another, whoever puts them into one
    stack.
    """
    model, training = config.model, config.training
    if isinstance(model, HeuristicModel):
        return LARGEST_STACK
    if model.d_model % ALIGNED:
        return 1
    if isinstance(model, AmorModel | FullAttentionModel):
        for num_sequences in (training.batch_size, config.task.num_train % training.batch_size):
            if num_sequences * model.num_heads % ALIGNED:
                return 1
    return LARGEST_STACK


MALLOC_TRIM_THRESHOLD, MALLOC_MMAP_MAX = -1, -4
"""glibc's names for the parameters of its `mallopt`."""

HUGE_PAGES_BYTES = 2**30
"""How much of the heap may be backed by huge pages; what is never used of it takes no memory."""


@cache
def _keep_memory() -> None:
    """Asks glibc to reuse large blocks instead of returning them to the system, and for huge pages under them.

    A training step allocates the same tensors again and again; fetching their pages anew each time cost
    between 10 and 20 % of a step, and walking through small pages some more. Other C libraries are left as they are.
    """
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    if not hasattr(libc, "mallopt"):
        return
    libc.mallopt(MALLOC_MMAP_MAX, 0)
    libc.mallopt(MALLOC_TRIM_THRESHOLD, 2**31 - 1)
    _use_huge_pages(libc)


def _use_huge_pages(libc: ctypes.CDLL) -> None:
    """Marks memory for huge pages by allocating and freeing it: the heap keeps the mark, and nothing was touched."""
    libc.malloc.restype = ctypes.c_void_p
    block = libc.malloc(ctypes.c_size_t(HUGE_PAGES_BYTES))
    if not block:
        return
    start = -(-block // mmap.PAGESIZE) * mmap.PAGESIZE
    libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(HUGE_PAGES_BYTES - mmap.PAGESIZE), mmap.MADV_HUGEPAGE)
    libc.free(ctypes.c_void_p(block))


def prepare_worker() -> None:
    """Puts this process into the state that trials are trained in: one thread, deterministic algorithms.

    Results are promised bit for bit only after this call; it is cheap and may be repeated.
    """
    _keep_memory()
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    # On by default with deterministic algorithms; every buffer here is written before it is read.
    torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
