"""The command `amor`: parses arguments, turns errors into one line and an exit code.

Exit codes: 0 all well; 1 finished with failed trials, or the run broke off; 2 wrong usage or an invalid study;
130 interrupted.
"""

import os
import sys
from enum import IntEnum
from typing import Annotated

import click
import typer

from orchestrator.command_line import output
from orchestrator.command_line.inspect import list_studies, show, status
from orchestrator.command_line.query import query, table
from orchestrator.command_line.study import plan, schema, validate
from orchestrator.command_line.submit import submit
from orchestrator.errors import AmorError, ExecutionError
from results_store import StoreError


class ExitCode(IntEnum):
    """What the command's exit code means."""

    ALL_WELL = 0
    FAILED = 1
    WRONG_USAGE = 2
    INTERRUPTED = 130


app = typer.Typer(
    name="amor",
    help="Distributed ablations and sweeps: one study file in, tables with uncertainty out.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show tracebacks of errors.")] = False,
) -> None:
    if debug:
        os.environ["AMOR_DEBUG"] = "1"


for command in (validate, plan, submit, status, show, query, table, schema):
    app.command()(command)
app.command("list")(list_studies)


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with its code."""
    try:
        code = app(arguments, standalone_mode=False)
    except click.exceptions.Abort:
        code = ExitCode.INTERRUPTED
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except BrokenPipeError:
        sys.stdout = None  # whoever read our output has gone; say nothing more
        code = ExitCode.ALL_WELL
    except (AmorError, StoreError) as error:
        if os.environ.get("AMOR_DEBUG"):
            raise
        output.error(str(error))
        code = ExitCode.FAILED if isinstance(error, ExecutionError) else ExitCode.WRONG_USAGE
    sys.exit(int(code or 0))


if __name__ == "__main__":
    main()
