import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_store.query.latex_text import latex

COMMANDS = set("\\{}$&#^_%~")


@given(st.text(string.ascii_letters + string.digits + " .:;()/=+äöüß"))
def test_ordinary_text_stays_as_it_is(text):
    assert latex(text) == text


@given(st.text())
def test_nothing_of_the_text_is_a_command(text):
    """Without the escapes that it makes itself, nothing is left that LaTeX would obey."""
    left = latex(text)
    for made in (r"\textbackslash{}", r"\textasciitilde{}", r"\textasciicircum{}", r"\textless{}", r"\textgreater{}"):
        left = left.replace(made, "")
    left = left.replace(r"\textbar{}", "").replace("{[}", "").replace("{]}", "").replace("{*}", "").replace("{}", "")
    for character in "&%$#_{}":
        left = left.replace(f"\\{character}", "")
    assert not COMMANDS & set(left) or any(ord(character) > 127 for character in text)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("語", "U+8A9E"),
        ("a\u0308", "ä"),
        ("μ ≤ ∞", r"$\mu$ $\leq$ $\infty$"),
        ("10² x₀", r"10\textsuperscript{2} x$_{0}$"),
        ("a--b ``q'' ?`", "a-{}-b `{}`q'{}' ?{}`"),
        ("\x1b[2J", r"\textbackslash{}x1b{[}2J"),
    ],
)
def test_what_is_written_otherwise(text, written):
    assert latex(text) == written
