"""Configuration of AMOR's gates: one class each, told apart by `name`."""

from typing import Annotated, Literal

from pydantic import Field

from amor_models.configuration.section import Section

_TARGET_RATE = "Gate rate that the balance loss pulls towards (no effect at balance weight 0)."


class EntropyGate(Section):
    """Fires where the backbone's normalised next-token entropy exceeds a learned threshold."""

    name: Literal["entropy"] = Field(description="Entropy gate.")
    threshold: float = Field(0.5, ge=0, le=1, description="Start of the learned threshold on normalised entropy.")
    scale: float = Field(5.0, gt=0, description="Start of the learned slope of the gate (threshold scale).")
    target_rate: float = Field(0.2, ge=0, le=1, description=_TARGET_RATE)


class LearnedSteGate(Section):
    """A linear head on the hidden state, trained through the straight-through estimator."""

    name: Literal["learned_ste"] = Field(description="Learned gate, straight-through.")
    noise_std: float = Field(0.1, ge=0, description="Gaussian noise on the gate's logit while training.")
    target_rate: float = Field(0.2, ge=0, le=1, description=_TARGET_RATE)


class LearnedRlGate(Section):
    """A linear head on the hidden state, sampled while training."""

    name: Literal["learned_rl"] = Field(description="Learned gate, Bernoulli-sampled while training.")
    target_rate: float = Field(0.2, ge=0, le=1, description=_TARGET_RATE)


class OracleGate(Section):
    """Fires exactly at the targets labelled as needing retrieval."""

    name: Literal["oracle"] = Field(description="The label itself.")


class AlwaysGate(Section):
    """Fires everywhere."""

    name: Literal["always"] = Field(description="Control: fires everywhere.")


class NeverGate(Section):
    """Fires nowhere."""

    name: Literal["never"] = Field(description="Control: fires nowhere.")


class RandomGate(Section):
    """Fires at a given rate, blindly."""

    name: Literal["random"] = Field(description="Control: fires at random.")
    rate: float = Field(ge=0, le=1, description="Probability of firing per position.")


GateConfig = Annotated[
    EntropyGate | LearnedSteGate | LearnedRlGate | OracleGate | AlwaysGate | NeverGate | RandomGate,
    Field(discriminator="name"),
]
