"""Submitting studies: validate all, then train what is missing, one study after another."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from orchestrator.document.problems import Problem
from orchestrator.driver.clock import SystemClock
from orchestrator.driver.driver import RunOutcome
from orchestrator.driver.outcome import StudyOutcome, SubmitOutcome
from orchestrator.driver.signals import StopSignals
from orchestrator.driver.study_run import Resources, StudyObserver, StudyRun
from orchestrator.errors import ExecutionError, StopNow, StudyError, UsageError
from orchestrator.executors.capacity import Capacity, one_process, this_machine
from orchestrator.executors.inline import InlineExecutor
from orchestrator.executors.protocol import Executor
from orchestrator.executors.ray_environment import prepare_environment
from orchestrator.lifecycle.states import TrialState
from orchestrator.plan.history import plan_study
from orchestrator.plan.plan import Plan
from orchestrator.plan.replacement import warning_of_replacement
from orchestrator.search.search import Search
from orchestrator.study.loading import load_study
from orchestrator.study.study import Study
from orchestrator.study.submission import submission_record
from results_store import FolderStore, Results
from results_store import open as open_results
from results_store.records import TrialStatus
from results_store.schemas import check_submission
from results_store.search import SearchInfo, num_told

ExecutorName = Literal["ray", "inline"]


@dataclass(frozen=True, kw_only=True)
class SubmitOptions:
    """How studies are run; none of it changes a result.

    Attributes:
        executor: `ray`, or `inline` for everything in this process.
        address: of a running Ray cluster; None: RAY_ADDRESS if set, else a local one of our own.
        num_workers: how many workers; None: one per CPU.
        stack_size: how many trials at most are trained as one tensor program; None: chosen from the trainable's
            estimates, the number of workers and the trials to run.
        memory_per_worker_bytes: how much memory a worker may use, which bounds stacks by the trainable's estimates;
            None: its share of its machine's.
        only: variants to run; all if empty.
    """

    executor: ExecutorName = "ray"
    address: str | None = None
    num_workers: int | None = None
    stack_size: int | None = None
    memory_per_worker_bytes: int | None = None
    only: tuple[str, ...] = ()


def load_studies(paths: Sequence[str | Path], settings: Sequence[str] = ()) -> list[Study]:
    """Loads study files; the problems of all of them show at once.

    Raises:
        StudyError: any of them is invalid, or two have one name.
    """
    studies: list[Study] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            studies.append(load_study(path, settings))
        except StudyError as error:
            problems += error.problems
    by_name: dict[str, str] = {}
    for study in studies:
        other = by_name.setdefault(study.name, study.document.source)
        if other != study.document.source:
            message = f"{other} has this name too; results could not be told apart"
            problems.append(study.problem(("name",), message))
    if problems:
        raise StudyError(problems)
    return studies


def run_studies(
    studies: Sequence[Study],
    store_path: str | Path,
    options: SubmitOptions,
    *,
    begin: Callable[[Plan], StudyObserver],
    end: Callable[[StudyOutcome], None],
    warn: Callable[[str], None],
) -> SubmitOutcome:
    """Records each study in the store and trains what is missing, one study after another.

    Args:
        studies: validated studies.
        store_path: the store's folder; made if it is not there.
        options: how to run.
        begin: called with each study's plan; returns who watches its run.
        end: called with each study's outcome.
        warn: called with what the user should know beside that.

    Raises:
        UsageError: `--only` names a variant that no study has.
        StudyError: a search asks for fewer candidates than it has had.
        ExecutionError: workers cannot be started.
        results_store.StoreError: the store cannot be used.
    """
    check_only(studies, options.only)
    store = FolderStore(store_path)
    for study in studies:
        samples = [config for search in study.searches if (config := search.sample()) is not None]
        check_submission(submission_record(study), [config.model_dump(mode="json") for config in samples])
    store.check_writable()
    for problem in store.quarantine():
        warn(f"moved to quarantine/: {problem.path}: {problem.reason}")
    check_told(studies, open_results(store.path))
    executor = _executor(store, options)
    signals = StopSignals(leaves_training=options.executor == "inline")
    outcomes: list[StudyOutcome] = []
    with signals.installed():
        try:
            for study in studies:
                outcome = _run_study(study, studies, store, executor, signals, options, begin, warn)
                outcomes.append(outcome)
                end(outcome)
                if signals.was_interrupted or outcome.is_broken:
                    break
        except StopNow:
            pass  # between two runs; what was published is in the store
        finally:
            executor.close()
    return SubmitOutcome(studies=tuple(outcomes), was_interrupted=signals.was_interrupted)


def _run_study(
    study: Study,
    together: Sequence[Study],
    store: FolderStore,
    executor: Executor,
    signals: StopSignals,
    options: SubmitOptions,
    begin: Callable[[Plan], StudyObserver],
    warn: Callable[[str], None],
) -> StudyOutcome:
    results = open_results(store.path)
    plan = _plan(study, store, results, options, together)
    if (warning := warning_of_replacement(plan.study, results)) is not None:
        warn(f"{study.name}: {warning}")
    observer = begin(plan)
    run = StudyRun(
        plan.study,
        store=store,
        executor=executor,
        signals=signals,
        resources=_resources(options),
        observer=observer,
        clock=SystemClock(),
        warn=warn,
    )
    try:
        outcome = _run_known(plan, store, run, observer, options)
        if plan.num_waiting:
            outcome = _run_measured(plan, outcome, store, run, observer, options)
    finally:
        run.release()
    return outcome


def _run_known(
    plan: Plan, store: FolderStore, run: StudyRun, observer: StudyObserver, options: SubmitOptions
) -> StudyOutcome:
    """Trains all of which the configuration is known beforehand, and runs the searches."""
    searches = [
        search for search in plan.study.searches if not options.only or set(options.only) & set(search.variants)
    ]
    if searches:
        return _run_searches(plan, searches, store, run, observer)
    if not plan.to_run:
        run.submit()
        return _outcome_of(plan, RunOutcome(counts=dict.fromkeys(TrialState, 0)), store)
    return _outcome_of(plan, run.train(plan.to_run, keep_workers=bool(plan.num_waiting)), store)


def _run_measured(
    plan: Plan,
    known: StudyOutcome,
    store: FolderStore,
    run: StudyRun,
    observer: StudyObserver,
    options: SubmitOptions,
) -> StudyOutcome:
    """Trains the cells of which the last values are known by now; a value of none of them is measured in another.

    Args:
        plan: what was run before.
        known: what came of it.
        store: holds what was measured, and is to hold the rest.
        run: trains the rest.
        observer: is told how it goes.
        options: how to run.
    """
    later = _plan(plan.study, store, open_results(store.path), options)
    stop_reason = known.stop_reason or run.stop_reason()
    before = {trial.trial_id for trial in plan.study.trials}
    to_run = tuple(trial for trial in later.to_run if trial.trial_id not in before)
    if stop_reason is not None or later.num_waiting == plan.num_waiting:
        return replace(known, stop_reason=stop_reason, waits=later.waits)
    for value in later.known:
        observer.notice(str(value))
    run.grow(later.study)
    later = replace(
        later,
        done=later.done - before,
        to_run=to_run,
        left_out=tuple(trial for trial in later.left_out if trial.trial_id not in before),
    )
    outcome = RunOutcome(counts=dict.fromkeys(TrialState, 0))
    if to_run:
        observer.batch("measured values are known", len(to_run))
        outcome = run.train(to_run)
    return replace(known.followed_by(_outcome_of(later, outcome, store)), waits=later.waits)


def _plan(
    study: Study, store: FolderStore, results: Results, options: SubmitOptions, together: Sequence[Study] = ()
) -> Plan:
    return plan_study(
        study,
        store,
        results,
        capacity=_expected_capacity(options),
        stack_size=options.stack_size,
        only=options.only,
        together=together,
    )


def _run_searches(
    plan: Plan, searches: Sequence[Search], store: FolderStore, run: StudyRun, observer: StudyObserver
) -> StudyOutcome:
    from orchestrator.driver.search_loop import SearchLoop  # Optuna takes time to import

    loop = SearchLoop(plan.study, searches, store=store, run=run, observer=observer)
    loop.run(plan.to_run)
    tally = loop.tally
    done_before = tally.done_before | plan.done
    return StudyOutcome(
        study=plan.study,
        num_trials=len(done_before | tally.trained | tally.failed | tally.stopped | tally.left) + len(plan.left_out),
        num_done_before=len(done_before),
        num_trained=len(tally.trained),
        num_diverged=len(tally.diverged),
        num_cut=len(tally.stopped),
        num_failed=len(tally.failed),
        num_left=len(tally.left) + len(plan.left_out),
        stop_reason=tally.stop_reason,
        is_broken=tally.is_broken,
        searches=loop.outcomes(),
    )


def _outcome_of(plan: Plan, run: RunOutcome, store: FolderStore) -> StudyOutcome:
    """What came of a run; where the store knows better than the driver has heard, the store is right."""
    trial_ids = [trial.trial_id for trial in plan.to_run]
    finished = store.finished(trial_ids)
    num_published, num_failed = run.counts[TrialState.PUBLISHED], run.counts[TrialState.FAILED]
    num_pruned = 0
    stop_reason, is_broken = run.stop_reason, run.is_broken
    if len(finished) < num_published:
        num_pruned = min(_num_pruned(open_results(store.path), trial_ids), num_published - len(finished))
        num_gone = num_published - len(finished) - num_pruned
        if num_gone:
            stop_reason = (
                f"{num_gone} trials that were published are not in the store any more: "
                "retracted meanwhile, or their files are damaged or gone"
            )
            is_broken = True
    num_trained = min(len(finished), len(trial_ids) - num_failed - num_pruned)
    return StudyOutcome(
        study=plan.study,
        num_trials=len(plan.done) + len(trial_ids) + len(plan.left_out),
        num_done_before=len(plan.done),
        num_trained=num_trained,
        num_pruned=num_pruned,
        num_diverged=sum(status == TrialStatus.DIVERGED for status in finished.values()),
        num_failed=num_failed,
        num_left=len(trial_ids) - num_trained - num_pruned - num_failed + len(plan.left_out),
        stop_reason=stop_reason,
        is_broken=is_broken,
    )


def _num_pruned(results: Results, trial_ids: Sequence[str]) -> int:
    """How many of the trials have been run, but never to their end."""
    sql = "SELECT count(*) FROM trials WHERE status = 'pruned' AND trial_id IN (SELECT unnest($wanted::VARCHAR[]))"
    return int(results.sql(sql, {"wanted": list(trial_ids)}).rows()[0][0])


def _expected_capacity(options: SubmitOptions) -> Capacity:
    """This machine's, also where a cluster is to be joined: for the forecast, which comes before the executor opens."""
    guess = one_process if options.executor == "inline" else this_machine
    return _resources(options).bound(guess(options.num_workers))


