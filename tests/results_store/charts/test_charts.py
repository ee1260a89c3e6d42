"""Charts of studies: every completed seed is there, whatever the order of the rows; what is missing is said."""

import itertools
import json
import random
import statistics

import figured
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import results_store
from results_store import FolderStore, Kind, Layout, StoreError, UnknownNameError
from results_store.charts import Band, Bars, Line, Points, Reference, Spans
from results_store.errors import MissingRowsError
from results_store.records import EntropyRecord, FigureKind, FigureVariant, GateRecord
from results_store.schemas.encoding import to_table
from results_store.stores.publishing import encode, publish

KINDS = [kind.value for kind in FigureKind]
MEMBERS = {member.trial_id: member for member in figured.members()}


@pytest.fixture
def chart_of(store):
    def made(kind, states=None, rng=None, **changes):
        figured.publish(store, [figured.figure(kind, **changes)], states=states, rng=rng)
        return results_store.open(store.path).chart("figured", kind)

    return made


def marks(chart, kind, panel=0, **attributes):
    return [
        mark
        for mark in chart.panels[panel].marks
        if isinstance(mark, kind) and all(getattr(mark, name) == value for name, value in attributes.items())
    ]


def of_variant(variant, states=None):
    return [m for m in MEMBERS.values() if m.variant == variant and (states or {}).get(m.trial_id) is None]


def points(chart, panel=0, **attributes):
    return sorted(
        place for mark in marks(chart, Points, panel, **attributes) for place in zip(mark.x, mark.y, strict=True)
    )


STATES = {
    "amor-0-0": "failed",
    "amor-0-2": "pending",
    "ssm-0-4": "diverged",
    "far-1-3": "diverged",
    "far-2-6": "failed",
}


@pytest.mark.parametrize("states", [{}, STATES], ids=["all completed", "gaps"])
class TestEveryCompletedSeedIsThere:
    def test_sweep(self, chart_of, states):
        chart = chart_of("sweep", states)
        expected = [(m.config["task"]["noise_length"], figured.accuracy(m)) for m in of_variant("far", states)]
        assert points(chart, group="FAR") == sorted(expected)
        (median,) = marks(chart, Line, group="FAR")
        for x, middle, low, high in zip(median.x, median.y, median.low, median.high, strict=True):
            values = [y for at, y in expected if at == x]
            assert middle == pytest.approx(statistics.median(values))
            assert min(values) <= low <= middle <= high <= max(values)
        said = " ".join(chart.caption)
        assert ("FAR: of 21 trials, 1 diverged, 1 failed." in said) == bool(states)

    def test_tradeoff(self, chart_of, states):
        chart = chart_of("tradeoff", states)
        for panel, place in enumerate((saved, executed)):
            for variant in ("ssm", "full", "amor"):
                expected = [(place(m), figured.accuracy(m)) for m in of_variant(variant, states)]
                found = points(chart, panel, group=variant.upper(), is_faint=True)
                assert found == [pytest.approx(pair) for pair in sorted(expected)]
                ((x, y),) = points(chart, panel, group=variant.upper(), is_faint=False)
                assert y == pytest.approx(statistics.fmean(pair[1] for pair in expected))
                assert x == pytest.approx(statistics.fmean(pair[0] for pair in expected))
        assert points(chart, 0, group="paper") == [(pytest.approx(0.8), 0.9)]
        assert points(chart, 1, group="paper") == []

    def test_metric_by_epoch(self, chart_of, states):
        chart = chart_of("metric_by_epoch", states)
        for variant in ("ssm", "amor"):
            expected = {
                tuple(figured.curve(m, epoch) for epoch in range(1, figured.num_epochs(m) + 1))
                for m in of_variant(variant, states)
            }
            seeds = marks(chart, Line, group=variant.upper(), is_faint=True)
            assert {tuple(mark.y) for mark in seeds} == expected
            assert all(list(mark.x) == list(range(1, len(mark.x) + 1)) for mark in seeds)
            (mean,) = marks(chart, Line, group=variant.upper(), is_faint=False)
            (band,) = marks(chart, Band, group=variant.upper())
            num_common = min(map(len, expected))
            assert list(mean.x) == list(band.x) == list(range(1, num_common + 1))
            for place, (low, at, high) in enumerate(zip(band.low, mean.y, band.high, strict=True)):
                assert at == pytest.approx(statistics.fmean(values[place] for values in expected))
                assert low <= at <= high
        assert "The mean ends where the first seed does" in " ".join(chart.caption)

    def test_entropy_histogram(self, chart_of, states):
        chart = chart_of("entropy_histogram", states)
        assert [panel.title for panel in chart.panels] == ["SSM", "AMOR"]
        for panel, variant in enumerate(("ssm", "amor")):
            for group in chart.groups:
                seeds = marks(chart, Line, panel, group=group)
                assert len(seeds) == len(of_variant(variant, states))
                (mean,) = marks(chart, Bars, panel, group=group)
                for place, height in enumerate(mean.heights):
                    assert height == pytest.approx(statistics.fmean(mark.y[place] for mark in seeds))

    def test_survival(self, chart_of, states):
        chart = chart_of("survival", states)
        for variant in ("ssm", "amor"):
            own = of_variant(variant, states)
            never = [m for m in own if figured.metrics(m)["epochs_to_retrieval"] is None]
            assert len(points(chart, group=variant.upper())) == len(never)
            assert f"{variant.upper()} {len(own) - len(never)} of {len(own)} seeds" in " ".join(chart.caption)
            (line,) = marks(chart, Line, group=variant.upper())
            assert line.y[0] == 1
            assert line.y[-1] == pytest.approx(len(never) / len(own))  # nobody is censored before the end
            assert all(later <= earlier for earlier, later in itertools.pairwise(line.y))
        assert "SSM and AMOR: p " in " ".join(chart.caption)


