"""`amor figure` and `amor search export`, from a store to files."""

import json

import figured
import optuna
import pytest
import told_search
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from PIL import Image

from results_store import FolderStore
from results_store import open as open_results
from results_store.records import MemberRecord


@pytest.fixture
def store(weird_path, monkeypatch):
    """A store with a search, and one without in the same place; the current folder is a fresh one."""
    store = FolderStore(weird_path / "store")
    told_search.publish(store, num_candidates=24, confirm=(2,))
    member = MemberRecord(variant="base", cell_id="c", trial_id="t", seed=0, config={})
    store.publish([told_search.submission(study="plain", members=[member])])
    (weird_path / "here").mkdir()
    monkeypatch.chdir(weird_path / "here")
    monkeypatch.setenv("AMOR_STORE", str(store.path))
    return store


def test_all_figures_are_written_as_png_and_pdf(amor, store, weird_path):
    answer = amor("figure", "gates")
    assert answer.code == 0, answer.err
    paths = [weird_path / "here" / line for line in answer.out.splitlines()]
    names = ("front", "history", "slices", "importances")
    assert [path.name for path in paths] == [f"gates-{name}.{form}" for name in names for form in ("png", "pdf")]
    for path in paths:
        if path.suffix == ".pdf":
            assert path.read_bytes().startswith(b"%PDF")
        else:
            Image.open(path).verify()
    assert answer.err == ""


def test_a_figure_in_one_form_goes_where_it_should(amor, store, weird_path):
    answer = amor("figure", "gates", "history", "--output", weird_path / "o u t" / "put", "--format", "png")
    assert answer.code == 0, answer.err
    assert [path.name for path in (weird_path / "o u t" / "put").iterdir()] == ["gates-history.png"]
    again = amor("figure", "gates", "history", "--output", weird_path / "o u t" / "put", "--format", "png")
    assert again == answer


def test_several_searches_have_files_of_their_own(amor, store, weird_path):
    infos = (
        told_search.info(variants=("one",), search_id="a" * 32),
        told_search.info(variants=("o/n e",), search_id="b" * 32),
    )
    told_search.publish(store, *infos, study="../two", num_candidates=8)
    answer = amor("figure", "../two", "front", "--format", "png")
    assert answer.out.splitlines() == ["figures/two-one-front.png", "figures/two-o_n_e-front.png"]
    answer = amor("search", "export", "../two")
    assert answer.out == "two.journal.log\n"
    names = optuna.get_all_study_names(JournalStorage(JournalFileBackend("two.journal.log")))
    assert sorted(names) == ["../two o/n e", "../two one"]


def test_a_search_is_exported_for_optuna(amor, store, weird_path):
    answer = amor("search", "export", "gates")
    assert (answer.code, answer.out) == (0, "gates.journal.log\n")
    assert answer.err == "24 candidates; to look at them: optuna-dashboard gates.journal.log\n"
    storage = JournalStorage(JournalFileBackend(str(weird_path / "here" / "gates.journal.log")))
    assert len(optuna.load_study(study_name="gates", storage=storage).trials) == 24
    again = amor("search", "export", "gates")
    assert again.code == 2
    assert again.err == "gates.journal.log is there already; name another file, or remove it\n"
    assert amor("search", "export", "gates", "--output", weird_path / "other file").code == 0


def test_importances_are_a_table_of_the_study(amor, store):
    answer = amor("table", "gates", "importances", "--format", "csv")
    assert answer.code == 0, answer.err
    assert answer.out.startswith("label,variant,validation_retrieval_accuracy_ped_anova,")
    assert "Importance of parameters (PED-ANOVA and fANOVA)" in amor("table", "gates").out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["figure", "nothing"], "no study 'nothing' in the store"),
        (["search", "export", "nothing"], "no study 'nothing' in the store"),
        (["figure", "plain"], "study 'plain' has nothing to draw: it asks for no figures, and has no search"),
        (["figure", "plain", "pie"], "study 'plain' has no figure 'pie'; its figures: none"),
        (["figure", "figured", "pie"], "study 'figured' has no figure 'pie'; its figures: entropy_histogram, metric_by_epoch, sweep, gate_pattern, tradeoff, survival"),
        (["search", "export", "plain"], "study 'plain' has no search"),
        (["table", "plain", "importances"], "study 'plain' has no table 'importances'"),
        (["figure", "gates", "pie"], "study 'gates' has no figure 'pie'; its figures: front, history, slices, importances"),
        (["figure", "gates", "--format", "png,svg"], "--format: there is no format 'svg'; formats: png, pdf"),
        (["figure", "gates", "--format", ""], "--format: there is no format ''"),
        (["figure", "single", "front"], "the search of 'single' has no figure 'front': it has one objective"),
        (["figure", "gates", "--output", "file"], "--output file is a file; name a folder"),
        (["figure", "gates", "front", "--output", "file/x"], "file/x/gates-front.png cannot be written: not a directory"),
        (["figure", "gates", "front", "--output", "y" * 300], "cannot be written: file name too long"),
        (["search", "export", "gates", "--output", "file"], "file is there already; name another file, or remove it"),
        (["search", "export", "gates", "--output", "."], ". is there already"),
        (["search", "export", "gates", "--output", "x/y"], "x/y cannot be written: no such file or directory"),
    ],
    ids=lambda value: " ".join(value)[:60] if isinstance(value, list) else "",
)  # fmt: skip
def test_what_cannot_be_is_one_clear_line(amor, store, weird_path, arguments, message):
    store.publish([figured.submission()])
    told_search.publish(store, told_search.info(1, search_id="6" * 32), study="single", num_candidates=8)
    (weird_path / "here" / "file").write_text("mine")
    answer = amor(*arguments)
    assert answer.code == 2
    assert message in answer.err
    assert len(answer.err.splitlines()) == 1
    assert answer.out == ""
    assert (weird_path / "here" / "file").read_text() == "mine"
    assert [path.name for path in (weird_path / "here").iterdir()] == ["file"]


