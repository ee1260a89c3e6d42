"""Counting multiply-adds: what the equations say is what the baseline executes."""

import pytest
import torch

from benchmarks.cases import BATCH_SIZE, MODELS, TASKS, Case
from benchmarks.lanes import PlainLane
from benchmarks.products import MultiplyAdds, needed_madds


def test_every_kind_of_product_is_counted_once():
    left, right = torch.ones(3, 5, requires_grad=True), torch.ones(5, 7, requires_grad=True)
    with MultiplyAdds() as counter:
        product = left @ right
    assert counter.total == 3 * 5 * 7
    with MultiplyAdds() as counter:
        product.sum().backward()
    assert counter.total == 2 * 3 * 5 * 7
    stack = torch.zeros(2, 3, 7)
    with MultiplyAdds() as counter:
        stack.baddbmm_(torch.ones(2, 3, 5), torch.ones(2, 5, 7))
        torch.addmm(torch.ones(7), torch.ones(3, 5), torch.ones(5, 7))
        torch.ones(3, 7).mul_(2).sum()
    assert counter.total == 3 * (3 * 5 * 7)


@pytest.mark.parametrize("model", MODELS)
def test_the_baseline_executes_the_multiply_adds_of_the_equations(model):
    case = Case(task=TASKS[1], model=model, num_steps=1)
    config = case.config()
    lane = PlainLane()
    lane.build(case)
    with MultiplyAdds() as counter:
        lane.epoch_s()
    expected = needed_madds(
        model,
        num_sequences=BATCH_SIZE,
        num_steps=config.task.seq_length - 1,
        vocab_size=config.total_vocab_size,
    )
    # The oracle's unused logits, and products with the state before the first step, make the difference.
    assert counter.total == pytest.approx(expected, rel=0.005)
