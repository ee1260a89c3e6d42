"""What can go wrong on the way from a study file to a table, as one tree.

AmorError                  the root: one clear line for the user, never a traceback
├── StudyError             the study file is wrong; carries every problem found
├── UsageError             the command line or a Python call asks for what cannot be
├── TrainableError         a trainable cannot be loaded or breaks its contract
└── ExecutionError         the run as a whole cannot go on (workers do not start, the store fails)

Errors of the store itself (unreadable, not writable, bad SQL) are `results_store.StoreError`.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.document.problems import Problem


class AmorError(Exception):
    """Root of everything that amor raises on purpose; its text is one clear line."""


class StopNow(BaseException):
    """Raised by a signal where everything runs in one process, so that a trial in training is left at once."""


def one_line(error: BaseException) -> str:
    """Type and text of any exception on one line, whatever its `__str__` does."""
    try:
        text = str(error)
    except Exception:  # the text of a user's exception may itself raise
        text = "(its message cannot be made)"
    return " ".join(f"{type(error).__name__}: {text}".split()).removesuffix(":")


class StudyError(AmorError):
    """A study file is invalid.

    Attributes:
        problems: everything that is wrong with it, in the order of the file.
    """

    def __init__(self, problems: "Sequence[Problem]") -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class UsageError(AmorError, ValueError):
    """A command or call that cannot be carried out as asked."""


class TrainableError(AmorError):
    """A trainable that cannot be loaded, or that breaks its contract."""


class ExecutionError(AmorError, RuntimeError):
    """The run as a whole cannot go on."""
