"""What came of a submit."""

from dataclasses import dataclass, replace

from orchestrator.study.measuring import Wait
from orchestrator.study.study import Study


@dataclass(frozen=True, kw_only=True)
class SearchOutcome:
    """What came of one search.

    Attributes:
        search_id: its identity.
        variants: the variants that it belongs to.
        max_trials: how many candidates the study asks for.
        num_completed: candidates that were judged.
        num_failed: candidates of which a replicate failed or diverged.
        num_pruned: candidates that were given up early.
        num_confirmed: winners that were run again on fresh seeds.
        ended: why there will be no more candidates, before there are as many as were asked for; None otherwise.
        reason: why the first of the failed ones has failed; None without any.
        point: what tells it from the study's other searches of these variants; empty where there is none.
    """

    search_id: str
    variants: tuple[str, ...]
    max_trials: int
    num_completed: int
    num_failed: int
    num_pruned: int
    num_confirmed: int
    ended: str | None
    reason: str | None = None
    point: str = ""

    @property
    def name(self) -> str:
        """What people call it: its variants, and the grid point where the study has several searches of them."""
        return ", ".join(filter(None, (*self.variants, self.point)))

    @property
    def num_told(self) -> int:
        """Candidates of which is known what came of them."""
        return self.num_completed + self.num_failed + self.num_pruned


@dataclass(frozen=True, kw_only=True)
class StudyOutcome:
    """What came of one study.

    Attributes:
        study: the study.
        num_trials: distinct trials of the study, those that its searches have asked for included.
        num_done_before: how many of them were in the store already.
        num_trained: how many were trained to their end and published now, as the store says.
        num_diverged: how many of these diverged.
        num_pruned: how many were cut short and published as such; the next submit trains them again.
        num_failed: how many failed now.
        num_left: how many are still to be run.
        stop_reason: why the run was stopped early, or None.
        is_broken: it could not go on; the reason is an error.
        num_cut: trials that a search has stopped after an epoch now.
        searches: what came of its searches.
        waits: what cells wait for of which a value could not be measured; they have no trials yet.
    """

    study: Study
    num_trials: int
    num_done_before: int
    num_trained: int
    num_failed: int
    num_left: int
    num_pruned: int = 0
    num_diverged: int = 0
    stop_reason: str | None = None
    is_broken: bool = False
    num_cut: int = 0
    searches: tuple[SearchOutcome, ...] = ()
    waits: tuple[Wait, ...] = ()

    def followed_by(self, later: "StudyOutcome") -> "StudyOutcome":
        """Both together: this one, and what came of the trials of cells that it made known."""
        return replace(
            later,
            num_trials=self.num_trials + later.num_trials,
            num_done_before=self.num_done_before + later.num_done_before,
            num_trained=self.num_trained + later.num_trained,
            num_failed=self.num_failed + later.num_failed,
            num_left=self.num_left + later.num_left,
            num_pruned=self.num_pruned + later.num_pruned,
            num_diverged=self.num_diverged + later.num_diverged,
            num_cut=self.num_cut,
            searches=self.searches,
        )


@dataclass(frozen=True, kw_only=True)
class SubmitOutcome:
    """What came of a submit.

    Attributes:
        studies: one outcome per study that was begun, in the order given.
        was_interrupted: by Ctrl-C or SIGTERM.
    """

    studies: tuple[StudyOutcome, ...]
    was_interrupted: bool

    @property
    def is_complete(self) -> bool:
        """Whether nothing failed, waits or was stopped early, and every search has something to show.

        A trial that is cut short is none of these, and no failed candidate among others is.
        """
        in_vain = any(
            search.num_told and not search.num_completed for study in self.studies for search in study.searches
        )
        return not in_vain and not any(study.num_failed or study.stop_reason or study.waits for study in self.studies)
