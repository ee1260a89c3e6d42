"""What plotly draws is the chart: every value, in percent where it is a fraction, and nothing that plotly refuses."""

import json
import math

import plotly.graph_objects as go
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.charts import Axis, Band, Bars, Chart, Line, Panel, Points, Reference, Spans
from results_store.report.chart_tables import chart_tables
from results_store.report.interactive import figure_json
from results_store.report.looks import page_looks

GROUPS = ("one", "two", "a <b>bold</b> & %{x} one")
numbers = st.floats(1e-3, 1e3)


@st.composite
def marks(draw):
    group = draw(st.sampled_from(GROUPS))
    size = draw(st.integers(1, 5))
    values = st.lists(numbers, min_size=size, max_size=size)
    x, y = sorted(draw(values)), draw(values)
    match draw(st.sampled_from(["points", "line", "ends", "band", "bars", "spans", "reference"])):
        case "points":
            texts = draw(st.sampled_from([(), [f"seed {i} <a href='http://x'>" for i in range(size)]]))
            return Points(group=group, x=x, y=y, texts=texts, is_faint=draw(st.booleans()))
        case "line":
            return Line(group=group, x=x, y=y, is_step=draw(st.booleans()), text=draw(st.sampled_from(["", "seed 1"])))
        case "ends":
            return Line(group=group, x=x, y=y, low=[v / 2 for v in y], high=[2 * v for v in y])
        case "band":
            return Band(group=group, x=x, low=[v / 2 for v in y], high=y, is_step=draw(st.booleans()))
        case "bars":
            return Bars(group=group, edges=[0, *(1 + place for place in range(size))], heights=y)
        case "spans":
            return Spans(group=group, starts=x, ends=[v + 1 for v in x])
        case _:
            return Reference(group=group, **draw(st.sampled_from([{"x": 2.0}, {"y": 3.0}])))


@st.composite
def charts(draw):
    def axis():
        return Axis(
            title=draw(st.sampled_from(["Epoch", "Accuracy <i>"])),
            unit=draw(st.sampled_from(["fraction", "nats", "count", ""])),
            is_log=draw(st.booleans()),
            bounds=draw(st.sampled_from([None, (0.5, 1.0)])),
            ticks=draw(st.sampled_from([None, (0.5, 1.0)])),
            tick_labels=draw(st.sampled_from([None, ("low", "high")])),
        )

    panels = [
        Panel(
            x=axis(), y=axis(), marks=tuple(draw(st.lists(marks(), max_size=5))), title=draw(st.sampled_from(["", "t"]))
        )
        for _ in range(draw(st.integers(1, 3)))
    ]
    published = frozenset(draw(st.sets(st.sampled_from(GROUPS))))
    return Chart(name="c", title="C", panels=tuple(panels), groups=GROUPS, published=published)


def points_of(trace):
    return [(x, y) for x, y in zip(trace["x"], trace["y"], strict=True) if x is not None]


@settings(deadline=None)
@given(charts())
def test_plotly_takes_every_chart(chart):
    made = figure_json(chart)
    go.Figure({"data": made["data"], "layout": made["layout"]})
    json.dumps(made, allow_nan=False)


@given(charts())
def test_every_value_is_drawn_where_it_belongs(chart):
    made = figure_json(chart)
    for number, panel in enumerate(chart.panels, start=1):
        suffix = "" if number == 1 else str(number)
        scale = [100 if axis.unit == "fraction" else 1 for axis in (panel.x, panel.y)]
        for place, group in enumerate(chart.groups):
            wanted = [
                (scale[0] * x, scale[1] * y)
                for mark in panel.marks
                if isinstance(mark, Points | Line) and mark.group == group
                for x, y in zip(mark.x, mark.y, strict=True)
            ]
            drawn = [
                point
                for trace in made["data"]
                if trace["meta"] == place and trace["xaxis"] == f"x{suffix}"
                if trace["type"] == "scatter" and "text" in trace
                for point in points_of(trace)
            ]
            # Values are drawn with a few digits, so their order may be another where they are close to each other.
            for point in wanted:
                drawn.remove(next(other for other in drawn if other == pytest.approx(point, rel=1e-4)))
            assert drawn == []


@given(charts())
def test_the_tables_hold_every_value_of_the_chart(chart):
    cells = sum(len([text for text in line[1:] if text]) for table in chart_tables(chart) for line in table.lines)
    values = 0
    for panel in chart.panels:
        for mark in panel.marks:
            match mark:
                case Points() | Line() | Band():
                    values += len(mark.x)
                case Bars():
                    values += len(mark.heights)
                case Spans():
                    values += len(mark.starts)
                case Reference():
                    values += 1
    assert cells >= values
    for table in chart_tables(chart):
        assert all(len(line) == len(table.header) == len(table.is_numeric) for line in table.lines)


def test_lines_of_a_group_are_one_trace_with_gaps():
    axis = Axis(title="x")
    lines = [Line(group="one", x=[1, 2], y=[seed, seed], text=f"seed {seed}") for seed in range(50)]
    panel = Panel(x=axis, y=axis, marks=tuple(lines))
    (trace,) = figure_json(Chart(name="c", title="C", panels=(panel,), groups=("one",)))["data"]
    assert trace["x"].count(None) == 49
    assert set(trace["text"]) - {""} == {f"seed {seed}" for seed in range(50)}


@pytest.mark.parametrize("count", [1, 2, 7, 8, 30])
def test_groups_have_colours_of_their_own_and_what_is_published_is_grey(count):
    groups = tuple(f"g{place}" for place in range(count))
    chart = Chart(name="c", title="C", panels=(), groups=(*groups, "paper"), published=frozenset({"paper"}))
    colours = {group: look.colour for group, look in page_looks(chart).items()}
    assert list(colours) == list(chart.groups)
    assert len(set(colours.values())) == count + 1
    red, green, blue = (int(colours["paper"][at : at + 2], 16) for at in (1, 3, 5))
    assert red == green == blue


def test_hover_texts_hold_no_markup_and_no_template():
    axis = Axis(title="x", unit="<b>%{x}")
    hostile = "<a href='http://x'>%{y}\u202e&lt;"
    panel = Panel(x=axis, y=axis, marks=(Points(group=hostile, x=[1], y=[1], texts=[hostile]),), title=hostile)
    text = json.dumps(figure_json(Chart(name="c", title="C", panels=(panel,), groups=(hostile,))), ensure_ascii=False)
    assert "<a" not in text
    assert "\u202e" not in text
    assert "%{y}\\" not in text
    assert "&amp;lt;" in text


def test_log_axes_have_bounds_in_powers_of_ten():
    axis = Axis(title="x", is_log=True, bounds=(0.01, 1.0), unit="fraction")
    layout = figure_json(Chart(name="c", title="C", panels=(Panel(x=axis, y=axis, marks=()),), groups=()))["layout"]
    assert layout["xaxis"]["range"] == [pytest.approx(math.log10(1)), pytest.approx(math.log10(100))]
