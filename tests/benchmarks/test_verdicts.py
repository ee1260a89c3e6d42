"""The simulations of statistics run from end to end, and the documentation holds their tables."""

from pathlib import Path

import pytest

from benchmarks import survival, verdicts
from benchmarks.verdicts import QUICK, measure, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"


def cases(text):
    """What each line of each table is about, without its numbers."""
    lines = text[text.index("| what, in percent") :].splitlines()
    return [line.split("|")[1:3] for line in lines if line.startswith("|")]


def test_the_documented_tables_have_the_lines_of_the_simulations():
    simulated = table(measure(QUICK, lambda _: None)) + table(list(survival.rows(1, lambda _: None)))
    assert cases(DOCUMENT.read_text(encoding="utf-8")) == cases(simulated)


@pytest.mark.parametrize("main", [verdicts.main, survival.main])
def test_the_same_numbers_come_out_again(capsys, monkeypatch, main):
    sizes = verdicts.Sizes(num_studies=3, num_intervals=2)
    monkeypatch.setattr(verdicts, "QUICK", sizes)
    assert main(["--quick"]) == main(["--quick"]) == 0
    written = capsys.readouterr().out
    half = len(written) // 2
    assert written[:half] == written[half:]
    assert "nan" not in written
