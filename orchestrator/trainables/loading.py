"""From the name in a study file to a trainable."""

import contextlib
import importlib
import re
import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from orchestrator.errors import TrainableError, one_line
from orchestrator.trainables.contract import Metric, Trainable

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
    none_there = f"trainable {name!r}: {module_name} has no class {class_name} derived from Trainable"
    if module_name.partition(".")[0] in sys.stdlib_module_names:
        raise TrainableError(none_there)  # not even imported: `antigravity` opens a browser, `this` writes a poem
    try:
        module = importlib.import_module(module_name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a user's module raises while it is imported, also SystemExit
        raise TrainableError(f"trainable {name!r}: {module_name} cannot be imported: {one_line(error)}") from error
    trainable = getattr(module, class_name, None)
    if not (isinstance(trainable, type) and issubclass(trainable, Trainable)):
        raise TrainableError(none_there)
    missing = [part for part in ("name", "version", "config_model", "metrics") if not hasattr(trainable, part)]
    if missing:
        raise TrainableError(f"trainable {name!r}: {class_name} lacks {', '.join(missing)}")
    wrong = next((text for holds, text in _contract(trainable) if not holds), None)
    if wrong:
        raise TrainableError(f"trainable {name!r}: {class_name}.{wrong}")
    return _instance(trainable, name)


def _contract(trainable: Any) -> Iterator[tuple[bool, str]]:
    """What a class has to have, one thing after another, and what to say where it has not."""
    yield isinstance(trainable.name, str) and trainable.name != "", "name is no text"
    version = trainable.version
    yield isinstance(version, int) and not isinstance(version, bool), f"version is no whole number (got {version!r})"
    config_model = trainable.config_model
    yield isinstance(config_model, type) and issubclass(config_model, BaseModel), "config_model is no pydantic model"
    for attribute in ("metrics", "epoch_metrics"):
        metrics = getattr(trainable, attribute)
        are_metrics = isinstance(metrics, (list, tuple)) and all(isinstance(metric, Metric) for metric in metrics)
        yield are_metrics, f"{attribute} is no list of Metric"
        yield len({metric.name for metric in metrics}) == len(metrics), f"{attribute} names a metric twice"


@contextlib.contextmanager
def asking(trainable: Trainable, question: str) -> Iterator[None]:
    """Turns whatever a trainable's own method raises into a `TrainableError`."""
    try:
        yield
    except Exception as error:
        raise TrainableError(f"trainable {trainable.name!r}: {question}() raised {one_line(error)}") from error


def _instance(trainable: Any, name: str) -> Trainable:
    try:
        instance: Trainable = trainable()
    except Exception as error:
        raise TrainableError(f"trainable {name!r} cannot be created: {one_line(error)}") from error
    return instance
