"""Names within a page that links lead to."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["anchors"]

_MAX_LENGTH = 60


def anchors(names: Iterable[str]) -> list[str]:
    """One per name, all distinct, of letters, digits and hyphens, whatever the names hold."""
    taken: set[str] = set()
    made = []
    for name in names:
        stem = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:_MAX_LENGTH]
        stem = f"study-{stem}" if stem else "study"
        anchor, number = stem, 2
        while anchor in taken:
            anchor, number = f"{stem}--{number}", number + 1
        taken.add(anchor)
        made.append(anchor)
    return made
