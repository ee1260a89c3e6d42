"""Exit codes of the command line."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the exit code of `amor` means.

    FAILED: finished, but trials failed, or the run was stopped by a limit or broke off, damaged files were found,
    or a replay came out otherwise.
    WRONG_USAGE: a wrong command, an invalid study, a store or query that cannot be used; nothing was run.
    """

    ALL_WELL = 0
    FAILED = 1
    WRONG_USAGE = 2
    INTERRUPTED = 130
