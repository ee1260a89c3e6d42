"""Why a worker was lost, in words; Ray's messages are long, and say first what was not the case."""

import re

from ray.exceptions import (
    ActorDiedError,
    ActorUnavailableError,
    ActorUnschedulableError,
    NodeDiedError,
    OutOfMemoryError,
    RayTaskError,
)

MAX_CAUSE = 300

_WITHOUT_A_WORD = (
    "its process died without a word: killed (by hand, or by the system when memory ran out), "
    "or it crashed or left (segmentation fault, abort, os._exit)"
)


def cause_of(error: Exception) -> str:
    """One line for an exception that Ray raised instead of a reply."""
    text = " ".join(details_of(error).split())
    if isinstance(error, OutOfMemoryError) or "running low on memory" in text:
        return "out of memory: Ray killed its process, for its node's memory was nearly full"
    if isinstance(error, (ActorUnavailableError, NodeDiedError)) or "node has died" in text or "node died" in text:
        return "its node does not answer: it died, was taken away, or the network is down"
    if isinstance(error, ActorUnschedulableError):
        return _short(f"no node of the cluster can hold a worker: {text}")
    if isinstance(error, ActorDiedError) and "its worker process has died" in text:
        found = re.search(r"Worker exit detail: (.*?)\.?(?: Some common causes.*)?$", text)
        detail = found[1] if found else ""
        if "receives a SIGTERM" in detail:
            return "its process was ended by a SIGTERM"
        return _WITHOUT_A_WORD if "End of file" in detail or not detail else _short(f"its process died: {detail}")
    lines = [line.strip() for line in details_of(error).splitlines() if line.strip()]
    last = lines[-1] if lines else type(error).__name__
    return _short(f"it could not start: {last}" if isinstance(error, RayTaskError) else last)


def details_of(error: Exception) -> str:
    """All that Ray says, without its colours."""
    return re.sub(r"\x1b\[[0-9;]*m", "", str(error))


def _short(text: str) -> str:
    return text if len(text) <= MAX_CAUSE else f"{text[: MAX_CAUSE - 1]}…"