def saved(member):
    rate = figured.metrics(member)["test_gate_rate"]
    return 1 - rate if rate is not None else {"ssm": 1.0, "full": 0.0}[member.variant]


def executed(member):
    values = figured.metrics(member)
    return values["attention_madds_executed"] / 1000 if values["attention_madds_dense"] else 0.0


def test_seeds_that_do_not_count_are_counted_in_words(store):
    figured.publish(store, states=STATES)
    results = results_store.open(store.path)
    for kind in ("metric_by_epoch", "entropy_histogram", "survival", "tradeoff"):
        said = " ".join(results.chart("figured", kind).caption)
        assert "AMOR: of 7 seeds, 1 failed, 1 pending." in said, kind
        assert "SSM: of 7 seeds, 1 diverged." in said, kind


def test_trials_that_do_not_tell_of_their_attention_have_no_place(store, monkeypatch):
    nothing = ("test_gate_rate", "attention_madds_executed", "attention_madds_dense")
    untold = {
        "amor-0-0": ("attention_madds_executed",), "amor-0-1": nothing, "amor-0-2": nothing,
        "full-0-0": ("attention_madds_dense",),
    }  # fmt: skip
    complete = figured.metrics
    with monkeypatch.context() as patch:
        patch.setattr(
            figured, "metrics", lambda member: complete(member) | dict.fromkeys(untold.get(member.trial_id, ()))
        )
        figured.publish(store)
    chart = results_store.open(store.path).chart("figured", "tradeoff")
    for panel, (place, left_out) in enumerate(((saved, set(untold) - {"amor-0-0"}), (executed, set(untold)))):
        for variant in ("ssm", "full", "amor"):
            members = [member for member in of_variant(variant, {}) if member.trial_id not in left_out]
            expected = sorted((place(member), figured.accuracy(member)) for member in members)
            found = points(chart, panel, group=variant.upper(), is_faint=True)
            assert found == [pytest.approx(pair) for pair in expected]
    said = " ".join(chart.caption)
    assert "AMOR: 2 completed trials are left out on the left" in said
    assert "AMOR: 3 completed trials are left out on the right" in said
    assert "FULL: 1 completed trial is left out on the left" in said
    assert "SSM" not in said


@pytest.mark.parametrize("kind", KINDS)
def test_the_order_of_rows_does_not_matter(tmp_path, kind):
    charts = []
    for seed in range(3):
        store = FolderStore(tmp_path / str(seed))
        figured.publish(store, [figured.figure(kind)], states=STATES, rng=random.Random(seed) if seed else None)
        charts.append(results_store.open(store.path).chart("figured", kind))
    assert charts[0] == charts[1] == charts[2]
    assert charts[0].title == f"Of {kind}"
    assert charts[0].alternative


