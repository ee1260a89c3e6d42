"""The normal form of a configuration: what has no effect on the result is put to its default."""

from typing import Any

from amor_models.configuration.experiment import DEFAULT_BALANCE_WEIGHT, ExperimentConfig
from amor_models.configuration.gates import EntropyGate, LearnedRlGate, LearnedSteGate
from amor_models.configuration.models import AmorModel, FullAttentionModel, HeuristicModel, ModelConfig
from amor_models.configuration.tasks import NeedleHaystackTask, SimpleRetrievalTask, TaskConfig
from amor_models.configuration.training import TrainingConfig

GATES_WITH_GRADIENT = (EntropyGate, LearnedSteGate, LearnedRlGate)


def default_of(section: Any, field: str) -> Any:
    """The default of one field of a configuration section."""
    return type(section).model_fields[field].default


def _identity_task(task: TaskConfig, *, trained: bool) -> TaskConfig:
    update: dict[str, Any] = {}
    if isinstance(task, NeedleHaystackTask):
        update = {"noise_length_range": task.noise_range, "noise_length": None, "noise_width": None}
    elif isinstance(task, SimpleRetrievalTask):
        low, _ = task.retrieval_distance_range
        # The generator never looks at the upper end.
        update = {"retrieval_distance_range": (low, max(low, default_of(task, "retrieval_distance_range")[1]))}
    if not trained:
        update["num_train"] = default_of(task, "num_train")
    return task.model_copy(update=update)


def _identity_model(model: ModelConfig, *, balance_weight: float) -> ModelConfig:
    if isinstance(model, HeuristicModel):
        # The last pair emitted always survives, and a uniform guess looks at no pair.
        if model.rule in ("last_stored", "uniform"):
            return model.model_copy(update={"pairs": default_of(model, "pairs")})
        return model
    update: dict[str, Any] = {}
    if model.num_layers == 1 and not isinstance(model, FullAttentionModel):
        # Recurrent layers have dropout between them only.
        update["dropout"] = default_of(model, "dropout")
    if isinstance(model, AmorModel) and isinstance(model.gate, GATES_WITH_GRADIENT) and balance_weight == 0:
        target_rate = default_of(model.gate, "target_rate")
        update["gate"] = model.gate.model_copy(update={"target_rate": target_rate})
    return model.model_copy(update=update)


def identity_config(config: ExperimentConfig) -> ExperimentConfig:
    """The same experiment in normal form: equal forms train identically.

    Ways to write the same thing become one (`noise_length` and `noise_width` become `noise_length_range`),
    and fields without effect on the result are put to their default: everything about training for
    heuristics, the balance weight where no gradient reaches the gate, the target rate at balance weight 0, a stop
    that would come after the last epoch, whether weights are kept.
    Idempotent.
    """
    model = config.model
    trained = not isinstance(model, HeuristicModel)
    training = config.training if trained else TrainingConfig(epochs=None)
    training = training.model_copy(update={"save_weights": default_of(training, "save_weights")})
    if not (isinstance(model, AmorModel) and isinstance(model.gate, GATES_WITH_GRADIENT)):
        default = DEFAULT_BALANCE_WEIGHT[config.task.name]
        training = training.model_copy(update={"balance_weight": default})
    epochs, stop = training.epochs or 0, training.stop_after_retrieval
    if stop is not None and 1 + stop >= epochs:
        training = training.model_copy(update={"stop_after_retrieval": None})
    task = _identity_task(config.task, trained=trained)
    model = _identity_model(model, balance_weight=training.balance_weight or 0.0)
    return ExperimentConfig(task=task, model=model, training=training)
