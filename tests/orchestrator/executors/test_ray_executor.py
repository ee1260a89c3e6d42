"""What only Ray can do: lose a worker."""

import os
import signal
from dataclasses import replace
from types import SimpleNamespace

import pytest
import ray
from living import wait_until_gone

from orchestrator.errors import ExecutionError
from orchestrator.executors.ray_cluster import NODE_LABEL, RayCluster
from orchestrator.executors.ray_executor import RayExecutor
from orchestrator.lifecycle.events import StackTrained, WorkerLost, WorkerPlaced, WorkerStarted
from orchestrator.worker.assignment import Assignment, AttemptTask, WorkerSetup

SETUP = WorkerSetup(trainable="misbehaving:Misbehaving", pins={}, git_commit=None, git_dirty=None)


@pytest.fixture
def executor(ray_cluster, tmp_path):
    executor = RayExecutor(str(tmp_path / "store"))
    yield executor
    executor.close()


def assignment(stack_id, behaviour):
    task = AttemptTask(attempt_id=f"a{stack_id}", trial_id=f"t{stack_id}", config={"behaviour": behaviour}, seed=0)
    return Assignment(stack_id=stack_id, tasks=(task,))


def collect(executor, until, rounds=300):
    events = []
    for _ in range(rounds):
        events += executor.poll(0.2)
        if any(isinstance(event, until) for event in events):
            return events
    raise AssertionError(f"no {until.__name__} among {events}")


def test_a_killed_worker_is_told_once_and_another_takes_over(executor):
    executor.open(SETUP, 1)
    executor.start_worker(0)
    collect(executor, WorkerStarted)
    executor.run(0, [assignment(0, "die")])
    executor.run(0, [assignment(1, "work")])
    lost = collect(executor, WorkerLost)
    assert [type(event) for event in lost] == [WorkerLost]
    assert lost[0].worker_id == 0
    assert "\n" not in lost[0].cause
    executor.start_worker(1)
    collect(executor, WorkerStarted)
    executor.run(0, [assignment(2, "work")])  # to a worker that is gone: nothing comes of it
    executor.run(1, [assignment(3, "work")])
    assert [event.stack_id for event in collect(executor, StackTrained)] == [3]


def test_our_own_cluster_is_on_loopback_and_asks_for_a_token(ray_cluster):
    assert {node["NodeManagerAddress"] for node in ray_cluster.nodes()} == {"127.0.0.1"}
    assert os.environ["RAY_AUTH_MODE"] == "token"


def node(cpus=None, memory=None, alive=True):
    resources = {name: value for name, value in (("CPU", cpus), ("memory", memory)) if value is not None}
    return {"Alive": alive, "Resources": resources}


@pytest.mark.parametrize(
    ("nodes", "num_workers", "expected"),
    [
        ([node(4.0, 4000.0)], None, (4, 800)),
        ([node(4.0, 4000.0)], 2, (2, 1600)),
        ([node(4.0, 4000.0)], 40, (40, 800)),  # four at a time
        ([node(4.0, 4000.0), node(2.0, 1000.0)], None, (6, 400)),
        ([node(4.0, 4000.0), node(2.0, 1000.0)], 1, (1, 800)),
        ([node(4.0, 4000.0), node(2.0, 1000.0, alive=False), node(memory=10.0)], None, (4, 800)),
        ([node(4.0, 4000.0), node(2.0)], None, (6, 800)),
        ([node(2.0)], None, (2, None)),
        ([node(memory=10.0)], None, (1, None)),
    ],
)
def test_on_a_cluster_the_smallest_share_of_a_node_bounds_every_worker(monkeypatch, nodes, num_workers, expected):
    monkeypatch.setattr("ray.nodes", lambda: nodes)
    capacity = RayCluster("head:6379", None).capacity(num_workers)
    assert (capacity.num_workers, capacity.memory_per_worker_bytes) == expected


def test_on_a_cluster_of_our_own_the_limits_of_this_process_count_too(monkeypatch):
    monkeypatch.setattr("ray.nodes", lambda: [node(4.0, 4000.0)])
    monkeypatch.setattr("orchestrator.executors.ray_cluster.machine_memory_bytes", lambda: 1000)
    assert RayCluster(None, None).capacity(None).memory_per_worker_bytes == 200


@pytest.mark.parametrize(
    ("avoid", "expected"),
    [
        (["a"], {"label_selector": {"ray.io/node-id": "!in(a)"}}),
        (["b", "a", "gone"], {"label_selector": {"ray.io/node-id": "!in(a,b)"}}),
        (["gone"], {}),
        (["a", "b", "c"], {}),  # nobody else is there
    ],
)
def test_bad_nodes_are_avoided_as_long_as_there_are_others(monkeypatch, avoid, expected):
    nodes = [node(4.0) | {"NodeID": name} for name in "abc"]
    nodes += [node(4.0, alive=False) | {"NodeID": "dead"}, node() | {"NodeID": "without CPUs"}]
    monkeypatch.setattr("ray.nodes", lambda: nodes)
    assert RayCluster("head:6379", None).placement(avoid) == expected


