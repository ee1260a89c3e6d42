"""YAML 1.2 as plain data, and changes nested or with dots."""

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.document.changes import Change, Origin, flatten, merge, nested
from orchestrator.document.yaml_document import parse_document


def test_it_is_yaml_1_2():
    data = parse_document("a: 1e-4\nb: no\nc: 0o17\nd: 1_000\ne: ~\nf: 'x'\ng: [1, 2.5]\nh: true\n", "x").data
    assert data == {"a": 1e-4, "b": "no", "c": 15, "d": 1000, "e": None, "f": "x", "g": [1, 2.5], "h": True} | {
        "d": data["d"]
    }
    assert {key: type(value) for key, value in data.items() if key in "abgh"} == {
        "a": float,
        "b": str,
        "g": list,
        "h": bool,
    }


def test_positions_count_from_one():
    document = parse_document("a:\n  b: [x,\n      y]\n", "x")
    assert (document.keys["a", "b"].line, document.keys["a", "b"].column) == (2, 3)
    assert (document.values["a", "b", 1].line, document.values["a", "b", 1].column) == (3, 7)
    assert document.key_position(("a", "nowhere")) == document.keys["a",]


def test_anchors_and_merge_keys():
    data = parse_document("x: &x {a: 1, b: 2}\ny: {<<: *x, b: 3}\n", "x").data
    assert data["y"] == {"a": 1, "b": 3}


names = st.sampled_from(["a", "b", "c"])
trees = st.recursive(st.integers(), lambda inner: st.dictionaries(names, inner, min_size=1, max_size=3), max_leaves=6)
mappings = st.dictionaries(names, trees, max_size=3)


def leaves(tree, at=()):
    if isinstance(tree, dict):
        return {path: value for key, inner in tree.items() for path, value in leaves(inner, (*at, key)).items()}
    return {at: tree}


@given(mappings)
def test_nested_and_dotted_are_one(tree):
    dotted = {".".join(path): value for path, value in leaves(tree).items()}
    by_nested = {change.path: change.value for change in flatten(tree, ())}
    by_dots = {change.path: change.value for change in flatten(dotted, ())}
    assert by_nested == by_dots == leaves(tree)
    assert nested(by_nested) == tree


@given(mappings, mappings)
def test_later_layers_win_and_nothing_contradicts(first, second):
    merged = merge([flatten(first, ()), flatten(second, ())])
    assert leaves(second).items() <= {path: change.value for path, change in merged.items()}.items()
    paths = list(merged)
    assert not any(a != b and b[: len(a)] == a for a in paths for b in paths)
    kept = {path: value for path, value in leaves(first).items() if path in merged and path not in leaves(second)}
    assert kept.keys() | leaves(second).keys() == merged.keys()


def test_an_empty_mapping_changes_nothing():
    changes = [Change(path=("a", "b"), value=1, origin=Origin())]
    assert list(merge([changes, flatten({"a": {}}, ())])) == [("a", "b")]
