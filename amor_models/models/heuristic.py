"""Key-blind answers to NeedleHaystack's queries: what every score has to be compared with.

Nothing is trained. Rules with a random choice give the exact expectation of their accuracy.
"""

from collections import Counter

import numpy as np

from amor_models.configuration import HeuristicModel
from amor_models.tasks import Dataset, emitted_pairs, surviving_pairs


def answer_probability(values: list[int], answer: int, rule: str, vocab_size: int) -> float:
    """The probability that the rule gives this answer, knowing the stored values but not the key.

    Args:
        values: the values of the stored pairs, in order.
        answer: the right answer.
        rule: `random_stored`, `most_common_stored` (the earliest on a tie), `last_stored` or `uniform`.
        vocab_size: ordinary tokens, for `uniform`.
    """
    if rule == "uniform":
        return 1 / vocab_size
    if rule == "random_stored":
        return values.count(answer) / len(values)
    if rule == "last_stored":
        return float(values[-1] == answer)
    assert rule == "most_common_stored"
    # Counter keeps the order of first appearance among equals.
    return float(Counter(values).most_common(1)[0][0] == answer)


def heuristic_accuracy(model: HeuristicModel, dataset: Dataset, vocab_size: int) -> float | None:
    """Expected retrieval accuracy, pooled over all queries for stored keys; None where there are none."""
    probabilities: list[float] = []
    for sequence, asked in zip(dataset.tokens, dataset.needs_retrieval, strict=True):
        pairs = emitted_pairs(sequence, vocab_size)
        # The pair stored last is the same either way; among survivors a repeated key keeps its first place.
        if model.pairs == "surviving" and model.rule != "last_stored":
            pairs = surviving_pairs(pairs)
        values = [value for _, value in pairs]
        probabilities += [answer_probability(values, int(answer), model.rule, vocab_size) for answer in sequence[asked]]
    return float(np.mean(probabilities)) if probabilities else None
