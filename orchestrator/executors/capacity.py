"""How many workers there are, and how much memory each may use."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

USABLE_SHARE = 0.8
"""Of a machine's memory; the rest is for the driver, Ray, the system and estimates that are too low."""

_CONTROL_GROUPS = Path("/proc/self/cgroup")
_LIMITS = {"": Path("/sys/fs/cgroup"), "memory": Path("/sys/fs/cgroup/memory")}
_LIMIT_FILES = {"": "memory.max", "memory": "memory.limit_in_bytes"}
"""Where the unified hierarchy (version 2), and the controller of version 1, keep their limits."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """What stacks are made for.

    Attributes:
        num_workers: how many workers are kept alive.
        memory_per_worker_bytes: how much a worker process may use; None: not known, not bounded.
    """

    num_workers: int
    memory_per_worker_bytes: int | None


def one_process(num_workers: int | None) -> Capacity:
    """Workers that share this process and train one after another: one of them, unless told otherwise."""
    return Capacity(num_workers=num_workers or 1, memory_per_worker_bytes=int(USABLE_SHARE * machine_memory_bytes()))


def this_machine(num_workers: int | None) -> Capacity:
    """Workers that are processes on this machine: one per CPU that we may use, unless told otherwise."""
    num_processes = num_workers or num_cpus()
    return Capacity(
        num_workers=num_processes,
        memory_per_worker_bytes=int(USABLE_SHARE * machine_memory_bytes() / num_processes),
    )


def num_cpus() -> int:
    """CPUs of this machine that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1  # systems without affinities


def machine_memory_bytes() -> int:
    """This machine's memory, or what the control groups of this process leave of it (containers, batch systems)."""
    physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return min([physical, *_group_limits()])


def _group_limits() -> Iterator[int]:
    """Limits of the groups that this process is in, and of those around them; none where there are no groups."""
    if not _CONTROL_GROUPS.exists():
        return
    for line in _CONTROL_GROUPS.read_text(encoding="utf-8").splitlines():
        _, controller, group = line.split(":", 2)
        if controller not in _LIMITS:
            continue
        inner = _LIMITS[controller] / group.lstrip("/")
        for folder in (inner, *inner.parents):
            file = folder / _LIMIT_FILES[controller]
            if file.is_file() and (text := file.read_text(encoding="ascii").strip()).isdigit():  # else "max"
                yield int(text)
