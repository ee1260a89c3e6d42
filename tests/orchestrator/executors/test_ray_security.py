"""Our own cluster: who can reach it, and what its workers import."""

import ipaddress
import json
import os
import subprocess
import sys

import pytest

CLUSTER = """
import json, os, pathlib, subprocess, sys, urllib.error, urllib.request
import ray  # before amor, as in a notebook: it reads its settings while it is imported
import psutil
from orchestrator.executors.ray_environment import prepare_environment
prepare_environment(None)
from orchestrator.executors.ray_cluster import RayCluster

CLIENT = '''
import sys
from ray._raylet import GcsClient
print(len(GcsClient(address=sys.argv[1]).internal_kv_keys(b"", None, 10)))
'''

cluster = RayCluster(None, num_workers=1)
cluster.connect()

@ray.remote
def worker():
    return {"sys_path": sys.path, "imported": "colorsys" in sys.modules, "folder": os.getcwd()}

found = ray.get(worker.remote())
node = ray._private.worker.global_worker.node
token = pathlib.Path.home() / ".ray" / "auth_token"
processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
sockets = [(process.name(), connection.laddr.ip, connection.laddr.port)
           for process in processes for connection in process.net_connections("inet")
           if connection.status == psutil.CONN_LISTEN]
found["listening"] = sockets
found["command_lines_with_token"] = [
    process.name() for process in processes if token.read_text() in " ".join(process.cmdline())
]
found["environments_with_token"] = [
    process.name() for process in processes if token.read_text() in str(process.environ())
]
found["dashboard"] = node.address_info["webui_url"]
found["rights"] = {
    "token": token.stat().st_mode & 0o777,
    "session": pathlib.Path(node.get_session_dir_path()).stat().st_mode & 0o777,
}
clean = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
settings = {
    "right": {"RAY_AUTH_MODE": "token"},
    "none": {"RAY_AUTH_MODE": "disabled"},
    "wrong": {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": "0" * 64},
    "empty": {"RAY_AUTH_MODE": "token", "HOME": "/nonexistent"},
}
clients = {
    name: subprocess.Popen([sys.executable, "-P", "-c", CLIENT, node.gcs_address], env=clean | extra, text=True,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for name, extra in settings.items()
}
found["clients"] = {}
for name, client in clients.items():
    out, err = client.communicate(timeout=60)
    found["clients"][name] = [client.returncode, out, err]
found["http"] = {}
for name, _, port in sockets:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/get_or_create_runtime_env", data=b"x")
    try:
        answer = urllib.request.urlopen(request, timeout=5).status
    except urllib.error.HTTPError as error:
        answer = error.code
    except Exception as error:
        answer = type(error).__name__
    found["http"][f"{name}:{port}"] = answer
cluster.close()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What a cluster of its own, started in a folder with hostile files, tells about itself."""
    folder, home = tmp_path_factory.mktemp("hostile"), tmp_path_factory.mktemp("home")
    (folder / "colorsys.py").write_text("raise SystemExit('a file in the folder was imported')")
    for name in ("numpy", "torch", "yaml", "setproctitle"):
        (folder / f"{name}.py").write_text("import colorsys")
    program = tmp_path_factory.mktemp("program") / "cluster.py"
    program.write_text(CLUSTER)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    environment |= {"HOME": str(home), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    run = subprocess.run(
        [sys.executable, str(program)], cwd=folder, env=environment, capture_output=True, text=True, timeout=200
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return json.loads(run.stdout.splitlines()[-1]) | {"started_in": str(folder)}


def test_everything_listens_on_loopback(found):
    assert len(found["listening"]) >= 4
    for process, address, _ in found["listening"]:
        assert ipaddress.ip_address(address.removeprefix("::ffff:")).is_loopback, (process, address)


def test_a_client_needs_the_token(found):
    code, out, err = found["clients"]["right"]
    assert code == 0, err
    assert int(out) > 0
    for name in ("none", "wrong", "empty"):
        code, out, err = found["clients"][name]
        assert code != 0, name
        assert out == ""
        assert "Authentication" in err, (name, err)


def test_no_port_answers_a_request_without_the_token(found):
    assert found["http"]
    for port, answer in found["http"].items():
        assert answer == 401 or isinstance(answer, str), (port, answer)
    assert 401 in found["http"].values()


def test_nobody_else_can_read_the_token(found):
    assert found["rights"] == {"token": 0o600, "session": 0o700}
    assert found["command_lines_with_token"] == []
    assert found["environments_with_token"] == []


def test_there_is_no_dashboard(found):
    assert found["dashboard"] in ("", None)


def test_workers_do_not_import_from_the_folder_that_amor_was_started_in(found):
    assert found["folder"] == found["started_in"]
    assert found["started_in"] not in found["sys_path"]
    assert "" not in found["sys_path"]
