"""A submission that takes trials out of a study's tables says so."""

import pytest

REPLACES = "warning: numbers: this submission replaces what tables show: "
ELSEWHERE = "; try things out in another --store"


@pytest.fixture
def submit(amor, tmp_path):
    def run(study, *arguments, store="store"):
        return amor("submit", study, "--store", tmp_path / store, "--executor", "inline", *arguments).err

    return run


@pytest.mark.parametrize(
    ("setting", "counts"),
    [
        ("seeds=1", "6 trials before, 2 now"),
        ("variants.one.number=5", "6 trials before, 6 now, 3 of them the same"),
        ("seeds=[8, 9]", "6 trials before, 4 now, none of them the same"),
    ],
)
def test_trials_that_drop_out_are_told_in_one_line(submit, write_study, setting, counts):
    study = write_study(seeds=3)
    assert "replaces" not in submit(study)
    told = submit(study, "--set", setting)
    assert f"{REPLACES}{counts}{ELSEWHERE}\n" in told
    assert told.count("replaces") == 1
    assert "replaces" not in submit(study, "--set", setting)
    assert "replaces" not in submit(study, "--set", setting, store="another")


def test_what_grows_replaces_nothing(submit, write_study):
    submit(write_study(seeds=2))
    assert "replaces" not in submit(write_study(seeds=3))
    assert "replaces" not in submit(write_study(seeds=3), "--only", "one")
    assert "replaces" not in submit(write_study("another", seeds=1))


def test_trials_that_were_never_done_are_not_missed(submit, write_study):
    study = write_study(one={"number": 1}, bad={"behaviour": "raise"})
    submit(study)
    assert "replaces" not in submit(write_study(one={"number": 1}))
