"""What a submission of a study records: the file, its cells and seeds, its metrics and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from results_store.records.claims import ClaimRecord
from results_store.records.figure import FigureRecord

__all__ = ["Direction", "MemberRecord", "MetricInfo", "SubmissionRecord", "TableRecord", "TableRow"]

Direction = Literal["maximize", "minimize"]


@dataclass(frozen=True, kw_only=True)
class MetricInfo:
    """What tables need to know about a metric.

    Attributes:
        name: Name of the metric, which is also its column.
        unit: `fraction` is shown in percent; any other unit is shown after the title.
        direction: Which way is better, or None.
        title: Heading of the metric in tables.
        description: One sentence.
    """

    name: str
    unit: str = ""
    direction: Direction | None = None
    title: str = ""
    description: str = ""

    @property
    def shown_title(self) -> str:
        """What it is called in a sentence: its title, or its name in words."""
        return self.title or self.name.replace("_", " ")


@dataclass(frozen=True, kw_only=True)
class MemberRecord:
    """One replicate of one cell under one variant's name; equal cells appear once for each name.

    Attributes:
        variant: Name of the variant.
        point: Which of the variant's cells this is, as text; empty where it has only one.
        cell_id: Identity of the full configuration without a seed.
        trial_id: Identity of the trial.
        seed: Seed of the trial.
        config: The resolved configuration, nested; its leaves become columns of `results`.
        measured_later: The dotted names of numbers in `config` that are None, because they are to be measured in other
            cells first: the member waits, and its ids stand in for those that it will have.
    """

    variant: str
    cell_id: str
    trial_id: str
    seed: int
    config: Mapping[str, Any]
    point: str = ""
    measured_later: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class TableRow:
    """A line of a table: which variant, under which label, beside which published values."""

    variant: str
    label: str | None = None
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class TableRecord:
    """A table that a study asks for.

    Attributes:
        name: Name of the table, unique in its study.
        title: Heading of the table.
        sql: Text of the query, with `$study` as its only parameter.
        rows: Lines to show, in this order; all lines of the query if empty.
        titles: Headings of columns by their names in the query, where they are not made of the name or metric.
        summaries: What is shown of a column's replicates, by its name in the query: `mean`, `median`,
            `interquartile_mean`, `{"share_above": 0.9}`; of learning times `median`, `learned`, `log_rank`.
    """

    name: str
    title: str = ""
    sql: str
    rows: Sequence[TableRow] = ()
    titles: Mapping[str, str] = field(default_factory=dict)
    summaries: Mapping[str, Sequence[str | Mapping[str, float]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not isinstance(self.summaries, Mapping) or not all(
            isinstance(asked, list | tuple) for asked in self.summaries.values()
        ):
            raise TypeError("the summaries of a table are lists by column")


@dataclass(frozen=True, kw_only=True)
class SubmissionRecord:
    """One submission of a study, with everything that its tables need.

    Attributes:
        submission_id: Identity of the submission.
        study: Name of the study.
        description: What the study is about.
        tags: Words to find it by.
        submitted_at: When it was submitted, with a time zone.
        file_name: Name of the study file.
        file_text: Text of the study file as submitted.
        settings: The `--set` strings that were applied.
        trainable: Name of the trainable.
        trainable_version: Version of the trainable.
        metrics: The metrics that the trainable reports.
        members: Variants, cells and seeds in the study's order.
        limits: The study's limits, by name.
        tables: The study's tables.
        figures: The study's figures.
        claims: The study's claims.
        searches: The study's searches: see `results_store.search.SearchInfo`.
    """

    submission_id: str
    study: str
    description: str = ""
    tags: Sequence[str] = ()
    submitted_at: datetime
    file_name: str
    file_text: str
    settings: Sequence[str] = ()
    trainable: str
    trainable_version: int
    metrics: Sequence[MetricInfo] = ()
    members: Sequence[MemberRecord]
    limits: Mapping[str, Any] = field(default_factory=dict)
    tables: Sequence[TableRecord] = ()
    figures: Sequence[FigureRecord] = ()
    claims: Sequence[ClaimRecord] = ()
    searches: Sequence[Mapping[str, Any]] = ()
