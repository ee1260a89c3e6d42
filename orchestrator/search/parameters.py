"""What a search may choose for a key of the configuration: a number from a range, or one of several values."""

import math
from collections.abc import Iterator
from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from orchestrator.document.model import Scalar, StudyModel

MAX_WHOLE_NUMBER = 2**53
"""Samplers compute with floats, which are exact up to here."""

MAX_COUNTED = 10**9
"""More values than these are as good as infinitely many."""


class _Parameter(StudyModel):
    when: dict[str, Any] = Field(
        default_factory=dict,
        description="Searched only where each of these keys has the value, or one of the values: as a grid's `when`.",
    )


class _Numeric(_Parameter):
    log: bool = Field(default=False, description="Whether values are drawn evenly on a logarithmic scale.")


def _check_range(low: float, high: float, step: float | None, *, log: bool, lowest_log: float | None) -> None:
    if low >= high:
        raise ValueError(f"the range is empty: low {low} is not below high {high}; a single value belongs into `base`")
    if not math.isfinite(high - low):
        raise ValueError(f"the range from {low} to {high} is wider than any number")
    if log and (low <= 0 if lowest_log is None else low < lowest_log):
        least = "above 0" if lowest_log is None else f"at least {lowest_log:g}"
        raise ValueError(f"log: true takes a low {least} (got {low})")
    if log and step is not None:
        raise ValueError("log: true takes no `step`; leave out one of them")
    if step is None:
        return
    num_steps = (_exact(high) - _exact(low)) / _exact(step)
    if num_steps > MAX_WHOLE_NUMBER:
        raise ValueError(f"step {step} is too fine for the range from {low} to {high}; leave `step` out")
    if num_steps.denominator != 1:
        raise ValueError(f"step {step} does not divide the range from {low} to {high}; change `high` or `step`")


def _exact(value: float) -> Fraction:
    """The number as it was written, 0.1 as one tenth: what a float stands for, not what it is."""
    return Fraction(str(value))


def _counted(number: int) -> int | None:
    return number if number <= MAX_COUNTED else None


class FloatParameter(_Numeric):
    """A number from a range."""

    type: Literal["float"] = Field(description="A number from a range.")
    low: float = Field(description="The smallest value.")
    high: float = Field(description="The largest value.")
    step: float | None = Field(default=None, gt=0, description="Distance of values from `low` on; null: any number.")

    @model_validator(mode="after")
    def _check(self) -> "FloatParameter":
        _check_range(self.low, self.high, self.step, log=self.log, lowest_log=None)
        return self

    def normal(self, value: Scalar) -> Scalar:
        """The value in the one way in which this parameter writes it."""
        assert isinstance(value, (int, float))
        if self.step is None:
            return float(value)
        return self.value_at(round((_exact(value) - _exact(self.low)) / _exact(self.step)))

    def contains(self, value: Scalar) -> bool:
        """Whether the value lies in the range, and on its steps."""
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not self.low <= value <= self.high:
            return False
        return self.step is None or ((_exact(value) - _exact(self.low)) / _exact(self.step)).denominator == 1

    def values(self) -> Iterator[Scalar]:
        """All values in order; only where `num_values` is not None."""
        return (self.value_at(index) for index in range(self.num_values() or 0))

    def num_values(self) -> int | None:
        """How many values there are; None: more than anyone counts."""
        return None if self.step is None else _counted(self.num_steps() + 1)

    def num_steps(self) -> int:
        """How many steps lead from the smallest value to the largest; only where there is a `step`."""
        assert self.step is not None
        return int((_exact(self.high) - _exact(self.low)) / _exact(self.step))

    def value_at(self, index: int) -> float:
        """The value after so many steps; only where there is a `step`."""
        assert self.step is not None
        return float(_exact(self.low) + index * _exact(self.step))

    def samples(self) -> dict[str, Scalar]:
        """The values that are tried before anything runs, by the place where they were written."""
        return {"low": float(self.low), "high": float(self.high)}


class IntParameter(_Numeric):
    """A whole number from a range."""

    type: Literal["int"] = Field(description="A whole number from a range, both ends included.")
    low: int = Field(ge=-MAX_WHOLE_NUMBER, le=MAX_WHOLE_NUMBER, description="The smallest value.")
    high: int = Field(ge=-MAX_WHOLE_NUMBER, le=MAX_WHOLE_NUMBER, description="The largest value.")
    step: int | None = Field(default=None, ge=1, description="Distance of values from `low` on; 1 if left out.")

    @model_validator(mode="after")
    def _check(self) -> "IntParameter":
        _check_range(self.low, self.high, self.step, log=self.log, lowest_log=1)
        return self

    def normal(self, value: Scalar) -> Scalar:
        """The value in the one way in which this parameter writes it."""
        assert isinstance(value, int)
        return int(value)

    def contains(self, value: Scalar) -> bool:
        """Whether the value lies in the range, and on its steps."""
        if isinstance(value, bool) or not isinstance(value, int):
            return False
        return self.low <= value <= self.high and not (value - self.low) % (self.step or 1)

    def values(self) -> Iterator[Scalar]:
        """All values in order."""
        return iter(range(self.low, self.high + 1, self.step or 1))

    def num_values(self) -> int | None:
        """How many values there are; None: more than anyone counts."""
        return _counted(self.num_steps() + 1)

    def num_steps(self) -> int:
        """How many steps lead from the smallest value to the largest."""
        return (self.high - self.low) // (self.step or 1)

    def value_at(self, index: int) -> int:
        """The value after so many steps."""
        return self.low + index * (self.step or 1)

    def samples(self) -> dict[str, Scalar]:
        """The values that are tried before anything runs, by the place where they were written."""
        return {"low": self.low, "high": self.high}


class CategoricalParameter(_Parameter):
    """One of several values without order."""

    type: Literal["categorical"] = Field(description="One of several values, whose order means nothing.")
    choices: list[Scalar] = Field(min_length=1, description="The values.")

    @field_validator("choices")
    @classmethod
    def _distinct(cls, choices: list[Scalar]) -> list[Scalar]:
        repeated = [choice for index, choice in enumerate(choices) if choice in choices[:index]]
        if repeated:
            raise ValueError(f"choices must be distinct; repeated: {repeated[0]!r}")
        if len(choices) < 2:
            raise ValueError(f"there is nothing to choose; a single value belongs into `base` (got {choices[0]!r})")
        return choices

    def normal(self, value: Scalar) -> Scalar:
        """The value as it was written."""
        return self.choices[self.choices.index(value)]

    def contains(self, value: Scalar) -> bool:
        """Whether the value is one of the choices."""
        return any(value == choice and isinstance(value, bool) == isinstance(choice, bool) for choice in self.choices)

    def values(self) -> Iterator[Scalar]:
        """All values in order."""
        return iter(self.choices)

    def num_values(self) -> int | None:
        """How many values there are."""
        return len(self.choices)

    def samples(self) -> dict[str, Scalar]:
        """The values that are tried before anything runs, by the place where they were written."""
        return {str(index): choice for index, choice in enumerate(self.choices)}


def _kind(value: Any) -> Any:
    kind = value.get("type") if isinstance(value, dict) else getattr(value, "type", None)
    return kind if isinstance(kind, str) else None


Parameter = Annotated[
    Annotated[FloatParameter, Tag("float")]
    | Annotated[IntParameter, Tag("int")]
    | Annotated[CategoricalParameter, Tag("categorical")],
    Discriminator(
        _kind,
        custom_error_type="parameter_type",
        custom_error_message="should be a mapping whose `type` is float, int or categorical",
    ),
]