def test_every_group_of_a_chart_is_in_its_legend_and_the_other_way_round(store):
    figured.publish(store)
    results = results_store.open(store.path)
    assert results.figures("figured") == KINDS
    for kind in KINDS:
        chart = results.chart("figured", kind)
        drawn = {mark.group for panel in chart.panels for mark in panel.marks}
        assert set(chart.groups) == drawn
        assert len(chart.groups) == len(drawn)
        assert chart.published <= drawn


def test_what_a_sweep_is_compared_with(chart_of):
    chart = chart_of("sweep")
    (line,) = marks(chart, Line, group="BLIND")
    assert line.is_dashed
    assert list(line.x) == list(figured.LENGTHS)
    of_each = [
        [figured.accuracy(m) for m in of_variant("blind") if m.config["task"]["noise_length"] == x] for x in line.x
    ]
    assert list(line.y) == [pytest.approx(statistics.median(values)) for values in of_each]
    assert not points(chart, group="BLIND")
    (straight,) = marks(chart, Reference)
    assert (straight.group, straight.x) == ("SSM", None)
    assert straight.y == pytest.approx(statistics.median(map(figured.accuracy, of_variant("ssm"))))


def test_variants_of_one_label_are_one_line(chart_of):
    variants = tuple(FigureVariant(variant=name, label="oracle") for name in ("far", "near"))
    chart = chart_of("sweep", variants=variants)
    (line,) = marks(chart, Line, group="oracle")
    assert list(line.x) == [5, *figured.LENGTHS]
    assert len(points(chart, group="oracle")) == 4 * figured.NUM_SEEDS


def test_cells_at_a_place_and_seeds_among_many(chart_of):
    chart = chart_of("entropy_histogram", variants=figured.shown("far"), where={"task.noise_length": 20}, seeds=(2, 4))
    assert [panel.title for panel in chart.panels] == ["FAR"]
    assert len(marks(chart, Line)) == 2 * 2


def test_cells_of_one_variant_are_told_apart_by_what_differs(store):
    figured.publish(store, [figured.figure("tradeoff", variants=figured.shown("far"))])
    chart = results_store.open(store.path).chart("figured", "tradeoff")
    assert [group for group in chart.groups if group != "paper"] == [f"FAR (noise_length={x})" for x in figured.LENGTHS]


class TestGatePattern:
    def test_what_is_drawn_is_what_was_recorded(self, chart_of):
        chart = chart_of("gate_pattern")
        (spans,) = marks(chart, Spans)
        assert list(zip(spans.starts, spans.ends, strict=True)) == [(1.5, 3.5), (4.5, 5.5)]
        (entropy,) = marks(chart, Line)
        assert list(entropy.y) == figured.SEQUENCE["entropy"]
        assert points(chart) == [(1, 0.9), (2, 0.8), (5, 0.7)]
        assert "fires at 3 of 5 positions, and at 2 of the 3 whose target needs retrieval" in chart.alternative
        assert chart.caption[0] == "AMOR, seed 1, test sequence 0, trained model."

    @given(retrieval=st.lists(st.booleans(), min_size=1, max_size=30), data=st.data())
    @settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    def test_stretches_cover_exactly_the_positions(self, tmp_path_factory, retrieval, data):
        gate = data.draw(st.lists(st.booleans(), min_size=len(retrieval), max_size=len(retrieval)))
        store = FolderStore(tmp_path_factory.mktemp("gate") / "store")
        row = {
            "sequence": 0,
            "targets": [0] * len(retrieval),
            "needs_retrieval": retrieval,
            "gate": gate,
            "entropy": None,
        }
        store.publish([figured.submission([figured.figure("gate_pattern")])])
        store.publish(
            [GateRecord(trial_id="amor-0-1", attempt_id="amor-0-1-a", values=row | {"entropy": [None] * len(gate)})]
        )
        store.publish([figured.trial(MEMBERS["amor-0-1"], "completed", "amor-0-1-a")])
        chart = results_store.open(store.path).chart("figured", "gate_pattern")
        covered = [
            place
            for place in range(1, len(retrieval) + 1)
            if any(a < place < b for mark in marks(chart, Spans) for a, b in zip(mark.starts, mark.ends, strict=True))
        ]
        assert covered == [place for place, needs in enumerate(retrieval, 1) if needs]
        assert [x for x, _ in points(chart)] == [place for place, fires in enumerate(gate, 1) if fires]

    def test_a_sequence_or_a_seed_that_is_not_there(self, store):
        figures = [
            figured.figure("gate_pattern", sequence=4),
            figured.figure("gate_pattern", name="other", seeds=(99,)),
        ]
        figured.publish(store, figures)
        results = results_store.open(store.path)
        with pytest.raises(MissingRowsError, match="AMOR, seed 1: sequence 4 is not recorded; recorded: 0"):
            results.chart("figured", "gate_pattern")
        with pytest.raises(MissingRowsError, match="AMOR, seed 99: no completed trial"):
            results.chart("figured", "other")


