"""Rows that another program wrote, with our columns and other things in them: no command breaks on them."""

import shutil

import pyarrow as pa
import pyarrow.parquet as pq

from results_store import Kind, Layout
from results_store.stores.publishing import encode, publish

DEEP = '{"a":' * 5000 + "1" + "}" * 5000
ODD = [
    *((Kind.TRIALS, "config", value) for value in (None, "{torn", "[1]", DEEP)),
    *((Kind.TRIALS, "versions", value) for value in ("[1]", DEEP)),
    (Kind.TRIALS, "finished_at", None),
    (Kind.EPOCHS, "epoch", None),
]


def with_odd_value(store, kind, name, value):
    (file,) = (store / kind.value).iterdir()
    table = pq.read_table(file)
    file.unlink()
    column = pa.array([value, *table[name].to_pylist()[1:]], table.schema.field(name).type)
    publish(Layout(store), kind, encode(table.set_column(table.column_names.index(name), name, column)))
    return table["trial_id"][0].as_py()


def test_odd_rows_are_borne(amor, tmp_path, write_study):
    template, study = tmp_path / "store", write_study("odd", 1, one={"number": 1})
    assert amor("submit", study, "--store", template, "--executor", "inline").code == 0
    for number, odd in enumerate(ODD):
        store = shutil.copytree(template, tmp_path / str(number))
        trial_id = with_odd_value(store, *odd)
        for command in (["plan", study], ["show", trial_id], ["replay", trial_id]):
            answer = amor(*command, "--store", store)
            assert "a fault of amor itself" not in answer.err, (odd[1:], command)
            assert answer.code == 0 or command[0] == "replay", (odd[1:], command)


def test_a_record_of_tables_that_makes_no_sense_is_told_in_one_line(amor, tmp_path, write_study):
    template, study = tmp_path / "store", write_study("odd", 1, one={"number": 1})
    assert amor("submit", study, "--store", template, "--executor", "inline").code == 0
    for number, value in enumerate(["{torn", "3", '[{"name": "models"}]', '["models"]', DEEP]):
        store = shutil.copytree(template, tmp_path / str(number))
        with_odd_value(store, Kind.STUDIES, "tables", value)
        answer = amor("table", "odd", "--store", store)
        assert answer.code == 2
        assert answer.err == "what the store holds on the tables of study 'odd' makes no sense\n"
