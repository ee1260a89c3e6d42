"""A report as Markdown: the same content, with figures in words. The same store gives the same bytes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from results_store.query.formats import markdown, markdown_table
from results_store.report.anchors import anchors
from results_store.report.content import Claim, Fact, Report, StudyReport, TextTable
from results_store.report.wording import claims_note, tally
from results_store.text import inert

__all__ = ["render_markdown"]


def render_markdown(report: Report) -> str:
    """The report; paragraphs are parted by empty lines, and it ends with a newline."""
    return "\n\n".join(part.strip("\n") for part in _parts(report)) + "\n"


def _parts(report: Report) -> Iterator[str]:
    named = list(zip(report.studies, anchors(study.name for study in report.studies), strict=True))
    yield f"# {_text(report.title)}"
    if len(report.studies) == 1 and report.studies[0].description:
        yield _paragraph(report.studies[0].description)
    yield from (inert(paragraph, keep="\n") for paragraph in report.introduction)
    yield _facts(report.facts)
    yield "\n".join(["- [Verdicts](#verdicts)", *(f"- [{_text(study.name)}](#{anchor})" for study, anchor in named)])
    yield "## Verdicts"
    yield from (_paragraph(note) for note in report.notes)
    yield markdown(tally(report.claims, report.notes))
    for study, claims in groupby(report.claims, key=lambda claim: claim.study):
        yield f"**{_text(study)}**"
        yield _claims(list(claims))
    if report.claims:
        yield markdown(claims_note(report.claims))
    for study, anchor in named:
        yield f'<a id="{anchor}"></a>\n\n## {_text(study.name)}'
        yield from _study(study)


def _study(study: StudyReport) -> Iterator[str]:
    if study.description:
        yield _paragraph(study.description)
    yield _facts(study.facts)
    yield from (_paragraph(note) for note in study.notes)
    for shown in study.tables:
        yield f"### {_text(shown.table.title)}"
        yield _table(shown.table)
        if shown.sql:
            yield _folded("The SQL behind this table", _fenced(shown.sql, "sql"))
    if study.seed_tables:
        tables = (f"**{_text(table.title)}**\n\n{_table(table)}" for table in study.seed_tables)
        yield _folded("The values of every seed", "\n\n".join(tables))
    for figure in study.figures:
        yield f"### {_text(figure.chart.title)}"
        yield _paragraph(" ".join([figure.chart.alternative, *figure.chart.caption]))
    yield "### Failures and missing trials"
    yield _paragraph(study.failures.summary)
    for table in study.failures.tables:
        yield f"**{_text(table.title)}**\n\n{_table(table)}"
    yield "### Provenance"
    yield _facts([*study.provenance, Fact(name="Study file", text=study.file.name or "unnamed")])
    yield _table(study.submissions)


def _claims(claims: Sequence[Claim]) -> str:
    header = ["Verdict", "Claim", "Effect [95 % interval]", "Corrected p", "n", "Published, and our seeds"]
    rows = []
    for claim in claims:
        about = [f"**{_text(claim.name)}**", *map(_text, (claim.statement, claim.reason, claim.family, *claim.notes))]
        arms = []
        for arm in claim.arms:
            published = f"published {arm.published}, " if arm.published else ""
            place = f"; {arm.place}" if arm.place else ""
            arms.append(_text(f"{arm.label}: {published}ours {arm.measured}{place}"))
        rows.append(
            [
                f"**{_text(claim.verdict)}**",
                "<br>".join(about),
                *map(_text, (claim.effect, claim.p, claim.num_seeds)),
                "<br>".join(arms),
            ]
        )
    rule = ["---", "---", "---:", "---:", "---:", "---"]
    return "\n".join(f"| {' | '.join(line)} |" for line in [header, rule, *rows])


def _facts(facts: Iterable[Fact]) -> str:
    return "\n".join(f"- {_text(fact.name)}: {_text(fact.text)}" for fact in facts)


def _table(table: TextTable) -> str:
    shown = markdown_table(table.header, table.lines, numeric=table.is_numeric)
    return "\n\n".join([shown.rstrip("\n"), *(_paragraph(note) for note in table.notes)])


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>\n\n{content}\n\n</details>"


def _fenced(text: str, language: str) -> str:
    """A block that ends where the text does, whatever stands in it."""
    shown = inert(text, keep="\n\t").strip("\n")
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", shown)), default=0))
    return f"{fence}{language}\n{shown}\n{fence}"


def _text(text: str) -> str:
    """Text on one line, as it is, within a line."""
    return markdown(" ".join(text.split()))


def _paragraph(text: str) -> str:
    """Text that begins a line, where a few signs more would be markup."""
    return re.sub(r"^(\d*)([#+\-=.)])", r"\1\\\2", _text(text))
