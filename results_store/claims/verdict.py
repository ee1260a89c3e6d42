"""What became of a study's claims, with everything that stands beside a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from results_store.statistics import Verdict, mean_interval

if TYPE_CHECKING:
    from results_store.claims.table import ClaimTable

__all__ = ["ClaimArm", "ClaimVerdict", "ClaimVerdicts"]


@dataclass(frozen=True, kw_only=True)
class ClaimArm:
    """A cell that a claim speaks of.

    Attributes:
        label: What it is called.
        variant: The variant whose cell it is.
        values: The metric by seed; None for a seed that has no number, whatever the reason.
        published: The published value, if there is one.
        is_published_inside: Whether it lies between the smallest and the largest of the values, the ends included;
            None without either.
        metric: The metric.
        unit: Its unit; `fraction` is shown in percent.
    """

    label: str
    variant: str
    values: Mapping[int, float | None]
    published: float | None
    is_published_inside: bool | None
    metric: str
    unit: str = ""

    @property
    def mean(self) -> float | None:
        """The mean of the values; None without any."""
        return mean_interval(self.values.values()).mean


@dataclass(frozen=True, kw_only=True)
class ClaimVerdict:
    """A claim, and what became of it.

    Attributes:
        study: The study that makes the claim.
        name: The claim in words.
        metric: The metric that it is about; several, with commas between, for a conjunction of several.
        expect: Its kind.
        family: The claims of this family were corrected together.
        family_size: How many claims that is, in all studies of the store; descriptive ones do not count.
        statement: The claim as a formula in words.
        verdict: The verdict, in raw units: fractions stay fractions.
        arms: The cells that it speaks of, in the statement's order.
        notes: What to know of how it came about, such as seeds that were added after looking.
        title: What the metric is called in tables.
        unit: Unit of the effect.
        has_bound: Whether it, or a part of it, says that something is at least, or at most, a number.
        effect_of: The part of a conjunction whose effect stands for it, which is its weakest; else empty.
    """

    study: str
    name: str
    metric: str
    expect: str
    family: str
    family_size: int
    statement: str
    verdict: Verdict
    arms: tuple[ClaimArm, ...]
    notes: tuple[str, ...] = ()
    title: str = ""
    unit: str = ""
    effect_of: str = ""
    has_bound: bool = False


@dataclass(frozen=True, kw_only=True)
class ClaimVerdicts:
    """The claims of studies.

    Attributes:
        verdicts: One per claim, study by study, in the order of each study.
        notes: What could not be decided at all, a line each.
    """

    verdicts: tuple[ClaimVerdict, ...]
    notes: tuple[str, ...] = ()

    def table(self) -> ClaimTable:
        """The verdicts as a table, to be written as Markdown, LaTeX or CSV."""
        from results_store.claims.table import ClaimTable  # which needs this module

        return ClaimTable(verdicts=self.verdicts)
