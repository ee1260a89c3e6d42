"""What layers of a stack share: they are drawn from random streams, trial by trial, by name."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import nn

from amor_models.randomness import Streams


class StackedLayer(nn.Module):
    """A layer whose parameters carry a leading trial axis.

    Nothing in such a layer may mix trials: the slice of a trial is computed as if it were alone.

    Attributes:
        per_trial: names of its lists and tuples that have one entry per trial, such as rates and generators.
    """

    per_trial: ClassVar[tuple[str, ...]] = ()

    def draw(self, name: str, streams: Sequence[Streams]) -> None:
        """Draws initial weights, or prepares generators, from each trial's streams.

        Args:
            name: the layer's name in its model; equal names in different models get equal draws.
            streams: one per trial of the stack.
        """
        raise NotImplementedError

    def keep(self, trials: Sequence[int]) -> None:
        """The other trials leave the stack, with their entries; parameters are shortened by who owns them all.

        Args:
            trials: indices of those that stay, ascending.
        """
        for name in self.per_trial:
            entries = getattr(self, name)
            setattr(self, name, type(entries)(entries[trial] for trial in trials))


def draw_all(model: nn.Module, streams: Sequence[Streams]) -> None:
    """Draws every stacked layer of a model from the streams of its trials."""
    for name, module in model.named_modules():
        if isinstance(module, StackedLayer):
            module.draw(name, streams)


@torch.no_grad()
def draw_uniform(parameter: torch.Tensor, bound: float, generator: torch.Generator) -> None:
    """Fills one trial's slice of a parameter uniformly from [-bound, bound].

    Drawn into a fresh tensor, because the order of draws into a strided slice depends on its strides.
    """
    values = torch.empty(parameter.shape, dtype=parameter.dtype)
    parameter.copy_(values.uniform_(-bound, bound, generator=generator))
