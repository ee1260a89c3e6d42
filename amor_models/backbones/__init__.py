"""Recurrent backbones over a stack."""

from amor_models.backbones.gru import GruBackbone, GruWeights

__all__ = ["GruBackbone", "GruWeights"]
