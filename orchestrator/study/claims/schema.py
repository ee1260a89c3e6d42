"""Claims of a study file: a class for each kind of statement, told apart by `expect`."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from orchestrator.document.model import Scalar, StudyModel
from orchestrator.document.problems import suggestion
from orchestrator.document.validation import unknown_key

Margin = Annotated[float, Field(ge=0)]


class PlacedArm(StudyModel):
    """A variant at a grid point of its own."""

    variant: str = Field(description="The variant.")
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="The arm's grid point, beside the claim's `where`, by configuration key."
    )


Arm = str | PlacedArm
"""One side of a comparison: a variant, or a variant with its own grid point."""


class Statement(StudyModel):
    """What all statements about a metric have in common."""

    metric: str = Field(description="The metric that it is about.")
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="The grid point at which it is stated, by configuration key."
    )


class TwoArms(Statement):
    """What all statements about two arms have in common."""

    compare: Annotated[list[Arm], Field(min_length=2, max_length=2)] = Field(
        description="Two arms: variants, or `{variant: …, where: {…}}` for an arm with a grid point of its own."
    )
    published: Annotated[list[float | None], Field(min_length=2, max_length=2)] | None = Field(
        default=None, description="The published values of the two arms; null for one without."
    )


class Difference(TwoArms):
    """One arm is greater, or less, than the other."""

    expect: Literal["greater", "less"] = Field(description="What the first arm is, compared with the second.")
    margin: Margin = Field(default=0.0, description="By more than this.")


class Equivalence(TwoArms):
    """The arms differ by less than a margin."""

    expect: Literal["equivalent"] = Field(description="The arms differ by less than the margin.")
    margin: float = Field(gt=0, description="How much they may differ.")


class Ratio(TwoArms):
    """One arm is greater than a multiple of the other."""

    expect: Literal["ratio"] = Field(description="The first arm is greater than `ratio` times the second.")
    ratio: float = Field(gt=0, description="How many times the second arm.")
    margin: Margin = Field(default=0.0, description="By more than this.")


class Bound(Statement):
    """One arm is beyond a number."""

    expect: Literal["at_least", "at_most"] = Field(description="On which side of the number the arm is.")
    variant: Arm = Field(description="The arm: a variant, or `{variant: …, where: {…}}`.")
    value: float = Field(description="The number.")
    margin: Margin = Field(default=0.0, description="By more than this.")
    published: float | None = Field(default=None, description="The arm's published value.")


Comparison = Annotated[Difference | Equivalence | Ratio | Bound, Field(discriminator="expect")]


class Named(StudyModel):
    """What all claims have in common."""

    name: str = Field(min_length=1, description="The claim in words.")
    family: str | None = Field(
        default=None,
        min_length=1,
        description="Claims corrected together for multiplicity, also those of other studies; the study's if left out.",
    )


class DifferenceClaim(Named, Difference):
    """The claim that one arm is greater, or less, than the other."""


class EquivalenceClaim(Named, Equivalence):
    """The claim that two arms differ by less than a margin."""


class RatioClaim(Named, Ratio):
    """The claim that one arm is greater than a multiple of the other."""


class BoundClaim(Named, Bound):
    """The claim that one arm is beyond a number."""


class ConjunctionClaim(Named):
    """The claim that several comparisons hold together."""

    expect: Literal["all"] = Field(description="All parts hold.")
    where: dict[str, Scalar] = Field(
        default_factory=dict, description="The grid point of all parts, by configuration key."
    )
    of: Annotated[list[Comparison], Field(min_length=1)] = Field(description="The parts: comparisons.")


class SeriesClaim(Named, Statement):
    """What claims about a series of cells have in common."""

    variant: Arm | Annotated[list[Arm], Field(min_length=2)] = Field(
        description="The variant whose cells make the series, or several in ascending order."
    )
    along: str = Field(description="The configuration key along which they ascend.")
    published: list[float | None] | None = Field(
        default=None, description="The published values along the series; null for a point without."
    )


class MonotoneClaim(SeriesClaim):
    """The claim that a metric rises, or falls, along a series. Descriptive: without p-value."""

    expect: Literal["monotone"] = Field(description="The metric goes one way along the series.")
    direction: Literal["increasing", "decreasing"] = Field(description="Which way.")
    tolerance: Margin = Field(default=0.0, description="How far a mean may go the other way from point to point.")


class DropClaim(SeriesClaim):
    """The claim that a metric drops beyond a position in a series. Descriptive: without p-value."""

    expect: Literal["drop"] = Field(description="The metric is lower beyond a position than up to it.")
    beyond: float = Field(description="The last position before the drop.")
    margin: Margin = Field(default=0.0, description="By more than this.")


Claim = Annotated[
    DifferenceClaim | EquivalenceClaim | RatioClaim | BoundClaim | ConjunctionClaim | MonotoneClaim | DropClaim,
    Field(discriminator="expect"),
]

_KINDS: dict[str, type[StudyModel]] = {
    "greater": DifferenceClaim,
    "less": DifferenceClaim,
    "equivalent": EquivalenceClaim,
    "ratio": RatioClaim,
    "at_least": BoundClaim,
    "at_most": BoundClaim,
    "all": ConjunctionClaim,
    "monotone": MonotoneClaim,
    "drop": DropClaim,
}


def unknown_claim_key(written: Any, key: str, *, is_part: bool) -> str:
    """The message for a key that a claim, a part of one, or an arm does not have.

    Args:
        written: what the key stands in, as the file has it.
        key: the key.
        is_part: whether it stands in a part of a conjunction, which has no name and no family of its own.
    """
    expect = written.get("expect") if isinstance(written, Mapping) else None
    kind = _KINDS.get(expect) if isinstance(expect, str) else None
    if kind is None:
        return unknown_key(key, PlacedArm.model_fields)
    known = [name for name in kind.model_fields if not (is_part and name in Named.model_fields)]
    return f"unknown key{suggestion(key, known) or f'; `expect: {expect}` takes: ' + ', '.join(sorted(known))}"
