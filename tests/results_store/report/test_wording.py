"""What is said of all claims together."""

import reported

import results_store
from results_store.records import ArmRecord, ClaimRecord, StatementRecord


def _series(study, name, *, is_rising):
    arms = [
        ArmRecord(variant=variant, label=variant, cell_id=f"{study}/{variant}/", position=float(position))
        for position, variant in enumerate(("low", "high"))
    ]
    statement = StatementRecord(
        expect="monotone", metric="num_parameters", arms=arms, subject="size", along="width", is_rising=is_rising
    )
    return ClaimRecord(name=name, family=study, statement=statement)


def _report(store, *, tested):
    series = [_series("one", "rises", is_rising=True), _series("one", "falls", is_rising=False)]
    made = [
        ClaimRecord(
            name="wider is larger",
            family="one",
            statement=StatementRecord(expect="greater", metric="num_parameters", arms=series[0].statement.arms[::-1]),
        )
    ]
    # Sizes are 1,000 and a few for the length of the variant's name: what is longer is larger.
    reported.publish(store, "one", variants=("low", "high"), seeds=6, claims=[*series, *(made if tested else [])])
    return results_store.open(store.path).report("one")


def test_what_is_described_is_neither_worded_nor_counted_as_what_is_tested(store):
    report = _report(store, tested=True)
    assert [claim.verdict for claim in report.claims] == ["as claimed", "not as claimed", "supported"]
    both = "1 claim: 1 supported; 2 claims described without a test: 1 as claimed, 1 not as claimed."
    page, text = report.html(), report.markdown()
    assert both in page
    assert both in text
    assert page.count('class="verdict supported">supported<') == 2
    assert page.count('class="verdict described">as claimed<') == 2
    assert page.count('class="verdict described">not as claimed<') == 2
    assert "**not as claimed**" in text


def test_p_values_are_explained_only_where_there_are_any(store):
    text = _report(store, tested=False).markdown()
    assert "\n2 claims described without a test: 1 as claimed, 1 not as claimed." in text
    assert "described without a test: it is as claimed" in text
    assert "sign-flip" not in text


def test_names_stay_as_they_are_written_where_sentences_begin(store):
    unknown = ArmRecord(variant="low", label="low", cell_id=None, reason="a value of its configuration is not known")
    other = ArmRecord(variant="high", label="high", cell_id="one/high/")
    statement = StatementRecord(expect="greater", metric="num_parameters", arms=(unknown, other))
    never = StatementRecord(expect="greater", metric="test_accuracy", arms=(other, other))
    claims = [
        ClaimRecord(name=name, family="one", statement=stated) for name, stated in (("a", statement), ("b", never))
    ]
    broken = {("high", seed) for seed in range(4)}
    reported.publish(store, "one", variants=("low", "high"), claims=claims, broken=broken)
    reasons = [claim.reason for claim in results_store.open(store.path).report("one").claims]
    assert reasons == ["low: a value of its configuration is not known.", "Replicates: 4 missing."]
