"""How much memory and how many workers a machine has."""

import pytest

from orchestrator.executors import capacity
from orchestrator.executors.capacity import machine_memory_bytes, one_process, this_machine


@pytest.fixture
def groups(tmp_path, monkeypatch):
    """Control groups of this process, as files of our own: what it is in, and the limit of each group."""

    def write(membership, limits):
        (tmp_path / "cgroup").write_text(membership)
        for file, text in limits.items():
            (tmp_path / "fs" / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "fs" / file).write_text(text)
        monkeypatch.setattr(capacity, "_CONTROL_GROUPS", tmp_path / "cgroup")
        monkeypatch.setattr(capacity, "_LIMITS", {"": tmp_path / "fs", "memory": tmp_path / "fs" / "memory"})

    return write


@pytest.mark.parametrize(
    ("membership", "limits", "expected"),
    [
        ("0::/a/b\n", {"a/b/memory.max": "max\n", "a/memory.max": "5000\n", "memory.max": "6000\n"}, 5000),
        ("0::/a/b\n", {"a/b/memory.max": "4000\n", "a/memory.max": "5000\n"}, 4000),
        ("0::/not/seen/from/inside\n", {"memory.max": "3000\n"}, 3000),
        ("7:cpu:/c\n4:memory:/a\n", {"memory/a/memory.limit_in_bytes": "2000\n", "c/memory.max": "1\n"}, 2000),
        ("0::/a\n", {"a/memory.max": "max\n"}, None),
        ("4:memory:/\n", {"memory/memory.limit_in_bytes": str(2**63 - 4096)}, None),
    ],
)
def test_the_lowest_limit_around_this_process_counts(groups, membership, limits, expected):
    groups("", {})
    physical = machine_memory_bytes()
    assert physical > 10**8
    groups(membership, limits)
    assert machine_memory_bytes() == (physical if expected is None else expected)


def test_a_system_without_control_groups(tmp_path, monkeypatch):
    monkeypatch.setattr(capacity, "_CONTROL_GROUPS", tmp_path / "none")
    assert machine_memory_bytes() > 10**8


def test_workers_share_four_fifths_of_the_memory(monkeypatch):
    monkeypatch.setattr(capacity, "machine_memory_bytes", lambda: 1000)
    monkeypatch.setattr(capacity.os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    assert (this_machine(None).num_workers, this_machine(None).memory_per_worker_bytes) == (4, 200)
    assert (this_machine(8).num_workers, this_machine(8).memory_per_worker_bytes) == (8, 100)
    assert (one_process(None).num_workers, one_process(None).memory_per_worker_bytes) == (1, 800)
    assert (one_process(3).num_workers, one_process(3).memory_per_worker_bytes) == (3, 800)
