"""Where a row comes from: source, versions, machine."""

import importlib.metadata
import platform
import socket
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from orchestrator.trainables.contract import Trainable
from orchestrator.worker.assignment import WorkerSetup
from results_store.records import Provenance

RECORDED_VERSIONS = ("amor-orchestrator", "torch", "numpy", "ray", "pyarrow")


@cache
def host_name() -> str:
    """The machine's name."""
    return socket.gethostname()


VECTOR_UNITS = ("avx512f", "avx2")
"""Flags that decide which code libraries choose, the most capable first."""


@cache
def cpu_name() -> str:
    """The kind of processor, as `AMD EPYC (family 25, model 17, avx512f)`; the architecture where it is not told.

    The name alone does not tell kinds apart: virtual machines give one name to several generations.
    """
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        text = ""
    return cpu_of(text) or platform.processor() or platform.machine()


def cpu_of(text: str) -> str | None:
    """The kind of the first processor in a text like /proc/cpuinfo; None where it has no name."""
    first: dict[str, str] = {}
    for line in text.splitlines():
        key, _, value = line.partition(":")
        first.setdefault(key.strip(), value.strip())
    flags = first.get("flags", "").split()
    kind = [
        f"{word} {first[field]}" for field, word in (("cpu family", "family"), ("model", "model")) if field in first
    ]
    kind += [unit for unit in VECTOR_UNITS if unit in flags][:1]
    model = first.get("model name")
    return f"{model} ({', '.join(kind)})" if model and kind else model


@cache
def versions() -> Mapping[str, str]:
    """Versions of Python and of the packages that numbers may depend on."""
    found = {"python": platform.python_version()}
    for package in RECORDED_VERSIONS:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def num_threads() -> int:
    """How many threads torch uses in this process; 1 where it is not loaded."""
    torch = sys.modules.get("torch")
    return int(torch.get_num_threads()) if torch is not None else 1


def provenance_now(setup: WorkerSetup, source: str) -> Provenance:
    """Where a row comes from that is finished in this process now.

    Args:
        setup: what is known of the source.
        source: the hash of the trainable's source.
    """
    return Provenance(
        git_commit=setup.git_commit,
        git_dirty=setup.git_dirty,
        source_hash=source,
        versions=versions(),
        host=host_name(),
        cpu=cpu_name(),
        threads=num_threads(),
        finished_at=datetime.now(UTC),
    )


def git_state(trainable: Trainable) -> tuple[str | None, bool | None]:
    """The commit of the repository that holds the trainable's source, and whether it has uncommitted changes."""
    module = sys.modules.get(type(trainable).__module__)
    if module is None or not module.__file__:
        return None, None
    folder = Path(module.__file__).parent
    commit = _git(folder, "rev-parse", "HEAD")
    status = _git(folder, "status", "--porcelain", "--untracked-files=no")
    return (commit or None), (None if commit is None or status is None else bool(status))


def _git(folder: Path, *arguments: str) -> str | None:
    try:
        result = subprocess.run(  # noqa: S603  the arguments are ours
            ["git", "-C", str(folder), *arguments],  # noqa: S607  whichever git the user has
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return result.stdout.strip() if result.returncode == 0 else None