def test_a_worker_that_cannot_start_is_lost(executor):
    broken = WorkerSetup(trainable="no_such_module:Nothing", pins={}, git_commit=None, git_dirty=None)
    executor.open(broken, 1)
    executor.start_worker(0)
    placed, lost = collect(executor, WorkerLost)
    assert isinstance(placed, WorkerPlaced)
    assert lost.cause.startswith("it could not start: ")
    assert "no_such_module" in lost.cause
    assert "no_such_module cannot be imported" in lost.details
    assert "\x1b" not in lost.details


def start(executor, worker_id, avoid=()):
    executor.start_worker(worker_id, avoid)
    placed, started = collect(executor, WorkerStarted)
    assert isinstance(placed, WorkerPlaced)
    assert (placed.worker_id, started.worker_id) == (worker_id, worker_id)
    return placed.node


def actors(executor):
    return {worker_id: actor.handle for worker_id, actor in executor._actors.items()}


def test_a_worker_that_is_still_starting_rests_and_its_start_is_not_begun_again(executor):
    executor.open(SETUP, 1)
    executor.start_worker(0)
    before = actors(executor)
    executor.rest()
    start(executor, 7)
    assert actors(executor) == {7: before[0]}


def test_a_worker_that_takes_long_to_start_is_placed_before_it_has_started(executor):
    setup = replace(SETUP, trainable="misbehaving:SlowToStart")
    executor.open(setup, 1)
    executor.start_worker(0)
    assert [type(event) for event in collect(executor, WorkerPlaced)] == [WorkerPlaced]
    executor.rest()
    executor.start_worker(1)
    (placed,) = executor.poll(0.2)
    assert isinstance(placed, WorkerPlaced)
    assert placed.worker_id == 1
    (started,) = collect(executor, WorkerStarted)
    assert started.worker_id == 1


def test_a_busy_worker_does_not_rest(executor):
    executor.open(SETUP, 1)
    start(executor, 0)
    busy = actors(executor)[0]
    executor.run(0, [assignment(0, "hang")])
    executor.rest()
    start(executor, 1)
    assert actors(executor)[1] != busy


def test_where_there_is_no_other_node_a_worker_at_rest_is_taken_over_all_the_same(executor):
    executor.open(SETUP, 1)
    node = start(executor, 0)
    before = actors(executor)[0]
    executor.rest()
    start(executor, 1, avoid=[node])
    assert actors(executor)[1] == before


def test_a_worker_at_rest_on_a_bad_node_makes_room_for_one_elsewhere(executor, monkeypatch):
    executor.open(SETUP, 2)  # as many as there are CPUs
    nodes = {start(executor, 0), start(executor, 1)}
    before = actors(executor)
    executor.rest()
    monkeypatch.setattr(executor._cluster, "placement", lambda avoid: {"label_selector": {NODE_LABEL: "!in(bad)"}})
    start(executor, 2, avoid=nodes)
    assert actors(executor)[2] not in before.values()
    start(executor, 3, avoid=["bad"])
    assert actors(executor)[3] in before.values()


def test_a_worker_that_dies_at_rest_is_lost_by_the_one_that_takes_it_over(executor):
    executor.open(SETUP, 1)
    start(executor, 0)
    pid = ray.get(actors(executor)[0].__ray_call__.remote(lambda worker: os.getpid()))
    executor.rest()
    os.kill(pid, signal.SIGKILL)
    wait_until_gone([pid])
    executor.start_worker(1)
    assert [(type(event), event.worker_id) for event in collect(executor, WorkerLost)] == [(WorkerLost, 1)]
    start(executor, 2)


def test_a_head_is_gone_when_it_has_been_silent_and_not_when_nobody_looked(monkeypatch):
    now_s = [0.0]
    monkeypatch.setattr("orchestrator.executors.ray_cluster.time", SimpleNamespace(monotonic=lambda: now_s[0]))
    monkeypatch.setattr("ray.get_runtime_context", lambda: SimpleNamespace(gcs_address="head:6379"))

    def nobody_listens(address):
        raise OSError("connection refused")

    monkeypatch.setattr("orchestrator.executors.ray_cluster._probe", nobody_listens)
    cluster = RayCluster("head:6379", None)
    for _ in range(30):
        now_s[0] += 1.0
        cluster.check()
    now_s[0] += 1000.0  # between two runs
    for _ in range(25):
        cluster.check()
        now_s[0] += 1.0
    now_s[0] += 1.0
    with pytest.raises(ExecutionError, match="is gone: connection refused"):
        cluster.check()
