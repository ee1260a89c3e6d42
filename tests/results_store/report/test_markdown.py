"""Markdown: the same store gives the same bytes, and what stands in it is shown as it is."""

import dataclasses

from markdown_it import MarkdownIt

import results_store
from results_store.report.content import Claim, ClaimArm

HOSTILE = "# <script>alert(1)</script> | `x` [a](javascript:b) </details>\n\n```\n\n1. *x* \u202e"


def parsed(text):
    return MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)


def test_the_same_store_gives_the_same_bytes(own_results):
    first = own_results.report("one", "grid").markdown()
    assert results_store.open(own_results.path).report("one", "grid").markdown() == first
    results_store.compact(own_results.path)
    assert results_store.open(own_results.path).report("one", "grid").markdown() == first


def test_it_has_every_table_with_all_its_lines(whole_report):
    report = whole_report
    tokens = parsed(report.markdown())
    tables = [token for token in tokens if token.type == "table_open"]
    wanted = [
        table
        for study in report.studies
        for table in (
            *(shown.table for shown in study.tables), *study.seed_tables, *study.failures.tables, study.submissions,
        )
    ]  # fmt: skip
    assert len(tables) == 1 + len(wanted)
    rows = sum(token.type == "tr_open" for token in tokens)
    assert rows == 1 + len(report.claims) + sum(1 + len(table.lines) for table in wanted)
    headings = [token.tag for token in tokens if token.type == "heading_open"]
    assert headings.count("h1") == 1
    assert headings.count("h2") == 1 + len(report.studies)


def test_links_of_the_contents_lead_somewhere(whole_report):
    text = whole_report.markdown()
    links = {
        child.attrs["href"] for token in parsed(text) for child in token.children or [] if child.type == "link_open"
    }
    assert links == {"#verdicts", "#study-one", "#study-grid"}
    assert '<a id="study-one"></a>' in text
    assert "\n## Verdicts\n" in text


def test_nothing_in_it_is_markup_that_is_not_ours(whole_report):
    report = whole_report
    claim = Claim(
        study=HOSTILE, name=HOSTILE, statement=HOSTILE, outcome="supported", verdict="supported",
        is_tested=True, reason=HOSTILE, effect=HOSTILE, p=HOSTILE, num_seeds=HOSTILE, family=HOSTILE, notes=[HOSTILE],
        arms=[ClaimArm(label=HOSTILE, measured=HOSTILE, published=HOSTILE, place=HOSTILE)],
    )  # fmt: skip
    study = dataclasses.replace(report.studies[0], name=HOSTILE, description=HOSTILE, notes=[HOSTILE])
    tables = [dataclasses.replace(table, sql=HOSTILE) for table in study.tables]
    study = dataclasses.replace(study, tables=tables)
    text = dataclasses.replace(report, title=HOSTILE, claims=[claim], studies=[study]).markdown()
    tokens = parsed(text)
    assert not any("\u202e" in token.content for token in tokens)
    html = {token.content.strip() for token in tokens if token.type == "html_block"}
    html |= {child.content for token in tokens for child in token.children or [] if child.type == "html_inline"}
    ours = ("<details><summary>", "</details>", '<a id="study-', "</a>", "<br>")
    assert all(piece.startswith(ours) for piece in html), html
    assert [token.tag for token in tokens if token.type == "heading_open"].count("h1") == 1
    hrefs = {c.attrs["href"] for token in tokens for c in token.children or [] if c.type == "link_open"}
    assert all(href.startswith("#") for href in hrefs)
    fences = [token for token in tokens if token.type == "fence"]
    assert any("</details>" in token.content for token in fences)
