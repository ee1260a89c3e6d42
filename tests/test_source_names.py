"""No source has a test's name: pytest would collect it, and a reader would look for it among the tests."""

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("package", ["orchestrator", "amor_models", "results_store", "benchmarks"])
def test_no_source_has_a_tests_name(package):
    names = [path.name for path in (ROOT / package).rglob("*.py")]
    assert names
    assert [name for name in names if name.startswith("test_") or name.endswith("_test.py")] == []
