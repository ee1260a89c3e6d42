"""`python -m tests.chaos.launcher POINT PASSAGE amor-arguments…`: the command line, killed at a point of its work."""

import sys

from kill_points import ALL_POINTS, arm, at_passage

from orchestrator.command_line.main import main

if __name__ == "__main__":
    name, passage, *arguments = sys.argv[1:]
    arm(ALL_POINTS[name], at_passage(int(passage)))
    main(arguments)