@given(
    counts=st.lists(
        st.tuples(st.sampled_from(["local", "retrieval"]), st.integers(0, 49), st.integers(1, 10**6)), min_size=1
    )
)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_area_of_every_histogram_is_one(tmp_path_factory, counts):
    distinct = {(position, index): count for position, index, count in counts}
    store = FolderStore(tmp_path_factory.mktemp("entropy") / "store")
    store.publish([figured.submission([figured.figure("entropy_histogram", variants=figured.shown("ssm"))])])
    store.publish(
        [
            EntropyRecord(
                trial_id="ssm-0-0",
                attempt_id="a",
                values={"position": position, "bin_low": index / 50, "bin_high": (index + 1) / 50, "count": count},
            )
            for (position, index), count in distinct.items()
        ]
    )
    store.publish([figured.trial(MEMBERS["ssm-0-0"], "completed", "a")])
    chart = results_store.open(store.path).chart("figured", "entropy_histogram")
    for mark in marks(chart, Bars):
        area = sum(h * (b - a) for h, (a, b) in zip(mark.heights, itertools.pairwise(mark.edges), strict=True))
        position = mark.group.removesuffix(" positions")
        assert area == pytest.approx(1.0 if any(key[0] == position for key in distinct) else 0.0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_figure_without_rows_says_so_in_one_line(store, kind):
    store.publish([figured.submission([figured.figure(kind)])])
    with pytest.raises(MissingRowsError) as error:
        results_store.open(store.path).chart("figured", kind)
    message = str(error.value)
    assert message.startswith(f"figure '{kind}' of study 'figured': ")
    assert "pending" in message
    assert "\n" not in message


@pytest.mark.parametrize("kind", KINDS)
def test_trials_that_reported_nothing_of_it(store, kind):
    """Such as those of a trainable that keeps no epochs, or of an older version of it."""
    store.publish([figured.submission([figured.figure(kind)], metrics=())])
    member = MEMBERS["amor-0-1"]
    record = figured.trial(member, "completed", "a")
    object.__setattr__(record, "metrics", {})
    store.publish([record])
    with pytest.raises(MissingRowsError) as error:
        results_store.open(store.path).chart("figured", kind)
    assert "\n" not in str(error.value)


def test_names_that_are_not_there(store):
    figured.publish(store)
    results = results_store.open(store.path)
    with pytest.raises(UnknownNameError, match="no study 'nothing'"):
        results.figures("nothing")
    with pytest.raises(UnknownNameError, match="study 'figured' has no figure 'pie'; its figures: entropy_histogram,"):
        results.chart("figured", "pie")


@pytest.mark.parametrize(
    "figures",
    ["{", "3", "[3]", '[{"name": 1}]', '[{"kind": "pie"}]', "null", "[" * 5000, '[{"name": "a", "title": "b", "kind": "sweep"}]'],
)  # fmt: skip
def test_figures_that_make_no_sense_are_one_line(store, figures):
    rewrite_submission(
        store,
        lambda table: table.set_column(
            table.column_names.index("figures"), "figures", pa.array([figures] * table.num_rows, "string")
        ),
    )
    results = results_store.open(store.path)
    with pytest.raises(StoreError, match="what the store holds on the figures of study 'figured' makes no sense"):
        results.chart("figured", "sweep")


def test_submissions_from_before_there_were_figures_have_none(store):
    rewrite_submission(store, lambda table: table.drop_columns(["figures"]))
    assert results_store.open(store.path).figures("figured") == []


def rewrite_submission(store, change):
    """Publishes the study as another program, or an older version, would have."""
    _, table = to_table([figured.submission()])
    publish(Layout(store.path), Kind.STUDIES, encode(change(table)))


def test_the_record_is_plain_json(store):
    figured.publish(store)
    ((text,),) = results_store.open(store.path).sql("SELECT figures FROM studies").rows()
    assert [entry["kind"] for entry in json.loads(text)] == KINDS
