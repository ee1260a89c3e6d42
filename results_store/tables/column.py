"""A column of a table: its heading, and how its numbers are written."""

from __future__ import annotations

from dataclasses import dataclass, field

from results_store.records import MetricInfo
from results_store.tables.summary import Summary, SummaryKind
from results_store.wording import capital, shown_numbers

__all__ = ["Column"]


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table.

    Attributes:
        name: Name in the query.
        title: Heading.
        unit: `fraction` is shown in percent.
        has_replicates: Whether its cells hold the replicates of a number.
        has_published: Whether published values are shown beside it.
        summary: What is shown of the replicates.
        is_alone: Whether it is the only column of these replicates.
    """

    name: str
    title: str
    unit: str = ""
    has_replicates: bool = False
    has_published: bool = False
    summary: Summary = field(default_factory=Summary)
    is_alone: bool = True

    @classmethod
    def of_metric(cls, metric: MetricInfo) -> Column:
        """How a metric's numbers are written."""
        return cls(name=metric.name, title=capital(metric.shown_title), unit=metric.unit)

    @property
    def heading(self) -> str:
        """Title, unit and, where it is no mean that stands alone, what is shown of the replicates."""
        return f"{self.group}, {self.part}" if self.part else self.group

    @property
    def group(self) -> str:
        """Title and unit, which all columns of the same replicates have in common if they have a unit."""
        unit = "%" if self.unit == "fraction" else self.unit
        has_unit = unit and unit != "count" and self.summary.kind.has_unit
        return f"{self.title} ({unit})" if has_unit else self.title

    @property
    def part(self) -> str:
        """What is shown of the replicates; empty for a mean that stands alone."""
        if not self.has_replicates or (self.is_alone and self.summary.kind is SummaryKind.MEAN):
            return ""
        if self.summary.threshold is not None:
            threshold = self.published_number(self.summary.threshold)
            return f"seeds above {threshold}{' %' if self.unit == 'fraction' else ''}"
        return {SummaryKind.LOG_RANK: "log-rank p"}.get(self.summary.kind, self.summary.kind.value.replace("_", " "))

    def number(self, value: float) -> str:
        """A number as it is shown: percent with one decimal, or four significant digits."""
        return self.numbers(value)[0]

    def numbers(self, *values: float) -> list[str]:
        """Numbers that belong together: percent with one decimal, or four significant digits of the largest."""
        return shown_numbers(self.unit, *values)

    def published_number(self, value: float) -> str:
        """A published number with all the digits that were published."""
        return f"{100 * value:.10g}" if self.unit == "fraction" else f"{value:.10g}"
