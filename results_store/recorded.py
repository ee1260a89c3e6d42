"""What the latest submission of a study records of its metrics and tables, as values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from results_store.errors import StoreError
from results_store.records import MetricInfo, TableRecord, TableRow
from results_store.text import inert

__all__ = ["recorded_metrics", "recorded_tables"]


def recorded_metrics(submission: Mapping[str, Any]) -> list[MetricInfo]:
    """The metrics of a study's trainable.

    Args:
        submission: A row of the view `studies`.

    Raises:
        StoreError: Another program wrote there what makes no sense.
    """
    try:
        return [MetricInfo(**metric) for metric in json.loads(submission["metrics"])]
    except (ValueError, TypeError, RecursionError):
        raise _senseless(submission, "metrics") from None


def recorded_tables(submission: Mapping[str, Any]) -> list[TableRecord]:
    """The tables that a study asks for.

    Args:
        submission: A row of the view `studies`.

    Raises:
        StoreError: Another program wrote there what makes no sense.
    """
    try:
        return [
            TableRecord(**{**table, "rows": [TableRow(**row) for row in table["rows"]]})
            for table in json.loads(submission["tables"])
        ]
    except (ValueError, TypeError, LookupError, RecursionError):
        raise _senseless(submission, "tables") from None


def _senseless(submission: Mapping[str, Any], what: str) -> StoreError:
    return StoreError(inert(f"what the store holds on the {what} of study {submission['study']!r} makes no sense"))
