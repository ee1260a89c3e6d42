"""The recurrent backbone with a feed-forward network: as many parameters as AMOR, no attention."""

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from amor_models.backbones import GruBackbone
from amor_models.layers import Linear, OutputLayer
from amor_models.models.output import Model, ModelOutput


class SsmMlp(Model):
    """Hidden state, linear to twice the width, ReLU, linear back, and an output layer of its own.

    The backbone's own output layer exists, as in the published checkpoints, and is unused.
    """

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
        self.mlp = nn.ModuleDict(
            {"up": Linear(num_trials, d_model, 2 * d_model), "down": Linear(num_trials, 2 * d_model, d_model)}
        )
        self.output = OutputLayer(num_trials, d_model, vocab_size)

    def forward(
        self,
        tokens: Tensor,
        needs_retrieval: Tensor | None = None,  # noqa: ARG002
    ) -> ModelOutput:
        """Predicts through the feed-forward network; labels are ignored."""
        raised = functional.relu(self.mlp["up"](self.ssm(tokens)))
        logits = self.output(self.mlp["down"](raised))
        return ModelOutput(logits=logits, attention_madds=(0,) * self.num_trials)

    def dense_attention_madds(self, num_steps: int) -> int:
        """There is no attention."""
        return 0 * num_steps
