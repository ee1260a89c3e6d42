"""Weights under the names of the authors' package (protocol v1, section 4)."""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from amor_models.gates import EntropyGate, Gate, LearnedRlGate, LearnedSteGate, OracleGate
from amor_models.models import Amor, FullAttention, Model, Ssm, SsmMlp

MODEL_NAMES = (
    "ssm_only",
    "ssm_mlp",
    "full_attention",
    "amor_entropy",
    "amor_oracle",
    "amor_learned_ste",
    "amor_learned_rl",
    "amor_raw_embedding_kv",
)

# Ours to theirs, tried in order; the backbone's prefix is dropped for `ssm_only`.
_COMMON = (
    (r"ssm\.embedding\.", "ssm.embed."),
    (r"ssm\.gru\.(\d+)\.(\w+)", r"ssm.gru.\2_l\1"),
)
_RENAMES: dict[type[Model], tuple[tuple[str, str], ...]] = {
    Ssm: ((r"ssm\.embedding\.", "embed."), (r"ssm\.gru\.(\d+)\.(\w+)", r"gru.\2_l\1"), (r"ssm\.", "")),
    SsmMlp: (*_COMMON, (r"mlp\.up\.", "mlp.0."), (r"mlp\.down\.", "mlp.2.")),
    FullAttention: (
        (r"embedding\.", "embed."),
        (r"position_embedding\.", "pos_embed."),
        (r"layers\.", "transformer.layers."),
    ),
    Amor: (
        *_COMMON,
        (r"gate\.scale", "gate.entropy_scale"),
        (r"gate\.head\.", "gate.gate."),
        (r"attention\.query\.", "attention.q_proj."),
        (r"attention\.out\.", "attention.out_proj."),
        (r"attention\.key\.", "attention.{kv}k_proj."),
        (r"attention\.value\.", "attention.{kv}v_proj."),
        (r"raw_embedding\.", "embed."),
    ),
}


def _published_name(model: Model, name: str) -> str:
    for pattern, replacement in _RENAMES[type(model)]:
        renamed, count = re.subn(f"^{pattern}", replacement, name)
        if count:
            ghost = isinstance(model, Amor) and model.raw_embedding is None
            return renamed.replace("{kv}", "ghost_kv." if ghost else "")
    return name


def published_names(model: Model) -> dict[str, str]:
    """Published name of each parameter -> our name."""
    return {_published_name(model, name): name for name, _ in model.named_parameters()}


def _build_gate(model: str, d_model: int) -> Gate:
    if model == "amor_entropy":
        return EntropyGate(thresholds=[0.5], scales=[5.0])
    if model == "amor_learned_ste":
        return LearnedSteGate(d_model=d_model, noise_stds=[0.1])
    if model == "amor_learned_rl":
        return LearnedRlGate(num_trials=1, d_model=d_model)
    return OracleGate()


def _build(model: str, vocab_size: int, d_model: int, num_layers: int, num_heads: int, top_k: int) -> Model:
    sizes: dict[str, Any] = {
        "num_trials": 1,
        "vocab_size": vocab_size,
        "d_model": d_model,
        "num_layers": num_layers,
        "dropout": [0.1],
    }
    if model == "ssm_only":
        return Ssm(**sizes)
    if model == "ssm_mlp":
        return SsmMlp(**sizes)
    if model == "full_attention":
        return FullAttention(**sizes, num_heads=num_heads)
    return Amor(
        **sizes,
        num_heads=num_heads,
        top_k=top_k,
        raw_embedding=model == "amor_raw_embedding_kv",
        gate=_build_gate(model, d_model),
    )


def load(model: str, weights: Mapping[str, NDArray[np.floating[Any]] | Tensor], *, num_heads: int, top_k: int) -> Model:
    """Builds a stack of one from published weights, in evaluation mode.

    Args:
        model: one of `MODEL_NAMES`.
        weights: arrays or tensors under the published names; they are copied.
        num_heads: attention heads (ignored by models without attention).
        top_k: keys per query (ignored by models other than AMOR).

    Returns:
        A model to be called with `tokens` (1, batch, time) and, for oracle gates, `needs_retrieval=` of the
        same shape; the result has `logits` and, for AMOR, `gate`, `gate_prob`, `entropy` (normalised).

    Raises:
        ValueError: for an unknown model, or weights missing, left over, or of another shape.
    """
    if model not in MODEL_NAMES:
        raise ValueError(f"there is no published model {model!r}; they are {', '.join(MODEL_NAMES)}")
    prefix = "" if model in ("ssm_only", "full_attention") else "ssm."
    embedding = weights.get(f"{prefix}embed.weight")
    if embedding is None:
        raise ValueError(f"weights of {model} lack {prefix}embed.weight")
    vocab_size, d_model = embedding.shape
    layer = re.compile(r".*(?:gru\.weight_hh_l|transformer\.layers\.)(\d+)")
    found = {int(match[1]) for match in map(layer.match, weights) if match}
    if d_model % num_heads:
        raise ValueError(f"the weights' width {d_model} is not divisible by num_heads {num_heads}")
    if top_k < 1:
        raise ValueError(f"top_k must be at least 1, not {top_k}")
    built = _build(model, vocab_size, d_model, max(found, default=0) + 1, num_heads, top_k)
    try:
        fill(built, weights)
    except ValueError as error:
        raise ValueError(f"weights of {model} do not fit: {error}") from error
    return built.eval()


@torch.no_grad()
def fill(model: Model, weights: Mapping[str, NDArray[np.floating[Any]] | Tensor]) -> None:
    """Copies weights into a stack of one.

    Args:
        model: the stack.
        weights: arrays or tensors under the published names.

    Raises:
        ValueError: weights are missing, left over, or of another shape.
    """
    names = published_names(model)
    if set(names) != set(weights):
        missing, extra = sorted(set(names) - set(weights)), sorted(set(weights) - set(names))
        raise ValueError(f"missing {missing}, left over {extra}")
    parameters = dict(model.named_parameters())
    for published, ours in names.items():
        value = torch.as_tensor(weights[published])
        if value.shape != parameters[ours].shape[1:]:
            raise ValueError(f"{published} has shape {tuple(value.shape)}, not {tuple(parameters[ours].shape[1:])}")
        parameters[ours][0].copy_(value)


def dump(model: Model, trial: int = 0) -> dict[str, NDArray[np.float32]]:
    """One trial's weights under the published names; `load` takes them back."""
    parameters = dict(model.named_parameters())
    return {
        published: parameters[ours][trial].detach().numpy().copy() for published, ours in published_names(model).items()
    }
