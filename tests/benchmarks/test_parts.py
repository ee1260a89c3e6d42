"""Every part runs from end to end; how fast is no matter of tests."""

import contextlib
import functools
import json

import pytest

from benchmarks import memory, operations, orchestration, proposals, queries, scaling, searching, training
from benchmarks.__main__ import main
from benchmarks.figures import Figure, Requirement, Spread
from benchmarks.studies import submit_s


def silent(text):
    """Progress that nobody reads."""


def test_training_measures_stacks_and_baseline_in_turns():
    sizes = training.TrainingSizes(
        num_rounds=2, num_steps=1, stack_sizes=(1, 2), tasks=("needle_haystack",), models=("ssm_only",)
    )
    figures = {figure.name: figure for figure in training.measure(sizes, silent)}
    ratio = figures["needle_haystack ssm_only: times as fast as the baseline"]
    assert len(ratio.spread.values) == sizes.num_rounds
    assert ratio.required is not None
    assert {"needle_haystack ssm_only: stack of 1", "needle_haystack ssm_only: stack of 2"} <= set(figures)
    share = figures["needle_haystack ssm_only: share of the matrix-product speed"]
    assert 0 < share.spread.median < 1.5
    of_time = next(figure for name, figure in figures.items() if name.endswith("of its time"))
    assert set(of_time.details) <= {*operations.KINDS, operations.ELEMENTWISE}
    assert sum(of_time.details.values()) == pytest.approx(1)
    assert of_time.spread.median == max(of_time.details.values())
    assert 0 < share.details["madds_executed_per_step"] < share.details["madds_of_the_equations_per_step"]


def test_orchestration_runs_ours_and_tune(ray_cluster):
    sizes = orchestration.OrchestrationSizes(num_rounds=1, num_trials=4, num_tune_trials=2)
    ratio, ours, tune = orchestration.measure(sizes, 1, silent)
    assert "scaled" in ratio.name
    assert ours.spread.median > 0
    assert tune.spread.median > 0


def test_scaling_reads_its_times_from_the_store(monkeypatch):
    monkeypatch.setattr(scaling, "cluster", contextlib.nullcontext)
    monkeypatch.setattr(scaling, "submit_s", functools.partial(submit_s, executor="inline"))
    efficiency, _, idle, one = scaling.measure(scaling.QUICK, 1, silent)
    assert efficiency.spread.median > 0
    assert 0 <= idle.spread.median < 1
    assert one.spread.median > 0


def test_queries_see_all_rows(tmp_path, capsys, monkeypatch):
    sizes = queries.QuerySizes(num_rows=300, num_rows_per_file=100, num_files=6, num_seeds=3, num_rounds=2)
    monkeypatch.setattr(queries, "QUICK", sizes)
    output = tmp_path / "results.json"
    assert main(["--only", "queries", "--quick", "--output", str(output)]) == 0
    content = json.loads(output.read_text(encoding="utf-8"))
    assert content["quick"]
    assert [figure["part"] for figure in content["figures"]] == ["queries"] * 10
    assert "300 rows in 3 files" in capsys.readouterr().out


def test_memory_compares_peaks_of_fresh_processes(monkeypatch):
    monkeypatch.setattr(memory, "_peaks", lambda trials, workers: {"before_mb": 100.0, "peak_mb": 200.0 + trials})
    growth, few, many = memory.measure(memory.QUICK, 1, silent)
    assert growth.spread.median == memory.QUICK.num_many - memory.QUICK.num_few
    assert (few.spread.median, many.spread.median) == (205.0, 250.0)
    assert memory._status_mb("VmHWM") >= memory._status_mb("VmRSS") > 1


def test_proposals_live_through_whole_searches():
    figures = proposals.measure(proposals.QUICK, silent)
    assert len(figures) == len(proposals.SAMPLERS)
    assert all(figure.spread.median > 0 for figure in figures)
    assert {len(figure.spread.values) for figure in figures} == {proposals.QUICK.num_rounds}


def test_hypervolume_and_front_of_searches():
    points = [(0.9, 0.1), (0.7, 0.05), (0.6, 0.2), (0.3, 0.0), (1.0, 0.6)]
    assert searching.hypervolume(points) == pytest.approx(0.3 * 0.05 + 0.5 * 0.4)
    assert searching.front(points) == [0, 1, 3, 4]
    assert searching.hypervolume([]) == 0.0


@pytest.mark.parametrize(("kind", "value", "is_met"), [("at least", 3.0, True), ("less than", 3.0, False)])
def test_a_requirement_is_about_the_median(kind, value, is_met):
    spread = Spread.of([1.0, 3.0, 100.0])
    figure = Figure(part="any", name="any", unit="", spread=spread, required=Requirement(kind=kind, value=value))
    assert figure.is_met is is_met
    assert (spread.low, spread.high) == (2.0, 51.5)
