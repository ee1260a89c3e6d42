"""Verdicts as a table, and how it is written as Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from results_store.claims.verdict import ClaimArm, ClaimVerdict
from results_store.query.formats import markdown, markdown_table, plain
from results_store.statistics import IntervalMethod, Outcome
from results_store.tables.column import Column
from results_store.tables.latex_floats import PrintedColumn, PrintedGroup, latex_floats
from results_store.text import inert
from results_store.wording import capital, p_value, unit_suffix

__all__ = ["BOUNDS_NOTE", "ClaimTable"]

BOUNDS_NOTE = "Bounds (≥, ≤) are tested strictly: the interval has to lie beyond the number."

_ABSENT = "—"
_HEADER = ("Claim", "Metric", "Statement", "Verdict", "Effect", "Corrected p", "n", "Our means")
_PUBLISHED = ("Published", "Inside")
_TEXTS = ("Study", "Claim", "Metric", "Statement", "Verdict", "Inside")
"""Columns without numbers."""

_BELOW = {"Claim": "Metric", "Effect": "Interval", "Published": "Inside"}
"""What stands below what in print, instead of beside it."""


@dataclass(frozen=True, kw_only=True)
class ClaimTable:
    """Verdicts, ready to be written; numbers of fractions are shown in percent, their effects in percentage points.

    Attributes:
        verdicts: One line each.
        name: Name of the table.
        title: Its heading.
    """

    verdicts: Sequence[ClaimVerdict]
    name: str = "claims"
    title: str = "Claims"

    @property
    def header(self) -> list[str]:
        """Headings of the columns: of the study where there are several, of published values where there are any."""
        return [*(["Study"] if self._has_studies else []), *_HEADER, *(_PUBLISHED if self._has_published else [])]

    @property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers."""
        return [name not in _TEXTS for name in self.header]

    @property
    def lines(self) -> list[list[str]]:
        """The texts of each line."""
        header = self.header
        return [[text for name, text in _line(verdict).items() if name in header] for verdict in self.verdicts]

    @property
    def _has_studies(self) -> bool:
        return len({verdict.study for verdict in self.verdicts}) > 1

    @property
    def _has_published(self) -> bool:
        return any(arm.published is not None for verdict in self.verdicts for arm in verdict.arms)

    def markdown(self) -> str:
        """The table as Markdown, with its title and footnotes."""
        parts = [f"**{markdown(self.title)}**\n\n", markdown_table(self.header, self.lines, numeric=self.numeric)]
        return "".join([*parts, *(f"\n{markdown(note)}\n" for note in self.footnotes())])

    def latex(self) -> str:
        """The table as LaTeX, no wider than the text; needs the packages booktabs and graphicx.

        What belongs to another column stands below it in small print: metrics below claims, intervals below effects.
        """
        lines = [_printed(verdict) for verdict in self.verdicts]
        groups = []
        for name in self.header:
            if name not in _BELOW.values():
                below = [line[_BELOW[name]] for line in lines] if name in _BELOW else None
                texts = [line[name] for line in lines]
                column = PrintedColumn.of_texts(texts, is_numeric=name not in _TEXTS, notes=below)
                groups.append(PrintedGroup(heading=name, columns=[column]))
        return latex_floats(self.title, groups, self.footnotes())

    def csv(self) -> str:
        """The numbers in full precision: fractions stay fractions."""
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        rows = [_machine_row(verdict) for verdict in self.verdicts]
        names = list(rows[0]) if rows else []
        writer.writerow(names)
        for row in rows:
            writer.writerow([inert(plain(row[name]), keep="\n\t") for name in names])
        return buffer.getvalue()

    def footnotes(self) -> list[str]:
        """How the numbers came about, and what to bear in mind about each claim."""
        if not self.verdicts:
            return []
        notes = [self._effects()]
        if self._has_published:
            notes.append("Inside: whether the published value lies between the smallest and the largest of our seeds.")
        if any(verdict.has_bound for verdict in self.verdicts):
            notes.append(BOUNDS_NOTE)
        notes += self._families()
        claims_by_note: dict[str, list[str]] = {}
        for verdict in self.verdicts:
            label = f"{verdict.study}, {verdict.name}" if self._has_studies else verdict.name
            for note in _notes(verdict):
                claims_by_note.setdefault(note, []).append(label)
        for note, labels in claims_by_note.items():
            is_common = 1 < len(self.verdicts) == len(labels)
            notes.append(f"{'All claims' if is_common else '; '.join(labels)}: {note}.")
        return notes

    def _effects(self) -> str:
        """How the numbers of the kinds that are shown came about."""
        kinds = {verdict.expect for verdict in self.verdicts}
        others = {
            "of one arm: minus the number": {"at_least", "at_most"},
            "of a ratio: minus so many times the second": {"ratio"},
            "of a monotone series: last minus first point": {"monotone"},
            "of a drop: before minus beyond it": {"drop"},
            "of a conjunction: its weakest part's": {"all"},
        }
        also = "; ".join(text for text, concerned in others.items() if kinds & concerned)
        points = any(verdict.unit == "fraction" for verdict in self.verdicts)
        return (
            f"Effects: mean of the first minus the second arm{f' ({also})' if also else ''}, paired by seed, with 95 % "
            f"intervals (Student's t){', in percentage points (pp) for what is shown in percent' if points else ''}. "
            "p: one-sided sign-flip test, after Holm's correction."
        )

    def _families(self) -> list[str]:
        notes = []
        for family in dict.fromkeys(verdict.family for verdict in self.verdicts):
            members = [
                verdict for verdict in self.verdicts if verdict.family == family and not verdict.verdict.is_descriptive
            ]
            size = members[0].family_size if members else 0
            if size < 2:
                continue
            hidden = f"; {size - len(members)} of them in other studies" if size > len(members) else ""
            notes.append(f"Family {family}: {size} claims, corrected together{hidden}.")
        return notes


