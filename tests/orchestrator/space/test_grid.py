"""Axes, zip, exclude and when; equal configurations are one cell."""

import pytest

from orchestrator.errors import StudyError
from orchestrator.study.loading import load_study


@pytest.fixture
def cells_of(tmp_path):
    def load(grid, variants="{plain: {}}", base="{task: {name: simple_retrieval}, model: {name: amor}}"):
        path = tmp_path / "study.yaml"
        path.write_text(f"schema_version: 1\nname: grid\nseeds: 1\nbase: {base}\nvariants: {variants}\ngrid:\n{grid}\n")
        return load_study(path).cells

    return load


def points(cells, *keys):
    paths = [tuple(key.split(".")) for key in keys]
    return sorted(tuple(cell.leaves().get(path) for path in paths) for cell in cells)


def test_axes_are_crossed_nested_or_dotted(cells_of):
    cells = cells_of("  model.attention.top_k: [1, 2]\n  training: {epochs: [3, 4]}")
    assert points(cells, "model.attention.top_k", "training.epochs") == [(1, 3), (1, 4), (2, 3), (2, 4)]


def test_zip_walks_together(cells_of):
    cells = cells_of("  zip: [{task.num_train: [100, 200], training.epochs: [2, 1]}]\n  model.attention.top_k: [1, 2]")
    assert points(cells, "task.num_train", "training.epochs", "model.attention.top_k") == [
        (100, 2, 1),
        (100, 2, 2),
        (200, 1, 1),
        (200, 1, 2),
    ]


def test_exclude_leaves_points_out(cells_of):
    grid = "  model.attention.top_k: [1, 2, 3]\n  training.epochs: [1, 2]\n"
    grid += "  exclude: [{model.attention.top_k: [2, 3], training.epochs: 2}]"
    assert points(cells_of(grid), "model.attention.top_k", "training.epochs") == [(1, 1), (1, 2), (2, 1), (3, 1)]


def test_exclude_may_name_variants_and_defaults(cells_of):
    variants = "{entropy: {}, oracle: {model.gate.name: oracle}}"
    grid = "  model.attention.top_k: [1, 2]\n  exclude: [{variant: oracle, model.attention.top_k: 2}]"
    assert len(cells_of(grid, variants)) == 3
    by_default = "  model.attention.top_k: [1, 2]\n  exclude: [{model.gate.name: entropy, model.attention.top_k: 2}]"
    assert len(cells_of(by_default, variants)) == 3


def test_when_limits_an_axis(cells_of):
    variants = "{entropy: {}, oracle: {model.gate.name: oracle}}"
    cells = cells_of("  model.gate.scale: [2.0, 5.0]\n  when: {model.gate.scale: {model.gate.name: entropy}}", variants)
    assert sorted(map(str, (cell.leaves().get(("model", "gate", "scale")) for cell in cells))) == ["2.0", "5.0", "None"]


def test_an_axis_that_a_variant_does_not_use_does_not_multiply_it(cells_of):
    cells = cells_of("  model.attention.top_k: [3, 8, 16]", "{ssm: {model.name: ssm}, amor: {}}")
    assert len(cells) == 4
    assert sum("ssm" in cell.variants for cell in cells) == 1


def test_lists_are_values_of_an_axis_of_lists(cells_of):
    base = "{task: {name: needle_haystack}, model: {name: ssm}}"
    cells = cells_of("  task.noise_length_range: [[5, 20], [50, 150]]", base=base)
    assert points(cells, "task.noise_length_range") == [([5, 20],), ([50, 150],)]


def test_one_key_cannot_be_two_axes(cells_of):
    with pytest.raises(StudyError, match="this key is an axis of the grid twice"):
        cells_of("  training.epochs: [1, 2]\n  zip: [{training.epochs: [3], task.num_train: [10]}]")


def test_equal_configurations_are_one_cell_however_they_are_written(cells_of):
    variants = "{a: {}, b: {model.gate: {name: entropy, threshold: 0.5}}, c: {training.epochs: 15}}"
    cells = cells_of("  model.attention.top_k: [3]", variants)
    assert [cell.variants for cell in cells] == [("a", "b", "c")]
