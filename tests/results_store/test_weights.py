"""Which file of weights is a trial's, and that a damaged one is never given."""

import math
import os
import random
import shutil

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import results_store
from results_store import Kind, Layout, WeightsError, compact
from results_store.records import RetractionRecord
from results_store.stores.publishing import encode, publish
from results_store.weights import kept_weights

CONTENT = random.Random(0).randbytes(500)


@pytest.fixture
def kept(store, make):
    """One trial with its weights."""
    store.publish([make.trial("t", weights_file=store.publish_weights(CONTENT))])
    return store


def weights(store, trial="t"):
    return results_store.open(store.path).weights(trial)


def one_line(told):
    (line,) = str(told.value).splitlines()
    return line


def test_the_file_is_found_and_stays_found(kept):
    path = weights(kept)
    assert path.read_bytes() == CONTENT
    assert path.parent == Layout(kept.path).weights
    for _ in range(2):
        compact(kept.path)
        assert weights(kept) == path
    assert kept_weights(results_store.open(kept.path), ["t", "u"]) == {"t": path}


@settings(max_examples=50, deadline=None)
@given(bit=st.integers(0, 8 * len(CONTENT) - 1), length=st.integers(0, len(CONTENT) - 1), cuts=st.booleans())
def test_a_flipped_bit_or_a_cut_is_found(tmp_path_factory, bit, length, cuts):
    store = results_store.FolderStore(tmp_path_factory.mktemp("store"))
    name = store.publish_weights(CONTENT)
    flipped = bytearray(CONTENT)
    flipped[bit // 8] ^= 1 << bit % 8
    (Layout(store.path).weights / name).write_bytes(CONTENT[:length] if cuts else bytes(flipped))
    with pytest.raises(WeightsError, match="are damaged"):
        store.weights(name)


@pytest.mark.parametrize("damage", ["flipped", "gone", "a link", "a pipe", "a folder"])
def test_what_is_no_sound_file_is_one_line(kept, tmp_path, damage):
    path = weights(kept)
    content = bytearray(path.read_bytes())
    path.unlink()
    match damage:
        case "flipped":
            content[7] ^= 1
            path.write_bytes(content)
        case "a link":
            (tmp_path / "elsewhere").write_bytes(content)
            path.symlink_to(tmp_path / "elsewhere")
        case "a pipe":
            os.mkfifo(path)
        case "a folder":
            path.mkdir()
    with pytest.raises(WeightsError) as told:
        weights(kept)
    assert path.name in one_line(told)


def test_trials_without_weights_and_unknown_ones_are_one_line(kept, make):
    kept.publish([make.trial("u")])
    for trial in ("u", "v", "\x1b[2J\n"):
        with pytest.raises(WeightsError, match="has no weights of trial"):
            weights(kept, trial)
    with pytest.raises(WeightsError) as told:
        weights(kept, "\x1b[2J\n")
    assert "\x1b" not in one_line(told)


@pytest.mark.parametrize("name", ["../trials/x", "/etc/passwd", "x.safetensors", ""])
def test_a_row_cannot_lead_out_of_the_folder(kept, make, name):
    kept.publish([make.trial("u", weights_file=name)])
    with pytest.raises(WeightsError, match="has no weights of trial"):
        weights(kept, "u")


NUMBERS = {"test_accuracy": 0.1 + 0.2, "num_parameters": 7, "train_loss": math.nan, "zero": -0.0}


@pytest.mark.parametrize(
    ("changes", "is_the_same"),
    [
        ({}, True),
        ({"metrics": {**NUMBERS, "undefined": None}}, True),
        ({"metrics": {**NUMBERS, "test_accuracy": math.nextafter(0.1 + 0.2, 1)}}, False),
        ({"metrics": {**NUMBERS, "zero": 0.0}}, False),
        ({"metrics": {**NUMBERS, "train_loss": 1.0}}, False),
        ({"metrics": {**NUMBERS, "another": 1.0}}, False),
        ({"metrics": {name: value for name, value in NUMBERS.items() if name != "zero"}}, False),
        ({"status": "pruned"}, False),
    ],
)
def test_weights_of_another_attempt_are_the_trials_if_its_numbers_are(store, make, changes, is_the_same):
    name = store.publish_weights(CONTENT)
    store.publish([make.trial("t", attempt_id="first", metrics=NUMBERS)])
    store.publish(
        [make.trial("t", **{"attempt_id": "again", "minutes": 9, "metrics": NUMBERS, "weights_file": name, **changes})]
    )
    results = results_store.open(store.path)
    assert results.sql("SELECT attempt_id, weights_file FROM trials").rows() == [("first", None)]
    assert kept_weights(results, ["t"]) == ({"t": Layout(store.path).weights / name} if is_the_same else {})
    if is_the_same:
        assert results.weights("t").name == name
    else:
        with pytest.raises(WeightsError):
            results.weights("t")


def test_the_row_that_counts_names_its_own_file_and_another_attempts_stands_in_for_it(kept, make):
    other = kept.publish_weights(b"of the second attempt")
    kept.publish([make.trial("t", attempt_id="t-2", minutes=9, weights_file=other)])
    first = weights(kept)
    assert first.read_bytes() == CONTENT
    first.unlink()
    assert weights(kept).name == other


def test_weights_of_a_withdrawn_attempt_stay_and_are_not_given(kept, make):
    path = weights(kept)
    kept.publish([RetractionRecord(trial_id="t", attempt_id="t-1", reason="wrong", retracted_at=make.start)])
    kept.publish([make.trial("t", attempt_id="t-2", minutes=9)])
    with pytest.raises(WeightsError):
        weights(kept)
    assert path.read_bytes() == CONTENT


def test_files_of_trials_that_are_older_than_weights(kept):
    for file in sorted((kept.path / "trials").iterdir()):
        table = pq.read_table(file).drop_columns(["weights_file"])
        file.unlink()
        publish(Layout(kept.path), Kind.TRIALS, encode(table))
    assert results_store.open(kept.path).sql("SELECT weights_file FROM trials").rows() == [(None,)]
    with pytest.raises(WeightsError):
        weights(kept)


def test_a_copied_store_has_its_weights(kept, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(kept.path, copy)
    assert results_store.open(copy).weights("t").is_relative_to(copy.resolve())
