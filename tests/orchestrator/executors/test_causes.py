"""Ray's words for the end of a worker, as recorded from Ray 2.60, in ours."""

import pytest
from ray.exceptions import ActorDiedError, ActorUnavailableError, OutOfMemoryError, RayTaskError

from orchestrator.executors.causes import MAX_CAUSE, cause_of

DIED = """The actor died unexpectedly before finishing this task.
\tclass_name: _RemoteWorker
\tactor_id: 0b522804af00a1952c37f05f01000000
\tpid: 21685
\tip: 127.0.0.1
The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Worker exit detail: """
COMMON = (
    " Some common causes include: (1) the process was killed by the OOM killer due to high memory usage, (2) ray stop "
    "--force was called, or (3) the worker crashed unexpectedly due to SIGSEGV or another unexpected error."
)
END_OF_FILE = f"{DIED}Worker unexpectedly exits with a connection error code 2. End of file.{COMMON}"
SIGTERM = f"{DIED}Worker exits unexpectedly. Worker exits with an exit code 1. The process receives a SIGTERM."
OTHER = f"{DIED}Worker exits with an exit code 3.{COMMON}"
NODE = """The actor died unexpectedly before finishing this task.
The actor died because its node has died. Node Id: 44500aa9333865d60e79f7c062b77315b4b1fe3ad6a62491c04ead0b"""
MEMORY = """1 worker(s) were killed due to the node running low on memory. Memory on the node (IP: 127.0.0.1) was 5.92GB used / 23.54GB limit (0.251301)
OOM kill reason: Memory usage 6349152256B exceeded threshold of 6319125504B (25.0% of 25276502016B limit)"""


def died(text):
    error = ActorDiedError()
    error.error_msg = text
    return error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (died(END_OF_FILE), "its process died without a word: killed (by hand, or by the system when memory ran out)"),
        (died(SIGTERM), "its process was ended by a SIGTERM"),
        (died(OTHER), "its process died: Worker exits with an exit code 3"),
        (died(NODE), "its node does not answer"),
        (died(MEMORY), "out of memory: Ray killed its process"),
        (OutOfMemoryError(MEMORY), "out of memory: Ray killed its process"),
        (ActorUnavailableError("RpcError: Socket closed rpc_code: 14.", None), "its node does not answer"),
        (
            RayTaskError("start", "Traceback…\nModuleNotFoundError: No module named 'x'", ModuleNotFoundError("x")),
            "it could not start: ModuleNotFoundError: No module named 'x'",
        ),
        (died(""), "ActorDiedError"),
        (died("very long " * 1000), "very long"),
    ],
)
def test_the_cause_is_one_short_line_that_says_what_happened(error, words):
    cause = cause_of(error)
    assert cause.startswith(words)
    assert "\n" not in cause
    assert len(cause) <= MAX_CAUSE
    assert "common causes" not in cause
