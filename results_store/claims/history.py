"""What the submissions of a study show of how a claim came about: what was made, changed or added after looking.

Whoever adds seeds until a claim holds, or makes a claim of what the results already show, decides something else than
what the p-value is about. Nobody is kept from it; it is said under the verdict.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from results_store.claims.same import is_same, is_same_form
from results_store.claims.statement import in_words
from results_store.claims.submissions import History, Replicate, Submission, cells_of, cells_of_claims, moment
from results_store.records import ClaimRecord
from results_store.wording import counted, ranges

__all__ = ["notes_on_claim"]


def notes_on_claim(claim: ClaimRecord, history: History, units: Mapping[str, str]) -> tuple[str, ...]:
    """Notes on a claim of a study's latest submission.

    Args:
        claim: The claim.
        history: The study's submissions.
        units: Of its metrics, by name.
    """
    return (*_on_seeds(claim, history), *_on_statement(claim, history, units))


def _on_seeds(claim: ClaimRecord, history: History) -> list[str]:
    """Seeds that a later submission added, or left out, when results of the claim's cells were there."""
    cells = cells_of(claim.statement)
    asked_for = [{item for item in submission.replicates if item[0] in cells} for submission in history.submissions]
    now = asked_for[-1]
    notes = []
    seen: set[Replicate] = set()
    for place, wanted in enumerate(asked_for):
        known_cells = {cell_id for cell_id, _ in seen}
        added = {seed for cell_id, seed in (wanted - seen) & now if cell_id in known_cells}
        looked_at = history.seeds_finished(seen, place)
        if added and looked_at:
            when = moment(history.submissions[place].submitted_at)
            what = f"when {counted(len(looked_at), 'seed')} of its cells had results"
            notes.append(f"{_seeds(added)} added after looking: on {when}, {what}")
        seen |= wanted
    current_cells = {cell_id for cell_id, _ in now}
    left_out = {item for item in seen - now if item[0] in current_cells and item in history.finished}
    if left_out:
        notes.append(f"{_seeds({seed for _, seed in left_out})} left out, whose results were there")
    return notes


def _on_statement(claim: ClaimRecord, history: History, units: Mapping[str, str]) -> list[str]:
    """Whether the claim was made, or got its present form, when results of its cells were there.

    It was not if any submission held it before there were results, unless another statement took its place then, still
    before there were any: in that case what was claimed before looking is that one. With the first submission a study
    begins, whatever the store held before.
    """
    submissions = history.submissions
    forms = [_form(claim, submission, submissions[-1]) for submission in submissions]
    given_up = -1
    for place, form in enumerate(forms):
        if form is not None and not _has_looked(forms, place, history):
            given_up = -1 if _has_form(claim, form) else place
    for place in range(given_up + 1, len(forms)):
        if submissions[place].is_silent_about(claim.name):
            return []  # what it was then cannot be told
        form = forms[place]
        if form is not None and _is_same_claim(claim, form, submissions[place], submissions[-1]):
            before = next((found for found in reversed(forms[:place]) if found is not None), None)
            return _made_at(place, claim, before, forms, history, units) if place > 0 else []
    return []


def _form(claim: ClaimRecord, submission: Submission, latest: Submission) -> ClaimRecord | None:
    """What a submission had in place of a claim: the same under any name, what has its name, or what became of it."""
    claims = submission.recorded.claims
    names = {found.name for found in latest.recorded.claims}
    gone = [found for found in claims if found.name not in names]
    candidates = (
        *(found for found in claims if _is_same_claim(claim, found, submission, latest)),
        *(found for found in claims if found.name == claim.name),
        *(found for found in gone if is_same_form(found.statement, claim.statement)),
    )
    return next(iter(candidates), None)


def _is_same_claim(claim: ClaimRecord, found: ClaimRecord, submission: Submission, latest: Submission) -> bool:
    with_cells = submission.version == latest.version
    return found.family == claim.family and is_same(found.statement, claim.statement, with_cells=with_cells)


def _has_form(claim: ClaimRecord, found: ClaimRecord) -> bool:
    """Whether a claim says the same, if perhaps of cells that were configured otherwise."""
    return found.family == claim.family and is_same_form(found.statement, claim.statement)


def _cells_so_far(forms: Collection[ClaimRecord | None]) -> set[str]:
    return cells_of_claims([form for form in forms if form is not None])


def _has_looked(forms: list[ClaimRecord | None], place: int, history: History) -> bool:
    """Whether a submission, if not the first, came after results of the cells that the claim has spoken of so far."""
    return place > 0 and bool(history.seeds_seen(_cells_so_far(forms[: place + 1]), place))


def _made_at(
    place: int,
    claim: ClaimRecord,
    before: ClaimRecord | None,
    forms: list[ClaimRecord | None],
    history: History,
    units: Mapping[str, str],
) -> list[str]:
    """The note on a claim that got its present form by a submission; none if there were no results."""
    present = history.seeds_seen(cells_of(claim.statement), place)
    earlier = history.seeds_seen(_cells_so_far(forms[:place]) - cells_of(claim.statement), place)
    if not present | earlier:
        return []
    when = moment(history.submissions[place].submitted_at)
    change = _change(before, claim, units)
    if change is None:
        which = " or ".join([*(["the earlier"] if earlier else []), *(["the present"] if present else [])])
        return [
            f"the configurations that it speaks of were changed after looking: on {when}, "
            f"when {counted(len(present | earlier), 'seed')} of {which} ones had results"
        ]
    return [f"{change} on {when}, when {counted(len(present | earlier), 'seed')} of its cells had results"]


def _change(before: ClaimRecord | None, claim: ClaimRecord, units: Mapping[str, str]) -> str | None:
    """What was changed after looking; None if that is the configuration of cells alone."""
    if before is None:
        return "claimed after looking:"
    words = in_words(before.statement, units)
    if before.family == claim.family and words == in_words(claim.statement, units):
        return None
    if is_same_form(before.statement, claim.statement):
        return f"moved after looking from family {before.family!r}:"
    return f"changed after looking from “{words}”:"


def _seeds(seeds: Collection[int]) -> str:
    """Seeds in words: `seeds 5 to 9, 12`."""
    return f"{'seed' if len(seeds) == 1 else 'seeds'} {ranges(seeds)}"
