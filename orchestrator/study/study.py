"""A study: one file, validated and resolved into cells, seeds and trials."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from orchestrator.document.problems import Problem
from orchestrator.document.yaml_document import Document, KeyPath
from orchestrator.identity.identifiers import Pins
from orchestrator.search.search import Search
from orchestrator.space.cells import AnyCell, Cell, WaitingCell, folded
from orchestrator.space.trial import Trial, trials_of
from orchestrator.study.schema import StudyFile
from orchestrator.trainables.contract import Trainable


@dataclass(frozen=True, repr=False)
class Study:
    """What a study file asks for.

    Attributes:
        file: the file's fields, with `--set` applied.
        document: the file as written.
        settings: the `--set` arguments.
        trainable: what is trained.
        places: the cell of every variant at every grid point that is not searched, in the order of the file.
        table_sql: the SQL text of each table, by the table's name.
        searches: one for each variant and grid point that is searched, equal ones once.
    """

    file: StudyFile
    document: Document
    settings: tuple[str, ...]
    trainable: Trainable
    places: tuple[AnyCell, ...]
    table_sql: Mapping[str, str]
    searches: tuple[Search, ...] = ()

    def __repr__(self) -> str:
        return f"<Study {self.name!r}: {len(self.cells)} cells, {len(self.trials)} trials>"

    @property
    def name(self) -> str:
        """The study's name in the store."""
        return self.file.name

    @cached_property
    def pins(self) -> Pins:
        """The pinned streams as plain data."""
        return self.file.pins()

    @cached_property
    def all_cells(self) -> tuple[AnyCell, ...]:
        """Every distinct configuration that is not searched, known or not, in the order of the file."""
        return tuple(folded(self.places))

    @cached_property
    def cells(self) -> tuple[Cell, ...]:
        """Every distinct configuration that is known and not searched, in the order of the file."""
        return tuple(cell for cell in self.all_cells if isinstance(cell, Cell))

    @cached_property
    def waiting(self) -> tuple[WaitingCell, ...]:
        """The cells of which a value is to be measured in others."""
        return tuple(cell for cell in self.all_cells if isinstance(cell, WaitingCell))

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Every known cell with every seed: those of a cell together, in the order of the file; without candidates."""
        return tuple(self._trials())

    def _trials(self) -> Iterator[Trial]:
        seeds = self.file.seed_list()
        for cell in self.cells:
            yield from trials_of(self.trainable, cell, self.pins, seeds)

    def problem(self, path: KeyPath, message: str) -> Problem:
        """What is wrong with a value of the file that only a store, or another study, can tell."""
        key = ".".join(map(str, path))
        setting = next((text for text in self.settings if f"{key}.".startswith(f"{text.partition('=')[0]}.")), None)
        if setting is not None:
            return Problem(source=f"--set {setting}", key=key, message=message)
        position = self.document.value_position(path)
        return Problem(source=self.document.source, position=position, key=key, message=message)
