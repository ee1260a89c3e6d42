"""Whether a study's seeds are enough for its claims: what p-values they can have at best."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

from orchestrator.study.claims.schema import Claim, Comparison, ConjunctionClaim, Equivalence, SeriesClaim
from orchestrator.study.study import Study
from results_store.statistics import ALPHA, holm_corrected
from results_store.wording import counted


@dataclass(frozen=True, kw_only=True)
class _Tested:
    """A claim that is tested.

    Attributes:
        claim: the claim.
        study: the name of its study.
        num_seeds: the number of its replicates.
    """

    claim: Claim
    study: str
    num_seeds: int

    def best_p(self, num_seeds: int, *, against: bool) -> float:
        """The smallest p-value that so many pairs can give: 2^-n, times the number of ways to be wrong."""
        return min(1.0, (_num_contraries(self.claim) if against else 1) * 2.0**-num_seeds)


def seed_warnings(study: Study, together: Sequence[Study] = ()) -> list[str]:
    """What the seeds of a study cannot show, by family.

    Args:
        study: the study.
        together: the studies that are planned together, whose claims of the same families count, too.
    """
    others = {other.name: other for other in together if other.name != study.name}
    warnings: list[str] = []
    for family, own in _families(study).items():
        beside = [tested for other in others.values() for tested in _families(other).get(family, [])]
        warnings += _family_warnings(family, own, beside)
    return warnings


def _families(study: Study) -> dict[str, list[_Tested]]:
    """The claims that are tested, by family: descriptive ones are not."""
    num_seeds = len(study.file.seed_list())
    families: dict[str, list[_Tested]] = {}
    for claim in study.file.claims:
        if not isinstance(claim, SeriesClaim):
            tested = _Tested(claim=claim, study=study.name, num_seeds=num_seeds)
            families.setdefault(claim.family or study.name, []).append(tested)
    return families


def _family_warnings(family: str, own: Sequence[_Tested], beside: Sequence[_Tested]) -> Iterator[str]:
    num_seeds = own[0].num_seeds
    num_studies = len({tested.study for tested in (*own, *beside)})
    where = f"family {family!r}" + (f" ({len(own) + len(beside)} claims in {num_studies} studies)" if beside else "")
    supported = _best(own, beside, num_seeds, against=False)
    if max(supported) > ALPHA:
        needed = _needed(own, beside, range(len(own)), against=False)
        yield (
            f"{counted(num_seeds, 'seed')} cannot support {counted(len(own), 'claim')} of {where}: the smallest "
            f"corrected p-value is {max(supported):.2g}; take {needed} or more"
        )
        return
    refuted = _best(own, beside, num_seeds, against=True)
    beyond = [place for place, p in enumerate(refuted) if p > ALPHA]
    if beyond:
        named = ", ".join(repr(own[place].claim.name) for place in beyond)
        needed = _needed(own, beside, beyond, against=True)
        yield (
            f"{counted(num_seeds, 'seed')} can support, but not refute {named} of {where}: the smallest corrected "
            f"p-value is {min(refuted[place] for place in beyond):.2g}; take {needed} or more"
        )


def _best(own: Sequence[_Tested], beside: Sequence[_Tested], num_seeds: int, *, against: bool) -> list[float]:
    """The smallest corrected p-values of a study's claims with so many seeds; the other studies keep theirs."""
    smallest = [tested.best_p(num_seeds, against=against) for tested in own]
    smallest += [tested.best_p(tested.num_seeds, against=against) for tested in beside]
    return holm_corrected(smallest)[: len(own)]


def _needed(own: Sequence[_Tested], beside: Sequence[_Tested], places: Sequence[int], *, against: bool) -> int:
    """The smallest number of seeds with which these of a study's claims can be decided."""
    for num_seeds in count(1):
        corrected = _best(own, beside, num_seeds, against=against)
        if all(corrected[place] <= ALPHA for place in places):
            break
    return num_seeds


def _num_contraries(claim: Claim | Comparison) -> int:
    """In how many ways a claim can be wrong: each is tested, so each p-value is multiplied by their number."""
    if isinstance(claim, ConjunctionClaim):
        return len(claim.of) * min(_num_contraries(part) for part in claim.of)
    return 2 if isinstance(claim, Equivalence) else 1
