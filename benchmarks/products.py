"""Matrix products: how fast the machine does them, and how many a training step consists of."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode

SQUARE = (1024, 1024, 1024)
PROJECTION = (8160, 64, 192)
"""All positions of a NeedleHaystack batch (32 times 255) through a layer's input weights."""
RECURRENCE = (32, 64, 192)
"""One time step of the recurrence: a batch through a layer's recurrent weights."""


def sgemm_gflops(shape: tuple[int, int, int], min_s: float = 0.05) -> float:
    """Billions of float operations (two per multiply-add) per second of (n, k) @ (k, m), one torch thread as set."""
    rows, inner, columns = shape
    left, right, out = torch.rand(rows, inner), torch.rand(inner, columns), torch.empty(rows, columns)
    torch.mm(left, right, out=out)
    repetitions = 1
    while True:
        started_s = time.perf_counter()
        for _ in range(repetitions):
            torch.mm(left, right, out=out)
        elapsed_s = time.perf_counter() - started_s
        if elapsed_s >= min_s:
            return 2e-9 * rows * inner * columns * repetitions / elapsed_s
        repetitions *= 2


def _madds(name: str, arguments: Sequence[Any]) -> int:
    """Multiply-adds of one call; 0 for operations that are no matrix product."""
    match name:
        case "mm" | "bmm":
            left, right = arguments[:2]
        case "addmm" | "addmm_" | "baddbmm" | "baddbmm_":
            left, right = arguments[1:3]
        case "_linear_pointwise":
            left, weight = arguments[:2]
            return int(left.numel() * weight.shape[0])
        case "_scaled_dot_product_flash_attention_for_cpu":
            queries, keys, values = arguments[:3]
            return int(queries.numel() * keys.shape[-2] + queries[..., 0].numel() * values[0, 0].numel())
        case "_scaled_dot_product_flash_attention_for_cpu_backward":
            # Scores again, and two products for each of the two of the forward pass.
            queries, keys = arguments[1:3]
            return int(5 * queries.numel() * keys.shape[-2])
        case _:
            return 0
    assert isinstance(left, Tensor)
    return int(left.numel() * right.shape[-1])


class MultiplyAdds(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the multiply-adds of all matrix products that are executed, backward pass included."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.total = 0

    def __torch_dispatch__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        self.total += _madds(func.overloadpacket.__name__, args)
        return func(*args, **(kwargs or {}))


def needed_madds(
    model: str, *, num_sequences: int, num_steps: int, vocab_size: int, d_model: int = 64, num_layers: int = 2
) -> int:
    """Multiply-adds of the matrix products of one training step by the models' equations, dense attention included.

    The forward pass, and twice that backward: a product has a gradient by each of its factors. Embeddings are no
    products. The baseline executes these (a test counts them); our steps avoid some and add others.
    """
    num_positions = num_sequences * num_steps
    square = num_positions * d_model**2
    output = num_positions * d_model * vocab_size
    scores_and_sums = 2 * num_sequences * num_steps**2 * d_model
    recurrent = 6 * square * num_layers  # three gates, from the input and from the state
    forward = {
        "ssm_only": recurrent + output,
        "full_attention": num_layers * (4 * square + scores_and_sums + 8 * square) + output,
        "amor_oracle": recurrent + 4 * square + scores_and_sums + 2 * square + output,
        "amor_entropy": recurrent + output + 4 * square + scores_and_sums + 2 * square + output,
    }
    return 3 * forward[model]
