"""Configuration of the tasks: one class each, told apart by `name`."""

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from amor_models.configuration.section import Section

IntegerRange = Annotated[tuple[int, int], Strict(False)]

DEFAULT_NOISE_LENGTH_RANGE = (50, 150)
DEFAULT_NOISE_WIDTH = 10
SHORTEST_NOISE = 5


def check_range(name: str, limits: tuple[int, int], *, lowest: int) -> None:
    """Raises ValueError unless lowest <= limits[0] <= limits[1]."""
    low, high = limits
    if low > high:
        raise ValueError(f"{name} is upside down: {low} > {high}")
    if low < lowest:
        raise ValueError(f"{name} starts at {low}; it must start at {lowest} or above")


class SimpleRetrievalTask(Section):
    """Markov text in which a value, once marked, is asked for later (protocol v1, section 1)."""

    name: Literal["simple_retrieval"] = Field(description="Simple Retrieval.")
    seq_length: int = Field(128, ge=2, description="Tokens per sequence.")
    vocab_size: int = Field(8, ge=2, description="Ordinary tokens; three special ones come on top.")
    local_order: int = Field(2, ge=1, description="How many previous tokens determine a local token.")
    retrieval_distance_range: IntegerRange = Field(
        (20, 50),
        description="Distance from which on a stored value may be asked for; the upper end is never used.",
    )
    retrieval_prob: float = Field(
        0.15, ge=0, le=1, description="Probability per position that a value is stored while none is."
    )
    num_train: int = Field(2000, ge=1, description="Training sequences.")
    num_validation: int = Field(500, ge=1, description="Validation sequences (the search sees only these).")
    num_test: int = Field(500, ge=1, description="Test sequences (tables report these).")

    @model_validator(mode="after")
    def _check(self) -> Self:
        check_range("retrieval_distance_range", self.retrieval_distance_range, lowest=1)
        # A marker needs 20 tokens after it; then value, distance, RETRIEVE and the answer have to fit.
        shortest = max(21, self.retrieval_distance_range[0] + 3)
        if self.seq_length < shortest:
            raise ValueError(
                f"seq_length {self.seq_length} is too short: no retrieval fits into fewer than {shortest} tokens"
            )
        return self


class NeedleHaystackTask(Section):
    """Key-value pairs, noise, then queries, some for keys never stored (protocol v1, section 1)."""

    name: Literal["needle_haystack"] = Field(description="NeedleHaystack.")
    seq_length: int = Field(256, ge=2, description="Tokens per sequence.")
    vocab_size: int = Field(16, ge=2, description="Ordinary tokens; three special ones come on top.")
    noise_length_range: IntegerRange | None = Field(
        None, description="Shortest and longest noise between pairs and queries; default [50, 150]."
    )
    noise_length: int | None = Field(
        None, ge=0, description="Middle of the noise range, instead of noise_length_range."
    )
    noise_width: int | None = Field(
        None,
        ge=0,
        description="Half width of the noise range around noise_length (start at least 5); default 10.",
    )
    impossible_query_prob: float = Field(
        0.2, ge=0, le=1, description="Probability that a query asks for a key that was never stored."
    )
    num_train: int = Field(3000, ge=1, description="Training sequences.")
    num_validation: int = Field(500, ge=1, description="Validation sequences (the search sees only these).")
    num_test: int = Field(500, ge=1, description="Test sequences (tables report these).")

    @model_validator(mode="after")
    def _resolve(self) -> Self:
        if self.noise_length is None:
            if self.noise_width is not None:
                raise ValueError("noise_width has no meaning without noise_length")
            if self.noise_length_range is None:
                # The model is frozen for its users; resolving a default is part of building it.
                object.__setattr__(self, "noise_length_range", DEFAULT_NOISE_LENGTH_RANGE)
        elif self.noise_length_range is not None:
            raise ValueError("noise_length and noise_length_range exclude each other; give one of them")
        elif self.noise_width is None:
            object.__setattr__(self, "noise_width", DEFAULT_NOISE_WIDTH)
        if self.noise_length is not None and self.noise_range[1] < SHORTEST_NOISE:
            raise ValueError(
                f"noise_length {self.noise_length} plus noise_width {self.noise_width} is less than "
                f"{SHORTEST_NOISE}, the shortest noise"
            )
        check_range("noise_length_range", self.noise_range, lowest=0)
        shortest = 2 * 3 + self.noise_range[0] + 3
        if self.seq_length < shortest:
            raise ValueError(
                f"seq_length {self.seq_length} is too short: two pairs, {self.noise_range[0]} noise tokens "
                f"and one query need {shortest} tokens"
            )
        return self

    @property
    def noise_range(self) -> tuple[int, int]:
        """The range of noise lengths, however it was given."""
        if self.noise_length is not None:
            width = DEFAULT_NOISE_WIDTH if self.noise_width is None else self.noise_width
            return max(SHORTEST_NOISE, self.noise_length - width), self.noise_length + width
        return self.noise_length_range or DEFAULT_NOISE_LENGTH_RANGE


TaskConfig = Annotated[SimpleRetrievalTask | NeedleHaystackTask, Field(discriminator="name")]
