"""Options that several commands share."""

from pathlib import Path
from typing import Annotated

import typer

DEFAULT_STORE = Path("results")

StoreOption = Annotated[
    Path,
    typer.Option("--store", envvar="AMOR_STORE", help="Folder that holds all results.", show_default=True),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change a key of the study or of its configuration; repeatable."),
]
OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="VARIANT", help="Run this variant only; repeatable.")
]
StudyPaths = Annotated[list[Path], typer.Argument(metavar="STUDY...", help="Study files.", show_default=False)]
