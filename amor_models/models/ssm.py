"""The recurrent backbone alone (`ssm_only` in the paper's tables)."""

from collections.abc import Sequence

from torch import Tensor

from amor_models.backbones import GruBackbone
from amor_models.models.output import Model, ModelOutput


class Ssm(Model):
    """Embedding, recurrent layers, output layer."""

    def __init__(
        self, *, num_trials: int, vocab_size: int, d_model: int, num_layers: int, dropout: Sequence[float]
    ) -> None:
        super().__init__()
        self.num_trials, self.vocab_size = num_trials, vocab_size
        self.ssm = GruBackbone(
            num_trials=num_trials,
            vocab_size=vocab_size,
            d_model=d_model,
            num_layers=num_layers,
            dropout=dropout,
        )

    def forward(
        self,
        tokens: Tensor,
        needs_retrieval: Tensor | None = None,  # noqa: ARG002
    ) -> ModelOutput:
        """Predicts from the hidden state; labels are ignored."""
        return ModelOutput(logits=self.ssm.output(self.ssm(tokens)), attention_madds=(0,) * self.num_trials)

    def dense_attention_madds(self, num_steps: int) -> int:
        """There is no attention."""
        return 0 * num_steps
