"""AdamW over a stack: every trial has its own norm, clipping and step sizes.

Shapes: M trials, P parameters of one trial, padded.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

BETAS = (0.9, 0.999)
EPSILON = 1e-8
ALIGNMENT = 16
"""Floats in 64 bytes: each trial's slice of each parameter starts on a cache line."""
ROW = 64


def _round_up(number: int, multiple: int) -> int:
    return -(-number // multiple) * multiple


class StackedAdamW:
    """Clips each trial's gradient by its own norm, then does PyTorch's AdamW.

    All parameters are moved into one matrix (M, P), and their gradients copied into another, so that a step
    is a dozen operations on whole rows. A row is a multiple of any vector register: no element is treated
    differently because of its neighbours in the stack.

    Args:
        model: the stack; its parameters become views of the matrix.
        learning_rates: one per trial.
        weight_decays: one per trial.
        max_grad_norms: one per trial.
    """

    def __init__(
        self,
        model: nn.Module,
        *,
        learning_rates: Sequence[float],
        weight_decays: Sequence[float],
        max_grad_norms: Sequence[float],
    ) -> None:
        self.parameters = list(model.parameters())
        sizes = [_round_up(parameter[0].numel(), ALIGNMENT) for parameter in self.parameters]
        self.starts = [sum(sizes[:index]) for index in range(len(sizes))]
        shape = (len(learning_rates), _round_up(sum(sizes), ROW))
        self.values_MP, self.means_MP, self.squares_MP = (torch.zeros(shape) for _ in range(3))
        for place, parameter in zip(self._views(self.values_MP), self.parameters, strict=True):
            place.copy_(parameter.data)
        self._attach()
        self.learning_rates_M1 = torch.tensor(list(learning_rates)).unsqueeze(1)
        self.decays_M1 = 1 - self.learning_rates_M1 * torch.tensor(list(weight_decays)).unsqueeze(1)
        self.max_norms_M1 = torch.tensor(list(max_grad_norms)).unsqueeze(1)
        self.num_steps = 0

    def _views(self, matrix_MP: Tensor) -> list[Tensor]:
        """The places of the parameters in a matrix, each in the parameter's shape."""
        places = []
        for start, parameter in zip(self.starts, self.parameters, strict=True):
            shape = (matrix_MP.shape[0], *parameter.shape[1:])
            places.append(matrix_MP[:, start : start + parameter[0].numel()].view(shape))
        return places

    def _attach(self) -> None:
        """Makes the parameters views of their matrix, and room for their gradients."""
        for parameter, values in zip(self.parameters, self._views(self.values_MP), strict=True):
            parameter.data = values
        self.gradients_MP = torch.zeros_like(self.values_MP)
        self.gradients = self._views(self.gradients_MP)

    def keep(self, trials: Sequence[int]) -> None:
        """The others leave the stack; the model's parameters become views of fewer rows."""
        for name in ("values_MP", "means_MP", "squares_MP", "learning_rates_M1", "decays_M1", "max_norms_M1"):
            setattr(self, name, getattr(self, name)[trials])
        self._attach()

    def step(self, loss_M: Tensor) -> None:
        """Differentiates the sum of the trials' losses, clips, and moves the parameters.

        A parameter that the losses do not depend on counts as having gradient 0.
        """
        # Gradients of their own, not `.grad`: views of a matrix break autograd's contract on strides.
        gradients: Sequence[Tensor | None] = torch.autograd.grad(loss_M.sum(), self.parameters, allow_unused=True)
        for place, gradient in zip(self.gradients, gradients, strict=True):
            if gradient is None:
                place.zero_()
            else:
                place.copy_(gradient)
        self._clip()
        self._move()

    def _clip(self) -> None:
        norms_M1 = self.gradients_MP.square().sum(dim=1, keepdim=True).sqrt_()
        self.gradients_MP.mul_((self.max_norms_M1 / (norms_M1 + 1e-6)).clamp_(max=1.0))

    @torch.no_grad()
    def _move(self) -> None:
        self.num_steps += 1
        beta1, beta2 = BETAS
        self.values_MP.mul_(self.decays_M1)
        self.means_MP.lerp_(self.gradients_MP, 1 - beta1)
        self.squares_MP.mul_(beta2).addcmul_(self.gradients_MP, self.gradients_MP, value=1 - beta2)
        denominators = self.squares_MP.sqrt().div_((1 - beta2**self.num_steps) ** 0.5).add_(EPSILON)
        steps_M1 = self.learning_rates_M1 / (1 - beta1**self.num_steps)
        self.values_MP.sub_(denominators.reciprocal_().mul_(self.means_MP).mul_(steps_M1))
