"""The watch that fails when tests leave something in the repository's root folder."""

import subprocess
import sys

import pytest

CONFTEST = """\
from pathlib import Path

from left_behind import watch_over

nothing_is_left_behind = watch_over(Path(__file__).parent / "root")
"""


@pytest.fixture
def run(tmp_path):
    """Runs tests of this body beside a watched folder."""

    def run(body):
        (tmp_path / "root").mkdir()
        (tmp_path / "root" / "README.md").touch()
        (tmp_path / "conftest.py").write_text(CONFTEST)
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        (tmp_path / "test_it.py").write_text(
            f"from pathlib import Path\n\nROOT = Path(__file__).parent / 'root'\n\n\ndef test_it():\n    {body}\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("body", ["(ROOT / 'x.db').touch()", "(ROOT / 'results').mkdir()"])
def test_what_is_new_is_an_error(run, body):
    ended = run(body)
    assert ended.returncode == 1
    assert "tests have left" in ended.stdout
    assert "1 passed, 1 error" in ended.stdout


@pytest.mark.parametrize(
    "body",
    [
        "pass",
        "(ROOT / '.hypothesis').mkdir()",
        "(ROOT / 'README.md').write_text('more')",
        "(ROOT / 'x').touch(); (ROOT / 'x').unlink()",
    ],
)
def test_caches_and_what_was_there_are_not(run, body):
    ended = run(body)
    assert ended.returncode == 0, ended.stdout
    assert "1 passed" in ended.stdout


def test_this_repository_is_watched(request):
    """Without being asked for."""
    assert "nothing_is_left_behind" in request.fixturenames
