"""The command of `make chaos`."""

import json
from dataclasses import replace

import pytest

from tests.chaos import __main__ as command
from tests.chaos import schedules, store_faults
from tests.chaos.outcome import Outcome

CLEAN = Outcome(part="store", injected="a fault", where="somewhere", num_injected=3, num_trials=5)


@pytest.mark.parametrize(("num_lost", "code"), [(0, 0), (1, 1)])
def test_the_exit_code_tells_whether_anything_was_lost(monkeypatch, capsys, tmp_path, num_lost, code):
    monkeypatch.setattr(store_faults, "damage_files", lambda **sizes: [CLEAN])
    monkeypatch.setattr(store_faults, "kill_publishers", lambda **sizes: replace(CLEAN, num_lost=num_lost))
    output = tmp_path / "chaos.json"
    assert command.main(["--only", "store", "--seed", "7", "--output", str(output)]) == code
    assert "a fault" in capsys.readouterr().out
    content = json.loads(output.read_text(encoding="utf-8"))
    assert content["seed"] == 7
    assert [outcome["is_clean"] for outcome in content["outcomes"]] == [True, not num_lost]


def test_a_scenario_that_breaks_off_does_not_hide_the_others(monkeypatch, capsys):
    def break_off(**sizes):
        raise RuntimeError("amor submit ended with 1")

    monkeypatch.setattr(store_faults, "damage_files", break_off)
    monkeypatch.setattr(store_faults, "kill_publishers", lambda **sizes: CLEAN)
    assert command.main(["--only", "store"]) == 1
    table = capsys.readouterr().out
    assert "broke off" in table
    assert "a fault" in table


def test_every_part_has_scenarios():
    assert tuple(dict.fromkeys(part for part, _ in command._scenarios(command.QUICK, 0))) == command.PARTS


def test_a_schedule_that_breaks_a_law_is_told_by_its_seed(monkeypatch):
    def run_schedule(seed):
        assert seed != 3, "a law"

    monkeypatch.setitem(__import__("sys").modules, "simulation", type("Simulation", (), {"run_schedule": run_schedule}))
    outcome = schedules.run_schedules(num_schedules=5, seed=1)
    assert outcome.num_injected == 5
    assert outcome.num_wrong == 1
    assert list(outcome.details["seeds that broke a law"]) == [3]
