"""Text that LaTeX prints, whatever is in it."""

from __future__ import annotations

import re
import unicodedata

from results_store.text import inert

__all__ = ["latex"]

# Signs that LaTeX has in mathematics only.
_SIGNS = {"±": "pm", "∞": "infty", "≤": "leq", "≥": "geq", "≠": "neq", "≈": "approx", "→": "to", "∈": "in"}
_GREEK = {
    "\u03b1": "alpha",
    "\u03b2": "beta",
    "\u03b3": "gamma",
    "\u03b4": "delta",
    "\u03b5": "varepsilon",
    "\u03b6": "zeta",
    "\u03b7": "eta",
    "\u03b8": "theta",
    "\u03b9": "iota",
    "\u03ba": "kappa",
    "\u03bb": "lambda",
    "\u03bc": "mu",
    "\u03bd": "nu",
    "\u03be": "xi",
    "\u03c0": "pi",
    "\u03c1": "rho",
    "\u03c3": "sigma",
    "\u03c4": "tau",
    "\u03c5": "upsilon",
    "\u03c6": "varphi",
    "\u03c7": "chi",
    "\u03c8": "psi",
    "\u03c9": "omega",
    "\u0393": "Gamma",
    "\u0394": "Delta",
    "\u0398": "Theta",
    "\u039b": "Lambda",
    "\u039e": "Xi",
    "\u03a0": "Pi",
    "\u03a3": "Sigma",
    "\u03a6": "Phi",
    "\u03a8": "Psi",
    "\u03a9": "Omega",
}
_DIGITS = {
    **{character: rf"\textsuperscript{{{digit}}}" for digit, character in enumerate("⁰¹²³⁴⁵⁶⁷⁸⁹")},
    **{character: f"$_{{{digit}}}$" for digit, character in enumerate("₀₁₂₃₄₅₆₇₈₉")},
}

_LATEX = {
    **{character: f"\\{character}" for character in "&%$#_{}"},
    **{character: rf"$\{name}$" for character, name in (_GREEK | _SIGNS).items()},
    **_DIGITS,
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "\\": r"\textbackslash{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "\u2212": "$-$",
    # After the end of a line a bracket would be taken for its argument.
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
}

# What LaTeX prints in its default encoding without further packages: Latin letters and signs.
_PRINTED = re.compile(
    "[ -~\u00a0-\u00aa\u00ac\u00ae-\u00ba\u00bc-\u00cf\u00d1-\u00dd\u00df-\u00ef\u00f1-\u00fd\u00ff-\u0103\u0106-\u010f"
    "\u0112-\u0117\u011a-\u0125\u0128-\u012d\u0130-\u0137\u0139-\u013e\u0141-\u0148\u014c-\u0165\u0168-\u0171"
    "\u0174-\u017e\u0218-\u021b\u2013\u2014\u2018\u2019\u201c\u201d\u2020-\u2022\u2026\u2030\u20ac\u2122]"
)
_LIGATURE = re.compile(r"([-`',?!])(?=[-`',])")


def latex(text: str) -> str:
    """Text that LaTeX prints as it is; a character that it has no glyph for by default is named, as in `U+4E2D`."""
    printed = "".join(map(_character, unicodedata.normalize("NFC", inert(text))))
    return _LIGATURE.sub(r"\1{}", printed)


def _character(character: str) -> str:
    if character in _LATEX:
        return _LATEX[character]
    return character if _PRINTED.fullmatch(character) else f"U+{ord(character):04X}"
