import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from results_store.query.latex_text import latex

SIGNS = """
    alpha beta gamma delta varepsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau upsilon varphi chi psi
    omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega pm infty leq geq neq approx to in
"""
FORMS = (
    r"[^\\{}$&#^_%~<>|\[\]*\n\r]",  # a character that LaTeX prints
    r"\\[&%$#_{}]",
    r"\\text(?:backslash|asciitilde|asciicircum|less|greater|bar)\{\}",
    r"\{[\[\]*]?\}",
    rf"\$(?:\\(?:{'|'.join(SIGNS.split())})|-|_\{{[0-9]\}})\$",
    r"\\textsuperscript\{[0-9]\}",
)
"""All that may be written, each of them whole: characters, and what stands for those that LaTeX would obey or lacks."""


@given(st.text(string.ascii_letters + string.digits + " .:;()/=+äöüß"))
def test_ordinary_text_stays_as_it_is(text):
    assert latex(text) == text


@given(st.text() | st.text("\\{}$&#^_%~[]*<>|-`',?!\n\r²₀μΩ≤→\u2212é語", min_size=15))
def test_nothing_of_the_text_is_a_command(text):
    assert re.fullmatch(f"(?:{'|'.join(FORMS)})*", latex(text))


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
