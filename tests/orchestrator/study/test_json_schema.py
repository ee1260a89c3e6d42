"""The JSON Schema is what a validator for editors accepts, and the committed copy is fresh."""

import json
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML

from orchestrator.space.fields import all_paths
from orchestrator.study.json_schema import study_json_schema
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.loading import load_trainable

STUDIES = Path(__file__).parents[3] / "studies"
VALIDATOR = jsonschema.Draft202012Validator(study_json_schema())


def example():
    return YAML(typ="safe").load(STUDIES / "quickstart.yaml")


def test_it_is_a_valid_schema():
    jsonschema.Draft202012Validator.check_schema(study_json_schema())


def test_the_committed_copy_is_fresh():
    committed = json.loads((STUDIES / "study.schema.json").read_text())
    assert committed == study_json_schema(), "write it again: amor schema > studies/study.schema.json"


@pytest.mark.parametrize("path", sorted(STUDIES.rglob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_file_fits(path):
    VALIDATOR.validate(YAML(typ="safe").load(path))


@pytest.mark.parametrize(
    "change",
    [
        {"sedes": 3},
        {"base": {"model": {"nane": "amor"}}},
        {"base": {"model": {"name": "armor"}}},
        {"variants": {"a": {"model": {"gate": {"treshold": 1}}}}},
        {"grid": {"model.attention.top_k": 3}},
        {"schema_version": 2},
    ],
    ids=str,
)
def test_what_is_wrong_does_not_fit(change):
    assert not VALIDATOR.is_valid(example() | change)


def control(**rate):
    return example() | {"variants": {"control": {"model": {"name": "amor", "gate": {"name": "random", "rate": rate}}}}}


def test_a_number_may_be_measured_in_another_cell():
    assert VALIDATOR.is_valid(control(of="entropy", metric="validation_gate_rate"))
    assert VALIDATOR.is_valid(control(of="entropy", metric="validation_gate_rate", where={"model.num_layers": 2}))
    assert not VALIDATOR.is_valid(control(of="entropy"))
    assert not VALIDATOR.is_valid(control(of="entropy", metric="validation_gate_rate", were={}))
    assert not VALIDATOR.is_valid(
        example() | {"base": {"training": {"epochs": {"of": "entropy", "metric": "validation_gate_rate"}}}}
    )


def test_other_trainables_have_other_keys():
    assert VALIDATOR.is_valid(
        example() | {"trainable": "my.package:Mine", "base": {"anything": 1}, "variants": {"a": {"b": 2}}}
    )


def test_every_field_has_a_sentence():
    schema = study_json_schema()
    for name in StudyFile.model_fields:
        assert schema["properties"][name].get("description"), name
    for path in all_paths(load_trainable("amor").config_model):
        node = schema["$defs"]["Configuration"]
        for name in path:
            node = node["properties"][name]
        assert node.get("description"), ".".join(path)
