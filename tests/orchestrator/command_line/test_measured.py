"""A random gate at the entropy gate's measured rate, from the study file to the replay of its trials."""

import json

import pytest

from results_store import open as open_results

STUDY = """\
schema_version: 1
name: control
seeds: 2
base:
  task: {name: simple_retrieval, num_train: 32, num_validation: 16, num_test: 16, seq_length: 32}
  model: {name: amor, d_model: 16, num_heads: 2, gate: {name: entropy, threshold: 0.99}}
  training: {epochs: 1, batch_size: 16}
variants:
  ssm_only: {model: {name: ssm}}
  amor_entropy: {}
  amor_random: {model.gate: {name: random, rate: {of: amor_entropy, metric: validation_gate_rate}}}
tables:
  - name: gates
    title: Gates
    sql: gates.sql
    rows: [{variant: amor_entropy}, {variant: amor_random, label: random gate}]
"""
GATES = """
SELECT variant, any_value(model_gate_rate) AS rate, list(test_gate_rate ORDER BY seed) AS test_gate_rate,
    list(state ORDER BY seed) AS state
FROM results WHERE study = $study GROUP BY variant, cell_id ORDER BY min(member)
"""


@pytest.fixture
def study(tmp_path, monkeypatch):
    (tmp_path / "control.yaml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "gates.sql").write_text(GATES, encoding="utf-8")
    monkeypatch.setenv("AMOR_STORE", str(tmp_path / "store"))
    monkeypatch.chdir(tmp_path)
    return "control.yaml"


def test_from_waiting_to_a_replayed_trial(amor, study, tmp_path):
    validated = amor("validate", study)
    assert validated.code == 0
    assert "3 cells, 2 seeds, 4 trials, 2 more when measured values are known" in validated.err

    waits = "control: waits: amor_random: 0 of 2 seeds of amor_entropy are done"
    planned = amor("plan", study, "--json")
    assert planned.code == 0
    (plan,) = json.loads(planned.out)
    assert (plan["cells"], plan["trials"], plan["to_run"], plan["waiting"]) == (3, 4, 4, 2)
    assert waits in planned.err

    early = amor("submit", study, "--executor", "inline", "--only", "amor_random")
    assert early.code == 1
    assert waits in early.err
    assert "random gate: of 2 replicates, 2 waiting." in early.out
    (status,) = json.loads(amor("status", "--json").out)
    assert (status["trials"], status["pending"], status["waiting"], status["other"]) == (6, 4, 2, 0)
    assert amor("doctor").code == 0

    submitted = amor("submit", study, "--executor", "inline")
    assert submitted.code == 0
    assert "waiting" not in submitted.out
    (status,) = json.loads(amor("status", "--json").out)
    assert (status["trials"], status["completed"]) == (6, 6)
    assert "waiting" not in status

    results = open_results(tmp_path / "store")
    (mean,) = results.sql(
        "SELECT round(avg(validation_gate_rate), 4) FROM results WHERE variant = 'amor_entropy'"
    ).rows()
    found = results.sql("SELECT DISTINCT model_gate_rate, trial_id FROM results WHERE variant = 'amor_random'").rows()
    assert {rate for rate, _ in found} == {mean[0]}
    assert 0 < mean[0] < 1
    known = f"control: amor_random: model.gate.rate = {mean[0]} (mean validation_gate_rate of amor_entropy, 2 seeds)\n"
    assert submitted.err.count(known) == 1
    assert "model.gate.rate = " not in planned.err + early.err

    trial_id = found[0][1]
    shown = json.loads(amor("show", trial_id, "--json").out)
    assert shown["appears_in"] == ["control/amor_random"]
    assert shown["config"]["model"]["gate"]["rate"] == mean[0]
    replayed = amor("replay", trial_id)
    assert replayed.code == 0
    assert replayed.out.startswith("identical bit for bit")

    planned = amor("plan", study, "--json")
    (plan,) = json.loads(planned.out)
    assert (plan["trials"], plan["done"], plan["to_run"]) == (6, 6, 0)
    assert "waiting" not in plan
    assert planned.err.count(known) == 1
    assert amor("submit", study, "--executor", "inline").err.count(known) == 1


def test_set_gives_the_value_by_hand(amor, study):
    (plan,) = json.loads(amor("plan", study, "--json", "--set", "model.gate.rate=0.25").out)
    assert (plan["trials"], plan["to_run"]) == (6, 6)
    assert "waiting" not in plan
