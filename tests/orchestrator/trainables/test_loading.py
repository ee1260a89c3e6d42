"""Finding trainables by name."""

import pytest
from misbehaving import Misbehaving

from orchestrator.errors import TrainableError
from orchestrator.trainables.loading import load_trainable
from orchestrator.trainables.source import source_hash


@pytest.mark.parametrize("name", ["amor", "do_nothing", "misbehaving:Misbehaving"])
def test_it_is_found(name):
    trainable = load_trainable(name)
    assert trainable.config_model.model_json_schema()["type"] == "object"
    assert len({metric.name for metric in trainable.metrics}) == len(trainable.metrics) > 0
    assert len(source_hash(trainable)) == 16
    assert source_hash(trainable) == source_hash(load_trainable(name))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("armor", "unknown trainable 'armor': give one of amor, do_nothing, or package.module:Class"),
        ("no.such.module:Class", "no.such.module cannot be imported: ModuleNotFoundError"),
        ("json:Nothing", "json has no class Nothing derived from Trainable"),
        ("json:JSONDecoder", "json has no class JSONDecoder derived from Trainable"),
        ("orchestrator.trainables.contract:Trainable", "lacks name, version, config_model, metrics"),
        ("__import__('os'):x", "unknown trainable"),
    ],
)
def test_what_is_not_one_is_refused(name, message):
    with pytest.raises(TrainableError) as error:
        load_trainable(name)
    assert message in str(error.value)


@pytest.mark.parametrize(
    ("attribute", "value", "message"),
    [
        ("name", None, "name is no text"),
        ("version", "1", "version is no whole number (got '1')"),
        ("config_model", dict, "config_model is no pydantic model"),
        ("metrics", ("score",), "metrics is no list of Metric"),
        ("metrics", (Misbehaving.metrics[0],) * 2, "metrics names a metric twice"),
    ],
)
def test_what_does_not_keep_the_contract_is_refused(monkeypatch, attribute, value, message):
    monkeypatch.setattr(Misbehaving, attribute, value)
    with pytest.raises(TrainableError) as error:
        load_trainable("misbehaving:Misbehaving")
    assert str(error.value) == f"trainable 'misbehaving:Misbehaving': Misbehaving.{message}"


def test_ctrl_c_while_it_is_imported_is_no_fault_of_it(tmp_path, monkeypatch):
    (tmp_path / "interrupted.py").write_text("raise KeyboardInterrupt\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        load_trainable("interrupted:Class")
