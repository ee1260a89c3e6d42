"""Text from outside: whatever it is, no output steers a terminal, and every output reads back as what it was."""

import csv
import io
import json
import re
import unicodedata

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from results_store.query.formats import latex, latex_table, markdown_table, write
from results_store.tables import Cell, Column, Line, Table
from results_store.text import inert, inert_json

HOSTILE = [
    "\x1b[2J", "\x1b]8;;http://x\x07", "\x1b]52;c;aGk=\x07", "\x9b2J", "\u202e", "\u2066", "\u200f", "\u2028", "\x00",
    "\ufeff", "\U000e0041", "|", "\\", "`", "<script>", "&lt;", "\\input{/etc/passwd}", "\\write18{id}", "%", "$x$",
    "_", "#", "^^5c", "~", "{", "}", "[", "](x)", "'; DROP VIEW trials; --", '"', "\n", "\r", "\t", ",", "=cmd|x!A0",
    "é", "日本", "👩\u200d🔬",
]  # fmt: skip
texts = st.lists(st.one_of(st.sampled_from(HOSTILE), st.text(max_size=8)), max_size=6).map("".join)
encodable = texts.map(lambda text: text.encode("utf-8", "replace").decode())

quick = settings(deadline=None, max_examples=60)
"""No test here measures time."""


class Rows:
    """A result of these columns."""

    def __init__(self, *columns):
        names = [f"c{number}" for number in range(len(columns))]
        self._table = pa.table(dict(zip(names, map(list, columns), strict=True)))

    def reader(self):
        return self._table.to_reader()


def written(output_format, *columns):
    stream = io.BytesIO()
    write(Rows(*columns), output_format, stream)
    return stream.getvalue().decode()


def steers(text, but=""):
    """The characters that a terminal obeys, or that hide or reorder others."""
    return {
        character
        for character in text
        if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") and character not in f"\u200c\u200d{but}"
    }


@quick
@given(texts)
def test_nothing_steers(text):
    assert not steers(inert(text))
    assert inert(inert(text)) == inert(text)
    assert inert(text) == text or steers(text)


@quick
@given(texts)
def test_json_keeps_its_value(text):
    for indent in (None, 2):
        shown = inert_json(json.dumps({text: [text]}, ensure_ascii=False, indent=indent))
        assert json.loads(shown) == {text: [text]}
        assert not steers(shown, but="\n")


@quick
@given(st.lists(encodable, min_size=1, max_size=3))
def test_a_table_for_the_terminal_has_one_line_per_row(values):
    text = written("table", values, range(len(values)))
    assert not steers(text, but="\n")
    assert len(text.split("\n")) == len(values) + 3


@quick
@given(st.lists(encodable, min_size=1, max_size=3))
def test_csv_reads_back_as_the_same_cells(values):
    text = written("csv", values, range(len(values)))
    assert not steers(text, but="\n\t")
    _, *rows = csv.reader(io.StringIO(text))
    assert [row[0] for row in rows] == [inert(value, keep="\n\t") for value in values]
    assert all(len(row) == 2 for row in rows)


@quick
@given(st.lists(encodable, min_size=1, max_size=3))
def test_json_of_a_result_reads_back_as_the_same_values(values):
    text = written("json", values)
    assert not steers(text, but="\n")
    assert json.loads(text) == [{"c0": value} for value in values]


def columns_of_markdown(line):
    """How many cells a reader of Markdown sees: a bar that is not escaped ends one."""
    return len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) - 1


@quick
@given(st.lists(texts, min_size=1, max_size=3), texts)
def test_markdown_has_the_same_number_of_columns_in_every_line(values, name):
    text = markdown_table([name, "n"], [[value, "1"] for value in values], numeric=[False, True])
    assert not steers(text, but="\n")
    lines = text.removesuffix("\n").split("\n")
    assert len(lines) == len(values) + 2
    assert {columns_of_markdown(line) for line in lines} == {2}
    assert not re.search(r"(?<!\\)(?:\\\\)*[<`$]", text)  # no HTML, code or mathematics begins


UNESCAPED = {
    r"\textasciitilde{}": "~", r"\textasciicircum{}": "^", r"\textbackslash{}": "\\", r"\textless{}": "<",
    r"\textgreater{}": ">", r"\textbar{}": "|", "{[}": "[", "{]}": "]", "{*}": "*", r"$\pm$": "±",
    **{f"\\{character}": character for character in "&%$#_{}"}, "{}": "",
}  # fmt: skip
TOKEN = re.compile("|".join(map(re.escape, sorted(UNESCAPED, key=len, reverse=True))) + r"|[^\\{}$&#^_~%]", re.DOTALL)


def read_latex(text):
    """The text that LaTeX prints; fails where it would obey something: the grammar has nothing that it obeys."""
    printed, place = [], 0
    while place < len(text):
        token = TOKEN.match(text, place)
        assert token is not None, f"LaTeX would obey {text[place:]!r}"
        printed.append(UNESCAPED.get(token[0], token[0]))
        place = token.end()
    return "".join(printed)


@quick
@given(st.text(st.characters(max_codepoint=0x7F)))
def test_latex_prints_the_text_and_obeys_nothing_in_it(text):
    assert read_latex(latex(text)) == inert(text)


@quick
@given(st.lists(texts, min_size=1, max_size=3))
def test_a_latex_table_has_the_same_number_of_cells_in_every_line(values):
    text = latex_table(["name", "n"], [[value, "1"] for value in values], numeric=[False, True])
    lines = [line for line in text.split("\n") if line.endswith(r" \\")]
    assert len(lines) == len(values) + 1
    assert {len(re.findall(r"(?<!\\)&", line)) for line in lines} == {1}


@quick
@given(texts, texts, texts)
def test_a_table_of_a_study_is_inert_in_every_form(title, label, value):
    table = Table(
        name="t",
        title=title,
        columns=[Column(name="a", title=title, unit=label), Column(name="b", title="B")],
        lines=[Line(label=label, variant=value, cells=[Cell(value=value), Cell(value=1.5)], states=["failed", value])],
    )
    assert not steers(table.markdown() + table.latex(), but="\n")
    assert not steers(table.csv(), but="\n\t")
    (row,) = csv.DictReader(io.StringIO(table.csv()))
    assert (row["label"], row["a"]) == (inert(label, keep="\n\t"), inert(value, keep="\n\t"))
    for line in table.latex().split("\n"):
        for word in (r"\input", r"\write", r"\include", r"\def", r"\immediate"):
            assert word not in line
