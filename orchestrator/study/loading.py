"""From a path to a validated study, or to everything that is wrong with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.document.changes import Change, flatten
from orchestrator.document.problems import Position, Problem, in_file_order, suggestion
from orchestrator.document.validation import REQUIRED, errors_of, unknown_key
from orchestrator.document.yaml_document import Document, KeyPath, read_document
from orchestrator.errors import StudyError, TrainableError
from orchestrator.search.checks import check_search
from orchestrator.search.searches import Searched
from orchestrator.space.cells import Space, build_space, too_many_points
from orchestrator.space.grid import RESERVED, parse_grid
from orchestrator.space.layers import Layers, Variant
from orchestrator.study.checks import check_published, check_tables
from orchestrator.study.claims.checks import check_claims
from orchestrator.study.claims.schema import unknown_claim_key
from orchestrator.study.figures.checks import check_figures
from orchestrator.study.schema import SCHEMA_VERSION, StudyFile
from orchestrator.study.settings import Settings, apply_to_study, parse_settings
from orchestrator.study.study import Study
from orchestrator.study.table_trial import try_tables
from orchestrator.trainables.contract import Trainable
from orchestrator.trainables.loading import load_trainable


def load_study(path: str | Path, settings: Sequence[str] = ()) -> Study:
    """Reads, validates and resolves a study file.

    Args:
        path: the study file.
        settings: `key=value` changes that win over the file.

    Raises:
        StudyError: the file or a setting is invalid; carries every problem found.
    """
    file_path = Path(path)
    parsed_settings = parse_settings(settings)
    return _Loader(read_document(file_path), file_path, parsed_settings).load()


class _Loader:
    def __init__(self, document: Document, path: Path, settings: Settings) -> None:
        self._document = document
        self._folder = path.resolve().parent
        self._settings = settings
        self._data = apply_to_study(document.data, settings.study)
        self._problems: list[Problem] = []
        self._kept: dict[str, list[int]] = {}
        self._has_all_variants = True

    def load(self) -> Study:
        file = self._validate_file()
        trainable = self._load_trainable(file)
        layers = self._layers(trainable, file)
        if layers is None:
            raise StudyError(in_file_order(self._problems))
        searched = self._searches(layers)
        space = self._resolve(layers, searched)
        if file is None or trainable is None:
            raise StudyError(in_file_order(self._problems))
        for stream in file.randomness:
            if stream not in trainable.streams:
                known = ", ".join(trainable.streams) or "none"
                near = suggestion(stream, trainable.streams)
                self._report(
                    ("randomness", stream),
                    f"trainable {trainable.name!r} has no such stream{near or f'; known: {known}'}",
                )
        table_sql = check_tables(file, self._folder, self._report_item)
        cells = None if self._problems else space.cells
        searched_names = {name for search in searched.searches for name in search.variants}
        check_published(file, trainable, self._report_item)
        check_claims(file, trainable, cells, self._report_item, searched_names)
        seeds = file.seed_list() if self._setting_of(("seeds",)) is None else None
        check_figures(file, trainable, cells, seeds, searched_names, self._report_item)
        if self._problems:
            raise StudyError(in_file_order(self._problems))
        study = Study(
            file=file,
            document=self._document,
            settings=self._settings.texts,
            trainable=trainable,
            cells=tuple(space.cells),
            table_sql=table_sql,
            searches=searched.searches,
        )
        try_tables(study, self._report)
        if self._problems:
            raise StudyError(in_file_order(self._problems))
        return study

    def _validate_file(self) -> StudyFile | None:
        version = self._data.get("schema_version")
        if "schema_version" in self._data and (type(version) is not int or version != SCHEMA_VERSION):
            message = f"this amor reads schema_version {SCHEMA_VERSION} (got {version!r})"
            self._report(("schema_version",), message)
            raise StudyError(self._problems)
        written = self._data
        try:
            return StudyFile.model_validate(written)
        except ValidationError as error:
            for path, message in errors_of(error, written):
                if message == "unknown key" and len(path) == 1:
                    message = _unknown_field(str(path[0]))
                elif message == "unknown key" and path[0] == "claims":
                    message = unknown_claim_key(
                        _value_at(written, path[:-1]), str(path[-1]), is_part=path[2:3] == ("of",)
                    )
                self._report(path, message)
                self._data = _without(self._data, path)
                self._has_all_variants &= path[:1] != ("variants",)
        for key in ("tables", "figures", "claims"):
            items = self._data.get(key)
            if isinstance(items, list):
                self._kept[key] = [index for index, item in enumerate(items) if item is not _WRONG]
                self._data = {**self._data, key: [items[index] for index in self._kept[key]]}
        return self._validate_rest()

    def _validate_rest(self) -> StudyFile | None:
        """The file without what was wrong with it, so that the rest can be checked too."""
        try:
            return StudyFile.model_validate(
                {"schema_version": SCHEMA_VERSION, "name": "study", "seeds": 1} | self._data
            )
        except ValidationError:
            return None

    def _load_trainable(self, file: StudyFile | None) -> Trainable | None:
        if any(problem.key == "trainable" for problem in self._problems):
            return None
        name = self._data.get("trainable", "amor") if file is None else file.trainable
        if not isinstance(name, str):
            return None
        try:
            return load_trainable(name)
        except TrainableError as error:
            self._report(("trainable",), str(error))
            return None

    def _layers(self, trainable: Trainable | None, file: StudyFile | None) -> Layers | None:
        """What is written about configurations, as far as the file's shape allows."""
        base, variants, grid = self._data.get("base", {}), self._data.get("variants"), self._data.get("grid", {})
        variants = {"base": {}} if variants is None else variants
        shaped = isinstance(base, Mapping) and isinstance(grid, Mapping) and isinstance(variants, Mapping)
        if trainable is None or not shaped or not all(isinstance(changes, Mapping) for changes in variants.values()):
            return None
        return Layers(
            trainable=trainable,
            base=self._layer(base, ("base",)),
            variants=[
                Variant(name=str(name), changes=self._layer(changes, ("variants", str(name))))
                for name, changes in variants.items()
            ],
            grid=parse_grid(grid, self._report),
            settings=self._settings.configuration,
            pins=file.pins() if file is not None else {},
            seeds=file.seed_list() if file is not None else (0,),
        )

    def _searches(self, layers: Layers) -> Searched:
        raw = self._data.get("search")
        if raw is None or too_many_points(layers) is not None:
            return Searched()
        return check_search(raw, layers, self._report, is_study_whole=self._has_all_variants)

    def _resolve(self, layers: Layers, searched: Searched) -> Space:
        """The cells, as far as they can be told, so that all problems show at once."""
        is_guess = self._data.get("search") is not None and not searched.searches
        space = build_space(layers, searched.tried or None)
        for finding in space.findings:
            if is_guess and not finding.message.startswith("unknown"):
                continue  # what the search would choose, or use, is not known
            in_base: KeyPath = finding.path if finding.origin.setting else ("base", *finding.path)
            path = finding.origin.path or in_base
            if finding.message == REQUIRED and finding.path and finding.path[-1] != path[-1]:
                path = (*path, finding.path[-1])
            self._report(path, finding.message, finding.origin.setting)
        return space

    def _layer(self, changes: Mapping[str, Any], at: KeyPath) -> tuple[Change, ...]:
        layer: dict[tuple[str, ...], Change] = {}
        for change in flatten(changes, at):
            if change.path in layer:
                self._report(change.origin.path, f"{'.'.join(change.path)!r} is set twice here, nested and with dots")
            layer[change.path] = change
        return tuple(layer.values())

    def _report_item(self, path: KeyPath, message: str) -> None:
        """Reports on tables, figures or claims, of which wrong ones may have been left out."""
        kept = self._kept.get(str(path[0]))
        if kept is not None and isinstance(path[1], int):
            path = (path[0], kept[path[1]], *path[2:])
        self._report(path, message)

    def _report(self, path: KeyPath, message: str, setting: str | None = None) -> None:
        at_key = message.startswith(("unknown key", "this key", "no variant uses")) or (
            path[:1] == ("search",) and message.startswith("no configuration has")
        )
        if at_key and path and path[0] == "grid" and isinstance(path[-1], int):
            path = path[:-1]  # the axis, not each of its values
        changed = setting or self._setting_of(path)
        key = ".".join(str(part) for part in path)
        if changed is not None:
            self._problems.append(Problem(source=f"--set {changed}", key=key, message=message))
            return
        position = self._document.key_position(path) if at_key else self._document.value_position(path)
        self._problems.append(
            Problem(
                source=self._document.source,
                position=position or Position(line=1, column=1),
                key=key,
                message=message,
            )
        )

    def _setting_of(self, path: KeyPath) -> str | None:
        """The `--set` argument that wrote the value at this place, if one did."""
        dotted = ".".join(str(part) for part in path)
        for change in self._settings.study:
            prefix = ".".join(change.path)
            if dotted == prefix or dotted.startswith(f"{prefix}.") or prefix.startswith(f"{dotted}."):
                return change.origin.setting
        return None


def _unknown_field(key: str) -> str:
    if key in RESERVED:
        return f"unknown key; `{key}` belongs under `grid`"
    return unknown_key(key, StudyFile.model_fields)


def _value_at(data: Any, path: KeyPath) -> Any:
    for key in path:
        data = data[key]
    return data


_WRONG = object()
"""Stands for an item of a list that was wrong, so that the others keep their places."""


def _without(data: dict[str, Any], path: KeyPath) -> dict[str, Any]:
    """The data without the key at the path, or with a marker for the list item that holds it."""
    if not path or path[0] not in data:
        return data
    key, value = path[0], data[path[0]]
    rest = {name: inner for name, inner in data.items() if name != key}
    if len(path) > 1 and isinstance(value, Mapping):
        return {**rest, key: _without(dict(value), path[1:])}
    if len(path) > 1 and isinstance(value, list) and isinstance(path[1], int):
        return {**rest, key: [_WRONG if index == path[1] else item for index, item in enumerate(value)]}
    return rest
