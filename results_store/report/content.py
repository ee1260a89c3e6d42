"""What a report says, as data: made of a store once, laid out as HTML and as Markdown.

Texts are as people read them, numbers included, but for what their medium has to do to them: whoever lays them out
makes them inert and escapes them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from results_store.charts import Chart

__all__ = [
    "Claim",
    "ClaimArm",
    "Fact",
    "Failures",
    "Figure",
    "Report",
    "SearchPicture",
    "Strip",
    "StudyFile",
    "StudyReport",
    "StudyTable",
    "TextTable",
]


@dataclass(frozen=True, kw_only=True)
class Fact:
    """A name and what it is."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class TextTable:
    """A table of texts; the first column names the lines.

    Attributes:
        title: Its heading.
        header: Headings of the columns.
        is_numeric: Which columns hold numbers.
        lines: The texts, as many per line as there are headings.
        notes: Footnotes.
    """

    title: str
    header: Sequence[str]
    is_numeric: Sequence[bool]
    lines: Sequence[Sequence[str]]
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Strip:
    """The single values behind a number, from 0 at the smallest of the column to 1 at the largest.

    Attributes:
        values: One place per replicate.
        published: Where the published value is.
    """

    values: Sequence[float]
    published: float | None = None


@dataclass(frozen=True, kw_only=True)
class StudyTable:
    """A table of a study.

    Attributes:
        name: Its name in the study.
        table: What it says.
        strips: For each of its lines and columns the single values, where there are any.
        sql: The query that it came from; empty for a table that came from none.
    """

    name: str
    table: TextTable
    strips: Sequence[Sequence[Strip | None]]
    sql: str = ""


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A figure that readers can ask for its numbers.

    Attributes:
        chart: What is drawn.
        data: The same numbers in tables.
    """

    chart: Chart
    data: Sequence[TextTable]


@dataclass(frozen=True, kw_only=True)
class SearchPicture:
    """A figure of a search, drawn.

    Attributes:
        name: Its name on the command line.
        title: Its heading.
        alternative: What is to be seen, in words.
        png: The picture.
    """

    name: str
    title: str
    alternative: str
    png: bytes


@dataclass(frozen=True, kw_only=True)
class ClaimArm:
    """One of the cells that a claim is about.

    Attributes:
        label: What it is called.
        measured: Our mean and the smallest and largest of our seeds, with their number.
        published: The published value; empty if there is none.
        place: Where the published value lies in respect of the spread of our seeds.
    """

    label: str
    measured: str
    published: str = ""
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What became of a claim.

    Attributes:
        study: The study that makes it.
        name: What it says, in the words of its author.
        statement: The same in terms of metrics, variants and numbers.
        outcome: Supported, refuted, inconclusive or incomplete.
        verdict: The same in words; a claim that is described without a test is as claimed, or not, instead.
        is_tested: Whether it has a p-value.
        has_bound: Whether it says that something is at least, or at most, a number.
        reason: Why.
        effect: The effect with its interval.
        p: The corrected p-value.
        num_seeds: How many seeds it rests on.
        family: The family that it was corrected in, and how many claims that has.
        arms: The cells that it is about.
        notes: What to bear in mind.
    """

    study: str
    name: str
    statement: str
    outcome: str
    verdict: str
    is_tested: bool
    reason: str
    effect: str
    p: str
    num_seeds: str
    family: str
    has_bound: bool = False
    arms: Sequence[ClaimArm] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Failures:
    """What is not there, and what went wrong.

    Attributes:
        summary: In one sentence.
        tables: Trials by state where some are missing; causes; reasons of withdrawals.
    """

    summary: str
    tables: Sequence[TextTable] = ()


@dataclass(frozen=True, kw_only=True)
class StudyFile:
    """The study file as it was submitted last."""

    name: str
    text: str


@dataclass(frozen=True, kw_only=True)
class StudyReport:
    """What came of one study.

    Attributes:
        name: Its name.
        description: What it is about.
        facts: Tags and counts.
        tables: Its tables.
        seed_tables: The values of every seed behind them.
        figures: Its figures; learning curves come last.
        pictures: The figures of its searches.
        failures: What is not there, and what went wrong.
        provenance: By which code, where, when, how long.
        submissions: When it was submitted, and what was asked for each time.
        file: The study file.
        notes: What could not be shown, and why.
    """

    name: str
    description: str
    facts: Sequence[Fact]
    tables: Sequence[StudyTable]
    seed_tables: Sequence[TextTable]
    figures: Sequence[Figure]
    pictures: Sequence[SearchPicture]
    failures: Failures
    provenance: Sequence[Fact]
    submissions: TextTable
    file: StudyFile
    notes: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Report:
    """What came of several studies.

    Attributes:
        title: Its heading.
        facts: What was asked, in numbers.
        claims: All claims of all studies, in their order.
        studies: The studies, in the order asked for.
        notes: Claims that could not be decided at all, and why.
        introduction: Paragraphs below the heading, as they are written; one that is indented is code.
    """

    title: str
    facts: Sequence[Fact]
    claims: Sequence[Claim]
    studies: Sequence[StudyReport]
    notes: Sequence[str] = ()
    introduction: Sequence[str] = ()

    def html(self) -> str:
        """The report as one page that needs no network, with figures that can be zoomed and asked."""
        from results_store.report.html import render_html

        return render_html(self)

    def markdown(self) -> str:
        """The report as Markdown, with figures in words."""
        from results_store.report.markdown import render_markdown

        return render_markdown(self)
