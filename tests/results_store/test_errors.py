"""What is told of an error on one line."""

import duckdb
from hypothesis import given
from hypothesis import strategies as st

from results_store.errors import StoreError, first_line

LINE = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1)
BLANKS = st.text(" \t\n\r\x0b\x0c\x1c\x85\u2028")


@given(st.text())
def test_every_error_has_one_line_that_says_something(text):
    line = first_line(duckdb.Error(text))
    assert line
    assert line.splitlines() == [line]


@given(BLANKS, LINE, st.sampled_from(["\n", "\r\n"]), st.text())
def test_it_is_the_first_that_says_something(blanks, line, end, rest):
    assert first_line(StoreError(f"{blanks}{line}{end}{rest}")) == line


@given(BLANKS)
def test_an_error_without_a_message_is_told_by_its_type(blanks):
    assert first_line(StoreError(blanks)) == "StoreError"
