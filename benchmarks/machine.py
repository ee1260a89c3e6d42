"""What the benchmarks ran on."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from orchestrator.worker.provenance import cpu_name

PACKAGES = ("torch", "ray", "duckdb", "pyarrow", "numpy")


def describe_machine() -> dict[str, Any]:
    """Processor, memory, versions, and how busy the machine is before anything is measured."""
    memory_kib = int(Path("/proc/meminfo").read_text(encoding="ascii").split(maxsplit=2)[1])
    return {
        "started_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cpu": cpu_name(),
        "num_cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(memory_kib / 2**20, 1),
        "system": platform.platform(),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in PACKAGES},
        "load_average": os.getloadavg(),
    }
