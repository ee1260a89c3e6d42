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


def outside_of_store(results: Results, path: Path) -> None:
    """Refuses to write into a store.

    Raises:
        UsageError: the path lies in it, or is none.
    """
    try:
        is_inside = path.resolve().is_relative_to(results.path)
    except (OSError, RuntimeError, ValueError) as error:
        raise UsageError(f"{str(path)!r} cannot be written: {error}") from error
    if is_inside:
        raise UsageError(f"{path} lies in the store, which holds nothing but its own files; name another place")


def open_telling(path: Path) -> Results:
    """Opens a store, which may be empty or not there yet, and says which of its files are left out."""
    results = open_results(path)
    for line in describe_problems(results.problems):
        output.warning(line)
    return results
