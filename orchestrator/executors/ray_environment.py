"""Environment variables that Ray reads while it is imported; this module does not import it."""

import os


def cluster_address(address: str | None) -> str | None:
    """The cluster to join: the one named, or RAY_ADDRESS; None: one of our own."""
    return address or os.environ.get("RAY_ADDRESS") or None


def prepare_environment(address: str | None) -> None:
    """Sets what Ray has to find when it is imported.

    A local cluster of our own asks for a token and listens on loopback only. Ray has no option for the latter on
    Linux: it replaces 127.0.0.1 by the machine's address unless this variable says that there are no other machines.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    if cluster_address(address) is None:
        os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")
        os.environ.setdefault("RAY_AUTH_MODE", "token")
