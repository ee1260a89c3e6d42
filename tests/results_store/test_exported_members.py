import importlib
import pkgutil

import results_store


def test_everything_that_is_exported_exists_and_is_sorted():
    names = [module.name for module in pkgutil.walk_packages(results_store.__path__, "results_store.")]
    for name in ["results_store", *names]:
        module = importlib.import_module(name)
        exported = module.__all__
        assert all(hasattr(module, member) for member in exported)
        assert len(set(exported)) == len(exported)
