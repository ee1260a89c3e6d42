"""The gated recurrent unit over a stack, forwards and backwards, by hand.

Equations (PyTorch's): r = s(a_r + c_r), z = s(a_z + c_z), n = tanh(a_n + r c_n), h' = n + z (h - n), where
a = W_ih x + b_ih and c = W_hh h + b_hh. tanh(x) is computed as 2 s(2 x) - 1, equal to 3e-7: PyTorch's tanh takes
six times as long as its sigmoid. So a_n enters doubled (`double_new`).

Shapes: M trials, T time steps, B sequences, H width, V tokens. `gates_MTBG` has G = 4 H columns in the order
(n, r, z, c_n): so what W_ih feeds (n, r, z) and what W_hh feeds (r, z, c_n) are both one run of columns, and
each is one matrix product into place. Time comes before batch, so that a step is one run of memory.

Elementwise operations work on runs of H columns with gaps between them, whatever the number of trials is:
that is why each trial's bits do not depend on its stack-mates.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import FunctionCtx, once_differentiable

BLOCK = 16
"""Time steps whose coefficients are prepared together in the backward pass, to stay in cache."""


def run_forward(gates_MTBG: Tensor, w_hh_MGH: Tensor) -> Tensor:
    """Runs the recurrence from h = 0.

    Args:
        gates_MTBG: pre-activations without the recurrent part, biases included, a_n doubled; on return the
            activations n, r, z and the pre-activation c_n.
        w_hh_MGH: recurrent weights (M, 3 H, H) in PyTorch's order r, z, n.

    Returns:
        The hidden states (M, T, B, H).
    """
    num_trials, _, num_sequences, num_columns = gates_MTBG.shape
    width = num_columns // 4
    hidden_MTBH = gates_MTBG.new_empty(num_trials, gates_MTBG.shape[1], num_sequences, width)
    w_MHG = w_hh_MGH.transpose(1, 2)
    recurrent = gates_MTBG[..., width:].unbind(1)
    sigmoids = gates_MTBG[..., width : 3 * width].unbind(1)
    news, resets, updates, inners = (part.unbind(1) for part in gates_MTBG.chunk(4, dim=3))
    hiddens = hidden_MTBH.unbind(1)
    previous = gates_MTBG.new_zeros(num_trials, num_sequences, width)
    # A product into a run of columns would be done trial by trial; into a block of its own it is one call.
    product = gates_MTBG.new_empty(num_trials, num_sequences, 3 * width)
    minus_one = gates_MTBG.new_tensor(-1.0)
    for step, hidden in enumerate(hiddens):
        if step:
            recurrent[step].add_(torch.bmm(previous, w_MHG, out=product))
        sigmoids[step].sigmoid_()
        new = news[step]
        new.addcmul_(resets[step], inners[step], value=2).sigmoid_()
        torch.add(minus_one, new, alpha=2, out=new)
        torch.lerp(new, previous, updates[step], out=hidden)
        previous = hidden
    return hidden_MTBH


def _coefficients(gates: Tensor, before: Tensor, out: Tensor) -> None:
    """The derivatives of all four columns' pre-activations by h', for a block of steps, into `out`."""
    new, reset, update, inner = gates.chunk(4, dim=3)
    d_new, d_reset, d_update, d_inner = out.chunk(4, dim=3)
    keep = 1 - update
    torch.mul(new, new, out=d_new)
    torch.addcmul(keep, keep, d_new, value=-1, out=d_new)
    torch.mul(d_new, reset, out=d_inner)
    torch.mul(d_inner, inner, out=d_reset)
    d_reset.addcmul_(d_reset, reset, value=-1)
    torch.sub(before, new, out=d_update)
    d_update.mul_(keep.mul_(update))


def run_backward(
    gates_MTBG: Tensor, hidden_MTBH: Tensor, w_hh_MGH: Tensor, d_hidden_MTBH: Tensor
) -> tuple[Tensor, Tensor]:
    """Back-propagates through the recurrence.

    Returns:
        Gradients of the pre-activations (M, T, B, 4 H) and of the recurrent weights (M, 3 H, H).
    """
    num_trials, num_steps, num_sequences, width = hidden_MTBH.shape
    d_gates_MTBG = torch.empty_like(gates_MTBG)
    d_columns = d_gates_MTBG.view(num_trials, num_steps, num_sequences, 4, width).unbind(1)
    d_recurrent = d_gates_MTBG[..., width:].unbind(1)
    updates = gates_MTBG[..., 2 * width : 3 * width].unbind(1)
    d_outputs = d_hidden_MTBH.unbind(1)
    d_hidden = d_outputs[-1].clone()
    for end in range(num_steps, 0, -BLOCK):
        start = max(0, end - BLOCK)
        if start:
            before = hidden_MTBH[:, start - 1 : end - 1]
        else:
            zeros = hidden_MTBH.new_zeros(num_trials, 1, num_sequences, width)
            before = torch.cat([zeros, hidden_MTBH[:, : end - 1]], dim=1)
        _coefficients(gates_MTBG[:, start:end], before, d_gates_MTBG[:, start:end])
        for step in range(end - 1, start - 1, -1):
            d_columns[step].mul_(d_hidden.unsqueeze(2))
            if step:
                d_hidden = torch.addcmul(d_outputs[step - 1], d_hidden, updates[step])
                d_hidden.baddbmm_(d_recurrent[step], w_hh_MGH)
    if num_steps == 1:
        return d_gates_MTBG, torch.zeros_like(w_hh_MGH)
    # One product for all steps: the first step's h is 0 and adds nothing.
    d_after = d_gates_MTBG[:, 1:, :, width:].flatten(1, 2)
    d_w_hh_MGH = torch.bmm(d_after.transpose(1, 2), hidden_MTBH[:, :-1].flatten(1, 2))
    return d_gates_MTBG, d_w_hh_MGH


def from_torch_order(parameter: Tensor) -> Tensor:
    """Rows in PyTorch's order (r, z, n) to ours (n, r, z), along axis 1."""
    reset, update, new = parameter.chunk(3, dim=1)
    return torch.cat([new, reset, update], dim=1)


