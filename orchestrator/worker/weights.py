"""Trained weights as the bytes of a safetensors file that explains itself."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from orchestrator.errors import TrainableError, one_line
from orchestrator.identity.identifiers import Pins
from orchestrator.trainables.contract import Trainable
from orchestrator.worker.assignment import AttemptTask


def weights_file(tensors: Mapping[str, NDArray[Any]], *, task: AttemptTask, trainable: Trainable, pins: Pins) -> bytes:
    """The file; its metadata tells which attempt made it, and all that is needed to build the model again.

    Raises:
        TrainableError: the tensors cannot be written.
    """
    from safetensors.numpy import save  # few trials keep their weights

    metadata = {
        "trial_id": task.trial_id,
        "attempt_id": task.attempt_id,
        "trainable": trainable.name,
        "trainable_version": str(trainable.version),
        "config": json.dumps(task.config),
        "seed": str(task.seed),
        "randomness": json.dumps({name: dict(pin) if isinstance(pin, Mapping) else pin for name, pin in pins.items()}),
    }
    try:
        wrong = next((name for name, tensor in tensors.items() if not isinstance(tensor, np.ndarray)), None)
        if wrong is None:
            return save(dict(tensors), metadata)
    except Exception as error:  # whatever a library says to a dtype or a name that it does not know
        raise TrainableError(
            f"trainable {trainable.name!r} reported weights that cannot be kept: {one_line(error)}"
        ) from error
    raise TrainableError(
        f"trainable {trainable.name!r} reported weights {wrong!r} that are no NumPy array; take tensor.detach().numpy()"
    )
