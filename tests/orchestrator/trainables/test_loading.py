"""Finding trainables by name."""

import os
import subprocess
import sys

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


@pytest.mark.parametrize("name", ["this:s", "antigravity:webbrowser", "idlelib.idle:x", "os:system", "builtins:eval"])
def test_pythons_own_modules_are_not_even_imported(name, monkeypatch):
    monkeypatch.setattr("importlib.import_module", lambda module: pytest.fail(f"{module} was imported"))
    with pytest.raises(TrainableError, match=r"has no class .* derived from Trainable"):
        load_trainable(name)


@pytest.mark.parametrize(
    "name",
    [
        "./evil.py", "/tmp/evil.py", "evil", "evil:", ":Evil", "evil:Evil.Inner", "evil:Evil()", "evil:Evil\n", " evil:Evil",
        "evil :Evil", ".evil:Evil", "..evil:Evil", "sub/evil:Evil", "evil:Evil;import os", "evil\u202e:Evil", "evil:\x1b[2J",
        "evil\x00:Evil", "http://host/evil:Evil", "evil::Evil", "",
    ],
)  # fmt: skip
def test_what_is_no_name_of_a_class_is_refused(name, monkeypatch):
    monkeypatch.setattr("importlib.import_module", lambda module: pytest.fail(f"{module} was imported"))
    with pytest.raises(TrainableError, match="unknown trainable") as caught:
        load_trainable(name)
    assert str(caught.value).isprintable()


def test_a_file_beside_the_study_is_not_installed_code(tmp_path):
    """The command `amor` looks neither in the folder that it is started in nor in that of the study."""
    (tmp_path / "evil.py").write_text("import pathlib; pathlib.Path('ran').touch()")
    (tmp_path / "study.yaml").write_text("schema_version: 1\nname: x\ntrainable: evil:Evil\nseeds: 1\n")
    # The installed command is a file in a folder of programs: Python puts this folder on its path, not the current one.
    command = tmp_path / "bin" / "amor"
    command.parent.mkdir()
    command.write_text("from orchestrator.command_line.main import main\nmain()")
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    run = subprocess.run(
        [sys.executable, command, "validate", "study.yaml"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert run.returncode == 2
    assert "evil cannot be imported: ModuleNotFoundError" in run.stderr
    assert not (tmp_path / "ran").exists()


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
