"""What a user is told while studies are submitted: beginning, progress and end of each."""

from rich.console import Console
from rich.text import Text

from orchestrator.document.problems import printable
from orchestrator.driver.outcome import SearchOutcome, StudyOutcome
from orchestrator.plan.plan import Plan
from orchestrator.progress.reporter import ProgressReporter, console_on_stderr


class SubmitReporter:
    """Tells on stderr how a submit goes; `begin` and `end` are for `run_studies`."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or console_on_stderr()
        self._progress: ProgressReporter | None = None

    def begin(self, plan: Plan) -> ProgressReporter:
        """A study begins; returns who watches its run."""
        hours = "" if plan.cpu_hours is None else f", about {plan.cpu_hours:.2g} CPU hours"
        study = plan.study
        for planned in plan.searches:
            search, section = planned.search, planned.search.section
            at_most = "" if not planned.cpu_hours else f", at most about {planned.cpu_hours:.2g} CPU hours"
            what = ", ".join(parameter.name for parameter in search.space.parameters)
            self._say(
                f"{study.name}: {search.name}: searches {what} by {section.sampler.name}, up to "
                f"{section.max_trials} candidates in rounds of {section.round_size}, {section.replicates} seeds each; "
                f"{planned.num_told} told{at_most}"
            )
        if study.trials or not study.searches:
            waiting = f", {plan.num_waiting} more when measured values are known" if plan.num_waiting else ""
            self._say(
                f"{study.name}: {len(study.trials)} trials; {len(plan.done)} done, "
                f"{len(plan.to_run)} to run{waiting}{hours if plan.to_run or plan.num_waiting else ''}"
            )
        for value in plan.known:
            self._say(f"{study.name}: {value}")
        if (notice := plan.notice_of_weights()) is not None:
            self._say(f"{study.name}: {notice}")
        if plan.to_run:
            for warning in plan.warnings:
                self.warn(f"{plan.study.name}: {warning}")
        self._progress = ProgressReporter(plan.study.name, len(plan.done), len(plan.to_run), self._console)
        return self._progress

    def end(self, outcome: StudyOutcome) -> None:
        """A study has ended."""
        self.close()
        diverged = f" ({outcome.num_diverged} of them diverged)" if outcome.num_diverged else ""
        for search in outcome.searches:
            self._say(f"{outcome.study.name}: {_summary(search)}")
        text = f"{outcome.study.name}: {outcome.num_trained} trained{diverged}, {outcome.num_done_before} done before"
        if outcome.num_cut:
            text += f", {outcome.num_cut} cut short"
        if outcome.num_pruned:
            text += f", {outcome.num_pruned} pruned (no full trials: the next submit trains them again)"
        if outcome.num_failed:
            again = "the next submit tries them again"
            if outcome.searches:
                again += ", but for those of candidates that were told"
            text += f", {outcome.num_failed} failed ({again})"
        if outcome.num_left:
            text += f", {outcome.num_left} still to run"
        if outcome.stop_reason is not None:
            text += f"; {'broken off' if outcome.is_broken else 'stopped'}: {outcome.stop_reason}"
        self._say(text)
        for wait in outcome.waits:
            self._say(f"{outcome.study.name}: waits: {wait}", style="yellow")

    def warn(self, text: str) -> None:
        """Something that the user should know."""
        self._say(f"warning: {text}", style="yellow")

    def close(self) -> None:
        """Takes the live line away."""
        if self._progress is not None:
            self._progress.close()

    def _say(self, text: str, style: str = "") -> None:
        self._console.print(Text(printable(text), style=style), soft_wrap=True)


def _summary(search: SearchOutcome) -> str:
    """What came of a search, with the share of candidates that failed."""
    text = f"{search.name}: {search.num_told} of {search.max_trials} candidates told"
    if search.num_pruned:
        text += f", {search.num_pruned} pruned"
    if search.num_failed:
        text += f", {search.num_failed} failed ({search.num_failed / search.num_told:.0%}; first: {search.reason})"
    if search.num_confirmed:
        text += f"; {search.num_confirmed} run again on fresh seeds"
    return f"{text}; {search.ended}" if search.ended is not None else text
