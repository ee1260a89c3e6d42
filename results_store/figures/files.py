"""Figures as files: the same figure gives the same bytes."""

from __future__ import annotations

import hashlib
import io
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from results_store.figures.style import styled
from results_store.files import write_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FigureFormat", "figure_bytes", "file_stem", "write_figure"]

_PRINT_DPI = 300
_MAX_STEM = 100
_DIGITS, _MAX_END = 8, 16


class FigureFormat(StrEnum):
    """The form of a figure's file."""

    PNG = "png"
    PDF = "pdf"


def figure_bytes(figure: Figure, figure_format: FigureFormat | str, *, dpi: int | None = None) -> bytes:
    """A figure as the content of a file; neither the time nor the program's version enters it.

    Args:
        figure: The figure.
        figure_format: PNG or PDF.
        dpi: Dots per inch of a PNG; as many as print needs if left out.
    """
    figure_format = FigureFormat(figure_format)
    if figure_format is FigureFormat.PDF:
        metadata = {"Creator": None, "Producer": None, "CreationDate": None}
    else:
        metadata = {"Software": None}
    stream = io.BytesIO()
    with styled():
        figure.savefig(stream, format=figure_format.value, metadata=metadata, dpi=dpi or _PRINT_DPI)
    return stream.getvalue()


def write_figure(figure: Figure, path: str | Path, figure_format: FigureFormat | str) -> None:
    """Writes a figure to a file, in the place of one that is there; a reader never sees half of it.

    Raises:
        ExportError: It cannot be written.
    """
    write_file(path, figure_bytes(figure, figure_format))


def file_stem(*names: str) -> str:
    """Names as the beginning of a file's name: what no file system minds, and no path.

    Values of a grid keep their signs, and a digest stands for the middle of what is too long: names stay distinct.
    """
    stem = "-".join(re.sub(r"[^\w.=+-]+", "_", name) for name in names)
    if len(stem) > _MAX_STEM:
        digest = hashlib.sha256(stem.encode("utf-8", "backslashreplace")).hexdigest()[:_DIGITS]
        stem = f"{stem[: _MAX_STEM - _DIGITS - _MAX_END - 2]}-{digest}-{stem[-_MAX_END:]}"
    return stem.strip("._-=+") or "search"
