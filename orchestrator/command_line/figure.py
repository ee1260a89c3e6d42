"""The command `figure`."""

import contextlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.options import DEFAULT_STORE, StoreOption
from orchestrator.command_line.stores import open_existing, outside_of_store
from orchestrator.document.problems import printable
from orchestrator.errors import UsageError
from results_store import Results, UnknownNameError
from results_store.errors import MissingRowsError
from results_store.figures import FIGURE_NAMES, FigureFormat, figure_names, file_stem, search_figure, write_figure
from results_store.search import read_searches
from results_store.text import inert

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figure(
    study: Annotated[str, typer.Argument(help="Name of a study in the store.")],
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[NAME...]",
            help=f"Figures of the study, and of its searches: {', '.join(FIGURE_NAMES)}; all that there are if left "
            "out.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = DEFAULT_STORE,
    folder: Annotated[Path, typer.Option("--output", help="Folder to write them to; made if need be.")] = Path(
        "figures"
    ),
    formats: Annotated[str, typer.Option("--format", help="png, pdf, or both with a comma.")] = "png,pdf",
) -> None:
    """Draw the figures of a study and of its searches; prints the paths of the files.

    A figure that has nothing to show yet is named on stderr, and the others are drawn (exit code 1).
    """
    chosen = _formats(formats)
    results = open_existing(store)
    outside_of_store(results, folder)
    with contextlib.suppress(OSError):  # writing will say what is wrong
        if folder.is_file():
            raise UsageError(f"--output {folder} is a file; name a folder")
    drawn, missing = _draw(_asked_for(results, study, names))
    for stem, made in drawn.items():
        for figure_format in chosen:
            path = folder / f"{stem}.{figure_format}"
            write_figure(made, path, figure_format)
            output.data(printable(str(path)))
    for reason in missing:
        output.error(reason)
    if missing:
        raise typer.Exit(ExitCode.FAILED)


def _asked_for(results: Results, study: str, names: Sequence[str] | None) -> Mapping[str, Callable[[], "Figure"]]:
    """What draws each figure, by the beginning of its files' names."""
    own = results.figures(study)
    has_searches = bool(results.searches(study))
    known = [*own, *(name for name in FIGURE_NAMES if has_searches and name not in own)]
    unknown = [name for name in names or () if name not in known]
    if unknown:
        listed = ", ".join(known) or "none"
        raise UnknownNameError(inert(f"study {study!r} has no figure {unknown[0]!r}; its figures: {listed}"))
    if not known:
        raise UnknownNameError(inert(f"study {study!r} has nothing to draw: it asks for no figures, and has no search"))
    asked_for: dict[str, Callable[[], Figure]] = {}
    for name in dict.fromkeys(names or own):
        if name in own:
            asked_for[file_stem(study, name)] = partial(results.figure, study, name)
    for position, history in enumerate(read_searches(results, study) if has_searches else ()):
        for name in dict.fromkeys(names or figure_names(history)):
            if name in own:
                continue
            stem = file_stem(*filter(None, (study, history.label, name)))
            # Labels that differ may have nothing in common with what a file's name can be.
            asked_for[stem if stem not in asked_for else f"{stem}-{position}"] = partial(search_figure, history, name)
    return asked_for


def _draw(asked_for: Mapping[str, Callable[[], "Figure"]]) -> tuple[dict[str, "Figure"], list[str]]:
    """The figures that can be drawn, and one line for each of the others."""
    drawn: dict[str, Figure] = {}
    missing = []
    for stem, draw in asked_for.items():
        try:
            drawn[stem] = draw()
        except MissingRowsError as error:
            missing.append(str(error))
    return drawn, missing


def _formats(text: str) -> list[FigureFormat]:
    names = [name.strip() for name in text.split(",")]
    unknown = [name for name in names if name not in list(FigureFormat)]
    if unknown:
        raise UsageError(f"--format: there is no format {unknown[0]!r}; formats: {', '.join(FigureFormat)}")
    return [FigureFormat(name) for name in dict.fromkeys(names)]
