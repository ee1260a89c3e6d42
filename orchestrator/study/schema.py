"""The study file's own fields; what `base`, `variants` and `grid` may hold is the trainable's to say."""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from orchestrator.document.model import Name, Seed, StudyModel
from orchestrator.study.claims.schema import Claim
from orchestrator.study.figures.schema import Figure

SCHEMA_VERSION = 1


class Offset(StudyModel):
    """A stream pinned relative to the trial's seed."""

    offset: int = Field(description="The stream's raw seed is this number plus the trial's seed.")


class Limits(StudyModel):
    """Limits of one submit."""

    max_failed_trials: int | None = Field(
        default=None,
        ge=0,
        description="Start no more trials once more than this many have failed; null: never stop.",
    )
    max_attempts: int = Field(
        default=3, ge=1, description="How often a trial whose worker or node is lost is tried in one submit."
    )
    trial_timeout_s: float | None = Field(
        default=None,
        gt=0,
        description=(
            "A worker that does not answer for this many seconds per trial of a stack hangs (the first stack warms up "
            "and takes longer): it is killed, and its trials are tried again as after any loss; null: any time. In one "
            "process (`--executor inline`) nothing can be killed, and this does nothing."
        ),
    )
    time_budget_s: float | None = Field(
        default=None, gt=0, description="Start no more trials after this many seconds; null: no limit."
    )


class TableRow(StudyModel):
    """One line of a table."""

    variant: str = Field(description="The variant that this line shows.")
    label: str | None = Field(default=None, description="The line's name in the table; the variant's if left out.")
    published: dict[str, float] = Field(
        default_factory=dict,
        description="Published values by metric, shown beside ours; rates are fractions.",
    )


class ShareAbove(StudyModel):
    """The share of seeds above a threshold, with Wilson's interval."""

    share_above: float = Field(description="What a seed's value must exceed; a fraction for rates and accuracies.")


SummaryName = Literal["mean", "median", "interquartile_mean", "learned", "log_rank"]


class Table(StudyModel):
    """A table of the study: SQL over the view `results`, rendered to Markdown, LaTeX and CSV."""

    name: Name = Field(description="The table's name on the command line.")
    title: str = Field(default="", description="The table's caption.")
    sql: str = Field(description="Path of a file with one SELECT, relative to the study file.")
    rows: list[TableRow] = Field(
        default_factory=list,
        description="Order, labels and published values of the lines; all variants if empty.",
    )
    summaries: dict[str, Annotated[list[SummaryName | ShareAbove], Field(min_length=1)]] = Field(
        default_factory=dict,
        description=(
            "What is shown of a column's replicates, by its name in the SQL, each in a column of its own: mean, "
            "median, interquartile_mean, `{share_above: 0.9}`; of learning times median, learned, log_rank. "
            "By default the mean; of learning times all three."
        ),
    )

    @field_validator("summaries")
    @classmethod
    def _distinct_summaries(
        cls, summaries: dict[str, list[SummaryName | ShareAbove]]
    ) -> dict[str, list[SummaryName | ShareAbove]]:
        for column, asked in summaries.items():
            repeated = [one for place, one in enumerate(asked) if one in asked[:place]]
            if repeated:
                raise ValueError(f"{column} has the same summary twice")
        return summaries

    def summaries_as_data(self) -> dict[str, tuple[str | dict[str, float], ...]]:
        """The summaries as plain data."""
        return {
            column: tuple(one if isinstance(one, str) else {"share_above": one.share_above} for one in asked)
            for column, asked in self.summaries.items()
        }


def _one_variant() -> dict[str, dict[str, Any]]:
    return {"base": {}}


class StudyFile(StudyModel):
    """A study: base configuration, variants, grid, seeds, tables, figures and claims."""

    schema_version: Literal[1] = Field(description="The version of this format: 1.")
    name: Name = Field(description="The study's name in the store: letters, digits, `_`, `.` and `-`.")
    description: str = Field(default="", description="What the study asks.")
    tags: list[str] = Field(default_factory=list, description="Words by which `amor list` groups studies.")
    trainable: str = Field(
        default="amor",
        description="What is trained: `amor`, `do_nothing`, or an installed `package.module:Class`.",
    )
    seeds: Annotated[int, Field(ge=1, le=100_000)] | Annotated[list[Seed], Field(min_length=1)] = Field(
        description="How many seeds (0, 1, …), or a list of distinct seeds; every cell is run once per seed."
    )
    randomness: dict[str, Seed | Offset] = Field(
        default_factory=dict,
        description="Streams pinned to a raw seed, or to `{offset: n}` plus the trial's seed; the others are derived.",
    )
    base: dict[str, Any] = Field(default_factory=dict, description="The configuration that all variants start from.")
    variants: dict[Name, dict[str, Any]] = Field(
        default_factory=_one_variant,
        min_length=1,
        description="Named changes to the base configuration; one variant named `base` if left out.",
    )
    grid: dict[str, Any] = Field(
        default_factory=dict,
        description="Axes crossed with the variants: key -> list of values; `zip`, `exclude`, `when` restrict it.",
    )
    search: dict[str, Any] | None = Field(
        default=None,
        description="A search instead of a grid, or within it: parameters, objectives, sampler, rounds, confirmation.",
    )
    limits: Limits = Field(default=Limits(), description="When to give up, and when to stop.")
    tables: list[Table] = Field(default_factory=list, description="Tables made of the results.")
    figures: list[Figure] = Field(default_factory=list, description="Figures made of the results.")
    claims: list[Claim] = Field(default_factory=list, description="Statements about the results.")

    @field_validator("seeds")
    @classmethod
    def _distinct_seeds(cls, seeds: int | list[int]) -> int | list[int]:
        if isinstance(seeds, list) and len(set(seeds)) < len(seeds):
            repeated = sorted({seed for seed in seeds if seeds.count(seed) > 1})
            raise ValueError(f"seeds must be distinct; repeated: {', '.join(map(str, repeated))}")
        return seeds

    def seed_list(self) -> tuple[int, ...]:
        """The seeds, in the order of the file."""
        return tuple(range(self.seeds)) if isinstance(self.seeds, int) else tuple(self.seeds)

    def pins(self) -> dict[str, int | dict[str, int]]:
        """The pinned streams as plain data."""
        return {
            stream: pin if isinstance(pin, int) else {"offset": pin.offset} for stream, pin in self.randomness.items()
        }
