"""How figures look: sizes, fonts and colours that bear print and colour-blind readers; text as plain text."""

from __future__ import annotations

import contextlib
import re
import textwrap
import warnings
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from results_store.text import inert

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.figure import Figure

__all__ = [
    "BLACK",
    "BLUE",
    "COLUMN_IN",
    "GREEN",
    "GREY",
    "ORANGE",
    "PAGE_IN",
    "PURPLE",
    "SKY_BLUE",
    "SMALL_PT",
    "TEXT_PT",
    "VERMILLION",
    "add_legend",
    "broken",
    "caption",
    "caption_height_in",
    "new_figure",
    "plain_text",
    "styled",
    "text_width_in",
]

COLUMN_IN, PAGE_IN = 3.4, 7.0
"""Widths of a column and of a page of two columns."""

TEXT_PT, SMALL_PT = 8, 7

# Okabe and Ito's colours, which colour-blind readers tell apart; markers differ, too.
ORANGE, GREEN, BLUE, VERMILLION, GREY = "#E69F00", "#009E73", "#0072B2", "#D55E00", "#7F7F7F"
PURPLE, SKY_BLUE, BLACK = "#CC79A7", "#56B4E9", "#000000"

_MAX_TEXT = 120
_LINE_SPACING = 1.25
_FONT = "DejaVu Sans"
"""It comes with matplotlib, and so is the same everywhere."""

_STYLE: Any = {
    "font.family": [_FONT],
    "font.size": TEXT_PT,
    "axes.labelsize": TEXT_PT,
    "axes.titlesize": TEXT_PT,
    "xtick.labelsize": SMALL_PT,
    "ytick.labelsize": SMALL_PT,
    "legend.fontsize": SMALL_PT,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": "#E4E4E4",
    "grid.linewidth": 0.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "xtick.minor.width": 0.4,
    "ytick.minor.width": 0.4,
    "legend.frameon": False,
    # What stands in a store is text: a dollar sign in it is one.
    "text.parse_math": False,
    # Letters in a PDF stay letters, in a kind of font that publishers take.
    "pdf.fonttype": 42,
}


@contextlib.contextmanager
def styled() -> Iterator[None]:
    """Figures come out the same whatever the settings of the user's matplotlib are; those are as before afterwards."""
    import matplotlib

    with warnings.catch_warnings(), matplotlib.rc_context():
        # A sign that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure whose parts make room for each other."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.04, h_pad=0.04, wspace=0.03, hspace=0.03)
    return Figure(figsize=(width_in, height_in), layout=layout)


def plain_text(text: str, max_length: int = _MAX_TEXT) -> str:
    """Text from outside, fit to be drawn: nothing that cannot be seen, and not endless."""
    shown = inert(text)
    return shown if len(shown) <= max_length else shown[: max_length - 1] + "…"


def broken(name: str, width: int) -> str:
    """A name in three lines of so many characters at most, of like lengths, broken behind dots and underscores."""
    shown = plain_text(name, int(2.5 * width))
    lines = _lines(shown, width)
    for narrower in range(width - 1, 0, -1):
        others = _lines(shown, narrower)
        if len(others) > len(lines):
            break
        lines = others
    return "\n".join(line.strip() for line in lines)


def caption(figure: Figure, sentences: Sequence[str]) -> None:
    """Writes what the numbers rest on below a figure."""
    text = "\n".join(_wrapped(sentences, figure.get_figwidth()))
    figure.supxlabel(text, x=0.012, ha="left", fontsize=SMALL_PT, color="#333333", linespacing=_LINE_SPACING)


def caption_height_in(width_in: float, sentences: Sequence[str]) -> float:
    """The height that a caption takes."""
    return len(_wrapped(sentences, width_in)) * SMALL_PT * (_LINE_SPACING + 0.05) / 72 + 0.05


def _wrapped(sentences: Sequence[str], width_in: float) -> list[str]:
    """Sentences in lines that a figure of this width has room for."""
    lines = [""]
    for word in " ".join(plain_text(sentence, 1000) for sentence in sentences).split(" "):
        if lines[-1] and text_width_in(f"{lines[-1]} {word}") > 0.96 * width_in:
            lines.append("")
        lines[-1] += f" {word}" if lines[-1] else word
        while text_width_in(lines[-1]) > 0.96 * width_in:
            fitting = next(
                n for n in range(len(lines[-1]) - 1, 0, -1) if text_width_in(lines[-1][:n]) <= 0.96 * width_in
            )
            lines[-1:] = [lines[-1][:fitting], lines[-1][fitting:]]
    return lines


def text_width_in(text: str) -> float:
    """How wide a text is in the small size."""
    from matplotlib.font_manager import FontProperties
    from matplotlib.textpath import TextToPath

    font = FontProperties(family=_FONT, size=SMALL_PT)
    return float(TextToPath().get_text_width_height_descent(text, font, ismath=False)[0]) / 72


def add_legend(figure: Figure, handles: Sequence[Artist], num_columns: int) -> None:
    """Writes a legend above the panels of a figure."""
    figure.legend(
        handles=list(handles),
        loc="outside upper left",
        ncols=num_columns,
        handletextpad=0.3,
        columnspacing=1.0,
        borderaxespad=0.2,
        labelspacing=0.3,
    )


def _lines(text: str, width: int) -> list[str]:
    lines = [""]
    for part in re.findall(r"[^._ -]*[._ -]?", text):
        if lines[-1] and len((lines[-1] + part).strip()) > width:
            lines.append("")
        lines[-1] += part
    return [piece for line in lines for piece in textwrap.wrap(line.strip(), width)] or [""]
