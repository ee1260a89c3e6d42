"""`--set` reaches every key, nested or dotted, and wins over the file."""

import pytest

from orchestrator.errors import StudyError
from orchestrator.study.loading import load_study

TEXT = """\
schema_version: 1
name: set
trainable: do_nothing
seeds: 2
base: {value: 1.0}
variants:
  plain: {}
  spread: {value: 3.0}
grid: {epochs: [1, 2]}
"""


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "set.yaml"
    path.write_text(TEXT)
    return lambda *settings: load_study(path, settings)


def values(study, name="value"):
    return sorted(getattr(cell.config, name) for cell in study.cells)


def test_without_settings(load):
    assert values(load()) == [1.0, 1.0, 3.0, 3.0]


def test_configuration_keys_win_over_variants_and_grid(load):
    assert values(load("value=7")) == [7.0, 7.0]
    assert [cell.variants for cell in load("value=7").cells] == [("plain", "spread")] * 2
    assert len(load("epochs=5").cells) == 2


def test_study_keys_change_the_file(load):
    assert len(load("seeds=5").trials) == 20
    assert load("limits.max_attempts=1").file.limits.max_attempts == 1
    assert len(load("grid.epochs=[4]").cells) == 2
    assert values(load("variants.spread.value=9")) == [1.0, 1.0, 9.0, 9.0]
    assert values(load("base.value=2")) == [2.0, 2.0, 3.0, 3.0]


def test_settings_are_applied_in_order(load):
    assert values(load("value=7", "value=8")) == [8.0, 8.0]


def test_an_empty_mapping_removes_what_stands_in_the_file(load):
    assert len(load("grid={}").cells) == 2
    assert {cell.config.epochs for cell in load("grid={epochs: [7]}").cells} == {7}


@pytest.mark.parametrize(
    "setting", ["value={}", "variants={}", "search={}", "seeds.x=1", "tables.0.name=x", "epochs=", "seeds= "]
)
def test_what_makes_no_sense_is_told_as_a_setting(load, setting):
    with pytest.raises(StudyError) as error:
        load(setting)
    assert str(error.value).startswith(f"--set {setting}: ")
