"""Packages export what they say, and metrics have names of their own."""

import importlib
import pkgutil

import pytest

import amor_models
from amor_models import EPOCH_METRICS, METRICS

PACKAGES = ["amor_models"] + [
    module.name for module in pkgutil.walk_packages(amor_models.__path__, "amor_models.") if module.ispkg
]


@pytest.mark.parametrize("name", PACKAGES)
def test_all_names_every_public_export(name):
    module = importlib.import_module(name)
    assert list(module.__all__) == sorted(module.__all__, key=lambda n: (not n.isupper(), n))
    assert all(hasattr(module, exported) for exported in module.__all__)


def test_metrics_have_distinct_names():
    for metrics in (METRICS, EPOCH_METRICS):
        names = [metric.name for metric in metrics]
        assert len(set(names)) == len(names)
    assert {metric.name for metric in EPOCH_METRICS} <= {metric.name for metric in METRICS}
