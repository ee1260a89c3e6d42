"""Building a stack of models out of configurations."""

from collections.abc import Sequence
from typing import Any

from amor_models import configuration, gates
from amor_models.configuration import ExperimentConfig
from amor_models.layers import draw_all
from amor_models.models.amor import Amor
from amor_models.models.full_attention import FullAttention
from amor_models.models.output import Model
from amor_models.models.ssm import Ssm
from amor_models.models.ssm_mlp import SsmMlp
from amor_models.randomness import Streams


def _build_gate(configs: Sequence[Any], d_model: int) -> gates.Gate:
    first = configs[0]
    if isinstance(first, configuration.EntropyGate):
        return gates.EntropyGate(
            thresholds=[config.threshold for config in configs], scales=[config.scale for config in configs]
        )
    if isinstance(first, configuration.LearnedSteGate):
        return gates.LearnedSteGate(d_model=d_model, noise_stds=[config.noise_std for config in configs])
    if isinstance(first, configuration.LearnedRlGate):
        return gates.LearnedRlGate(num_trials=len(configs), d_model=d_model)
    if isinstance(first, configuration.RandomGate):
        return gates.RandomGate(rates=[config.rate for config in configs])
    if isinstance(first, configuration.OracleGate):
        return gates.OracleGate()
    if isinstance(first, configuration.AlwaysGate):
        return gates.AlwaysGate()
    assert isinstance(first, configuration.NeverGate)
    return gates.NeverGate()


def build_stack(configs: Sequence[ExperimentConfig], streams: Sequence[Streams]) -> Model:
    """Builds one stack and draws its initial weights.

    Args:
        configs: configurations of equal `stack_key`, not of a heuristic.
        streams: the random streams of the same trials.
    """
    models: list[Any] = [config.model for config in configs]
    first = models[0]
    sizes = {
        "num_trials": len(models),
        "vocab_size": configs[0].total_vocab_size,
        "d_model": first.d_model,
        "num_layers": first.num_layers,
        "dropout": [model.dropout for model in models],
    }
    model: Model
    if isinstance(first, configuration.SsmModel):
        model = Ssm(**sizes)
    elif isinstance(first, configuration.SsmMlpModel):
        model = SsmMlp(**sizes)
    elif isinstance(first, configuration.FullAttentionModel):
        model = FullAttention(**sizes, num_heads=first.num_heads)
    else:
        assert isinstance(first, configuration.AmorModel)
        model = Amor(
            **sizes,
            num_heads=first.num_heads,
            top_k=first.attention.top_k,
            raw_embedding=first.attention.kv == "raw_embedding",
            gate=_build_gate([config.gate for config in models], first.d_model),
        )
    draw_all(model, streams)
    return model
