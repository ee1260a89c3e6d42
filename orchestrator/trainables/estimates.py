"""What a trainable says about its configurations, checked: a plan rests on it."""

import contextlib
import math
from collections.abc import Hashable
from contextlib import AbstractContextManager
from numbers import Real
from typing import Any

from pydantic import BaseModel

from orchestrator.errors import TrainableError
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import asking


class Estimates:
    """Asks a trainable; whatever its methods raise or return against the contract is a `TrainableError`."""

    def __init__(self, trainable: Trainable) -> None:
        self._trainable = trainable

    def stack_key(self, config: BaseModel) -> Hashable | None:
        """See `Trainable.stack_key`."""
        with asking(self._trainable, "stack_key"):
            key = self._trainable.stack_key(config)
            hash(key)
        return key

    def comparing_keys(self) -> AbstractContextManager[None]:
        """Around whatever compares keys: an exception of a key's own `__eq__` is a `TrainableError` as well."""
        return asking(self._trainable, "stack_key().__eq__")

    def cost(self, config: BaseModel) -> float:
        """See `Trainable.cost`."""
        with asking(self._trainable, "cost"):
            value = self._trainable.cost(config)
        return self._checked("cost", value)

    def stack_cost(self, config: BaseModel, stack_size: int) -> float:
        """See `Trainable.stack_cost`."""
        with asking(self._trainable, "stack_cost"):
            value = self._trainable.stack_cost(config, stack_size)
        return self._checked("stack_cost", value)

    def num_epochs(self, config: BaseModel) -> int | None:
        """See `Trainable.num_epochs`."""
        with asking(self._trainable, "num_epochs"):
            value = self._trainable.num_epochs(config)
        return None if value is None else int(self._checked("num_epochs", value))

    def memory_bytes(self, config: BaseModel, stack_size: int) -> float:
        """See `Trainable.memory_bytes`."""
        with asking(self._trainable, "memory_bytes"):
            value = self._trainable.memory_bytes(config, stack_size)
        return self._checked("memory_bytes", value)

    def _checked(self, question: str, value: Any) -> float:
        is_number = isinstance(value, Real) and not isinstance(value, bool)
        if is_number and 0 <= value < math.inf:
            with contextlib.suppress(OverflowError):  # a whole number may be beyond what a float holds
                return float(value)
            raise TrainableError(f"trainable {self._trainable.name!r}: {question}() returned a number too large")
        raise TrainableError(
            f"trainable {self._trainable.name!r}: {question}() returned {value!r:.60}, which is no number of 0 or more"
        )
