"""Where a training step's time goes, by kind of operation, as PyTorch's profiler sees it."""

from collections.abc import Callable

from torch.profiler import ProfilerActivity, profile

KINDS: dict[str, frozenset[str]] = {
    "matrix products": frozenset(
        {
            "mm",
            "bmm",
            "addmm",
            "addmm_",
            "baddbmm",
            "baddbmm_",
            "_scaled_dot_product_flash_attention_for_cpu",
            "_scaled_dot_product_flash_attention_for_cpu_backward",
        }
    ),
    "choosing keys": frozenset({"topk"}),
    "moving data": frozenset(
        {
            "_embedding_bag",
            "_embedding_bag_forward_only",
            "_index_put_impl_",
            "bincount",
            "cat",
            "copy_",
            "cumsum",
            "embedding_dense_backward",
            "fill_",
            "gather",
            "index",
            "index_add_",
            "index_copy_",
            "index_select",
            "nonzero",
            "sort",
            "zero_",
        }
    ),
    "Python and dispatch": frozenset(
        {
            "as_strided",
            "chunk",
            "detach",
            "empty",
            "empty_like",
            "empty_strided",
            "expand",
            "flatten",
            "narrow",
            "permute",
            "reshape",
            "select",
            "slice",
            "split",
            "split_with_sizes",
            "squeeze",
            "t",
            "tensor_split",
            "transpose",
            "unbind",
            "unflatten",
            "unsqueeze",
            "view",
        }
    ),
}
ELEMENTWISE = "elementwise and sums"
"""All other operations of PyTorch."""
OVERHEAD = "Python and dispatch"
"""Beside views: what is outside of any operation, random numbers (NumPy's) among it."""


def _kind(name: str) -> str:
    operation = name.removeprefix("aten::")
    if operation == name:
        return OVERHEAD  # a node of autograd, or a function of ours
    return next((kind for kind, names in KINDS.items() if operation in names), ELEMENTWISE)


def shares_of_time(call: Callable[[], object]) -> dict[str, float]:
    """The share of each kind of operation in the time of the operations that a call executes, largest first.

    Each operation's own time, without that of others that it calls. The profiler takes time for every operation, so
    many small ones look longer than they are.
    """
    with profile(activities=[ProfilerActivity.CPU]) as profiler:
        call()
    times: dict[str, float] = {}
    for event in profiler.key_averages():
        kind = _kind(event.key)
        times[kind] = times.get(kind, 0.0) + event.self_cpu_time_total
    total = sum(times.values())
    return {kind: time / total for kind, time in sorted(times.items(), key=lambda item: -item[1])}
