"""Identifiers of cells, trials, attempts and submissions."""

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from orchestrator.identity.canonical import canonical_config, canonical_json
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import asking

DIGITS = 32

Pins = Mapping[str, int | Mapping[str, int]]
"""Streams pinned to a raw seed, or to `{"offset": n}` plus the trial's seed."""


def cell_id(trainable: Trainable, config: BaseModel, pins: Pins) -> str:
    """32 hex digits: what is trained, without the seed.

    Args:
        trainable: its name and version enter, nothing else of it.
        config: the resolved configuration; taken in the trainable's normal form (`Trainable.identity`).
        pins: the study's pinned streams.
    """
    return _digest(_content(trainable, config, pins))


def trial_ids(trainable: Trainable, config: BaseModel, pins: Pins, seeds: tuple[int, ...]) -> dict[int, str]:
    """The trial id for each seed: 32 hex digits of SHA-256 over canonical JSON (design: identity)."""
    content = _content(trainable, config, pins)
    return {seed: _digest({**content, "seed": seed}) for seed in seeds}


def new_attempt_id() -> str:
    """A fresh id for one execution of a trial."""
    return uuid.uuid4().hex


def new_submission_id() -> str:
    """A fresh id for one submission of a study."""
    return uuid.uuid4().hex


def _content(trainable: Trainable, config: BaseModel, pins: Pins) -> dict[str, Any]:
    with asking(trainable, "identity"):
        normal = trainable.identity(config)
    return {
        "trainable": trainable.name,
        "version": trainable.version,
        "config": canonical_config(normal),
        "randomness": {name: dict(pin) if isinstance(pin, Mapping) else pin for name, pin in pins.items()},
    }


def hex_digest(text: str) -> str:
    """32 hex digits of SHA-256, as all identifiers have."""
    return hashlib.sha256(text.encode()).hexdigest()[:DIGITS]


def _digest(content: dict[str, Any]) -> str:
    return hex_digest(canonical_json(content))