def test_figures_of_a_study_are_drawn_and_one_without_rows_is_named(amor, store, weird_path):
    figures = [figured.figure("tradeoff"), figured.figure("gate_pattern", seeds=(99,)), figured.figure("sweep")]
    figured.publish(store, figures)
    answer = amor("figure", "figured", "--format", "png")
    assert answer.out.splitlines() == ["figures/figured-tradeoff.png", "figures/figured-sweep.png"]
    assert answer.err == "figure 'gate_pattern' of study 'figured': AMOR, seed 99: no completed trial\n"
    assert answer.code == 1
    for line in answer.out.splitlines():
        Image.open(weird_path / "here" / line).verify()
    before = [(weird_path / "here" / line).read_bytes() for line in answer.out.splitlines()]
    again = amor("figure", "figured", "sweep", "tradeoff", "--format", "png")
    assert (again.code, again.err) == (0, "")
    assert [(weird_path / "here" / line).read_bytes() for line in answer.out.splitlines()] == before


def test_a_study_that_has_no_rows_yet_has_a_line_for_each_figure(amor, store):
    store.publish([figured.submission()])
    told_search.publish(store, told_search.info(search_id="7" * 32), study="empty", num_candidates=0)
    answer = amor("figure", "figured")
    assert (answer.code, answer.out) == (1, "")
    lines = answer.err.splitlines()
    assert [line.split("'")[1] for line in lines] == [figure.name for figure in figured.FIGURES]
    assert "no completed trial has test_retrieval_accuracy (of 21 trials, 21 pending)" in lines[2]
    answer = amor("figure", "empty", "front")
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == "no candidate of the search of 'empty' is completed, so there is nothing to draw yet\n"


def test_figures_of_a_study_stand_beside_those_of_its_searches(amor, store):
    member = MemberRecord(variant="a", cell_id="c", trial_id="t2", seed=0, config={})
    both = told_search.info(search_id="5" * 32)
    figures = [figured.figure("tradeoff", name="mine")]
    told_search.publish(store, both, study="both", num_candidates=8, members=[member], figures=figures)
    answer = amor("figure", "both", "--format", "png")
    names = ("front", "history", "slices", "importances")
    assert answer.out.splitlines() == [f"figures/both-{name}.png" for name in names]
    assert len(answer.err.splitlines()) == 1
    assert answer.code == 1
    assert amor("figure", "both", "history", "--format", "png").out == "figures/both-history.png\n"
    answer = amor("figure", "both", "pie")
    assert (answer.code, answer.err) == (
        2,
        "study 'both' has no figure 'pie'; its figures: mine, front, history, slices, importances\n",
    )


@pytest.mark.parametrize("place", ["trials", "new", "trials/../x", "."])
def test_nothing_is_written_into_the_store(amor, store, place):
    before = sorted(path for path in store.path.rglob("*") if ".cache" not in path.parts)
    for arguments in (["figure", "gates", "front"], ["search", "export", "gates"]):
        answer = amor(*arguments, "--output", store.path / place)
        assert answer.code == 2
        assert "lies in the store" in answer.err
    assert before == sorted(path for path in store.path.rglob("*") if ".cache" not in path.parts)


@pytest.mark.parametrize("tail", ["", "x" * 120])
def test_figures_of_every_grid_point_have_files_of_their_own(amor, weird_path, monkeypatch, tail):
    monkeypatch.chdir(weird_path)
    store = FolderStore(weird_path / "other")
    points = [f"{tail}rate={value}, path=/a/../{value}" for value in (-1, 1)]
    infos = [
        told_search.info(search_id=f"{place}" * 32, point=point, confirm=None) for place, point in enumerate(points)
    ]
    told_search.publish(store, *infos, num_candidates=8)
    answer = amor("figure", "gates", "front", "history", "--store", store.path, "--format", "png", "--output", "drawn")
    assert answer.code == 0, answer.err
    files = sorted(path.name for path in (weird_path / "drawn").glob("**/*"))
    assert len(files) == 4
    assert all(name.startswith("gates-searched_") for name in files)
    assert sum(name.endswith("front.png") for name in files) == 2


def test_show_names_the_candidate_that_a_trial_belongs_to(amor, store):
    results = open_results(store.path)
    sql = "SELECT trial_ids[1] FROM raw.search WHERE event = $event AND candidate = 2"
    for event, phase in (("told", "search"), ("confirmed", "confirm")):
        (trial_id,) = results.sql(sql, {"event": event}).rows()[0]
        shown = json.loads(amor("show", trial_id, "--json").out)
        assert shown["appears_in"] == [f"gates/searched, candidate 2 ({phase})"]
        assert f"gates/searched, candidate 2 ({phase})" in amor("show", trial_id).out
    assert json.loads(amor("show", "t", "--json").out)["appears_in"] == ["plain/base"]
