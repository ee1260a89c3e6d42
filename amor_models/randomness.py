"""Named random streams: which numbers are drawn for what.

Every use of chance has a stream of its own, so that two variants with the same seed share their data, the
order of batches, and the initial weights that they have in common, whatever else they draw.
"""

import hashlib
from collections.abc import Mapping

import numpy as np
import torch

STREAM_NAMES = ("train_data", "validation_data", "test_data", "init", "order", "dropout", "gate_noise")

Pin = int | Mapping[str, int]


def derive_seed(*parts: int | str) -> int:
    """A seed of 63 bits from a hash of the parts; lists of parts that differ give unrelated seeds."""
    text = "\x1f".join(f"{type(part).__name__}:{part}" for part in parts)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def _check_pin(name: str, pin: Pin) -> None:
    if name not in STREAM_NAMES:
        raise ValueError(f"there is no random stream {name!r}; the streams are {', '.join(STREAM_NAMES)}")
    value = pin
    if isinstance(pin, Mapping):
        if set(pin) != {"offset"}:
            raise ValueError(f"the pin of {name} must be a seed or {{offset: number}}, not {dict(pin)!r}")
        value = pin["offset"]
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError(f"the pin of {name} must be a whole number >= 0, not {value!r}")


class Streams:
    """The random streams of one trial.

    Args:
        seed: the trial's seed.
        pins: streams that do not follow from the seed by hashing: a number is a raw seed, `{"offset": k}`
            means k + seed.

    Raises:
        ValueError: for a stream that does not exist or a pin of another form.
    """

    def __init__(self, seed: int, pins: Mapping[str, Pin] | None = None) -> None:
        self.seed = seed
        self.pins = dict(pins or {})
        for name, pin in self.pins.items():
            _check_pin(name, pin)

    def __repr__(self) -> str:
        return f"Streams({self.seed}, {self.pins})"

    def seed_of(self, name: str) -> int:
        """The seed of a stream: pinned, or a hash of the trial's seed and the stream's name."""
        if name not in STREAM_NAMES:
            raise ValueError(f"there is no random stream {name!r}; the streams are {', '.join(STREAM_NAMES)}")
        pin = self.pins.get(name)
        if pin is None:
            return derive_seed(self.seed, name)
        if isinstance(pin, Mapping):
            return pin["offset"] + self.seed
        return pin

    def torch_generator(self, name: str, *purpose: int | str) -> torch.Generator:
        """A generator for one purpose within a stream, for example one submodule's initial weights."""
        return torch.Generator().manual_seed(derive_seed(self.seed_of(name), *purpose))

    def numpy_generator(self, name: str, *purpose: int | str) -> np.random.Generator:
        """Like `torch_generator`, for bulk draws, which NumPy makes faster."""
        return np.random.Generator(np.random.SFC64(derive_seed(self.seed_of(name), *purpose)))
