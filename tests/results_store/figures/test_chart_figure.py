"""Charts drawn for print: everything is there, nothing is cut off, the same bytes each time."""

import dataclasses

import figured
import matplotlib
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

import results_store
from results_store.charts import Axis, Band, Bars, Chart, Line, Panel, Points, Reference, Spans
from results_store.figures import chart_figure, figure_bytes
from results_store.figures.style import COLUMN_IN, PAGE_IN, SMALL_PT
from results_store.records import FigureKind

KINDS = [kind.value for kind in FigureKind]
HOSTILE = "\x1b[2J$\\frac{1$ $$ \u202e" + "x" * 300


@pytest.fixture
def results(store):
    figured.publish(store)
    return results_store.open(store.path)


def overflow(figure):
    """How many pixels at the very edges of the figure are not white: something is cut off there."""
    figure.set_dpi(300)  # as it is saved
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    return sum(int((edge < 250).any(axis=-1).sum()) for edge in edges)


def texts(figure):
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text() and text.get_visible()]


def in_sight(axes, line):
    """The points of a line that lie within the axes."""
    places = line.get_transform().transform(np.column_stack(line.get_data()))
    box = axes.get_window_extent()
    return int(((places >= (box.x0 - 1, box.y0 - 1)) & (places <= (box.x1 + 1, box.y1 + 1))).all(axis=1).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_drawn_readably_and_nothing_is_cut_off(results, kind):
    chart = results.chart("figured", kind)
    figure = results.figure("figured", kind)
    assert overflow(figure) == 0
    assert figure.get_figwidth() == (COLUMN_IN if len(chart.panels) == 1 and not chart.is_wide else PAGE_IN)
    assert min(text.get_fontsize() for text in texts(figure)) >= SMALL_PT
    assert [text.get_text() for text in figure.legends[0].get_texts()] == list(chart.groups)
    caption = figure.get_supxlabel().replace("\n", " ")
    assert caption == " ".join([f"{chart.title}.", *chart.caption])


@pytest.mark.parametrize("kind", KINDS)
def test_the_same_chart_gives_the_same_bytes(results, kind):
    chart = results.chart("figured", kind)
    for form in ("png", "pdf"):
        assert figure_bytes(chart_figure(chart), form) == figure_bytes(chart_figure(chart), form)


@pytest.mark.parametrize("kind", ["sweep", "tradeoff", "metric_by_epoch", "entropy_histogram"])
def test_every_seed_is_in_sight(results, kind):
    """Also where groups stand beside each other: what is moved aside stays within the axes."""
    chart = results.chart("figured", kind)
    figure = results.figure("figured", kind)
    for axes, panel in zip(figure.axes, chart.panels, strict=True):
        points = [line for line in axes.lines if line.get_linestyle() == "None"]
        expected = sum(len(mark.x) for mark in panel.marks if isinstance(mark, Points))
        assert sum(in_sight(axes, line) for line in points) == expected
        faint = [mark for mark in panel.marks if isinstance(mark, Line) and mark.is_faint]
        thin = [line for line in axes.lines if line.get_linewidth() < 0.7 and line.get_linestyle() != "None"]
        assert len(thin) == len(faint)
        assert sum(in_sight(axes, line) for line in thin) == sum(len(mark.x) for mark in faint)


def test_published_values_are_grey_and_ours_are_not(results):
    for kind in ("sweep", "tradeoff", "metric_by_epoch"):
        chart = results.chart("figured", kind)
        handles = results.figure("figured", kind).legends[0].legend_handles
        for group, handle in zip(chart.groups, handles, strict=True):
            red, green, blue = matplotlib.colors.to_rgb(handle.get_color())
            assert (red == green == blue) == (group in chart.published), group


def test_the_settings_of_the_user_change_nothing_and_stay(results):
    chart = results.chart("figured", "tradeoff")
    before = figure_bytes(chart_figure(chart), "png")
    with matplotlib.rc_context({"font.size": 30, "lines.linewidth": 9}):
        assert figure_bytes(chart_figure(chart), "png") == before
        assert matplotlib.rcParams["font.size"] == 30


def every_mark(group):
    return (
        Spans(group=group, starts=(1.0,), ends=(2.0,)),
        Bars(group=group, edges=(0.0, 1.0, 2.0), heights=(1.0, 2.0)),
        Band(group=group, x=(1.0, 2.0), low=(0.5, 0.5), high=(1.0, 2.0), is_step=True),
        Reference(group=group, x=1.5),
        Reference(group=group, y=1.5),
        Line(group=group, x=(1.0, 2.0, 3.0), y=(1.0, 2.0, 1.0), low=(0.5, 1, 0.5), high=(2.0, 3.0, 2.0)),
        Line(group=group, x=(1.0, 2.0), y=(1.0, 2.0), is_step=True, is_faint=True),
        Points(group=group, x=(1.0, 1.0, 2.0), y=(1.0, 1.0, 2.0), is_faint=True),
        Points(group=group, x=(2.0, 2.0), y=(1.0, 1.0)),
        Points(group=group, x=(), y=()),
    )


@pytest.mark.parametrize(("num_panels", "num_groups"), [(1, 1), (1, 3), (5, 9)])
def test_any_chart_whatever_it_is_called(num_panels, num_groups):
    groups = tuple(f"{place}{HOSTILE}" for place in range(num_groups))
    x = Axis(title=HOSTILE, unit=HOSTILE, is_log=True, ticks=(1.0, 2.0), tick_labels=(HOSTILE, "b"))
    marks = tuple(mark for group in groups for mark in every_mark(group))
    panels = tuple(Panel(x=x, y=Axis(title=HOSTILE), marks=marks, title=HOSTILE) for _ in range(num_panels))
    chart = Chart(name=HOSTILE, title=HOSTILE, panels=panels, groups=groups, caption=(HOSTILE, HOSTILE))
    figure = chart_figure(chart)
    assert overflow(figure) == 0
    assert not any("\x1b" in text.get_text() or "\u202e" in text.get_text() for text in texts(figure))
    assert len(figure.legends[0].get_texts()) == num_groups


def test_fractions_are_shown_in_percent_on_both_axes(results):
    chart = results.chart("figured", "tradeoff")
    axes = chart_figure(chart).axes[0]
    assert axes.get_xlabel() == "1 - gate rate (%)"
    assert axes.get_ylabel() == "Retrieval accuracy (%)"
    assert axes.get_xlim() == pytest.approx((-4, 104))
    plain = dataclasses.replace(chart, panels=tuple(dataclasses.replace(p, x=Axis(title="x")) for p in chart.panels))
    assert chart_figure(plain).axes[0].get_xlabel() == "X"
