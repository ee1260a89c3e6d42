"""What to run, and running it: study files, identity, plan, lifecycle, executors, command line."""
