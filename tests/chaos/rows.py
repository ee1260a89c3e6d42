"""What a store shows, compared with what an undisturbed run has shown: bit for bit."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from safetensors.numpy import load

from results_store import FolderStore, Kind, WeightsError
from results_store import open as open_results

KEYS = {
    "trials": ("trial_id",),
    "epochs": ("trial_id", "epoch"),
    "entropy": ("trial_id", "position", "bin", "bin_low"),  # Chaotic names a bin, AMOR its lower end
    "gates": ("trial_id", "sequence"),
    "results": ("trial_id", "study", "variant", "point"),
    "candidates": ("cell_id", "study", "variant", "candidate"),
}
"""Views, and what names a row of theirs."""

OF_AN_ATTEMPT = {
    *("attempt_id", "duration_s", "finished_at", "host", "cpu", "threads", "stack_size", "versions"),
    *("git_commit", "git_dirty", "source_hash"),  # somebody may be editing meanwhile
    *("asked_at", "told_at"),
}
FINISHED = {"completed", "diverged"}

Key = tuple[Any, ...]
Row = tuple[tuple[str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Rows:
    """What the views show, without what differs between two attempts, and the tables.

    Attributes:
        by_key: for each view, the rows of each key; one, if all is well.
        tables: Markdown by study and table.
    """

    by_key: Mapping[str, Mapping[Key, list[Row]]]
    tables: Mapping[tuple[str, str], str]

    @property
    def trial_ids(self) -> set[str]:
        return {key[0] for key in self.by_key["trials"]}


@dataclass(frozen=True, kw_only=True)
class Findings:
    """A store against the truth; sets of trial ids, and of the cells of candidates.

    Attributes:
        lost: not in the store, or not finished in a study.
        twice: with more than one row in a view where there should be one.
        wrong: with a number that differs, with an epoch too few or too many, or unknown.
        num_damaged: files that queries leave out.
        num_again: attempts that were published beyond the first of their trial; the views count one.
    """

    lost: frozenset[str] = field(default_factory=frozenset)
    twice: frozenset[str] = field(default_factory=frozenset)
    wrong: frozenset[str] = field(default_factory=frozenset)
    num_damaged: int = 0
    num_again: int = 0


def rows_of(store: Path) -> Rows:
    """Everything that a user can ask of a store."""
    opened = open_results(store)
    by_key: dict[str, dict[Key, list[Row]]] = {}
    for view, names in KEYS.items():
        rows = by_key[view] = {}
        for row in opened.sql(f"SELECT * FROM {view}").dicts():
            key = tuple(row.get(name) for name in names)
            if name := row.pop("weights_file", None):
                row["weights"] = _weights(store, name)
            content = ((name, _exactly(value)) for name, value in row.items() if name not in OF_AN_ATTEMPT)
            rows.setdefault(key, []).append(tuple(sorted(content)))
    studies = [row[0] for row in opened.sql("SELECT DISTINCT study FROM studies").rows()]
    tables = {(study, name): opened.table(study, name).markdown() for study in studies for name in opened.tables(study)}
    return Rows(by_key=by_key, tables=tables)


def compare(store: Path, truth: Rows) -> Findings:
    """A store in which every trial should stand once, as in an undisturbed run."""
    findings = differences(rows_of(store), truth)
    published = Counter(row["trial_id"] for row in FolderStore(store).rows(Kind.TRIALS))
    num_again = sum(published.values()) - len(published)
    return replace(findings, num_damaged=len(open_results(store).problems), num_again=num_again)


def differences(found: Rows, truth: Rows) -> Findings:
    """What views and tables show, against what they should."""
    lost = truth.trial_ids - found.trial_ids
    lost |= {key[0] for key, rows in found.by_key["results"].items() if not any(_is_finished(row) for row in rows)}
    twice, wrong = set(), set()
    for view, rows in found.by_key.items():
        expected = truth.by_key[view]
        twice |= {key[0] for key, copies in rows.items() if len(copies) > 1}
        differing = {key for key, copies in rows.items() if set(copies) != set(expected.get(key, ()))}
        wrong |= {key[0] for key in differing | (expected.keys() - rows.keys())}
    wrong -= lost | twice
    if found.tables != truth.tables and not (lost or twice or wrong):
        wrong.add("a table")
    return Findings(lost=frozenset(lost), twice=frozenset(twice), wrong=frozenset(wrong))


def _is_finished(row: Row) -> bool:
    return dict(row)["state"] in {repr(state) for state in FINISHED}


def _weights(store: Path, name: str) -> str:
    """The tensors of a file of weights, without what tells one attempt from another; what is wrong, if it is not whole."""
    try:
        tensors = load(FolderStore(store).weights(name))
    except WeightsError as error:
        return str(error)
    return repr({name: (tensor.dtype, tensor.tolist()) for name, tensor in sorted(tensors.items())})


def _exactly(value: Any) -> str:
    return value.hex() if isinstance(value, float) else repr(value)
