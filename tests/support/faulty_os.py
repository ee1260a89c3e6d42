"""Counts the calls of the operating system that an action makes, and lets any one of them fail or be the last.

    calls = calls_of(action)                       # what it does, in order
    for at in range(len(calls)):
        with faulty_os(Fault(at=at, errno=errno.ENOSPC)):
            action()                               # its call number `at` fails
        with faulty_os(Fault(at=at, death="before")), pytest.raises(Died):
            action()                               # it dies there: no later call does anything

Only calls of the thread that entered the block are counted and can fail. What libraries do in C (DuckDB, Arrow) is
not seen.
"""

import contextlib
import io
import os
import threading
from dataclasses import dataclass
from errno import EIO
from typing import Literal
from unittest import mock

CALLS = ("open", "write", "fsync", "link", "rename", "replace", "unlink", "mkdir", "rmdir", "scandir", "listdir")


class Died(BaseException):
    """The process is dead: no error that anybody handles, and nothing that is tried afterwards is done."""


@dataclass(frozen=True, kw_only=True)
class Fault:
    """What goes wrong.

    Attributes:
        at: number of the call, from 0.
        errno: the call fails with this; of a write, half of the bytes are written.
        death: the process dies instead, before the call, after it, or halfway through a write.
        is_real: the process really ends there, with exit code 9; to be used in a child.
    """

    at: int
    errno: int = EIO
    death: Literal["before", "after"] | None = None
    is_real: bool = False


@contextlib.contextmanager
def faulty_os(fault=None):
    """While the block runs, the fault happens; gives the list of calls, which grows."""
    thread = threading.get_ident()
    calls = []
    is_dead = False

    def die():
        nonlocal is_dead
        is_dead = True
        if fault.is_real:
            os._exit(9)
        raise Died

    def wrapped(name, do):
        def call(*args, **kwargs):
            if threading.get_ident() != thread:
                return do(*args, **kwargs)
            if is_dead:
                raise Died
            number = len(calls)
            calls.append(name)
            if fault is None or number != fault.at:
                return do(*args, **kwargs)
            if name == "write":
                descriptor, content = args
                do(descriptor, bytes(content)[: len(content) // 2])
            if fault.death is None:
                raise OSError(fault.errno, os.strerror(fault.errno))
            if fault.death == "after" and name != "write":
                with contextlib.suppress(OSError):  # it may have failed anyway
                    _close(name, do(*args, **kwargs))
            return die()

        return call

    with contextlib.ExitStack() as patches:
        for name in CALLS:
            patches.enter_context(mock.patch.object(os, name, wrapped(name, getattr(os, name))))
        # pathlib opens files with this one.
        patches.enter_context(mock.patch.object(io, "open", wrapped("io.open", io.open)))
        yield calls


def _close(name, result):
    """The kernel closes what a dead process had opened."""
    if name == "open":
        os.close(result)
    elif hasattr(result, "close"):
        result.close()


def calls_of(action):
    """The calls that an action makes when nothing fails."""
    with faulty_os() as calls:
        action()
    return list(calls)


@contextlib.contextmanager
def short_writes(num_bytes=7):
    """Writes that take only a few bytes at a time, as they may."""
    write = os.write
    with mock.patch.object(os, "write", lambda descriptor, content: write(descriptor, bytes(content[:num_bytes]))):
        yield


def run_in_child(action):
    """Runs an action in a child process; its exit code (9: died by the fault; 0: all well; 1: it raised)."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            action()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
