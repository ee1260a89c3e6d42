"""From the name in a study file to a trainable."""

import importlib
import re
from typing import Any

from orchestrator.errors import TrainableError
from orchestrator.trainables.contract import Trainable

BUILT_IN = {
    "amor": "orchestrator.trainables.amor:AmorTrainable",
    "do_nothing": "orchestrator.trainables.do_nothing:DoNothing",
}
_REFERENCE = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*")


def load_trainable(name: str) -> Trainable:
    """The trainable called `name`: a built-in one, or an installed class as `package.module:Class`.

    Raises:
        TrainableError: it does not exist, cannot be imported, or does not keep the contract.
    """
    reference = BUILT_IN.get(name, name)
    if not _REFERENCE.fullmatch(reference):
        known = ", ".join(BUILT_IN)
        raise TrainableError(f"unknown trainable {name!r}: give one of {known}, or package.module:Class")
    module_name, _, class_name = reference.partition(":")
    try:
        module = importlib.import_module(module_name)
    except Exception as error:  # whatever a user's module raises while it is imported
        raise TrainableError(
            f"trainable {name!r}: {module_name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    trainable = getattr(module, class_name, None)
    if not (isinstance(trainable, type) and issubclass(trainable, Trainable)):
        raise TrainableError(f"trainable {name!r}: {module_name} has no class {class_name} derived from Trainable")
    missing = [part for part in ("name", "version", "config_model", "metrics") if not hasattr(trainable, part)]
    if missing:
        raise TrainableError(f"trainable {name!r}: {class_name} lacks {', '.join(missing)}")
    return _instance(trainable, name)


def _instance(trainable: Any, name: str) -> Trainable:
    try:
        instance: Trainable = trainable()
    except Exception as error:
        raise TrainableError(f"trainable {name!r} cannot be created: {type(error).__name__}: {error}") from error
    return instance
