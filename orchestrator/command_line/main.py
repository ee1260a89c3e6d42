"""The command `amor`: parses arguments, turns errors into one line and an exit code."""

import os
import sys
from typing import Annotated

import typer

from orchestrator.command_line import output
from orchestrator.command_line.claims import claims
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.figure import figure
from orchestrator.command_line.inspect import list_studies, show, status
from orchestrator.command_line.query import query, table
from orchestrator.command_line.replay import replay
from orchestrator.command_line.report import report
from orchestrator.command_line.search import app as search_app
from orchestrator.command_line.study import plan, schema, validate
from orchestrator.command_line.submit import submit
from orchestrator.command_line.upkeep import compact, doctor, retract
from orchestrator.errors import AmorError, ExecutionError, one_line
from results_store import StoreError

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


for command in (
    validate, plan, submit, status, show, query, table, claims, figure, replay, retract, compact, doctor, schema,
):  # fmt: skip
    app.command()(command)
app.command()(report)
app.command("list")(list_studies)
app.add_typer(search_app, name="search")


def main(arguments: list[str] | None = None) -> None:
    """Runs the command line and exits with its code."""
    code = ExitCode.ALL_WELL
    try:
        app(arguments)  # ends with SystemExit where typer itself has something to say
    except KeyboardInterrupt:
        code = ExitCode.INTERRUPTED
    except Exception as error:
        if os.environ.get("AMOR_DEBUG"):
            raise
        code = ExitCode.WRONG_USAGE
        if isinstance(error, (AmorError, StoreError)):
            output.error(str(error))
        else:
            output.error(f"a fault of amor itself: {one_line(error)} (amor --debug shows where)")
        if isinstance(error, ExecutionError) or not isinstance(error, (AmorError, StoreError)):
            code = ExitCode.FAILED
    sys.exit(int(code))


if __name__ == "__main__":
    main()
