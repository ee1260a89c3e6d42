"""Figures of a search: what they show, what they say of it, and that they are drawn whatever the search is like."""

import io
import re
import warnings
import zlib

import matplotlib
import numpy as np
import pytest
import told_search
from matplotlib.backends.backend_agg import FigureCanvasAgg
from optuna.distributions import CategoricalDistribution
from PIL import Image

import results_store
from results_store import UnknownNameError
from results_store.errors import ExportError
from results_store.figures import FIGURE_NAMES, figure_bytes, figure_names, search_figure, write_figure

HOSTILE = "\x1b[2J$\\frac{1$ $$ \u202e" + "x" * 300


@pytest.fixture
def history_of(store):
    def made(*infos, **options):
        told_search.publish(store, *infos, **options)
        return results_store.open(store.path).search("gates")

    return made


def texts(figure):
    return [text.get_text() for text in figure.findobj(matplotlib.text.Text) if text.get_text() and text.get_visible()]


def legend(figure):
    return [text.get_text() for text in figure.legends[0].get_texts()]


def caption(figure):
    return figure.get_supxlabel().replace("\n", " ")


def overflow(figure):
    """How many pixels at the very edges of the figure are not white: something is cut off there."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    edges = [pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]
    return sum(int((edge < 250).any(axis=-1).sum()) for edge in edges)


@pytest.mark.parametrize("num_objectives", [1, 2, 3])
def test_every_figure_is_drawn_and_nothing_is_cut_off(history_of, num_objectives):
    history = history_of(told_search.info(num_objectives), confirm=(2, 9))
    names = figure_names(history)
    assert names == [name for name in FIGURE_NAMES if num_objectives > 1 or name != "front"]
    for name in names:
        assert overflow(search_figure(history, name)) == 0, name


def test_the_front_shows_every_candidate_that_has_a_value(history_of):
    history = history_of(confirm=(2, 9))
    figure = search_figure(history, "front")
    states = [candidate.state for candidate in history.candidates]
    num_front = sum(candidate.on_front for candidate in history.candidates)
    num_infeasible = sum(candidate.is_feasible is False for candidate in history.candidates)
    num_completed = states.count("completed")
    assert set(legend(figure)) == {
        f"front (n={num_front})",
        "winners, confirmed (n=2)",
        f"other completed (n={num_completed - num_front - num_infeasible})",
        f"infeasible (n={num_infeasible})",
        f"pruned (n={states.count('pruned')})",
    }
    (axes,) = figure.axes
    assert axes.get_xlabel() == "Validation retrieval accuracy (%)"
    points = [line for line in axes.lines if line.get_marker() not in ("None", "D") and line.get_linestyle() == "None"]
    assert sum(len(line.get_xdata()) for line in points) == num_completed + states.count("pruned")
    assert "mean over 10 fresh seeds with 95 % interval (Student's t)" in caption(figure)
    assert "Values are the mean over 3 seeds." in caption(figure)
    assert f"64 candidates: {num_completed} completed ({num_infeasible} infeasible)" in caption(figure)


@pytest.mark.parametrize("name", ["front", "history"])
def test_infeasible_candidates_are_never_the_best(history_of, name):
    history = history_of()
    best_rate = min(candidate.values[1] for candidate in history.completed if candidate.is_feasible)
    best_accuracy = max(candidate.values[0] for candidate in history.completed if candidate.is_feasible)
    lines = [
        line for axes in search_figure(history, name).axes for line in axes.lines if "steps" in line.get_drawstyle()
    ]
    assert len(lines) == (1 if name == "front" else 2)
    if name == "front":
        assert max(lines[0].get_xdata()) == pytest.approx(100 * best_accuracy)
        assert min(lines[0].get_ydata()) == pytest.approx(100 * best_rate)
    else:
        assert lines[0].get_ydata()[-1] == pytest.approx(100 * best_accuracy)
        assert lines[1].get_ydata()[-1] == pytest.approx(100 * best_rate)


def test_the_step_line_of_the_front_encloses_what_it_attains(history_of):
    """Every feasible candidate lies on the side of the line where both objectives are no better."""
    history = history_of()
    (axes,) = search_figure(history, "front").axes
    (line,) = [line for line in axes.lines if "steps" in line.get_drawstyle()]
    assert line.get_drawstyle() == "steps-pre"  # more accuracy is better: up to a point holds that point's gate rate
    xs, ys = line.get_xdata(), line.get_ydata()
    for candidate in history.completed:
        accuracy, rate = 100 * candidate.values[0], 100 * candidate.values[1]
        if candidate.is_feasible and min(xs) <= accuracy <= max(xs):
            attained = ys[np.searchsorted(np.asarray(xs) + 1e-9, accuracy)]
            assert rate >= attained - 1e-9


def test_the_hypervolume_never_falls_and_ends_at_that_of_the_front(history_of):
    figure = search_figure(history_of(), "history")
    shares = figure.axes[-1].lines[0].get_ydata()
    assert len(shares) == 8
    assert list(shares) == sorted(shares)
    assert 0 < shares[-1] <= 100


def test_slices_have_a_panel_per_parameter_and_objective_on_the_scale_of_the_search(history_of):
    figure = search_figure(history_of(), "slices")
    assert len(figure.axes) == 10
    scales = {axes.get_xlabel().replace("\n", ""): axes.get_xscale() for axes in figure.axes if axes.get_xlabel()}
    assert scales == {
        "model.gate.name": "linear",
        "model.gate.scale": "log",
        "model.gate.target_rate": "linear",
        "model.attention.top_k": "log",
        "task.noise_length": "linear",
    }
    assert {"entropy", "oracle", "random"} <= set(texts(figure))
    assert "Searched in some places only: model.gate.scale" in caption(figure)


def test_many_parameters_go_into_rows(store):
    of = told_search.info(ranges={**told_search.RANGES, "model.d_model": told_search.RANGES[told_search.TOP_K]})
    told_search.publish(store, of)
    figure = search_figure(results_store.open(store.path).search("gates"), "slices")
    assert len(figure.axes) == 12
    assert overflow(figure) == 0


def test_importances_have_a_bar_per_method_and_parameter_that_it_knows(history_of):
    figure = search_figure(history_of(), "importances")
    assert [len(axes.patches) for axes in figure.axes] == [9, 9]
    assert "—" in texts(figure)
    assert legend(figure) == ["PED-ANOVA", "fANOVA"]


def test_importances_of_too_few_candidates_say_so(history_of):
    figure = search_figure(history_of(num_candidates=8), "importances")
    assert all(len(axes.patches) == 0 for axes in figure.axes)
    assert "importances take at least 10" in caption(figure)


def test_a_png_is_an_image_of_the_size_that_was_meant(history_of):
    image = Image.open(io.BytesIO(figure_bytes(search_figure(history_of(), "front"), "png")))
    image.load()
    assert image.format == "PNG"
    assert image.width == 3.4 * 300
    assert image.info.keys() <= {"dpi"}


def test_a_pdf_has_its_letters_as_text_and_no_date(history_of):
    content = figure_bytes(search_figure(history_of(), "front"), "pdf")
    assert content.startswith(b"%PDF")
    assert b"CreationDate" not in content
    assert b"/TrueType" in content or b"/Type0" in content or b"/FontFile2" in content
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", content, re.DOTALL)
    drawn = b"".join(zlib.decompress(stream) for stream in streams if stream.startswith(b"\x78"))
    shown = b"".join(re.findall(rb"\(((?:\\.|[^()\\])*)\)", drawn))
    assert b"Validation gate rate" in shown.replace(b"\x00", b"")  # two bytes per letter


@pytest.mark.parametrize("name", FIGURE_NAMES)
@pytest.mark.parametrize("form", ["png", "pdf"])
def test_the_same_search_gives_the_same_bytes(history_of, name, form):
    history = history_of(num_candidates=24)
    assert figure_bytes(search_figure(history, name), form) == figure_bytes(search_figure(history, name), form)


def test_the_users_settings_neither_matter_nor_change(history_of):
    history = history_of(num_candidates=24)
    expected = figure_bytes(search_figure(history, "slices"), "png")
    with matplotlib.rc_context({"font.size": 20, "text.parse_math": True, "axes.grid": False, "savefig.dpi": 40}):
        before = dict(matplotlib.rcParams)
        assert figure_bytes(search_figure(history, "slices"), "png") == expected
        assert dict(matplotlib.rcParams) == before


def test_text_from_outside_is_drawn_as_it_is(history_of):
    metrics = [
        results_store.records.MetricInfo(name=metric.name, unit=HOSTILE, title=HOSTILE)
        for metric in told_search.METRICS
    ]
    ranges = {**told_search.RANGES, HOSTILE: CategoricalDistribution([HOSTILE, "$", "$x^2$"])}
    history = history_of(
        told_search.info(ranges=ranges, variants=(HOSTILE,)), metrics=metrics, study="gates", confirm=(2,)
    )
    for name in FIGURE_NAMES:
        figure = search_figure(history, name)
        assert overflow(figure) == 0, name
        for text in figure.findobj(matplotlib.text.Text):
            assert not text.get_parse_math() or "$" not in text.get_text()
            assert "\x1b" not in text.get_text()
        assert figure_bytes(figure, "pdf").startswith(b"%PDF")
    assert "$x^2$" in texts(search_figure(history, "slices"))


def test_signs_that_the_font_lacks_are_boxes_and_no_warnings(history_of):
    metrics = [results_store.records.MetricInfo(name=metric.name, title="精度 🎉") for metric in told_search.METRICS]
    history = history_of(metrics=metrics, num_candidates=16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert figure_bytes(search_figure(history, "front"), "png")


@pytest.mark.parametrize("number", [1, 2])
def test_a_single_candidate_is_enough(history_of, number):
    history = history_of(num_candidates=number, world=lambda parameters: (0.5, 0.5 if number == 2 else 0.1))
    for name in FIGURE_NAMES:
        assert overflow(search_figure(history, name)) == 0, name


def test_without_a_completed_candidate_there_is_nothing_to_draw(history_of):
    with pytest.raises(ExportError, match="no candidate of the search of 'gates' is completed"):
        search_figure(history_of(num_candidates=0), "front")


def test_unknown_figures_are_refused_with_the_ones_that_there_are(history_of):
    history = history_of(told_search.info(1), num_candidates=8)
    with pytest.raises(UnknownNameError, match="no figure 'pie'; figures: front, history, slices, importances"):
        search_figure(history, "pie")
    with pytest.raises(UnknownNameError, match="has no figure 'front': it has one objective; its figures: history"):
        search_figure(history, "front")


def test_a_notebook_gets_a_figure(store):
    told_search.publish(store)
    figure = results_store.open(store.path).figure("gates", "front")
    stream = io.BytesIO()
    figure.savefig(stream, format="svg")
    assert b"<svg" in stream.getvalue()


def test_a_file_is_replaced_whole_and_a_folder_never(history_of, weird_path):
    figure = search_figure(history_of(num_candidates=16), "front")
    path = weird_path / "new" / "front.png"
    write_figure(figure, path, "png")
    content = path.read_bytes()
    path.write_bytes(b"old")
    write_figure(figure, path, "png")
    assert path.read_bytes() == content
    assert [entry.name for entry in path.parent.iterdir()] == ["front.png"]
    (weird_path / "folder.png").mkdir()
    with pytest.raises(ExportError, match=r"folder.png cannot be written: .*is a folder"):
        write_figure(figure, weird_path / "folder.png", "png")
    with pytest.raises(ExportError, match="cannot be written"):
        write_figure(figure, path / "front.png", "png")
