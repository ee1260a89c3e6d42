"""What a package exports exists and is named once."""

import importlib
import pkgutil

import pytest

PACKAGES = [
    module.name
    for package in ("orchestrator", "amor_models", "results_store")
    for module in [*pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."), None]
    if module is not None and module.ispkg
] + ["orchestrator", "amor_models", "results_store"]


@pytest.mark.parametrize("name", PACKAGES)
def test_exported_members(name):
    package = importlib.import_module(name)
    exported = getattr(package, "__all__", [])
    assert len(exported) == len(set(exported))
    for member in exported:
        assert hasattr(package, member), f"{name} does not have {member}"
        assert member in dir(package), f"{name} does not list {member}"
