"""One variant at one grid point: its configuration, or what it waits for until that is known."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from orchestrator.document.changes import Change, ConfigPath
from orchestrator.identity.identifiers import hex_digest
from orchestrator.space.measured import Measured
from orchestrator.space.resolution import Resolved, leaves_of, resolve
from orchestrator.trainables.contract import Trainable


@dataclass(frozen=True, kw_only=True)
class Placed:
    """A variant at a grid point, and the cell that it is.

    Attributes:
        variant: its name.
        cell_id: the cell.
        config: the cell's configuration.
    """

    variant: str
    cell_id: str
    config: BaseModel

    def leaves(self) -> dict[ConfigPath, Any]:
        """The configuration's values by path."""
        return leaves_of(self.config.model_dump(mode="json"))

    def key(self) -> str:
        """Equal for equal configurations."""
        return self.cell_id


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A variant at a grid point that uses values which are measured in other cells.

    Attributes:
        variant: its name.
        written: what is written for it, merged.
        config: its configuration with stand-ins for what is to be measured.
        measured: what is to be measured, by path.
        sources: in which cell, by path.
    """

    variant: str
    written: Mapping[ConfigPath, Change]
    config: BaseModel
    measured: Mapping[ConfigPath, Measured]
    sources: Mapping[ConfigPath, Placed] = field(default_factory=dict)

    def leaves(self) -> dict[ConfigPath, Any]:
        """The values that are known, by path."""
        leaves = leaves_of(self.config.model_dump(mode="json"))
        return {path: value for path, value in leaves.items() if path not in self.measured}

    def key(self) -> str:
        """Equal for configurations that will be equal: the same values, measured in the same cells. No cell has it."""
        measured = [(path, self.measured[path].metric, source.cell_id) for path, source in self.sources.items()]
        return hex_digest(f"waiting {sorted(self.leaves().items())} {sorted(measured)}")

    def resolve(self, trainable: Trainable, values: Mapping[ConfigPath, float]) -> Resolved:
        """The configuration with the values that were measured, by path."""
        found = {
            path: Change(path=path, value=value, origin=self.written[path].origin) for path, value in values.items()
        }
        return resolve(trainable, {**self.written, **found})


Place = Placed | Waiting
"""One variant at one grid point."""
