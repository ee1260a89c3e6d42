"""The `search` section of a study file: what a sampler may choose, and by what it is judged.

search:
  sampler: {name: tpe, seed: 0}
  parameters:
    model.gate.name:  {type: categorical, choices: [entropy, oracle]}
    model.gate.scale: {type: float, low: 1.0, high: 30.0, log: true, when: {model.gate.name: entropy}}
  fixed:
    - {model.gate.name: entropy, model.gate.scale: 5.0}
  objectives:
    - {metric: validation_retrieval_accuracy, direction: maximize}
  constraints:
    - {metric: validation_gate_rate, at_most: 0.25}
  max_trials: 120

Which names exist, and whether the sampler can do what is asked, is checked by `orchestrator.search.checks`.
"""

from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from orchestrator.document.model import Scalar, StudyModel
from orchestrator.search.parameters import Parameter


class Objective(StudyModel):
    """What is to be made large or small: a metric, or a searched parameter itself."""

    metric: str | None = Field(default=None, description="A metric of the validation split, or of training.")
    parameter: str | None = Field(default=None, description="A searched number, instead of a metric.")
    direction: Literal["maximize", "minimize"] = Field(description="What is better: maximize or minimize.")

    @model_validator(mode="after")
    def _check(self) -> "Objective":
        if (self.metric is None) == (self.parameter is None):
            raise ValueError("an objective is a `metric` or a `parameter`, one of them")
        return self

    @property
    def name(self) -> str:
        """The metric or parameter."""
        return self.metric or self.parameter or ""


class Constraint(StudyModel):
    """A bound that a candidate must keep to be feasible."""

    metric: str = Field(description="A metric of the validation split, or of training.")
    at_most: float | None = Field(default=None, description="Feasible up to this value.")
    at_least: float | None = Field(default=None, description="Feasible from this value on.")

    @model_validator(mode="after")
    def _check(self) -> "Constraint":
        if (self.at_most is None) == (self.at_least is None):
            raise ValueError("a constraint has `at_most` or `at_least`, one of them; write two for both")
        return self


class SamplerName(StrEnum):
    """Who proposes candidates."""

    RANDOM = "random"
    TPE = "tpe"
    NSGA2 = "nsga2"
    GP = "gp"
    QMC = "qmc"

    @property
    def takes_conditions(self) -> bool:
        """Whether it learns about conditional parameters; the others draw them at random, whatever they know."""
        return self in (SamplerName.RANDOM, SamplerName.TPE)

    @property
    def takes_constraints(self) -> bool:
        """Whether it steers towards what keeps them; the others propose as if there were none."""
        return self in (SamplerName.TPE, SamplerName.NSGA2, SamplerName.GP)


_NO_CMAES = (
    "sampler cmaes is not offered: Optuna keeps its state pickled in a study's trials, so a search could not be "
    "continued from what was told alone; take tpe or gp"
)


class Sampler(StudyModel):
    """Who proposes candidates."""

    name: SamplerName = Field(
        strict=False,
        description=(
            "Optuna's sampler: random; tpe (tree-structured Parzen estimators); nsga2 (genetic, many objectives); "
            "gp (Gaussian process, for one objective, seconds per candidate); qmc (scrambled Sobol points)."
        ),
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="Another seed gives another sequence of candidates.")
    population_size: int | None = Field(
        default=None, ge=2, description="Of nsga2 only: completed candidates per generation; 50 if left out."
    )

    @field_validator("name", mode="before")
    @classmethod
    def _offered(cls, name: Any) -> Any:
        if name in ("cmaes", "cma-es", "cma_es"):
            raise ValueError(_NO_CMAES)
        return name

    @model_validator(mode="after")
    def _check(self) -> "Sampler":
        if self.population_size is not None and self.name is not SamplerName.NSGA2:
            raise ValueError(f"sampler {self.name} has no population; `population_size` belongs to nsga2")
        return self


class Reduction(StrEnum):
    """How the replicates of a candidate become one value."""

    MEAN = "mean"
    MEDIAN = "median"
    WORST = "worst"
    LOWER_BOUND = "lower_bound"


