"""A report as one HTML page that needs nothing but itself: style, script, plotly.js and pictures are in it.

Whatever comes from a store goes through `inert` and Jinja's escaping, which are on for all of the page. The page's
Content-Security-Policy forbids connections, and runs no script but the two whose digests it names: what stands in a
store would not be run even if it were not escaped.
"""

from __future__ import annotations

import base64
import functools
import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from results_store.report.anchors import anchors
from results_store.report.content import Figure, Report, StudyReport, TextTable
from results_store.report.interactive import figure_json
from results_store.report.looks import page_looks
from results_store.report.wording import claims_note, tally
from results_store.text import inert

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["render_html"]

_TEMPLATES = Path(__file__).parent / "templates"
_TITLES = {
    "tables": "Tables",
    "figures": "Figures",
    "failures": "Failures and missing trials",
    "provenance": "Provenance",
    "file": "Study file",
}


@dataclass(frozen=True, kw_only=True)
class _Entry:
    name: str
    colour: str
    sign: str


@dataclass(frozen=True, kw_only=True)
class _Drawn:
    """A figure with what the page needs to draw it."""

    number: int
    figure: Figure
    json: Markup
    legend: Sequence[_Entry]

    @property
    def chart(self) -> Any:
        return self.figure.chart

    @property
    def data(self) -> Sequence[TextTable]:
        return self.figure.data


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A study with the name that links lead to."""

    study: StudyReport
    anchor: str
    figures: Sequence[_Drawn]

    @property
    def has(self) -> dict[str, bool]:
        has_tables = bool(self.study.tables or self.study.seed_tables)
        return dict.fromkeys(_TITLES, True) | {
            "tables": has_tables,
            "figures": bool(self.figures or self.study.pictures),
        }

    @property
    def has_strips(self) -> bool:
        return any(strip for table in self.study.tables for line in table.strips for strip in line)


def render_html(report: Report) -> str:
    """The page."""
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        finalize=lambda value: inert(value) if type(value) is str else value,
    )
    environment.filters["lines"] = lambda text: Markup.escape(inert(text, keep="\n\t"))
    environment.filters["breakable"] = lambda name: Markup.escape(inert(name)).replace("_", Markup("_<wbr>"))
    environment.filters["data_uri"] = lambda png: f"data:image/png;base64,{base64.b64encode(png).decode()}"
    environment.globals["place"] = lambda share: f"{100 * share:.1f}".removesuffix(".0")
    parts = _parts(report)
    script = _asset("report.js")
    plotly, digest = _plotly() if any(part.figures for part in parts) else ("", "")
    return environment.get_template("report.html.jinja").render(
        report=report,
        parts=parts,
        titles=_TITLES,
        claims_note=claims_note(report.claims),
        tally=tally(report.claims, report.notes),
        policy=_trusted(_policy([digest, _digest(script)] if plotly else [])),
        css=_trusted(_asset("report.css")),
        script=_trusted(script),
        plotly=_trusted(plotly),
    )


def _trusted(text: str) -> Markup:
    """Text that is ours, or made safe where it stands."""
    from markupsafe import Markup

    return Markup(text)  # noqa: S704


def _policy(digests: Sequence[str]) -> str:
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; "
        "connect-src 'none'; base-uri 'none'; form-action 'none'"
    )


def _parts(report: Report) -> list[_Part]:
    parts = []
    number = 0
    for study, anchor in zip(report.studies, anchors(study.name for study in report.studies), strict=True):
        drawn = []
        for figure in study.figures:
            drawn.append(_drawn(number, figure))
            number += 1
        parts.append(_Part(study=study, anchor=anchor, figures=drawn))
    return parts


def _drawn(number: int, figure: Figure) -> _Drawn:
    chart = figure.chart
    looks = page_looks(chart)
    legend = [_Entry(name=group, colour=looks[group].colour, sign=looks[group].sign) for group in chart.groups]
    content = json.dumps(figure_json(chart), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    # Within a script no entity is read; a less-than sign could end it.
    content = content.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return _Drawn(number=number, figure=figure, json=_trusted(content), legend=legend)


def _asset(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")


def _digest(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


@functools.cache
def _plotly() -> tuple[str, str]:
    """plotly.js, compressed for the page, and its digest."""
    from plotly.offline import get_plotlyjs

    source = get_plotlyjs()
    return base64.b64encode(gzip.compress(source.encode(), 9, mtime=0)).decode(), _digest(source)
