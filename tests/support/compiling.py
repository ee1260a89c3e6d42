"""Compiling tables with a real LaTeX."""

import re
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path

import pytest

PREAMBLE = r"""\documentclass{article}
\usepackage{booktabs,graphicx}
\begin{document}
"""


def needs_latex() -> None:
    """Skips the test that calls it where there is no LaTeX with the packages that tables need."""
    if shutil.which("pdflatex") is None:
        pytest.skip("no pdflatex here: apt-get install texlive-latex-base texlive-latex-recommended")
    if subprocess.run(["kpsewhich", "booktabs.sty"], capture_output=True).returncode:
        pytest.skip("this LaTeX has no booktabs: apt-get install texlive-latex-recommended")


def compiled(tables: Iterable[str], folder: Path, *, must_fit: bool = True) -> Path:
    """The PDF of a document with these tables; fails on any error, missing glyph, or table that does not fit a page."""
    document = PREAMBLE + "\n\\clearpage\n".join(tables) + "\n\\end{document}\n"
    (folder / "tables.tex").write_text(document, encoding="utf-8")
    run = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-file-line-error", "-no-shell-escape", "tables.tex"],
        cwd=folder,
        capture_output=True,
        timeout=120,
    )
    log = (folder / "tables.log").read_text(errors="replace")
    fit = "Overfull|LaTeX Warning: Float too large|" if must_fit else ""
    problems = re.findall(rf"^(?:\./tables\.tex:\d+:|! |{fit}Missing character).*", log, re.MULTILINE)
    assert not problems, problems[:5]
    assert run.returncode == 0, log[-2000:]
    return folder / "tables.pdf"
