"""Commands that look at a store: `status`, `list`, `show`."""

import json
from typing import Annotated, Any

import typer

from orchestrator.command_line import output
from orchestrator.command_line.options import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.command_line.stores import open_existing
from orchestrator.command_line.trial_ids import whole_trial_id
from orchestrator.progress.reporter import duration
from orchestrator.space.resolution import leaves_of
from results_store import Results, UnknownNameError
from results_store.records import TrialState
from results_store.weights import kept_weights

_COUNTED = (TrialState.COMPLETED, TrialState.DIVERGED, TrialState.FAILED, TrialState.PENDING)
"""The states that `status` counts each by itself, besides those that few studies have."""
_TO_COME = (TrialState.PENDING, TrialState.WAITING)

_STATUS_SQL = f"""
    WITH members AS (
        SELECT DISTINCT study, trial_id, state, finished_at, duration_s FROM results
    ), spans AS (
        SELECT study,
               count(*) FILTER (finished_at >= submitted_at) AS recent,
               epoch(max(finished_at)) - epoch(any_value(submitted_at)) AS span_s
        FROM members JOIN (
            SELECT study, max(submitted_at) AS submitted_at FROM studies GROUP BY study
        ) USING (study) GROUP BY study
    )
    SELECT study,
           count(*) AS trials,
           {", ".join(f"count(*) FILTER (state = '{state}') AS {state}" for state in _COUNTED)},
           count(*) FILTER (NOT list_contains($counted, state)) AS other,
           count(*) FILTER (state = '{TrialState.WAITING}') AS {TrialState.WAITING},
           any_value(CASE WHEN recent > 0 AND span_s > 0 THEN recent / span_s * 3600 END) AS trials_per_hour
    FROM members JOIN spans USING (study)
    WHERE $study IS NULL OR study = $study
    GROUP BY study ORDER BY study
"""  # noqa: S608 - the states are ours

_CANDIDATES_SQL = """
    SELECT study, count(DISTINCT (search_id, candidate)) FILTER (state <> 'pending') FROM candidates GROUP BY study
"""

_MEMBERS_SQL = """
    SELECT DISTINCT members.study, members.variant, candidates.candidate, members.phase
    FROM results AS members LEFT JOIN candidates
        ON members.phase <> 'grid' AND candidates.study = members.study AND candidates.variant = members.variant
            AND candidates.cell_id = members.cell_id
    WHERE members.trial_id = $trial_id ORDER BY ALL
"""

_LIST_SQL = """
    SELECT study,
           arg_max(array_to_string(tags, ', '), submitted_at) AS tags,
           count(*) AS submissions,
           max(submitted_at) AS last_submitted,
           arg_max(description, submitted_at) AS description
    FROM studies WHERE $tag IS NULL OR list_contains(tags, $tag)
    GROUP BY study ORDER BY tags, study
"""


def status(
    study: Annotated[str | None, typer.Argument(help="Name of a study; all if left out.", show_default=False)] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show how far studies are: trials by state, rate and time left, from what is published."""
    results = open_existing(store)
    found = results.sql(_STATUS_SQL, {"study": study, "counted": [*_COUNTED, TrialState.WAITING]})
    columns, rows = list(found.columns), [list(row) for row in found.rows()]
    if study is not None and not rows:
        raise UnknownNameError(f"{store}: no study {study!r} was submitted to this store")
    for row in rows:
        num_pending, rate = sum(row[columns.index(state)] for state in _TO_COME), row[-1]
        row.append(duration(num_pending / rate * 3600) if num_pending and rate else None)
    columns.append("time_left")
    place = columns.index(TrialState.WAITING)
    if not any(row[place] for row in rows):  # for measured values: few studies have any
        columns, rows = [*columns[:place], *columns[place + 1 :]], [[*row[:place], *row[place + 1 :]] for row in rows]
    told = dict(results.sql(_CANDIDATES_SQL).rows())
    if any(row[0] in told for row in rows):
        columns.append("candidates_told")
        rows = [[*row, told.get(row[0])] for row in rows]
    output.listing(columns, rows, as_json=as_json)


def list_studies(
    tag: Annotated[str | None, typer.Option(help="Only studies with this tag.")] = None,
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """List the studies in the store, by tag."""
    results = open_existing(store)
    found = results.sql(_LIST_SQL, {"tag": tag})
    output.listing(list(found.columns), found.rows(), as_json=as_json)


def show(
    trial_id: Annotated[str, typer.Argument(help="A trial's id, or its first digits.")],
    store: StoreOption = DEFAULT_STORE,
    as_json: JsonOption = False,
) -> None:
    """Show one trial: where it belongs, its configuration and metrics, its epochs, attempts and errors."""
    results = open_existing(store)
    found = _describe(results, whole_trial_id(results, trial_id))
    if as_json:
        output.data_json(found)
        return
    weights = {} if found["weights"] is None else {"weights": found["weights"]}
    output.facts({"trial": found["trial_id"], "appears_in": "; ".join(found["appears_in"]) or "no study"} | weights)
    for row in found["trials"]:
        facts = {name: value for name, value in row.items() if value is not None and name != "config"}
        leaves = {"_".join(path) for path in leaves_of(found["config"])}
        output.facts({name: value for name, value in facts.items() if name not in {"trial_id", *leaves}})
    output.data("\nconfiguration")
    output.facts({".".join(path): value for path, value in leaves_of(found["config"]).items()})
    for title in ("epochs", "failures", "retractions"):
        rows = found[title]
        if rows:
            output.data(f"\n{title}")
            shown = [name for name in rows[0] if name not in ("trial_id", "traceback")]
            output.listing(shown, [[row[name] for name in shown] for row in rows], as_json=False)
    for text in dict.fromkeys(row["traceback"] for row in found["failures"] if row.get("traceback")):
        output.data(f"\n{output.printable_block(text)}")


def _describe(results: Results, trial_id: str) -> dict[str, Any]:
    def rows(sql: str) -> list[dict[str, Any]]:
        found = results.sql(sql, {"trial_id": trial_id})
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows()]

    members = rows(_MEMBERS_SQL)
    trials = rows("SELECT * FROM trials WHERE trial_id = $trial_id")
    configs = rows("SELECT any_value(config) AS config FROM results WHERE trial_id = $trial_id")
    text = next((row["config"] for row in [*trials, *configs] if row["config"]), "{}")
    for row in trials:
        row["config"] = _config(row["config"])
    return {
        "trial_id": trial_id,
        "config": _config(text),
        "appears_in": [_place(row) for row in members],
        "trials": trials,
        "weights": kept_weights(results, [trial_id]).get(trial_id),
        "epochs": rows("SELECT * EXCLUDE (attempt_id) FROM epochs WHERE trial_id = $trial_id ORDER BY epoch"),
        "failures": rows("SELECT * FROM failures WHERE trial_id = $trial_id ORDER BY failed_at"),
        "retractions": rows(
            "SELECT DISTINCT * FROM raw.retractions WHERE trial_id = $trial_id ORDER BY retracted_at, attempt_id"
        ),
    }


def _place(member: dict[str, Any]) -> str:
    """Where a trial belongs; of one that a search has asked for, to which candidate, and what it is run for."""
    variant = f"{member['study']}/{member['variant']}"
    if member["phase"] == "grid":
        return variant
    candidate = "" if member["candidate"] is None else f", candidate {member['candidate']}"
    return f"{variant}{candidate} ({member['phase']})"


def _config(text: str | None) -> dict[str, Any]:
    """A recorded configuration; empty where another program wrote what is none."""
    try:
        config = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return config if isinstance(config, dict) else {}
