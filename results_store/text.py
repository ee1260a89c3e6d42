"""Text from outside made harmless for a terminal."""

from __future__ import annotations

import re
import unicodedata

__all__ = ["inert", "inert_json"]

# Control characters, unpaired surrogates, and the marks that reorder the text around them.
_CATEGORIES = {"Cc", "Cs"}
_REORDERING = frozenset("\u200e\u200f\u061c\u2028\u2029") | {
    chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


_STEERING_IN_JSON = re.compile(f"[\x7f-\x9f{''.join(sorted(_REORDERING))}]")


def inert(text: str, *, keep: str = "") -> str:
    """Writes every character that could steer a terminal as its escape, but for those in `keep`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character in keep or not (unicodedata.category(character) in _CATEGORIES or character in _REORDERING)
        else character.encode("unicode_escape").decode("ascii")
        for character in text
    )


def inert_json(text: str) -> str:
    """The same for JSON, with JSON's own escapes, so that the value stays what it is."""
    return _STEERING_IN_JSON.sub(lambda match: f"\\u{ord(match.group()):04x}", text)
