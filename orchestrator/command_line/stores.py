"""Opening a store for a command."""

from pathlib import Path

from orchestrator.command_line import output
from orchestrator.errors import UsageError
from results_store import Layout, Results, describe_problems
from results_store import open as open_results


def open_existing(path: Path) -> Results:
    """Opens a store that must be there, and says which of its files are left out.

    Raises:
        UsageError: there is no such folder.
        results_store.StoreError: it is no store, or cannot be read.
    """
    check_exists(path)
    return open_telling(path)


def check_exists(path: Path) -> None:
    """Refuses a store that is not there.

    Raises:
        UsageError: there is no such folder, or nothing in it.
        results_store.StorePathError: it is no folder, or cannot be read.
    """
    if not Layout(path).is_there():
        raise UsageError(f"there is no store at {path}; amor submit makes one, --store or AMOR_STORE names another")


def open_telling(path: Path) -> Results:
    """Opens a store, which may be empty or not there yet, and says which of its files are left out."""
    results = open_results(path)
    for line in describe_problems(results.problems):
        output.warning(line)
    return results
