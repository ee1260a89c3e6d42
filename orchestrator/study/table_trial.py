"""A study's tables, tried on a store that holds the study and no results: do their columns exist?"""

import tempfile
from collections.abc import Callable

from orchestrator.document.yaml_document import KeyPath
from orchestrator.study.checks import query_problem
from orchestrator.study.study import Study
from orchestrator.study.submission import submission_record
from results_store import FolderStore, QueryError, StoreError, SummariesError
from results_store import open as open_results


def try_tables(study: Study, report: Callable[[KeyPath, str], None]) -> None:
    """Makes every table of the study before there is anything to show in it; what fails is reported."""
    if not study.file.tables:
        return
    with tempfile.TemporaryDirectory(prefix="amor-") as folder:
        try:
            FolderStore(folder).publish([submission_record(study)])
            results = open_results(folder)
        except StoreError as error:
            report(("trainable",), str(error))
            return
        for index, table in enumerate(study.file.tables):
            try:
                results.table(study.name, table.name)
            except SummariesError as error:
                for (column, place), message in error.problems.items():
                    path = ("tables", index, "summaries", column)
                    report(path if place is None else (*path, place), message)
            except QueryError as error:
                report(("tables", index, "sql"), query_problem(table.sql, error))
