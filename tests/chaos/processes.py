"""amor in processes of its own, the processes that it starts, and what is left of them."""

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
SUPPORT = ROOT / "tests" / "support"
MARK = "AMOR_CHAOS_RUN"
WORKER_TITLE = b"ray::_RemoteWorker"
ORPHANS_TIMEOUT_S = 240.0
TIMEOUT_S = 600.0

Identity = tuple[int, int]
"""A process: its id, and when it was started; ids are used again."""


@dataclass(frozen=True, kw_only=True)
class Amor:
    """Starts the command line; every process that comes of it carries one mark.

    Attributes:
        folder: where its output goes.
        mark: tells its processes from those of others.
        environment: variables beside our own.
    """

    folder: Path
    mark: str
    environment: Mapping[str, str] = field(default_factory=dict)

    def start(self, *arguments: object, kill_at: str | None = None, passage: int = 1) -> subprocess.Popen[bytes]:
        """Starts it; with `kill_at` it dies at that point, when it comes by for the time `passage`."""
        launcher = ["orchestrator.command_line.main"]
        if kill_at is not None:
            launcher = ["tests.chaos.launcher", kill_at, str(passage)]
        environment = {name: value for name, value in os.environ.items() if name not in ("RAY_ADDRESS", "AMOR_STORE")}
        environment |= {"PYTHONPATH": os.pathsep.join([str(ROOT), str(SUPPORT)]), MARK: self.mark}
        with (self.folder / "output.txt").open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", *launcher, *map(str, arguments)],
                cwd=ROOT,
                env=environment | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def run(self, *arguments: object, kill_at: str | None = None, passage: int = 1) -> int:
        """Starts it and waits for its end; its exit code, which is -9 for a killed process."""
        process = self.start(*arguments, kill_at=kill_at, passage=passage)
        return self.wait(process)

    def finish(self, *arguments: object) -> None:
        """Runs it to an end that has to be a good one.

        Raises:
            RuntimeError: it exits with another code than 0.
        """
        code = self.run(*arguments)
        if code != 0:
            raise RuntimeError(f"amor {arguments[0]} ended with {code}: {self.output()[-2000:]}")

    def wait(self, process: subprocess.Popen[bytes]) -> int:
        try:
            return process.wait(TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise RuntimeError(f"amor did not end within {TIMEOUT_S:g} s: {self.output()[-2000:]}") from None

    def output(self) -> str:
        return (self.folder / "output.txt").read_text(encoding="utf-8", errors="replace")


def marked(mark: str) -> set[Identity]:
    """Processes that live and carry the mark."""
    needle = f"{MARK}={mark}".encode()
    found = set()
    for identity in _all_processes():
        with contextlib.suppress(OSError):
            if needle in Path(f"/proc/{identity[0]}/environ").read_bytes().split(b"\0"):
                found.add(identity)
    return found


def descendants(pid: int) -> set[Identity]:
    """The process and all that it has started, directly or not, as long as their parents live."""
    parents = _all_processes()
    family = {identity for identity in parents if identity[0] == pid}
    while True:
        pids = {identity[0] for identity in family}
        more = {identity for identity, parent in parents.items() if parent in pids} - family
        if not more:
            return family
        family |= more


def running_workers(pid: int) -> set[int]:
    """Ids of the worker processes of a driver that train just now."""
    return {worker for worker, _ in descendants(pid) if is_running_worker(worker)}


def is_running_worker(pid: int) -> bool:
    """Whether the process is a worker in the middle of a call; Ray writes it into the title."""
    try:
        title = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return title.startswith(WORKER_TITLE + b".run")


def wait_until_gone(mark: str, known: set[Identity], died_s: float) -> tuple[int, float]:
    """Waits for the end of all processes of a run; how many are left, and how long after its death it was seen.

    Args:
        mark: the run's.
        known: processes seen while it lived: a program may write its title over its environment.
        died_s: when it was killed.
    """
    while True:
        left = marked(mark) | (known & _all_processes().keys())
        waited_s = time.monotonic() - died_s
        if not left or waited_s > ORPHANS_TIMEOUT_S:
            return len(left), waited_s
        time.sleep(1.0)


def _all_processes() -> dict[Identity, int]:
    """Every process that is no zombie, with its parent."""
    found = {}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            stat = (folder / "stat").read_text(encoding="utf-8", errors="replace")
            fields = stat.rpartition(")")[2].split()  # the name before it may hold anything
            if fields[0] not in "ZX":
                found[int(folder.name), int(fields[19])] = int(fields[1])
    return found


def command(study: Path, store: Path, *options: object) -> Sequence[object]:
    """The arguments of a submit."""
    return ["submit", study, "--store", store, *options]