class Racing(StudyModel):
    """Pruning over seeds: every candidate gets a few seeds first, and only promising ones get the rest."""

    method: Literal["racing"] = Field(description="Over seeds; for any number of objectives.")
    first_seeds: int = Field(default=1, ge=1, description="Seeds that every candidate of a round gets.")
    keep: float = Field(
        default=0.5, gt=0, lt=1, description="Share of a round's candidates that get the other seeds, rounded up."
    )


class Halving(StudyModel):
    """Pruning over epochs: the worse part of a round stops early."""

    method: Literal["halving"] = Field(description="Over epochs; for one objective, a metric.")
    first_epochs: int = Field(default=1, ge=1, description="Epochs after which a round is cut for the first time.")
    factor: int = Field(
        default=2, ge=2, description="One in so many goes on at each cut, for so many times the epochs."
    )


Pruning = Annotated[Racing | Halving, Field(discriminator="method")]


class Confirm(StudyModel):
    """The winners are run again on seeds that the search never used, and reported on the test split."""

    top: int = Field(
        default=5, ge=1, le=10_000, description="How many candidates: the best, or knee and ends of the front."
    )
    seeds: int = Field(default=10, ge=1, le=100_000, description="How many fresh seeds each of them gets.")


class SearchSection(StudyModel):
    """A search: parameters, objectives, sampler, and how many candidates are tried."""

    sampler: Sampler = Field(default=Sampler(name=SamplerName.TPE), description="Who proposes candidates.")
    parameters: dict[str, Parameter] = Field(min_length=1, description="What is searched, by configuration key.")
    fixed: list[dict[str, Scalar]] = Field(
        default_factory=list, description="Points to try first, each with a value for every parameter."
    )
    objectives: list[Objective] = Field(min_length=1, description="What candidates are judged by; one or several.")
    constraints: list[Constraint] = Field(
        default_factory=list,
        description="Bounds that candidates must keep; for samplers that steer by them: tpe, nsga2, gp.",
    )
    max_trials: int = Field(ge=1, le=100_000, description="Candidates in total, not more; raise it to go on.")
    round_size: int = Field(
        default=8,
        ge=1,
        le=1_000,
        description="Candidates asked for together: a property of the study, never of the machine.",
    )
    replicates: int = Field(
        default=1, ge=1, le=100_000, description="Seeds per candidate: the first so many of the study's."
    )
    reduction: Reduction = Field(
        default=Reduction.MEAN,
        strict=False,
        description=(
            "How replicates become one value: mean, median, worst, or lower_bound (the end towards worse of the mean's "
            "95 % interval)."
        ),
    )
    pruning: Pruning | None = Field(
        default=None, description="How hopeless candidates are given up early; null: every one is trained whole."
    )
    confirm: Confirm | None = Field(default=None, description="How winners are confirmed; null: they are not.")

    @model_validator(mode="after")
    def _check(self) -> "SearchSection":
        if self.reduction is Reduction.LOWER_BOUND and self.replicates < 2:
            raise ValueError("reduction: lower_bound takes at least 2 replicates; one value has no interval")
        if isinstance(self.pruning, Halving) and len(self.objectives) > 1:
            raise ValueError("pruning: halving takes a single objective; with several take racing, or no pruning")
        if isinstance(self.pruning, Halving) and self.objectives[0].metric is None:
            raise ValueError("pruning: halving takes an objective that is a metric")
        if (
            isinstance(self.pruning, Racing)
            and self.reduction is Reduction.LOWER_BOUND
            and self.pruning.first_seeds < 2
        ):
            raise ValueError(
                "pruning: racing by a lower_bound takes first_seeds of at least 2; one value has no interval"
            )
        if isinstance(self.pruning, Racing) and self.pruning.first_seeds >= self.replicates:
            raise ValueError(
                f"pruning: racing takes more replicates ({self.replicates}) than first_seeds "
                f"({self.pruning.first_seeds}); raise `replicates`"
            )
        return self
