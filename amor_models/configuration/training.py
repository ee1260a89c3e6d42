"""Configuration of the training."""

from pydantic import Field

from amor_models.configuration.section import Section


class TrainingConfig(Section):
    """Optimiser and schedule; AdamW without a schedule, its betas PyTorch's defaults."""

    epochs: int | None = Field(
        None,
        ge=1,
        description="Passes over the training data; default 15 (Simple Retrieval), 30 (NeedleHaystack).",
    )
    stop_after_retrieval: int | None = Field(
        None,
        ge=0,
        description=(
            "Stop this many epochs after the first whose validation retrieval accuracy passes 0.9, at the latest after "
            "`epochs`; null: train all epochs."
        ),
    )
    batch_size: int = Field(32, ge=1, description="Sequences per step; a last, smaller batch is used too.")
    learning_rate: float = Field(5e-4, gt=0, description="AdamW's learning rate.")
    weight_decay: float = Field(0.01, ge=0, description="AdamW's decoupled weight decay.")
    max_grad_norm: float = Field(1.0, gt=0, description="The gradient's norm is clipped here.")
    balance_weight: float | None = Field(
        None,
        ge=0,
        description=(
            "Weight of (gate rate - target rate)^2 in the loss of learned gates; "
            "default 0.1 (Simple Retrieval), 0 (NeedleHaystack)."
        ),
    )
    # Not recorded with a trial, and no part of its identity: it changes nothing of what is trained.
    save_weights: bool = Field(
        False,
        exclude=True,
        description="Keep the trained weights in the store; changes no result, so a trial that is done stays done.",
    )
