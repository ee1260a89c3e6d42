"""Running the command line in this process, and in one of its own."""

import subprocess
import sys
from dataclasses import dataclass

import pytest

from orchestrator.command_line.main import main

STUDY = """\
schema_version: 1
name: {name}
description: does the number matter?
tags: [tests]
trainable: misbehaving:Misbehaving
seeds: {seeds}
base: {{}}
variants:
{variants}
tables:
  - name: scores
    title: Scores
    sql: scores.sql
"""
SCORES = """
SELECT variant, list(score ORDER BY seed) AS score, list(state ORDER BY seed) AS state
FROM results WHERE study = $study GROUP BY variant ORDER BY variant
"""


@dataclass
class Answer:
    code: int
    out: str
    err: str


@pytest.fixture
def amor(capfdbinary):
    def run(*arguments):
        with pytest.raises(SystemExit) as exit_:
            main([str(argument) for argument in arguments])
        captured = capfdbinary.readouterr()
        return Answer(exit_.value.code, captured.out.decode(), captured.err.decode())

    return run


@pytest.fixture
def write_study(tmp_path):
    def write(name="numbers", seeds=2, **variants):
        variants = variants or {"one": {"number": 1}, "two": {"number": 2}}
        lines = "\n".join(f"  {variant}: {changes}" for variant, changes in variants.items())
        path = tmp_path / f"{name}.yaml"
        path.write_text(STUDY.format(name=name, seeds=seeds, variants=lines.replace("'", "")))
        (tmp_path / "scores.sql").write_text(SCORES)
        return path

    return write


@pytest.fixture
def in_own_process():
    """Starts `amor` as a process of its own; killed at the end if it still runs."""
    processes = []

    def start(*arguments):
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrator.command_line.main", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
