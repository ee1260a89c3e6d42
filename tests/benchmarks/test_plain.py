"""The baseline computes what our models compute: a comparison of speed is one of equals."""

import pytest
import torch

from amor_models.models import build_stack
from amor_models.randomness import Streams
from amor_models.replication import dump, published_names
from amor_models.tasks import dataset_of
from amor_models.training.loss import Loss
from benchmarks.cases import MODELS, TASKS, Case, balance
from benchmarks.plain import build_plain, plain_loss

PARAMETERS = {
    "ssm_only": (52_371, 51_339),
    "full_attention": (167_955, 166_923),
    "amor_oracle": (78_502, 76_950),
    "amor_entropy": (78_504, 76_952),
}


def both(task, model, num_sequences=6):
    """Our stack of one and the baseline with the same weights, without dropout; a batch for them."""
    config = Case(task=task, model=model, num_steps=1).config()
    ours = build_stack([config], [Streams(3)]).eval()
    plain = build_plain(model, vocab_size=config.total_vocab_size)
    plain.load_state_dict({name: torch.from_numpy(value) for name, value in dump(ours).items()})
    dataset = dataset_of(config.task, size=num_sequences, seed=5)
    tokens = torch.tensor(dataset.tokens)
    labels = torch.tensor(dataset.needs_retrieval[:, 1:])
    return config, ours, plain.eval(), tokens, labels


@pytest.mark.parametrize("model", MODELS)
def test_the_baseline_has_the_published_number_of_parameters(model):
    for task, expected in zip(TASKS, PARAMETERS[model], strict=True):
        config = Case(task=task, model=model, num_steps=1).config()
        plain = build_plain(model, vocab_size=config.total_vocab_size)
        assert sum(parameter.numel() for parameter in plain.parameters()) == expected


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("model", MODELS)
def test_equal_weights_give_equal_logits_losses_and_gradients(task, model):
    config, ours, plain, tokens, labels = both(task, model)
    our_output = ours(tokens[None, :, :-1], needs_retrieval=labels[None])
    plain_output = plain(tokens[:, :-1], labels)
    torch.testing.assert_close(plain_output.logits, our_output.logits[0], rtol=1e-4, atol=2e-5)
    if our_output.gate is not None:
        assert torch.equal(plain_output.gate > 0.5, our_output.gate[0])

    weight, rate = balance(config)
    our_loss = Loss([config])(our_output, tokens[None, :, 1:])[0]
    loss = plain_loss(plain_output, tokens[:, 1:], balance_weight=weight, target_rate=rate)
    torch.testing.assert_close(loss, our_loss, rtol=1e-6, atol=1e-6)

    loss.backward()
    our_loss.backward()
    ours_by_name = dict(ours.named_parameters())
    names = published_names(ours)
    for name, parameter in plain.named_parameters():
        gradient = ours_by_name[names[name]].grad
        expected = torch.zeros_like(parameter) if gradient is None else gradient[0]
        actual = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        torch.testing.assert_close(
            actual, expected, rtol=1e-3, atol=2e-5, msg=lambda text, name=name: f"{name}: {text}"
        )


def test_the_comparison_notices_a_difference():
    _, ours, plain, tokens, labels = both("needle_haystack", "amor_entropy")
    plain.attention.top_k = 4
    with torch.no_grad():
        our_logits = ours(tokens[None, :, :-1], needs_retrieval=labels[None]).logits[0]
        assert not torch.allclose(plain(tokens[:, :-1], labels).logits, our_logits, rtol=1e-4, atol=2e-5)
