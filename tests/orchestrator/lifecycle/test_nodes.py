"""Which nodes are avoided, and when."""

import pytest

from orchestrator.lifecycle.nodes import Nodes


@pytest.mark.parametrize(
    ("losses", "is_avoided"),
    [
        ([{"a"}, {"b"}], False),
        ([{"a"}, {"b"}, {"c"}], True),
        ([{"a"}, {"a"}, {"a"}, {"a"}], False),  # it may be the trial's own doing
        ([{"a", "b"}, {"a"}, {"b"}, {"c"}], False),
        ([{"a", "b"}, {"a"}, {"c"}, {"b"}, {"d"}], True),
        ([set(), set(), set()], True),  # it cannot even start a worker
    ],
)
def test_losses_of_three_different_trials_count(losses, is_avoided):
    nodes = Nodes()
    told = [nodes.lost("n", trial_ids) for trial_ids in losses]
    assert nodes.avoided() == (frozenset(["n"]) if is_avoided else frozenset())
    assert sum(told) == is_avoided


def test_a_success_clears_a_node_and_nobody_is_told_twice():
    nodes = Nodes()
    nodes.lost("n", {"a"})
    nodes.lost("n", {"b"})
    nodes.trained("n")
    assert not nodes.lost("n", {"c"})
    assert not nodes.lost("m", {"d"})
    assert not nodes.avoided()
    nodes.lost("n", {"d"})
    assert nodes.lost("n", {"e"})
    assert nodes.avoided() == {"n"}
    nodes.forgive()
    assert not nodes.avoided()
    assert not any(nodes.lost("n", {trial_id}) for trial_id in "fgh")
    assert nodes.avoided() == {"n"}


def test_where_nothing_is_known_of_nodes_none_is_avoided():
    nodes = Nodes()
    assert not any(nodes.lost("", {trial_id}) for trial_id in "abcd")
    assert not nodes.avoided()
