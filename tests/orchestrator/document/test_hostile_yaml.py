"""A study file is data: whatever stands in it, nothing runs, nothing explodes, and one clear line comes back."""

import pytest

from orchestrator.document.yaml_document import parse_document
from orchestrator.errors import StudyError

LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]\n" for level in range(1, 9)
)
HOSTILE = {
    "python object": "a: !!python/object/apply:os.system ['touch ran']",
    "python new": "a: !!python/object/new:subprocess.Popen [[touch, ran]]",
    "python module": "a: !!python/module:antigravity",
    "python name": "a: !!python/name:os.system",
    "tag at the root": "!!python/object:os.system {a: 1}",
    "tag by another name": "%TAG ! tag:yaml.org,2002:python/\n---\na: !name:os.system x",
    "unknown tag": "a: !x y",
    "binary": "a: !!binary aGVsbG8=",
    "set": "a: !!set {b, c}",
    "moment": "a: 2001-12-14t21:59:43.10-05:00",
    "laughs": LAUGHS,
    "itself merged": "a: &a {<<: *a}",
    "deep lists": "a: " + "[" * 500 + "]" * 500,
    "deep mappings": "a: " + "{b: " * 2000 + "1" + "}" * 2000,
    "deep blocks": "".join(" " * level + "a:\n" for level in range(1000)),
    "large number": "a: " + "9" * 100_000,
    "large hexadecimal number": "a: 0x" + "f" * 100_000,
    "infinite": "a: 1e999999999",
    "not a number": "a: .nan",
    "twice": "a: 1\na: 2",
    "no text as key": "? [a, b]\n: 1",
    "NUL": "a: b\0c",
    "escape": "a: \x1b[2J",
    "C1": "a: \x9b2J",
    "two documents": "a: 1\n---\na: 2",
    "anchor": "a: &\x1b[2J b",
    "duplicate that steers": '"\\e[2J\\u202e": 1\n"\\e[2J\\u202e": 2',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_refused_in_clear_lines(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StudyError) as caught:
        parse_document(HOSTILE[name], "study.yaml")
    for line in str(caught.value).splitlines():
        assert line.startswith("study.yaml")
        assert line.isprintable()
        assert len(line) < 400
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("text", "data"), [("a: &a [*a]", {"a": [None]}), ("a: &a {b: *a}", {"a": {"b": None}})])
def test_what_contains_itself_ends(text, data):
    assert parse_document(text, "study.yaml").data == data
