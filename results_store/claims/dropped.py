"""Claims that left a family after looking: without them the others are corrected less, and nothing else shows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from results_store.claims.same import is_same, is_same_form
from results_store.claims.submissions import History, Submission, cells_of_claims, moment
from results_store.records import ClaimRecord

__all__ = ["notes_on_family"]

_DESCRIPTIVE = ("monotone", "drop")
"""These have no p-value, so that no other claim gains by their leaving."""


def notes_on_family(family: str, histories: Mapping[str, History]) -> tuple[str, ...]:
    """Notes that are due under every verdict of a family, in order of time.

    Args:
        family: The family.
        histories: The submissions of all studies of the store.
    """
    own = {
        study: history
        for study, history in histories.items()
        if any(_members(submission, family) for submission in history.submissions)
    }
    left: list[tuple[datetime, str, list[str]]] = []
    for study, history in own.items():
        for place, names in _left(family, history).items():
            shown = [name if len(own) == 1 else f"{name} (study {study!r})" for name in names]
            left.append((history.submissions[place].submitted_at, study, shown))
    return tuple(_note(family, at, names, own) for at, _, names in sorted(left))


def _note(family: str, at: datetime, names: Sequence[str], histories: Mapping[str, History]) -> str:
    had = sum(_num_members_before(at, family, history) for history in histories.values())
    claims, were = ("claim" if had == 1 else "claims"), ("was" if len(names) == 1 else "were")
    return (
        f"family {family!r} had {had} {claims} until {moment(at)}; "
        f"{len(names)} {were} dropped after looking: {'; '.join(names)}"
    )


def _num_members_before(at: datetime, family: str, history: History) -> int:
    earlier = [submission for submission in history.submissions if submission.submitted_at < at]
    return len(_members(earlier[-1], family)) if earlier else 0


def _left(family: str, history: History) -> Mapping[int, Sequence[str]]:
    """The names of claims that a submission no longer had and the latest has not either, by the submission's place."""
    submissions = history.submissions
    latest = submissions[-1]
    found: dict[int, list[str]] = {}
    for place, submission in enumerate(submissions[:-1]):
        for claim in _without_counterpart(submission, latest, family):
            following = _next_that_tells(claim.name, place, submissions)
            if following is None or claim not in _without_counterpart(submission, submissions[following], family):
                continue
            forms = [
                form
                for earlier in submissions[: place + 1]
                for form in _members(earlier, family)
                if form.name == claim.name
            ]
            if history.seeds_seen(cells_of_claims(forms), following):
                found.setdefault(following, []).append(claim.name + _now(claim, latest))
    return {place: list(dict.fromkeys(names)) for place, names in found.items()}


def _now(claim: ClaimRecord, latest: Submission) -> str:
    """Which other family a claim is in by now, if any."""
    like = (
        found
        for found in latest.recorded.claims
        if found.family != claim.family and is_same_form(claim.statement, found.statement)
    )
    moved = next(like, None)
    return "" if moved is None else f", now of family {moved.family!r}"


def _next_that_tells(name: str, place: int, submissions: Sequence[Submission]) -> int | None:
    """The next submission of which can be told what it says of a claim."""
    later = range(place + 1, len(submissions))
    return next((number for number in later if not submissions[number].is_silent_about(name)), None)


def _without_counterpart(one: Submission, other: Submission, family: str) -> list[ClaimRecord]:
    """Claims of a submission that another one has neither as they are, nor changed, nor under another name.

    What is there can be the counterpart of one claim only: of that which is most like it.
    """
    with_cells = one.version == other.version
    remaining, unmatched = _members(one, family), _members(other, family)
    likenesses: Sequence[Callable[[ClaimRecord, ClaimRecord], bool]] = (
        lambda mine, its: mine.name == its.name and is_same(mine.statement, its.statement, with_cells=with_cells),
        lambda mine, its: is_same(mine.statement, its.statement, with_cells=with_cells),
        lambda mine, its: mine.name == its.name,
        lambda mine, its: is_same_form(mine.statement, its.statement),
    )
    for is_like in likenesses:
        for claim in tuple(remaining):
            counterpart = next((found for found in unmatched if is_like(claim, found)), None)
            if counterpart is not None:
                remaining.remove(claim)
                unmatched.remove(counterpart)
    return [claim for claim in remaining if not other.is_silent_about(claim.name)]


def _members(submission: Submission, family: str) -> list[ClaimRecord]:
    """The claims of a family that are corrected together."""
    return [
        claim
        for claim in submission.recorded.claims
        if claim.family == family and claim.statement.expect not in _DESCRIPTIVE
    ]
