"""AMOR v1: a recurrent backbone, a gate, and sparse attention where the gate fires (protocol v1, section 2).

Shapes: M trials, B sequences, T time steps, D width, H heads, E = D / H head width, F firing positions of a
sequence (padded to the most that a sequence of the batch has), R firing positions of a batch.
"""

from collections.abc import Sequence
from dataclasses import dataclass

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


@dataclass(frozen=True, kw_only=True)
class _Projections:
    """What is linear in the hidden state, each (M, B, T, D), and what follows from it; None where not wanted.

    Attributes:
        entropy: (M, B, T), of the backbone's prediction.
        predicted: (M, B, T), the tokens that it makes likeliest.
    """

    combined: Tensor
    keys: Tensor | None = None
    values: Tensor | None = None
    queries: Tensor | None = None
    entropy: Tensor | None = None
    predicted: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class _Firing:
    """Where one trial's gate fires in a batch: F columns for as many firing positions as a sequence has at most.

    Attributes:
        positions: (B, F) in ascending order, padded with 0.
        real: (B, F), False where padded.
        lines: (B, F), the same places as lines of the flattened stack (M B T).
    """

    positions: Tensor
    real: Tensor
    lines: Tensor

    @classmethod
    def of(cls, fires_BT: Tensor, trial: int) -> "_Firing":
        num_sequences, num_steps = fires_BT.shape
        num_fired_B = fires_BT.sum(dim=1)
        longest = int(num_fired_B.max())
        # The positions of firing first, in ascending order, then the others.
        order_BF = torch.sort(~fires_BT, dim=1, stable=True).indices[:, :longest]
        real_BF = torch.arange(longest) < num_fired_B.unsqueeze(1)
        positions_BF = torch.where(real_BF, order_BF, 0)
        sequences_B = torch.arange(trial * num_sequences, (trial + 1) * num_sequences)
        return cls(positions=positions_BF, real=real_BF, lines=positions_BF + (sequences_B * num_steps).unsqueeze(1))


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
        projected = self._project(hidden_MBTD, reads_entropy=self.gate.reads_entropy or not self.training)
        decided: GateOutput = self.gate(
            GateInput(hidden=hidden_MBTD, entropy=projected.entropy, needs_retrieval=needs_retrieval)
        )
        keys, values = projected.keys, projected.values
        if keys is None or values is None:
            assert self.raw_embedding is not None
            source = self.raw_embedding(tokens)
            keys, values = self.attention.key(source), self.attention.value(source)
        if projected.queries is not None:
            attended, madds = self._attend_everywhere(projected.queries, keys, values, decided)
            combined = projected.combined + linear(attended, self._combine_attended())
        else:
            combined, madds = self._add_where_fired(projected.combined, hidden_MBTD, keys, values, decided.fires)
        return ModelOutput(
            logits=self.output(combined),
            gate=decided.fires,
            gate_prob=decided.prob,
            entropy=projected.entropy,
            backbone_predicted=projected.predicted,
            attention_madds=madds,
        )

    def _combine_attended(self) -> Tensor:
        return self.combine.weight[:, :, self.d_model :]

    def _project(self, hidden_MBTD: Tensor, *, reads_entropy: bool) -> "_Projections":
        """All linear maps of the hidden state as one product."""
        attends_everywhere = self.gate.has_gradient and torch.is_grad_enabled()
        parts: dict[str, tuple[Tensor, Tensor]] = {
            "combined": (self.combine.weight[:, :, : self.d_model], self.combine.bias)
        }
        if self.raw_embedding is None:
            for name, layer in (("keys", self.attention.key), ("values", self.attention.value)):
                parts[name] = (layer.weight, layer.bias)
        if attends_everywhere:
            parts["queries"] = (self.attention.query.weight, self.attention.query.bias)
        if reads_entropy:
            parts["logits"] = self.ssm.output.padded()
        weights, biases = zip(*parts.values(), strict=True)
        joint = linear(hidden_MBTD, torch.cat(weights, dim=1), torch.cat(biases, dim=1))
        columns = dict(zip(parts, torch.split(joint, [bias.shape[1] for bias in biases], dim=3), strict=True))
        logits = columns.pop("logits", None)
        if logits is None:
            return _Projections(**columns)
        logits = logits[..., : self.vocab_size]
        predicted = None if self.training else logits.argmax(dim=-1)
        return _Projections(entropy=normalised_entropy(logits), predicted=predicted, **columns)

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
        self, queries: Tensor, keys: Tensor, values: Tensor, decided: GateOutput
    ) -> tuple[Tensor, tuple[int, ...]]:
        """All positions, because the gate's gradient asks what attention would have been where it is shut."""
        num_trials, num_sequences, num_steps, width = queries.shape
        queries_NTE, keys_NTE = self._split_heads(queries), self._split_heads(keys)
        positions_1T = torch.arange(num_steps).unsqueeze(0)
        selection = choose_keys(queries_NTE, keys_NTE, positions_1T, self.top_k)
        # No gradient reaches attention where the gate is shut.
        fires = decided.fires.unsqueeze(2).expand(-1, -1, self.num_heads, -1).reshape(-1, num_steps)
        attended = attend(queries_NTE, keys_NTE, self._split_heads(values), selection, fires)
        output = self.attention.out(self._join_heads(attended, num_trials))
        madds = 4 * num_sequences * num_steps * width**2
        madds += (selection.num_scores + selection.keys.numel()) // num_trials * (width // self.num_heads)
        return output * decided.straight_through().unsqueeze(3), (madds,) * num_trials

    def _add_where_fired(
        self, combined: Tensor, hidden_MBTD: Tensor, keys: Tensor, values: Tensor, fires_MBT: Tensor
    ) -> tuple[Tensor, tuple[int, ...]]:
        """Only firing positions, trial by trial: shapes must not depend on the others of the stack."""
        firing = [_Firing.of(fires_BT, trial) for trial, fires_BT in enumerate(fires_MBT)]
        rows = hidden_MBTD.view(-1, self.d_model).index_select(0, torch.cat([each.lines.flatten() for each in firing]))
        parts = zip(
            firing,
            torch.split(rows, [each.lines.numel() for each in firing]),
            self._split_heads(keys).tensor_split(len(firing)),
            self._split_heads(values).tensor_split(len(firing)),
            strict=True,
        )
        added, madds = zip(*(self._attend_one_trial(trial, *part) for trial, part in enumerate(parts)), strict=True)
        lines = torch.cat([each.lines[each.real] for each in firing])
        result = combined.reshape(-1, self.d_model).index_add(0, lines, torch.cat(added))
        return result.view(hidden_MBTD.shape), madds

    def _attend_one_trial(
        self, trial: int, firing: "_Firing", rows_ND: Tensor, keys_NTE: Tensor, values_NTE: Tensor
    ) -> tuple[Tensor, int]:
        """What attention adds at the firing positions of one trial (R, D), and the multiply-adds."""
        this = slice(trial, trial + 1)
        num_sequences, longest = firing.positions.shape
        madds = 2 * num_sequences * keys_NTE.shape[1] * self.d_model**2
        if longest == 0:
            return rows_ND, madds
        layers = self.attention
        projected = linear(rows_ND.unsqueeze(0), layers.query.weight[this], layers.query.bias[this])
        queries_NFE = self._split_heads(projected.view(1, num_sequences, longest, self.d_model))
        selection = choose_keys(queries_NFE, keys_NTE, firing.positions, self.top_k)
        attended_NFE = attend(queries_NFE, keys_NTE, values_NTE, selection)
        attended_1RD = self._join_heads(attended_NFE, 1).reshape(1, -1, self.d_model)[:, firing.real.flatten()]
        output_1RD = linear(attended_1RD, layers.out.weight[this], layers.out.bias[this])
        added_RD = linear(output_1RD, self._combine_attended()[this])[0]
        madds += (rows_ND.shape[0] + added_RD.shape[0]) * self.d_model**2
        madds += (selection.num_scores + selection.keys.numel()) * (self.d_model // self.num_heads)
        return added_RD, madds
