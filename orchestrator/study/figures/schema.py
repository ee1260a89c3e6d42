"""The section `figures` of a study file: one class for each kind of figure."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestrator.document.model import Name, Scalar, Seed, StudyModel


class FigureVariant(StudyModel):
    """A variant in a figure, under a label."""

    variant: str = Field(description="The variant.")
    label: str | None = Field(default=None, description="What the legend calls it; the variant's name if left out.")


ShownVariant = str | FigureVariant
"""A variant by its name, or with a label."""


class PublishedPoint(StudyModel):
    """A published value, drawn in grey beside ours."""

    x: float = Field(description="The epoch; the value of the key that is swept; in a tradeoff the gate rate.")
    y: float = Field(description="The published value; rates are fractions.")
    low: float | None = Field(default=None, description="Where its published interval begins.")
    high: float | None = Field(default=None, description="Where its published interval ends.")
    label: str = Field(default="published", min_length=1, description="Its name in the legend; equal ones are one.")

    @model_validator(mode="after")
    def _interval(self) -> "PublishedPoint":
        if (self.low is None) != (self.high is None):
            raise ValueError("an interval takes both `low` and `high`")
        if self.low is not None and self.high is not None and not self.low <= self.y <= self.high:
            raise ValueError(f"y lies between low and high (got low {self.low:g}, y {self.y:g}, high {self.high:g})")
        return self


class _Figure(StudyModel):
    name: Name = Field(description="The figure's name on the command line.")
    title: str = Field(default="", description="The figure's heading.")
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="Only the cells with these values, by configuration key."
    )

    @property
    def shown(self) -> Sequence[FigureVariant]:
        """The variants that the file names; none: all that are not searched."""
        return ()

    @property
    def compared_with(self) -> Sequence[FigureVariant]:
        """The variants that are drawn as lines to compare with."""
        return ()


class _OfVariants(_Figure):
    variants: list[ShownVariant] = Field(
        default_factory=list,
        description="Variants, by name or as `{variant, label}`, in the order of the legend; all if empty.",
    )

    @property
    def shown(self) -> Sequence[FigureVariant]:
        """The variants that the file names."""
        return _variants(self.variants)


class EntropyHistogram(_OfVariants):
    """Histograms of the entropy at local and at retrieval positions of the test split."""

    kind: Literal["entropy_histogram"] = Field(description="Entropy at local and at retrieval positions.")
    seeds: list[Seed] = Field(default_factory=list, description="Only these seeds; all if empty.")


class MetricByEpoch(_OfVariants):
    """Learning curves."""

    kind: Literal["metric_by_epoch"] = Field(description="A metric of every epoch: each seed, and their mean.")
    metric: str = Field(description="A metric that is reported per epoch.")
    published: list[PublishedPoint] = Field(default_factory=list, description="Published values by epoch.")


class Sweep(_OfVariants):
    """A metric along a key of the configuration."""

    kind: Literal["sweep"] = Field(description="A metric along a key of the configuration.")
    along: str = Field(description="The key, such as task.noise_length, whose values are numbers.")
    metric: str = Field(description="The metric.")
    references: list[ShownVariant] = Field(
        default_factory=list, description="Variants to compare with: drawn as lines without points."
    )
    log: bool = Field(default=False, description="Whether the key's axis is logarithmic.")
    published: list[PublishedPoint] = Field(default_factory=list, description="Published values by value of the key.")

    @property
    def compared_with(self) -> Sequence[FigureVariant]:
        """The variants that are drawn as lines to compare with."""
        return _variants(self.references)


class GatePattern(_Figure):
    """What the gate of a trained model does on a test sequence."""

    kind: Literal["gate_pattern"] = Field(description="A trained gate on a test sequence.")
    variant: ShownVariant = Field(description="The variant, by name or as `{variant, label}`.")
    seed: Seed | None = Field(default=None, description="The seed; the study's first if left out.")
    sequence: int = Field(default=0, ge=0, description="Which of the recorded test sequences, from 0.")

    @property
    def shown(self) -> Sequence[FigureVariant]:
        """The variants that the file names."""
        return _variants([self.variant])


class Tradeoff(_OfVariants):
    """A metric against how much attention it takes."""

    kind: Literal["tradeoff"] = Field(
        description="A metric against 1 - gate rate, and against the share of attention's multiply-adds executed."
    )
    metric: str = Field(description="The metric.")
    published: list[PublishedPoint] = Field(default_factory=list, description="Published values by gate rate.")


class Survival(_OfVariants):
    """How many seeds have not learned to retrieve yet."""

    kind: Literal["survival"] = Field(description="The share of seeds that do not retrieve yet, by epoch.")


Figure = Annotated[
    EntropyHistogram | MetricByEpoch | Sweep | GatePattern | Tradeoff | Survival, Field(discriminator="kind")
]


def _variants(entries: Sequence[ShownVariant]) -> tuple[FigureVariant, ...]:
    return tuple(FigureVariant(variant=entry) if isinstance(entry, str) else entry for entry in entries)
