"""The simulation of verdicts runs from end to end, and the documentation holds its table."""

from pathlib import Path

from benchmarks import verdicts
from benchmarks.verdicts import QUICK, main, measure, table

DOCUMENT = Path(__file__).parents[2] / "docs" / "statistics.md"


def cases(text):
    """What each line of the table is about, without its numbers."""
    lines = text[text.index("| what, in percent") :].splitlines()
    return [line.split("|")[1:3] for line in lines if line.startswith("|")]


def test_the_documented_table_has_the_lines_of_the_simulation():
    assert cases(DOCUMENT.read_text(encoding="utf-8")) == cases(table(measure(QUICK, lambda _: None)))


def test_the_same_numbers_come_out_again(capsys, monkeypatch):
    sizes = verdicts.Sizes(num_studies=3, num_intervals=2)
    monkeypatch.setattr(verdicts, "QUICK", sizes)
    assert main(["--quick"]) == main(["--quick"]) == 0
    written = capsys.readouterr().out
    half = len(written) // 2
    assert written[:half] == written[half:]
    assert "nan" not in written