def _line(verdict: ClaimVerdict) -> dict[str, str]:
    """The text of every column."""
    return {
        "Study": verdict.study,
        "Claim": verdict.name,
        "Metric": capital(verdict.title),
        "Statement": verdict.statement,
        "Verdict": verdict.verdict.word,
        "Effect": _effect(verdict),
        "Corrected p": _p(verdict),
        "n": _n(verdict),
        "Our means": _each(verdict.arms, _mean),
        "Published": _each(verdict.arms, _published),
        "Inside": _each(verdict.arms, _inside),
    }


def _printed(verdict: ClaimVerdict) -> dict[str, str]:
    """The same for print, with the interval as a text of its own."""
    line = _line(verdict)
    effect, bracket, ends = line["Effect"].partition(" [")
    inside = "" if line["Inside"] == _ABSENT else f"inside: {line['Inside']}"
    return {**line, "Effect": effect, "Interval": bracket.strip() + ends, "Inside": inside}


def _column(arm: ClaimArm) -> Column:
    return Column(name=arm.metric, title=arm.metric, unit=arm.unit)


def _effect(verdict: ClaimVerdict) -> str:
    interval = verdict.verdict.interval
    if interval.mean is None:
        return _ABSENT
    column = Column(name="", title="", unit=verdict.unit)
    unit = unit_suffix(verdict.unit, is_difference=True)
    if interval.method is IntervalMethod.CONSTANT:
        return f"{_signed(column.number(interval.mean))}{unit} [all equal]"
    if interval.low is None or interval.high is None:
        return f"{_signed(column.number(interval.mean))}{unit}"
    mean, low, high = map(_signed, column.numbers(interval.mean, interval.low, interval.high))
    return f"{mean}{unit} [{low}, {high}]"


def _signed(number: str) -> str:
    is_zero = not number.strip("-0.")
    return number.removeprefix("-") if is_zero else number if number.startswith("-") else f"+{number}"


def _p(verdict: ClaimVerdict) -> str:
    decided = verdict.verdict
    if decided.outcome is Outcome.REFUTED and decided.p_against_corrected is not None:
        return f"{p_value(decided.p_against_corrected)} against"
    return _ABSENT if decided.p_corrected is None else p_value(decided.p_corrected)


def _n(verdict: ClaimVerdict) -> str:
    decided = verdict.verdict
    if decided.gaps.total and not decided.parts:
        return f"{decided.num_pairs} of {decided.num_pairs + decided.gaps.total}"
    return str(decided.num_pairs)


def _each(arms: Sequence[ClaimArm], text: Callable[[ClaimArm], str | None]) -> str:
    """What is to be said of every arm, in order; a dash if there is nothing to say of any."""
    texts = [text(arm) for arm in arms]
    if all(found is None for found in texts):
        return _ABSENT
    return " / ".join(_ABSENT if found is None else found for found in texts)


def _mean(arm: ClaimArm) -> str | None:
    return None if arm.mean is None else _column(arm).number(arm.mean)


def _published(arm: ClaimArm) -> str | None:
    return None if arm.published is None else _column(arm).published_number(arm.published)


def _inside(arm: ClaimArm) -> str | None:
    return {True: "yes", False: "no", None: None}[arm.is_published_inside]


def _notes(verdict: ClaimVerdict) -> list[str]:
    """What to bear in mind about a claim, its reason included where the numbers alone do not tell it."""
    decided = verdict.verdict
    notes = []
    if decided.is_descriptive or decided.outcome in (Outcome.INCONCLUSIVE, Outcome.INCOMPLETE):
        kind = f"{decided.word}, described without a test" if decided.is_descriptive else decided.word
        notes.append(f"{kind}: {decided.reason}")
    if verdict.effect_of:
        notes.append(f"the effect is that of its weakest part, {verdict.effect_of}")
    return [*notes, *decided.warnings, *verdict.notes]


def _machine_row(verdict: ClaimVerdict) -> dict[str, Any]:
    decided = verdict.verdict
    return {
        "study": verdict.study,
        "claim": verdict.name,
        "metric": verdict.metric,
        "expect": verdict.expect,
        "family": verdict.family,
        "family_size": verdict.family_size,
        "statement": verdict.statement,
        "verdict": decided.outcome.value,
        "reason": decided.reason,
        "effect": decided.effect,
        "effect_low": decided.interval.low,
        "effect_high": decided.interval.high,
        "n": decided.num_pairs,
        "missing": decided.gaps.num_missing,
        "diverged": decided.gaps.num_diverged,
        "undefined": decided.gaps.num_undefined,
        "p": decided.p,
        "p_corrected": decided.p_corrected,
        "p_against": decided.p_against,
        "p_against_corrected": decided.p_against_corrected,
        "arms": [arm.label for arm in verdict.arms],
        "means": [arm.mean for arm in verdict.arms],
        "published": [arm.published for arm in verdict.arms],
        "published_inside": [arm.is_published_inside for arm in verdict.arms],
        "notes": [*decided.warnings, *verdict.notes],
    }