def to_torch_order(parameter: Tensor) -> Tensor:
    """The inverse of `from_torch_order`."""
    new, reset, update = parameter.chunk(3, dim=1)
    return torch.cat([reset, update, new], dim=1)


def gate_bias(b_ih_MG: Tensor, b_hh_MG: Tensor) -> Tensor:
    """The bias of the four columns (n, r, z, c_n) out of PyTorch's two biases."""
    width = b_ih_MG.shape[1] // 3
    both = b_ih_MG[:, : 2 * width] + b_hh_MG[:, : 2 * width]
    return torch.cat([b_ih_MG[:, 2 * width :], both, b_hh_MG[:, 2 * width :]], dim=1)


def double_new(columns: Tensor, width: int) -> Tensor:
    """A copy whose first `width` entries of the last axis, those of n, are doubled."""
    doubled = columns.clone()
    doubled[..., :width].mul_(2)
    return doubled


class GruLayer(torch.autograd.Function):
    """A recurrent layer over vectors."""

    @staticmethod
    def forward(ctx: FunctionCtx, x_MTBD: Tensor, w_ih_MGD: Tensor, w_hh_MGH: Tensor, bias_MG: Tensor) -> Tensor:
        """Hidden states (M, T, B, H) of inputs (M, T, B, D); the bias as from `gate_bias`."""
        num_trials, num_steps, num_sequences, num_inputs = x_MTBD.shape
        num_columns = bias_MG.shape[1]
        width = num_columns // 4
        w_ours_MGD = from_torch_order(w_ih_MGD)
        gates = x_MTBD.new_empty(num_trials, num_steps, num_sequences, num_columns)
        gates.copy_(double_new(bias_MG, width).view(num_trials, 1, 1, num_columns))
        fed = gates.view(num_trials, -1, num_columns)[..., : 3 * width]
        w_MDG = double_new(w_ours_MGD.transpose(1, 2), width)
        fed.baddbmm_(x_MTBD.reshape(num_trials, -1, num_inputs), w_MDG)
        hidden = run_forward(gates, w_hh_MGH)
        ctx.save_for_backward(x_MTBD, w_ours_MGD, w_hh_MGH, gates, hidden)
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hidden_MTBH: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by inputs, both weights and the bias."""
        x_MTBD, w_ours_MGD, w_hh_MGH, gates, hidden = ctx.saved_tensors
        d_gates, d_w_hh = run_backward(gates, hidden, w_hh_MGH, d_hidden_MTBH)
        d_flat = d_gates.flatten(1, 2)
        d_fed = d_flat[..., : w_ours_MGD.shape[1]]
        d_x = torch.bmm(d_fed, w_ours_MGD).view_as(x_MTBD) if ctx.needs_input_grad[0] else None
        d_w_ih = to_torch_order(torch.bmm(d_fed.transpose(1, 2), x_MTBD.flatten(1, 2)))
        return d_x, d_w_ih, d_w_hh, d_flat.sum(dim=1)


class TokenGruLayer(torch.autograd.Function):
    """A recurrent layer over tokens: the input product is a table with one line per token.

    With few tokens this replaces the layer's three largest products by a look-up and one small product.
    """

    @staticmethod
    def forward(ctx: FunctionCtx, tokens_MTB: Tensor, table_MVG: Tensor, w_hh_MGH: Tensor) -> Tensor:
        """Hidden states (M, T, B, H) of tokens, given their pre-activations, biases included."""
        num_trials, _, num_columns = table_MVG.shape
        gates = table_MVG.new_empty(num_trials, tokens_MTB[0].numel(), num_columns)
        doubled_MVG = double_new(table_MVG, num_columns // 4)
        for trial in range(num_trials):
            torch.index_select(doubled_MVG[trial], 0, tokens_MTB[trial].reshape(-1), out=gates[trial])
        gates = gates.view(*tokens_MTB.shape, num_columns)
        hidden = run_forward(gates, w_hh_MGH)
        ctx.save_for_backward(tokens_MTB, table_MVG, w_hh_MGH, gates, hidden)
        return hidden

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_hidden_MTBH: Tensor) -> tuple[Tensor | None, ...]:
        """Gradients by the table and the recurrent weights."""
        tokens_MTB, table_MVG, w_hh_MGH, gates, hidden = ctx.saved_tensors
        d_gates, d_w_hh = run_backward(gates, hidden, w_hh_MGH, d_hidden_MTBH)
        # A product with one-hot rows sums the positions of each token faster than adding row by row.
        vocabulary = torch.arange(table_MVG.shape[1]).view(1, -1, 1)
        one_hot_MVN = (tokens_MTB.flatten(1).unsqueeze(1) == vocabulary).to(d_gates.dtype)
        return None, torch.bmm(one_hot_MVN, d_gates.flatten(1, 2)), d_w_hh
