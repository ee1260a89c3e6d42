"""The baseline: AMOR v1's models and their training written the ordinary way, one model at a time.

`torch.nn.GRU`, `torch.nn.TransformerEncoder`, attention as a full matrix of scores with masks, a `DataLoader`,
`torch.optim.AdamW`. It computes what our models compute (a test holds them to equal logits, losses and gradients)
and is neither slowed down nor tuned. Parameters carry the names of the published checkpoints.

Shapes: B sequences, T time steps, D width, H heads, E = D / H head width, V tokens.
"""

# ruff: noqa: N803, N806 - names of tensors carry their shape

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

NUM_POSITIONS = 1024


@dataclass(frozen=True, kw_only=True)
class PlainOutput:
    """Logits (B, T, V); for AMOR also the gate and its probability (B, T)."""

    logits: Tensor
    gate: Tensor | None = None
    gate_prob: Tensor | None = None


class PlainSsm(nn.Module):
    """Embedding, GRU, output layer (`ssm_only`), and the backbone of AMOR."""

    def __init__(self, vocab_size: int, d_model: int, num_layers: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab_size, d_model)
        self.gru = nn.GRU(d_model, d_model, num_layers, batch_first=True, dropout=dropout if num_layers > 1 else 0.0)
        self.output = nn.Linear(d_model, vocab_size)

    def hidden_and_logits(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        hidden, _ = self.gru(self.embed(tokens))
        return hidden, self.output(hidden)

    def forward(self, tokens: Tensor, needs_retrieval: Tensor) -> PlainOutput:  # noqa: ARG002
        return PlainOutput(logits=self.hidden_and_logits(tokens)[1])


class PlainFullAttention(nn.Module):
    """Token and position embeddings, PyTorch's encoder under a causal mask, output layer."""

    def __init__(self, vocab_size: int, d_model: int, num_layers: int, num_heads: int, dropout: float) -> None:
        super().__init__()
        self.embed = nn.Embedding(vocab_size, d_model)
        self.pos_embed = nn.Embedding(NUM_POSITIONS, d_model)
        layer = nn.TransformerEncoderLayer(d_model, num_heads, 4 * d_model, dropout, batch_first=True)
        self.transformer = nn.TransformerEncoder(layer, num_layers)
        self.output = nn.Linear(d_model, vocab_size)

    def forward(self, tokens: Tensor, needs_retrieval: Tensor) -> PlainOutput:  # noqa: ARG002
        num_steps = tokens.shape[1]
        mask = nn.Transformer.generate_square_subsequent_mask(num_steps)
        x_BTD = self.embed(tokens) + self.pos_embed(torch.arange(num_steps))
        return PlainOutput(logits=self.output(self.transformer(x_BTD, mask=mask)))


class PlainGhostKv(nn.Module):
    """Keys and values projected from hidden states."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.k_proj = nn.Linear(d_model, d_model)
        self.v_proj = nn.Linear(d_model, d_model)

    def forward(self, hidden_BTD: Tensor) -> tuple[Tensor, Tensor]:
        return self.k_proj(hidden_BTD), self.v_proj(hidden_BTD)


class PlainSparseAttention(nn.Module):
    """Causal attention in which only the k largest scores of each row survive; all scores are computed."""

    def __init__(self, d_model: int, num_heads: int, top_k: int) -> None:
        super().__init__()
        self.num_heads, self.top_k = num_heads, top_k
        self.q_proj = nn.Linear(d_model, d_model)
        self.ghost_kv = PlainGhostKv(d_model)
        self.out_proj = nn.Linear(d_model, d_model)

    def _split_heads(self, x_BTD: Tensor) -> Tensor:
        batch, num_steps, d_model = x_BTD.shape
        return x_BTD.view(batch, num_steps, self.num_heads, d_model // self.num_heads).transpose(1, 2)

    def forward(self, hidden_BTD: Tensor) -> Tensor:
        batch, num_steps, d_model = hidden_BTD.shape
        queries_BHTE = self._split_heads(self.q_proj(hidden_BTD))
        keys_BHTE, values_BHTE = map(self._split_heads, self.ghost_kv(hidden_BTD))
        scores_BHTT = queries_BHTE @ keys_BHTE.transpose(-2, -1) / math.sqrt(d_model // self.num_heads)
        future_TT = torch.triu(torch.ones(num_steps, num_steps, dtype=torch.bool), diagonal=1)
        scores_BHTT = scores_BHTT.masked_fill(future_TT, float("-inf"))
        if self.top_k < num_steps:
            kept = scores_BHTT.topk(self.top_k, dim=-1).indices
            dropped_BHTT = torch.ones_like(scores_BHTT, dtype=torch.bool).scatter(-1, kept, value=False)
            scores_BHTT = scores_BHTT.masked_fill(dropped_BHTT, float("-inf"))
        weights_BHTT = torch.nan_to_num(functional.softmax(scores_BHTT, dim=-1), nan=0.0)
        attended = (weights_BHTT @ values_BHTE).transpose(1, 2).reshape(batch, num_steps, d_model)
        output: Tensor = self.out_proj(attended)
        return output


class PlainEntropyGate(nn.Module):
    """sigmoid(scale (normalised entropy - threshold)), straight-through."""

    def __init__(self) -> None:
        super().__init__()
        self.threshold = nn.Parameter(torch.tensor(0.5))
        self.entropy_scale = nn.Parameter(torch.tensor(5.0))

    def forward(self, logits: Tensor) -> tuple[Tensor, Tensor]:
        prob = functional.softmax(logits, dim=-1)
        entropy = -(prob * torch.log(prob + 1e-10)).sum(dim=-1) / math.log(logits.shape[-1])
        gate_prob = torch.sigmoid(self.entropy_scale * (entropy - self.threshold))
        return (gate_prob > 0.5).float() + gate_prob - gate_prob.detach(), gate_prob


class PlainAmor(nn.Module):
    """AMOR with Ghost KV and an entropy gate or, without a gate module, the oracle's labels."""

    def __init__(
        self,
        vocab_size: int,
        d_model: int,
        num_layers: int,
        num_heads: int,
        top_k: int,
        dropout: float,
        gate: PlainEntropyGate | None,
    ) -> None:
        super().__init__()
        self.ssm = PlainSsm(vocab_size, d_model, num_layers, dropout)
        self.gate = gate
        self.attention = PlainSparseAttention(d_model, num_heads, top_k)
        self.combine = nn.Linear(2 * d_model, d_model)
        self.output = nn.Linear(d_model, vocab_size)

    def forward(self, tokens: Tensor, needs_retrieval: Tensor) -> PlainOutput:
        hidden_BTD, ssm_logits = self.ssm.hidden_and_logits(tokens)
        if self.gate is None:
            gate = gate_prob = needs_retrieval.float()
        else:
            gate, gate_prob = self.gate(ssm_logits)
        attended_BTD = self.attention(hidden_BTD) * gate.unsqueeze(-1)
        combined_BTD = self.combine(torch.cat([hidden_BTD, attended_BTD], dim=-1))
        return PlainOutput(logits=self.output(combined_BTD), gate=gate, gate_prob=gate_prob)


def build_plain(
    name: str,
    *,
    vocab_size: int,
    d_model: int = 64,
    num_layers: int = 2,
    num_heads: int = 4,
    top_k: int = 3,
    dropout: float = 0.1,
) -> nn.Module:
    """The model called `ssm_only`, `full_attention`, `amor_oracle` or `amor_entropy`."""
    if name == "ssm_only":
        return PlainSsm(vocab_size, d_model, num_layers, dropout)
    if name == "full_attention":
        return PlainFullAttention(vocab_size, d_model, num_layers, num_heads, dropout)
    gates = {"amor_oracle": lambda: None, "amor_entropy": PlainEntropyGate}
    return PlainAmor(vocab_size, d_model, num_layers, num_heads, top_k, dropout, gates[name]())


def plain_loss(output: PlainOutput, targets: Tensor, *, balance_weight: float, target_rate: float) -> Tensor:
    """Mean cross-entropy over all positions + balance weight (mean gate probability - target rate)^2."""
    loss = functional.cross_entropy(output.logits.reshape(-1, output.logits.shape[-1]), targets.reshape(-1))
    if output.gate_prob is not None and balance_weight > 0:
        loss = loss + balance_weight * (output.gate_prob.mean() - target_rate) ** 2
    return loss


class PlainTraining:
    """Training of one model: shuffled batches, AdamW, clipping at norm 1.

    Args:
        model: from `build_plain`.
        tokens: (N, L).
        needs_retrieval: labels (N, L - 1), aligned with the targets.
    """

    def __init__(
        self,
        model: nn.Module,
        tokens: Tensor,
        needs_retrieval: Tensor,
        *,
        batch_size: int,
        learning_rate: float,
        weight_decay: float,
        max_grad_norm: float,
        balance_weight: float,
        target_rate: float,
    ) -> None:
        self.model = model
        self.loader = DataLoader(TensorDataset(tokens, needs_retrieval), batch_size=batch_size, shuffle=True)
        self.optimiser = torch.optim.AdamW(model.parameters(), lr=learning_rate, weight_decay=weight_decay)
        self.max_grad_norm = max_grad_norm
        self.balance_weight, self.target_rate = balance_weight, target_rate

    def train_epoch(self) -> float:
        """One pass over the data; returns the mean loss over batches."""
        self.model.train()
        total = 0.0
        for tokens, needs_retrieval in self.loader:
            self.optimiser.zero_grad()
            output = self.model(tokens[:, :-1], needs_retrieval)
            loss = plain_loss(output, tokens[:, 1:], balance_weight=self.balance_weight, target_rate=self.target_rate)
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.model.parameters(), self.max_grad_norm)
            self.optimiser.step()
            total += loss.item()
        return total / len(self.loader)
