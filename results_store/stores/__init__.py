"""Stores: where rows are published and asked for."""

from results_store.stores.folder import FolderStore
from results_store.stores.memory import MemoryStore
from results_store.stores.protocol import Store

__all__ = ["FolderStore", "MemoryStore", "Store"]
