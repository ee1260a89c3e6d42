"""The command `figure`."""

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, StoreOption
from orchestrator.command_line.stores import open_existing, outside_of_store
from orchestrator.document.problems import printable
from orchestrator.errors import UsageError
from results_store.figures import FIGURE_NAMES, FigureFormat, figure_names, file_stem, search_figure, write_figure
from results_store.search import read_searches

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(
    study: Annotated[str, typer.Argument(help="Name of a study in the store that has a search.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]", help=f"{', '.join(FIGURE_NAMES)}; all that there are if left out.", show_default=False
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    folder: Annotated[Path, typer.Option("--output", help="Folder to write them to; made if need be.")] = Path(
        "figures"
    ),
    formats: Annotated[str, typer.Option("--format", help="png, pdf, or both with a comma.")] = "png,pdf",
) -> None:
    """Draw a study's searches: front, history, slices, importances; prints the paths of the files."""
    chosen = _formats(formats)
    results = open_existing(store)
    outside_of_store(results, folder)
    with contextlib.suppress(OSError):  # writing will say what is wrong
        if folder.is_file():
            raise UsageError(f"--output {folder} is a file; name a folder")
    drawn: dict[str, Figure] = {}
    for position, history in enumerate(read_searches(results, study)):
        for name in dict.fromkeys(names or figure_names(history)):
            stem = file_stem(*filter(None, (study, history.label, name)))
            # Labels that differ may have nothing in common with what a file's name can be.
            drawn[stem if stem not in drawn else f"{stem}-{position}"] = search_figure(history, name)
    for stem, made in drawn.items():
        for figure_format in chosen:
            path = folder / f"{stem}.{figure_format}"
            write_figure(made, path, figure_format)
            output.data(printable(str(path)))


def _formats(text: str) -> list[FigureFormat]:
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in list(FigureFormat)]
    if unknown:
        raise UsageError(f"--format: there is no format {unknown[0]!r}; formats: {', '.join(FigureFormat)}")
    return [FigureFormat(name) for name in dict.fromkeys(names)]
