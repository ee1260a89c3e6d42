"""Starting, or joining, a Ray cluster."""

import contextlib
import logging
import os
import secrets
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import ray
from ray._private import ray_constants
from ray._raylet import Config  # type: ignore[attr-defined]  # compiled
from ray.job_config import JobConfig

from orchestrator.errors import ExecutionError
from orchestrator.executors.capacity import USABLE_SHARE, Capacity, machine_memory_bytes, num_cpus
from orchestrator.executors.ray_environment import cluster_address

PROBE_TIMEOUT_S = 5.0
SILENT_S = 30.0
"""How long the head of a cluster may be away; after 60 s Ray would end our process without a word."""

NODE_LABEL = "ray.io/node-id"
OBJECT_STORE_BYTES = 128 * 1024 * 1024
"""Nothing large travels through Ray: workers write their rows to the store themselves."""


class RayCluster:
    """A connection to Ray: a local cluster of our own, or one that was named.

    Our own listens on loopback (see `prepare_environment`, which has to come first), asks for a token, has no
    dashboard and reports no usage statistics. A connection that was there before stays as it is, also when this
    object is closed.
    """

    def __init__(self, address: str | None, num_workers: int | None) -> None:
        self._address = cluster_address(address)
        self._num_workers = num_workers
        self._is_ours = False
        self._environment: dict[str, str] = {}
        self._seen_s = self._looked_s = time.monotonic()
        self._is_gone = False

    def connect(self) -> None:
        """Starts or joins the cluster.

        Raises:
            ExecutionError: it does not start, or cannot be reached.
        """
        if ray.is_initialized():
            return
        self._environment = dict(os.environ)
        try:
            with _signal_handlers_kept():
                self._initialise()
        except Exception as error:  # Ray raises ConnectionError, ValueError, RuntimeError and its own
            where = f"the Ray cluster at {self._address}" if self._address else "a local Ray cluster"
            first_line = (str(error).strip() or type(error).__name__).splitlines()[0]
            hint = " (is it running? if it asks for a token, set RAY_AUTH_MODE=token)" if self._address else ""
            raise ExecutionError(f"cannot connect to {where}: {first_line}{hint}") from error
        self._is_ours = True

    def capacity(self, num_workers: int | None) -> Capacity:
        """As many workers as there are CPUs, unless told otherwise; any of them may be on the smallest node.

        A node's memory is what Ray found free, or was given, when the node was started.
        """
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        resources = [node["Resources"] for node in nodes if node["Alive"]]
        cpus_of_nodes = [int(resource.get("CPU", 0)) for resource in resources]
        num_wanted = num_workers or max(1, sum(cpus_of_nodes))
        shares = [
            resource["memory"] / min(cpus, num_wanted)
            for resource, cpus in zip(resources, cpus_of_nodes, strict=True)
            if cpus and "memory" in resource
        ]
        if self._address is None:
            shares.append(machine_memory_bytes() / num_wanted)  # Ray does not see every control group
        memory = int(USABLE_SHARE * min(shares)) if shares else None
        return Capacity(num_workers=num_wanted, memory_per_worker_bytes=memory)

    def placement(self, avoid: Collection[str]) -> dict[str, Any]:
        """Options of an actor that is not to be placed on some nodes; none if the cluster has no others."""
        nodes: list[dict[str, Any]] = ray.nodes()  # type: ignore[no-untyped-call]
        usable = {node["NodeID"] for node in nodes if node["Alive"] and node["Resources"].get("CPU", 0) >= 1}
        bad = sorted(usable & set(avoid))
        return {"label_selector": {NODE_LABEL: f"!in({','.join(bad)})"}} if bad and usable - set(bad) else {}

    def check(self) -> None:
        """Looks whether the cluster is still there: where it is not, Ray ends this process, later and without a word.

        Raises:
            ExecutionError: it is gone.
        """
        dead = _dead_processes()
        if dead:
            self._is_gone = True
            raise ExecutionError(f"the local Ray cluster is gone: its process {dead[0]} died; submit again to go on")
        now_s = time.monotonic()
        if now_s - self._looked_s > SILENT_S:  # a pause in which nobody looked is no silence
            self._seen_s = now_s - PROBE_TIMEOUT_S
        self._looked_s = now_s
        if self._address is None or now_s - self._seen_s < PROBE_TIMEOUT_S:
            return
        address = ray.get_runtime_context().gcs_address
        try:
            _probe(address)
        except OSError as error:
            if time.monotonic() - self._seen_s > SILENT_S:
                self._is_gone = True
                message = f"the Ray cluster at {address} is gone: {error}; submit again when it is back"
                raise ExecutionError(message) from error
        else:
            self._seen_s = time.monotonic()

    def close(self) -> None:
        """Leaves the cluster; our own ends."""
        if self._is_ours:
            with _signal_handlers_kept():
                ray.shutdown()
            self._is_ours = False
            for name in set(os.environ) - set(self._environment):
                if name.startswith("RAY_"):
                    del os.environ[name]

    def _initialise(self) -> None:
        if self._address:
            _probe(self._address)
            ray.init(address=self._address, job_config=_job_config(), log_to_driver=False, logging_level=logging.ERROR)
            return
        _read_environment_again()
        _make_private_token()
        context: Any = ray.init(
            address="local",
            num_cpus=self._num_workers or num_cpus(),
            include_dashboard=False,
            job_config=_job_config(),
            object_store_memory=OBJECT_STORE_BYTES,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        with contextlib.suppress(OSError):  # Ray's folder for logs and sockets can be written to by everybody
            Path(context.address_info["session_dir"]).chmod(0o700)


def _job_config() -> JobConfig:
    """Lets workers find the modules that we find, and no others.

    By itself Ray puts the folder that amor was started in before everything else on its workers' path: a file there
    that is called like any module would run in the place of that module. Ray leaves this out for jobs of its client,
    which is all that the option does where there is no runtime environment.
    """
    is_on_our_path = Path.cwd() in {Path(entry).resolve() for entry in sys.path}
    return JobConfig(_client_job=not is_on_our_path)


def _read_environment_again() -> None:
    """Lets Ray see what `prepare_environment` has set, also where a notebook imported Ray before amor."""
    Config.initialize("")
    if os.environ.get(ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR) == "0":
        ray_constants.ENABLE_RAY_CLUSTER = False


def _make_private_token() -> None:
    """Sees to it that nobody else can read the token of our own clusters.

    Ray makes it where there is none, with the rights that any file gets: often everybody may read it.
    """
    if {"RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"} & set(os.environ):
        return  # the user's own
    path = Path.home() / ".ray" / "auth_token"
    with contextlib.suppress(OSError):  # Ray says it better, or can do without
        path.parent.mkdir(mode=0o700, exist_ok=True)
        if not path.exists():
            # mkstemp's file is ours alone; a link makes it appear whole, and only once.
            descriptor, temporary = tempfile.mkstemp(dir=path.parent)
            try:
                with open(descriptor, "w", encoding="ascii") as stream:  # noqa: PTH123 - a descriptor, not a path
                    stream.write(secrets.token_hex(32))
                os.link(temporary, path)
            finally:
                Path(temporary).unlink()
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)


def _dead_processes() -> list[str]:
    """Names of processes of a local cluster that have died. Ray has no other way to tell than this private one."""
    node = getattr(ray._private.worker, "_global_node", None)
    return [str(name) for name, _ in node.dead_processes()] if node is not None and node.is_head() else []


def _probe(address: str) -> None:
    """Fails soon where nobody listens; Ray itself tries for minutes.

    Raises:
        OSError: nobody listens at an address of the form host:port.
    """
    host, colon, port = address.rpartition(":")
    if colon and "://" not in address and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=PROBE_TIMEOUT_S).close()


@contextlib.contextmanager
def _signal_handlers_kept() -> Iterator[None]:
    """Ray replaces signal handlers when it starts and stops; the program's own come back."""
    kept = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        kept[number] = signal.getsignal(number)
    try:
        yield
    finally:
        for number, handler in kept.items():
            with contextlib.suppress(ValueError):  # not in the main thread: Ray has not replaced them either
                signal.signal(number, handler)
