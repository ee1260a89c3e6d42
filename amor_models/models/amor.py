"""AMOR v1: a recurrent backbone, a gate, and sparse attention where the gate fires (protocol v1, section 2).

Shapes: M trials, B sequences, T time steps, D width, H heads, E = D / H head width, F firing positions of a
sequence (padded to the most that a sequence of the batch has), R firing positions of a batch.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from amor_models.attention import attend, choose_keys
from amor_models.backbones import GruBackbone
from amor_models.gates import Gate, GateInput, GateOutput
from amor_models.layers import Embedding, Linear, OutputLayer, linear
from amor_models.models.output import Model, ModelOutput, normalised_entropy


class SparseAttentionWeights(nn.Module):
    """The four projections of AMOR's attention."""

    def __init__(self, num_trials: int, d_model: int) -> None:
        super().__init__()
        self.query = Linear(num_trials, d_model, d_model)
        self.key = Linear(num_trials, d_model, d_model)
        self.value = Linear(num_trials, d_model, d_model)
        self.out = Linear(num_trials, d_model, d_model)


class Amor(Model):
    """System 1 (a recurrent backbone) with System 2 (attention to k keys) where a gate fires.

    Args:
        num_trials: size of the stack.
        vocab_size: all tokens, special ones included.
        d_model: width.
        num_layers: recurrent layers.
        num_heads: attention heads.
        top_k: keys per query and head.
        raw_embedding: keys and values from a second token embedding instead of the hidden state.
        gate: the gate, a stack of equal size.
        dropout: one rate per trial.
    """

    def __init__(
        self,
        *,
        num_trials: int,
        vocab_size: int,
        d_model: int,
        num_layers: int,
        num_heads: int,
        top_k: int,
        raw_embedding: bool,
        gate: Gate,
        dropout: Sequence[float],
    ) -> None:
        super().__init__()
        self.num_trials, self.vocab_size = num_trials, vocab_size
        self.d_model, self.num_heads, self.top_k = d_model, num_heads, top_k
        self.ssm = GruBackbone(
            num_trials=num_trials,
            vocab_size=vocab_size,
            d_model=d_model,
            num_layers=num_layers,
            dropout=dropout,
        )
        self.gate = gate
        self.raw_embedding = Embedding(num_trials, vocab_size, d_model) if raw_embedding else None
        self.attention = SparseAttentionWeights(num_trials, d_model)
        self.combine = Linear(num_trials, 2 * d_model, d_model)
        self.output = OutputLayer(num_trials, d_model, vocab_size)

    def begin_evaluation(self, split: str) -> None:
        """Starts the gate's draws anew."""
        self.gate.begin_evaluation(split)

    def dense_attention_madds(self, num_steps: int) -> int:
        """Projections, and the full square of scores and weighted sums."""
        return 4 * num_steps * self.d_model**2 + 2 * num_steps**2 * self.d_model

    def forward(self, tokens: Tensor, needs_retrieval: Tensor | None = None) -> ModelOutput:
        """Predicts from the hidden state and, where the gate fires, from attention."""
        hidden_MBTD = self.ssm(tokens)
        entropy = None
        if self.gate.reads_entropy or not self.training:
            entropy = normalised_entropy(self.ssm.output(hidden_MBTD))
        decided: GateOutput = self.gate(GateInput(hidden=hidden_MBTD, entropy=entropy, needs_retrieval=needs_retrieval))
        source = hidden_MBTD if self.raw_embedding is None else self.raw_embedding(tokens)
        keys, values = self.attention.key(source), self.attention.value(source)
        combine_hidden, combine_attended = self.combine.weight.chunk(2, dim=2)
        combined = linear(hidden_MBTD, combine_hidden, self.combine.bias)
        if self.gate.has_gradient and torch.is_grad_enabled():
            attended, madds = self._attend_everywhere(hidden_MBTD, keys, values, decided)
            combined = combined + attended @ combine_attended.transpose(1, 2).unsqueeze(1)
        else:
            combined, madds = self._add_where_fired(combined, hidden_MBTD, keys, values, decided.fires)
        return ModelOutput(
            logits=self.output(combined),
            gate=decided.fires,
            gate_prob=decided.prob,
            entropy=entropy,
            attention_madds=madds,
        )

    def _split_heads(self, x_MBTD: Tensor) -> Tensor:
        """To (M B H, T, E)."""
        num_steps = x_MBTD.shape[2]
        parts = x_MBTD.reshape(*x_MBTD.shape[:3], self.num_heads, -1).transpose(2, 3)
        return parts.reshape(-1, num_steps, self.d_model // self.num_heads)

    def _join_heads(self, x_NTE: Tensor, num_trials: int) -> Tensor:
        """From (M B H, T, E) to (M, B, T, D)."""
        _, num_steps, width = x_NTE.shape
        parts = x_NTE.view(num_trials, -1, self.num_heads, num_steps, width).transpose(2, 3)
        return parts.reshape(num_trials, -1, num_steps, self.d_model)

    def _attend_everywhere(
        self, hidden_MBTD: Tensor, keys: Tensor, values: Tensor, decided: GateOutput
    ) -> tuple[Tensor, tuple[int, ...]]:
        """All positions, because the gate's gradient asks what attention would have been where it is shut."""
        num_trials, num_sequences, num_steps, width = hidden_MBTD.shape
        queries_NTE = self._split_heads(self.attention.query(hidden_MBTD))
        keys_NTE = self._split_heads(keys)
        positions_1T = torch.arange(num_steps).unsqueeze(0)
        chosen, num_scores = choose_keys(queries_NTE, keys_NTE, positions_1T, self.top_k)
        # No gradient reaches attention where the gate is shut.
        fires = decided.fires.unsqueeze(2).expand(-1, -1, self.num_heads, -1).reshape(-1, num_steps)
        attended = attend(queries_NTE, keys_NTE, self._split_heads(values), chosen, positions_1T, fires)
        output = self.attention.out(self._join_heads(attended, num_trials))
        madds = 4 * num_sequences * num_steps * width**2
        madds += (num_scores // num_trials + chosen[0].numel() * chosen.shape[0] // num_trials * 2) * (
            width // self.num_heads
        )
        return output * decided.straight_through().unsqueeze(3), (madds,) * num_trials

    def _add_where_fired(
        self, combined: Tensor, hidden_MBTD: Tensor, keys: Tensor, values: Tensor, fires_MBT: Tensor
    ) -> tuple[Tensor, tuple[int, ...]]:
        """Only firing positions, trial by trial: shapes must not depend on the others of the stack."""
        results = [
            self._add_one_trial(trial, combined, hidden_MBTD, keys, values, fires_MBT[trial])
            for trial in range(fires_MBT.shape[0])
        ]
        madds = tuple(number for _, number in results)
        if len(results) == 1:
            return results[0][0].unsqueeze(0), madds
        return torch.stack([result for result, _ in results]), madds

    def _add_one_trial(
        self, trial: int, combined: Tensor, hidden: Tensor, keys: Tensor, values: Tensor, fires_BT: Tensor
    ) -> tuple[Tensor, int]:
        this = slice(trial, trial + 1)
        num_sequences, num_steps = fires_BT.shape
        projections_madds = 2 * num_sequences * num_steps * self.d_model**2
        num_fired_B = fires_BT.sum(dim=1)
        longest = int(num_fired_B.max())
        if longest == 0:
            return combined[trial], projections_madds
        # The positions of firing first, in ascending order, then padding.
        order_BF = torch.sort(~fires_BT, dim=1, stable=True).indices[:, :longest]
        real_BF = torch.arange(longest) < num_fired_B.unsqueeze(1)
        positions_BF = torch.where(real_BF, order_BF, 0)
        lines_BF = positions_BF + torch.arange(num_sequences).mul_(num_steps).unsqueeze(1)
        rows = hidden[trial].view(-1, self.d_model).index_select(0, lines_BF.flatten())
        layers = self.attention
        projected = linear(rows.unsqueeze(0), layers.query.weight[this], layers.query.bias[this])
        queries_NFE = self._split_heads(projected.view(1, num_sequences, longest, self.d_model))
        keys_NTE, values_NTE = self._split_heads(keys[this]), self._split_heads(values[this])
        chosen, num_scores = choose_keys(queries_NFE, keys_NTE, positions_BF, self.top_k)
        attended_NFE = attend(queries_NFE, keys_NTE, values_NTE, chosen, positions_BF)
        attended_1RD = self._join_heads(attended_NFE, 1).view(1, -1, self.d_model)[:, real_BF.flatten()]
        output_1RD = linear(attended_1RD, layers.out.weight[this], layers.out.bias[this])
        added_RD = (output_1RD @ self.combine.weight[this, :, self.d_model :].transpose(1, 2))[0]
        lines_R = lines_BF[real_BF]
        result = combined[trial].reshape(-1, self.d_model).index_add(0, lines_R, added_RD)
        madds = projections_madds + (lines_BF.numel() + lines_R.numel()) * self.d_model**2
        madds += (num_scores + 2 * chosen.numel()) * (self.d_model // self.num_heads)
        return result.view(num_sequences, num_steps, self.d_model), madds
