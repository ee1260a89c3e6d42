"""The command `report`."""

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, StoreOption
from orchestrator.command_line.stores import open_existing, outside_of_store
from orchestrator.document.problems import Problem
from orchestrator.document.yaml_document import Document, FileTooLargeError, read_document, read_text
from orchestrator.errors import StudyError, UsageError
from results_store import Results
from results_store.files import write_file

_STUDY_FILES = (".yaml", ".yml")
_MARKDOWN_FILES = (".md", ".markdown")


class ReportFormat(StrEnum):
    """The form of a report."""

    HTML = "html"
    MARKDOWN = "markdown"


def report(
    studies: Annotated[
        list[str],
        typer.Argument(metavar="STUDY...", help="Study files, or names of studies in the store.", show_default=False),
    ],
    store: StoreOption = DEFAULT_STORE,
    output_file: Annotated[
        Path | None, typer.Option("--output", help="Write the report to this file.", show_default=False)
    ] = None,
    report_format: Annotated[
        ReportFormat | None,
        typer.Option("--format", help="html or markdown; by the name of --output if left out.", show_default=False),
    ] = None,
    title: Annotated[str, typer.Option(help="Heading; made of the studies if left out.", show_default=False)] = "",
    introduction: Annotated[
        Path | None, typer.Option(help="A text file whose paragraphs stand below the heading.", show_default=False)
    ] = None,
) -> None:
    """Write what came of studies as one offline page: verdicts, tables, figures, failures, provenance, SQL."""
    is_markdown = output_file is not None and output_file.suffix.lower() in _MARKDOWN_FILES
    chosen = report_format or (ReportFormat.MARKDOWN if is_markdown else ReportFormat.HTML)
    if chosen is ReportFormat.HTML and output_file is None and sys.stdout.isatty():
        raise UsageError("a page is not for terminals; write it to a file with --output, or ask for --format markdown")
    files = _files(studies)
    introduced = _introduction(introduction)
    results = open_existing(store)
    if output_file is not None:
        outside_of_store(results, output_file)
        _refuse_input(output_file, [*map(Path, files), *([introduction] if introduction is not None else [])])
    names = [str(files[study].data["name"]) if study in files else study for study in studies]
    made = results.report(*names, title=title, introduction=introduced)
    _tell_of_changes(results, files)
    text = made.html() if chosen is ReportFormat.HTML else made.markdown()
    if output_file is None:
        sys.stdout.buffer.write(text.encode())
        sys.stdout.flush()
    else:
        write_file(output_file, text.encode())


def _refuse_input(output_file: Path, inputs: Sequence[Path]) -> None:
    if any(output_file.exists() and output_file.samefile(path) for path in inputs):
        raise UsageError(f"--output {output_file} is what the report is made from; name another file")


def _introduction(path: Path | None) -> str:
    if path is None:
        return ""
    try:
        return read_text(path)
    except OSError as error:
        raise UsageError(f"--introduction {path}: {(error.strerror or str(error)).lower()}") from error
    except FileTooLargeError as error:
        raise UsageError(f"--introduction {path}: {error}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--introduction {path}: not UTF-8 text") from error


def _files(studies: Sequence[str]) -> dict[str, Document]:
    """The arguments that are study files, read but not resolved: what is reported on is what was submitted."""
    found: dict[str, Document] = {}
    problems: list[Problem] = []
    for study in studies:
        if Path(study).suffix.lower() not in _STUDY_FILES:
            continue
        try:
            document = read_document(Path(study))
        except StudyError as error:
            problems += error.problems
            continue
        if isinstance(document.data.get("name"), str):
            found[study] = document
        else:
            position = document.value_position(("name",))
            problem = Problem(source=document.source, position=position, key="name", message="a study has a name")
            problems.append(problem)
    if problems:
        raise StudyError(problems)
    return found


def _tell_of_changes(results: Results, files: dict[str, Document]) -> None:
    submitted = dict(results.sql("SELECT study, file_text FROM studies WHERE is_latest").rows())
    for document in files.values():
        if submitted.get(document.data["name"]) != document.text:
            output.message(f"{document.source} is not what was submitted last; the report shows what was")
