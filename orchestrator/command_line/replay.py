"""The command `replay`."""

import contextlib
import math
import sys
from dataclasses import asdict
from typing import Annotated, Any

import typer

from orchestrator.command_line import output
from orchestrator.command_line.exit_codes import ExitCode
from orchestrator.command_line.options import DEFAULT_STORE, JsonOption, StoreOption
from orchestrator.command_line.stores import open_existing
from orchestrator.command_line.trial_ids import whole_trial_id
from orchestrator.progress.replay_reporter import ReplayReporter
from orchestrator.replay.comparison import Comparison, Pair
from orchestrator.replay.kept_weights import keep_weights
from orchestrator.replay.replay import Replay, replay_trial
from orchestrator.replay.run import Run
from results_store import FolderStore
from results_store.records import Value
from results_store.wording import counted

WHOLE_EPOCH = "(the whole epoch)"


def replay(
    trial_id: Annotated[str, typer.Argument(help="A trial's id, or its first digits.")],
    store: StoreOption = DEFAULT_STORE,
    save_weights: Annotated[
        bool,
        typer.Option(
            "--save-weights", help="Keep the weights of a trial that was recorded without, if it is identical."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Train a recorded trial again, and compare every metric and every epoch bit for bit.

    The store is only read, but for --save-weights.
    """
    results = open_existing(store)
    folder = FolderStore(store)
    if save_weights:
        folder.check_writable()
    reporter = ReplayReporter()
    with contextlib.redirect_stdout(sys.stderr):  # what a trainable prints is no data of ours
        try:
            replayed = replay_trial(results, whole_trial_id(results, trial_id), reporter, save_weights=save_weights)
        finally:
            reporter.close()
    comparison = replayed.comparison
    weights = keep_weights(replayed.replayed, folder) if save_weights and comparison.is_identical else None
    if as_json:
        output.data_json(_as_json(replayed) | ({"weights": weights} if save_weights else {}))
    elif comparison.is_identical:
        output.data(f"identical bit for bit: {_extent(comparison)}")
    else:
        output.listing(
            ["epoch", "metric", "recorded", "replayed", "units_in_the_last_place"], _rows(comparison), as_json=False
        )
    if weights is not None:
        output.message(f"its weights are kept in {weights}")
    if not comparison.is_identical:
        _tell_what_differs(replayed)
        if save_weights:
            output.message("its weights are not kept: they may be others than those of the recorded run")
        raise typer.Exit(ExitCode.FAILED)


def _extent(comparison: Comparison) -> str:
    return (
        f"{counted(comparison.num_metrics, 'metric')} and {counted(len(comparison.epochs), 'epoch')} "
        f"of {counted(comparison.num_epoch_values, 'value')}"
    )


def _tell_what_differs(replayed: Replay) -> None:
    comparison = replayed.comparison
    num_differing = len(comparison.differences)
    missing = len(comparison.epochs_missing_in_record)
    if missing:
        output.warning(
            f"of its epochs, {missing} of {missing + len(comparison.epochs)} are missing in the store and could not "
            "be compared (a file of epochs is damaged or gone)"
        )
    if num_differing or comparison.epochs_missing_in_replay:
        epochs = [pair.epoch for pair in comparison.differences if pair.epoch is not None]
        first = f", from epoch {epochs[0]} on" if epochs else ""
        output.error(
            f"refuted: {counted(num_differing, 'value')} differ{first}; compared were {_extent(comparison)}. "
            f"{replayed.explanation()}"
        )
    else:
        output.message(f"all that is in the store is identical: {_extent(comparison)}")


def _rows(comparison: Comparison) -> list[list[str]]:
    """What differs, epoch by epoch, then the end."""
    by_epoch: dict[float, list[list[str]]] = {}
    for epoch in comparison.epochs_missing_in_record:
        by_epoch[epoch] = [[str(epoch), WHOLE_EPOCH, "missing", "reported", ""]]
    for epoch in comparison.epochs_missing_in_replay:
        by_epoch[epoch] = [[str(epoch), WHOLE_EPOCH, "reported", "missing", ""]]
    for pair in comparison.differences:
        place, shown = (math.inf, "end") if pair.epoch is None else (pair.epoch, str(pair.epoch))
        ulps = "" if pair.ulps is None else f"{pair.ulps:,}"
        by_epoch.setdefault(place, []).append([shown, pair.name, _exact(pair.recorded), _exact(pair.replayed), ulps])
    return [row for _, rows in sorted(by_epoch.items()) for row in rows]


def _as_json(replayed: Replay) -> dict[str, Any]:
    recorded, comparison = replayed.recorded.trial, replayed.comparison
    return {
        "trial_id": recorded.trial_id,
        "trainable": recorded.trainable,
        "trainable_version": recorded.trainable_version,
        "seed": recorded.seed,
        "randomness": replayed.recipe.pins,
        "config": recorded.config,
        "retracted": replayed.recorded.retracted,
        "identical": comparison.is_identical,
        "num_metrics": comparison.num_metrics,
        "num_epochs": len(comparison.epochs),
        "num_differences": len(comparison.differences),
        "values": [_pair_as_json(pair) for pair in comparison.pairs],
        "epochs_missing_in_record": comparison.epochs_missing_in_record,
        "epochs_missing_in_replay": comparison.epochs_missing_in_replay,
        "circumstances": [{**asdict(deviation), "aspect": deviation.aspect.value} for deviation in replayed.deviations],
        "explanation": None if comparison.is_identical else replayed.explanation(),
        "recorded": _run_as_json(replayed.recorded),
        "replayed": _run_as_json(replayed.replayed),
    }


def _run_as_json(run: Run) -> dict[str, Any]:
    trial = run.trial
    return {
        "attempt_id": trial.attempt_id,
        "status": trial.status,
        "duration_s": trial.duration_s,
        "stack_size": trial.stack_size,
        **asdict(trial.provenance),
    }


def _pair_as_json(pair: Pair) -> dict[str, Any]:
    return {
        "epoch": pair.epoch,
        "metric": pair.name,
        "recorded": _json_value(pair.recorded),
        "replayed": _json_value(pair.replayed),
        "identical": pair.is_identical,
        "units_in_the_last_place": pair.ulps,
    }


def _json_value(value: Value) -> Value:
    """JSON has no NaN and no infinity; finite floats keep every bit."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _exact(value: Value) -> str:
    """As many digits as tell a number from all others."""
    return "none" if value is None else str(value)
