"""Laws of the named random streams."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from amor_models.randomness import STREAM_NAMES, Streams, derive_seed

seeds = st.integers(0, 2**32)


@settings(deadline=None)
@given(first=seeds, second=seeds)
def test_streams_follow_from_seed_and_name_alone(first, second):
    values = [Streams(seed).seed_of(name) for seed in {first, second} for name in STREAM_NAMES]
    assert len(set(values)) == len(values)
    assert values == [Streams(seed).seed_of(name) for seed in {first, second} for name in STREAM_NAMES]
    assert all(0 <= value < 2**63 for value in values)


@settings(deadline=None)
@given(seed=seeds, pin=seeds, name=st.sampled_from(STREAM_NAMES))
def test_pins_are_raw_seeds_and_offsets(seed, pin, name):
    assert Streams(seed, {name: pin}).seed_of(name) == pin
    assert Streams(seed, {name: {"offset": pin}}).seed_of(name) == seed + pin
    for other in set(STREAM_NAMES) - {name}:
        assert Streams(seed, {name: pin}).seed_of(other) == Streams(seed).seed_of(other)


def test_seeds_do_not_change_between_versions():
    assert Streams(0).seed_of("train_data") == derive_seed(0, "train_data") == 1_564_950_302_026_249_105
    assert derive_seed("a", 1) != derive_seed("a", "1") != derive_seed("a\x1f1")


@pytest.mark.parametrize("pins", [{"weather": 1}, {"init": -1}, {"init": True}, {"init": {"shift": 1}}, {"init": "7"}])
def test_wrong_pins_are_refused(pins):
    with pytest.raises(ValueError, match=r"stream|pin"):
        Streams(0, pins)
    with pytest.raises(ValueError, match="no random stream"):
        Streams(0).seed_of("weather")
