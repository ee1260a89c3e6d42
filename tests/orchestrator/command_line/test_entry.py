"""The entry of the command `amor`."""

import subprocess
import sys

import pytest

from orchestrator.command_line import entry


def test_ctrl_c_while_modules_are_imported_ends_it_without_a_traceback(monkeypatch):
    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("orchestrator.command_line.main.main", interrupted)
    with pytest.raises(SystemExit) as ended:
        entry.main()
    assert ended.value.code == 130


def test_the_entry_imports_nothing_that_takes_time():
    code = "import sys; import orchestrator.command_line.entry; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pydantic", "typer", "duckdb", "pyarrow", "torch", "ray"} & set(done.stdout.split())
