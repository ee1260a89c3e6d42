"""Attention over a stack: sparse for AMOR, dense and causal for the transformer baseline."""

from amor_models.attention.causal import causal_attention
from amor_models.attention.selection import choose_keys
from amor_models.attention.sparse import attend

__all__ = ["attend", "causal_attention", "choose_keys"]
