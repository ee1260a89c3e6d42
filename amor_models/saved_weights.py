"""Models from files of weights that trials have left in a store (`training.save_weights`).

Such a file is safetensors: the tensors have the names of the authors' package (`amor_models.replication`), and the
metadata, all of it text, tells how to build the model (`trainable`, `seed`, and `config` and `randomness` as JSON), and
where it comes from (`trial_id`, `attempt_id`, `trainable_version`).
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from safetensors import SafetensorError
from safetensors.numpy import load

from amor_models.configuration import ExperimentConfig, HeuristicModel
from amor_models.models import Model, build_stack
from amor_models.randomness import Streams
from amor_models.replication import fill

TRAINABLE = "amor"
HEADER_SIZE_BYTES = 8


def load_weights(path: str | Path) -> Model:
    """Builds the model of a trial from the file of its trained weights alone.

    A file that still has the name under which it was stored is compared with the hash in it, so a flipped bit is found;
    one that was given another name is taken as it is.

    Args:
        path: the file, such as `results_store.open(store).weights(trial_id)`.

    Returns:
        A stack of one in evaluation mode, to be called with `tokens` (1, sequences, time) and, for oracle gates,
        `needs_retrieval=` of the same shape; the result has `logits` and, for AMOR, `gate`, `gate_prob`, `entropy`
        (normalised). A random gate begins with what it drew on the test split.

    Raises:
        ValueError: it is damaged, or holds no weights of one of AMOR's models.
        OSError: it cannot be read.
    """
    file = Path(path)
    content = file.read_bytes()
    if re.fullmatch(r"[0-9a-f]{64}\.safetensors", file.name) and hashlib.sha256(content).hexdigest() != file.stem:
        raise ValueError(f"{file} is damaged: its content does not have the hash in its name")
    try:
        tensors = load(content)
        model = _build(_metadata(content))
        fill(model, tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, RuntimeError) as error:
        what = " ".join(f"{type(error).__name__}: {error}".split())
        raise ValueError(f"{file} holds no weights of one of AMOR's models: {what:.300}") from error
    model.begin_evaluation("test")
    return model.eval()


def _metadata(content: bytes) -> Mapping[str, str]:
    """The texts in the header of a safetensors file that was found good."""
    size = int.from_bytes(content[:HEADER_SIZE_BYTES], "little")
    header = json.loads(content[HEADER_SIZE_BYTES : HEADER_SIZE_BYTES + size])
    metadata: Mapping[str, str] = header.get("__metadata__", {})
    return metadata


def _build(metadata: Mapping[str, str]) -> Model:
    if metadata["trainable"] != TRAINABLE:
        raise ValueError(f"they are of trainable {metadata['trainable']!r}")
    config = ExperimentConfig.model_validate_json(metadata["config"])
    if isinstance(config.model, HeuristicModel):
        raise ValueError("a heuristic has no weights")
    return build_stack([config], [Streams(int(metadata["seed"]), json.loads(metadata["randomness"]))])
