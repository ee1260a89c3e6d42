"""A trial's numbers do not depend on where, when and beside whom it is trained: bit for bit."""

import random

import pytest
from shuffled import shuffle

from orchestrator import SubmitOptions, submit
from results_store import open as open_results

STUDY = """\
schema_version: 1
name: same
seeds: 2
base:
  task: {name: simple_retrieval, num_train: 48, num_validation: 16, num_test: 16, seq_length: 48}
  training: {epochs: 2, learning_rate: 5.0e-3}
variants:
"""
VARIANTS = {
    "ssm": "{model: {name: ssm}}",
    "full": "{model: {name: full_attention}}",
    "oracle": "{model: {name: amor, gate: {name: oracle}}}",
    "entropy": "{model: {name: amor}}",
    "learned": "{model: {name: amor, gate: {name: learned_ste}}}",
    "random": "{model: {name: amor, gate: {name: random, rate: 0.3}}}",
}


def rows_of(store, view):
    """All numbers of a view that training produced, by trial."""
    frame = open_results(store).sql(f"SELECT * FROM {view}").df()
    attempt = ["attempt_id", "duration_s", "finished_at", "host", "cpu", "stack_size", "versions"]
    attempt += ["git_commit", "git_dirty", "source_hash"]  # somebody may be editing meanwhile
    columns = [column for column in frame.columns if column not in attempt]
    return frame[columns].map(lambda value: value.hex() if isinstance(value, float) else str(value))


def same(first, second):
    keys = [key for key in ("trial_id", "epoch") if key in first]
    first, second = (frame.sort_values(keys).reset_index(drop=True) for frame in (first, second))
    assert list(first.columns) == list(second.columns)
    differing = (first != second).any()
    assert not differing.any(), f"differ: {list(differing[differing].index)}"


def write(path, variants):
    path.write_text(STUDY + "".join(f"  {name}: {VARIANTS[name]}\n" for name in variants))
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Every trial on its own, in this process."""
    folder = tmp_path_factory.mktemp("alone")
    study = write(folder / "same.yaml", VARIANTS)
    submit(study, store=folder / "store", options=SubmitOptions(executor="inline", stack_size=1))
    return folder / "store"


def check(alone, other):
    for view in ("trials", "epochs"):
        same(rows_of(alone, view), rows_of(other, view))


def test_on_ray_with_two_workers(ray_cluster, alone, tmp_path):
    study = write(tmp_path / "same.yaml", VARIANTS)
    submit(study, store=tmp_path / "store", options=SubmitOptions(num_workers=2))
    check(alone, tmp_path / "store")


@pytest.mark.parametrize("seed", [0, 1])
def test_in_any_order(alone, tmp_path, seed):
    names = list(VARIANTS)
    random.Random(seed).shuffle(names)
    for name in names:
        study = write(tmp_path / "same.yaml", [name])
        submit(study, store=tmp_path / "store", options=SubmitOptions(executor="inline", stack_size=1))
    check(alone, tmp_path / "store")


@pytest.mark.parametrize("stack_size", [None, 2, 4])
def test_in_stacks(alone, tmp_path, stack_size):
    study = write(tmp_path / "same.yaml", VARIANTS)
    submit(study, store=tmp_path / "store", options=SubmitOptions(executor="inline", stack_size=stack_size))
    check(alone, tmp_path / "store")


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("num_workers", [1, 2, 4])
def test_in_stacks_of_any_size_that_end_in_any_order(alone, tmp_path, monkeypatch, num_workers, seed):
    executors = shuffle(monkeypatch, random.Random(seed))
    study = write(tmp_path / "same.yaml", VARIANTS)
    options = SubmitOptions(executor="inline", num_workers=num_workers, stack_size=4)
    submit(study, store=tmp_path / "store", options=options)
    assert len(executors[0].order) == len(set(executors[0].order)) == 2 * len(VARIANTS)
    check(alone, tmp_path / "store")


def test_the_orders_and_stacks_that_are_drawn_differ(tmp_path, monkeypatch):
    executors = shuffle(monkeypatch, random.Random(0))
    study = tmp_path / "nothing.yaml"
    study.write_text("schema_version: 1\nname: nothing\ntrainable: do_nothing\nseeds: 12\n")
    sizes = []
    for number in range(3):
        store = tmp_path / f"store {number}"
        submit(study, store=store, options=SubmitOptions(executor="inline", num_workers=4, stack_size=4))
        sizes.append(tuple(open_results(store).sql("SELECT stack_size FROM trials ORDER BY trial_id").df().stack_size))
    assert len({tuple(executor.order) for executor in executors}) == 3
    assert len(set(sizes)) == 3
