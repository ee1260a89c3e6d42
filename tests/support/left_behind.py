"""A watch over a folder in which tests must leave nothing."""

import pytest

CACHES = {
    ".coverage",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
}


def watch_over(folder):
    """A fixture that fails at the end of all tests if something stands in a folder that did not before."""

    @pytest.fixture(scope="session", autouse=True)
    def nothing_is_left_behind():
        before = set(folder.iterdir())
        yield
        left = sorted(path.name for path in set(folder.iterdir()) - before if path.name not in CACHES)
        assert not left, f"tests have left {left} in {folder}"

    return nothing_is_left_behind
