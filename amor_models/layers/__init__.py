"""Layers whose parameters carry a leading trial axis."""

from amor_models.layers.dropout import Dropout, draw_mask
from amor_models.layers.embedding import Embedding
from amor_models.layers.layer_norm import LayerNorm
from amor_models.layers.linear import ALIGNED, Linear, OutputLayer, ScalarHead, linear
from amor_models.layers.stacked import StackedLayer, draw_all, draw_uniform

__all__ = [
    "ALIGNED",
    "Dropout",
    "Embedding",
    "LayerNorm",
    "Linear",
    "OutputLayer",
    "ScalarHead",
    "StackedLayer",
    "draw_all",
    "draw_mask",
    "draw_uniform",
    "linear",
]