def _resources(options: SubmitOptions) -> Resources:
    return Resources(
        num_workers=options.num_workers,
        memory_per_worker_bytes=options.memory_per_worker_bytes,
        stack_size=options.stack_size,
    )


def _executor(store: FolderStore, options: SubmitOptions) -> Executor:
    if options.executor == "inline":
        return InlineExecutor(lambda: store)
    prepare_environment(options.address)
    try:
        from orchestrator.executors.ray_executor import RayExecutor  # Ray takes a second to import
    except ImportError as error:
        raise ExecutionError(f"Ray cannot be imported ({error}); run with --executor inline") from error
    return RayExecutor(str(store.path), address=options.address, num_workers=options.num_workers)


def check_only(studies: Sequence[Study], only: Sequence[str]) -> None:
    """Refuses `--only` with a variant that no study has.

    Raises:
        UsageError: there is no such variant.
    """
    known = {name for study in studies for name in study.file.variants}
    for name in only:
        if name not in known:
            raise UsageError(f"--only {name}: there is no such variant; known: {', '.join(sorted(known))}")


def check_told(studies: Sequence[Study], results: Results) -> None:
    """Refuses a `max_trials` below the number of candidates that a search has been told of.

    Raises:
        StudyError: there is such a search.
    """
    problems = []
    for study in (study for study in studies if study.searches):
        most = study.searches[0].section.max_trials
        told = max(_num_told(study, search, results) for search in study.searches)
        if told > most:
            message = (
                f"{told} candidates have been told already (got {most}); take at least as many, in the file or by "
                "--set, or another sampler.seed for another search"
            )
            problems.append(study.problem(("search", "max_trials"), message))
    if problems:
        raise StudyError(problems)


def _num_told(study: Study, search: Search, results: Results) -> int:
    """How many candidates of a search have been told of, as far as this study has asked for them before."""
    rows = results.sql("SELECT searches FROM studies WHERE study = $study", {"study": study.name}).rows()
    infos = [info for (text,) in rows for info in SearchInfo.parse(text) if info.search_id == search.search_id]
    asked_for = max((info.max_trials for info in infos), default=0)
    return min(num_told(results, search.search_id), asked_for)
