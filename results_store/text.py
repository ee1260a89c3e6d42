"""Text from outside made harmless for a terminal."""

from __future__ import annotations

import json
import unicodedata

__all__ = ["inert", "inert_json"]

# Control characters, unpaired surrogates, ends of lines and paragraphs, and what is not seen: marks that reorder the
# text around them, and characters without width.
_CATEGORIES = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"
"""Without width, too, but many scripts and signs are not written without them."""


def inert(text: str, *, keep: str = "") -> str:
    """Writes every character that could steer a terminal as its escape, but for those in `keep`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character.encode("unicode_escape").decode("ascii")
        if _steers(character) and character not in keep
        else character
        for character in text
    )


def inert_json(text: str) -> str:
    """The same for JSON, with JSON's own escapes, so that the value stays what it is."""
    return "".join(
        json.dumps(character)[1:-1] if _steers(character) and character != "\n" else character for character in text
    )


def _steers(character: str) -> bool:
    return not character.isprintable() and unicodedata.category(character) in _CATEGORIES and character not in _JOINERS
