"""What was different when a trial was recorded: the machine, the versions, the source."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from results_store.records import Provenance

COMMIT_DIGITS = 12
UNKNOWN = "unknown"


class Aspect(Enum):
    """What kind of circumstance differs.

    Bits are promised for one kind of CPU and equal versions of the libraries, so ENVIRONMENT excuses a difference;
    SOURCE explains one.
    """

    ENVIRONMENT = "environment"
    SOURCE = "source"


@dataclass(frozen=True, kw_only=True)
class Deviation:
    """A circumstance of the recorded run that is another one now."""

    aspect: Aspect
    what: str
    recorded: str
    here: str

    def __str__(self) -> str:
        return f"{self.what}: recorded {self.recorded}, here {self.here}"


def deviations(recorded: Provenance, here: Provenance) -> list[Deviation]:
    """What differs, as far as it was recorded."""
    return [*_environment(recorded, here), *_source(recorded, here)]


def _environment(recorded: Provenance, here: Provenance) -> Iterator[Deviation]:
    def differs(what: str, before: object, now: object) -> Iterator[Deviation]:
        if before and before != now:
            yield Deviation(aspect=Aspect.ENVIRONMENT, what=what, recorded=str(before), here=str(now))

    yield from differs("cpu", recorded.cpu, here.cpu)
    yield from differs("threads", recorded.threads, here.threads)
    for package, version in recorded.versions.items():
        yield from differs(package, version, here.versions.get(package, "not installed"))


def _source(recorded: Provenance, here: Provenance) -> Iterator[Deviation]:
    def deviation(what: str, before: str, now: str) -> Deviation:
        return Deviation(aspect=Aspect.SOURCE, what=what, recorded=before, here=now)

    if recorded.source_hash and recorded.source_hash != here.source_hash:
        yield deviation("source", recorded.source_hash, here.source_hash)
    if recorded.git_commit != here.git_commit:
        yield deviation("commit", _commit(recorded.git_commit), _commit(here.git_commit))
    if recorded.git_dirty or here.git_dirty:
        yield deviation("uncommitted changes", _answer(recorded.git_dirty), _answer(here.git_dirty))


def _commit(commit: str | None) -> str:
    return commit[:COMMIT_DIGITS] if commit else UNKNOWN


def _answer(is_so: bool | None) -> str:
    return UNKNOWN if is_so is None else "yes" if is_so else "no"
