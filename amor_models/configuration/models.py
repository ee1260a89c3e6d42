"""Configuration of the models: one class each, told apart by `name`."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from amor_models.configuration.gates import EntropyGate, GateConfig
from amor_models.configuration.section import Section


class _Network(Section):
    """Sizes that every trained model has; the defaults are the paper's."""

    d_model: int = Field(64, ge=1, description="Width of the hidden state.")
    num_layers: int = Field(2, ge=1, description="Recurrent layers, or encoder layers of full attention.")
    dropout: float = Field(0.1, ge=0, lt=1, description="Dropout between recurrent layers, or inside encoder layers.")


def _check_heads(d_model: int, num_heads: int) -> None:
    if d_model % num_heads:
        raise ValueError(f"d_model {d_model} is not divisible by num_heads {num_heads}")


class SsmModel(_Network):
    """The recurrent backbone alone."""

    name: Literal["ssm"] = Field(description="Recurrent backbone (GRU) and output layer.")


class SsmMlpModel(_Network):
    """The recurrent backbone and a small feed-forward network: more parameters, no attention."""

    name: Literal["ssm_mlp"] = Field(description="Recurrent backbone (GRU) and a feed-forward network.")


class FullAttentionModel(_Network):
    """A causal transformer encoder."""

    name: Literal["full_attention"] = Field(description="Causal transformer with post-norm encoder layers.")
    num_heads: int = Field(4, ge=1, description="Attention heads; d_model is divided among them.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_heads(self.d_model, self.num_heads)
        return self


class SparseAttention(Section):
    """AMOR's attention."""

    top_k: int = Field(3, ge=1, description="Keys that each query and head attends to.")
    kv: Literal["ghost", "raw_embedding"] = Field(
        "ghost", description="Keys and values from the hidden state (ghost) or from a second token embedding."
    )


class AmorModel(_Network):
    """The recurrent backbone, a gate, and sparse attention where the gate fires."""

    name: Literal["amor"] = Field(description="Recurrent backbone with gated sparse attention.")
    num_heads: int = Field(4, ge=1, description="Attention heads; d_model is divided among them.")
    gate: GateConfig = Field(
        default_factory=lambda: EntropyGate(name="entropy"),
        description="What decides where attention is used.",
    )
    attention: SparseAttention = Field(default_factory=SparseAttention, description="The sparse attention.")

    @model_validator(mode="after")
    def _check(self) -> Self:
        _check_heads(self.d_model, self.num_heads)
        return self


class HeuristicModel(Section):
    """An answer that never looks at the key: what NeedleHaystack's scores have to be compared with."""

    name: Literal["heuristic"] = Field(description="Key-blind answer, without training (NeedleHaystack only).")
    rule: Literal["random_stored", "most_common_stored", "last_stored", "uniform"] = Field(
        description="Which value is answered; rules with a random choice report the exact expectation."
    )
    pairs: Literal["emitted", "surviving"] = Field(
        "emitted",
        description="Choose among all pairs emitted, or among those not overwritten by a repeated key.",
    )


ModelConfig = Annotated[
    SsmModel | SsmMlpModel | FullAttentionModel | AmorModel | HeuristicModel, Field(discriminator="name")
]
