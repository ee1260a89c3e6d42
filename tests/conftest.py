"""Fixtures that the tests of all packages share."""

import os
import sys
from pathlib import Path

import pytest

from orchestrator.executors.ray_environment import prepare_environment

SUPPORT = Path(__file__).parent / "support"
sys.path.insert(0, str(SUPPORT))
os.environ["PYTHONPATH"] = os.pathsep.join([str(SUPPORT), *filter(None, [os.environ.get("PYTHONPATH")])])
os.environ.pop("RAY_ADDRESS", None)
os.environ.pop("AMOR_STORE", None)
prepare_environment(None)

from left_behind import watch_over  # noqa: E402 - of the folder that was made importable above

nothing_is_left_behind = watch_over(Path(__file__).parents[1])


@pytest.fixture
def weird_path(tmp_path):
    """A folder whose name has what careless code stumbles over."""
    folder = tmp_path / "a 'quoted' \"folder\" with spaces; $HOME & ünïcode"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def ray_cluster():
    """One local Ray cluster for all tests; executors join it and leave it running."""
    ray = pytest.importorskip("ray")
    from orchestrator.executors.ray_cluster import RayCluster

    cluster = RayCluster(None, num_workers=2)
    cluster.connect()
    yield ray
    cluster.close()
