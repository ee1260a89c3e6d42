"""A figure that a study asks for, as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from results_store.records.attempt import Value

__all__ = ["FigureKind", "FigureRecord", "FigureVariant", "PublishedPoint"]


class FigureKind(StrEnum):
    """What a figure shows."""

    ENTROPY_HISTOGRAM = "entropy_histogram"
    METRIC_BY_EPOCH = "metric_by_epoch"
    SWEEP = "sweep"
    GATE_PATTERN = "gate_pattern"
    TRADEOFF = "tradeoff"
    SURVIVAL = "survival"


@dataclass(frozen=True, kw_only=True)
class FigureVariant:
    """A variant in a figure, and what the legend calls it; by its name if nothing is said."""

    variant: str
    label: str | None = None


@dataclass(frozen=True, kw_only=True)
class PublishedPoint:
    """A published value to be drawn beside ours.

    Attributes:
        x: The epoch, the value of the key that is swept, or the gate rate, as the kind of the figure has it.
        y: The published value.
        low: Where its published interval begins.
        high: Where that ends.
        label: What the legend calls it; points of one label belong together.
    """

    x: float
    y: float
    low: float | None = None
    high: float | None = None
    label: str = "published"


@dataclass(frozen=True, kw_only=True)
class FigureRecord:
    """A figure that a study asks for; which of the fields count is the kind's to say.

    Attributes:
        name: Name of the figure, unique in its study.
        title: Heading of the figure.
        kind: What it shows.
        variants: The variants that it shows, in the order of the legend; all of the study if empty.
        where: Which cells of the variants, by key of the configuration; all if empty.
        metric: The metric that it shows.
        along: The key of the configuration along which a sweep goes.
        log: Whether the axis of a sweep is logarithmic.
        references: Variants that a sweep shows as lines without points.
        seeds: The seeds that it shows; all of the study if empty.
        sequence: The test sequence that a gate pattern shows.
        published: Published values.
    """

    name: str
    title: str = ""
    kind: FigureKind
    variants: Sequence[FigureVariant] = ()
    where: Mapping[str, Value] = field(default_factory=dict)
    metric: str = ""
    along: str = ""
    log: bool = False
    references: Sequence[FigureVariant] = ()
    seeds: Sequence[int] = ()
    sequence: int = 0
    published: Sequence[PublishedPoint] = ()
