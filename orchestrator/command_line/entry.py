"""The entry of the command `amor`: nothing here takes time to import, so that Ctrl-C is obeyed from the start."""

import sys


def main() -> None:
    """Runs the command line; Ctrl-C while its modules are imported ends it without a word, too."""
    try:
        from orchestrator.command_line.main import main as run

        run()
    except KeyboardInterrupt:
        sys.exit(130)
