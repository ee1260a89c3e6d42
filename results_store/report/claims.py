"""Verdicts as reports tell of them: with the spread of our seeds beside what was published."""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from results_store.claims import ClaimArm as DecidedArm
from results_store.claims import ClaimTable, ClaimVerdict
from results_store.report.content import Claim, ClaimArm
from results_store.tables import Column
from results_store.wording import capital, counted, unit_suffix

if TYPE_CHECKING:
    from results_store.results import Results

__all__ = ["claims_of"]


def claims_of(results: Results, studies: Sequence[str]) -> tuple[list[Claim], list[str]]:
    """The verdicts on all claims of studies, study by study; and what could not be decided at all.

    Raises:
        UnknownNameError: There is no such study.
    """
    found = results.claims(*studies)
    return [_claim(verdict) for verdict in found.verdicts], list(found.notes)


def _claim(decided: ClaimVerdict) -> Claim:
    table = ClaimTable(verdicts=(decided,))
    texts = dict(zip(table.header, table.lines[0], strict=True))
    verdict = decided.verdict
    if verdict.is_descriptive:
        family = "Described without a test, in no family."
    else:
        others = "alone" if decided.family_size == 1 else f"one of {decided.family_size} claims corrected together"
        family = f"Family {decided.family}: {others}."
    names = {name for arm in decided.arms for name in (arm.label, arm.variant, arm.metric)}
    weakest = [f"The effect is that of its weakest part: {decided.effect_of}."] if decided.effect_of else []
    return Claim(
        study=decided.study,
        name=decided.name,
        statement=f"{decided.title}: {decided.statement}",
        outcome=verdict.outcome.value,
        verdict=verdict.word,
        is_tested=not verdict.is_descriptive,
        has_bound=decided.has_bound,
        reason=_sentence(verdict.reason, names),
        effect=texts["Effect"],
        p=texts["Corrected p"],
        num_seeds=texts["n"],
        family=family,
        arms=[_arm(arm) for arm in decided.arms],
        notes=[*weakest, *(_sentence(note, names) for note in (*verdict.warnings, *decided.notes))],
    )


def _arm(arm: DecidedArm) -> ClaimArm:
    column = Column(name=arm.metric, title=arm.metric, unit=arm.unit)
    unit = unit_suffix(arm.unit)
    values = [value for value in arm.values.values() if value is not None and math.isfinite(value)]
    measured = "no values yet"
    if arm.mean is not None:
        mean, low, high = column.numbers(arm.mean, min(values), max(values))
        measured = f"{mean}{unit} ({low} to {high}, {counted(len(values), 'seed')})"
    return ClaimArm(
        label=arm.label,
        measured=measured,
        published="" if arm.published is None else f"{column.published_number(arm.published)}{unit}",
        place={True: "inside our seeds", False: "outside our seeds", None: ""}[arm.is_published_inside],
    )


def _sentence(text: str, names: Collection[str]) -> str:
    """A text as a sentence; names stay as they are written, also at its begin."""
    text = text.strip()
    begins_with_name = any(text.startswith(name) and not re.match(r"\w", text[len(name) :]) for name in names)
    text = text if begins_with_name else capital(text)
    return f"{text}{'' if text.endswith(('.', '!', '?')) else '.'}"
