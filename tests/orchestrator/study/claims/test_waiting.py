"""A claim about a cell of which a value is still to be measured: incomplete, with a reason, until the value is known."""

from orchestrator import SubmitOptions, submit
from orchestrator.study.loading import load_study
from orchestrator.study.submission import submission_record
from results_store import open as open_results

STUDY = """\
schema_version: 1
name: waiting
trainable: gauge:Gauge
seeds: 5
variants: {low: {level: 0.5}, high: {level: 5.0}, same: {level: {of: high, metric: score}}}
claims:
  - {name: more, metric: score, compare: [same, low], expect: greater}
  - {name: rises, metric: score, variant: [low, {variant: high}], along: level, expect: monotone, direction: increasing}
"""


def verdicts(store):
    return {verdict.name: verdict for verdict in open_results(store).claims("waiting").verdicts}


def test_it_is_incomplete_until_the_value_is_known(tmp_path):
    path, store = tmp_path / "waiting.yaml", tmp_path / "store"
    path.write_text(STUDY)
    (first, second) = submission_record(load_study(path)).claims[0].statement.arms
    assert first.cell_id is None
    assert second.cell_id is not None
    submit(path, store=store, options=SubmitOptions(executor="inline", only=("low",)))
    waiting = verdicts(store)["more"].verdict
    assert waiting.outcome == "incomplete"
    assert waiting.reason == "same: a value of its configuration is measured in another cell, which is not done"
    submit(path, store=store, options=SubmitOptions(executor="inline"))
    known = verdicts(store)
    assert known["more"].verdict.outcome == "supported"
    assert known["more"].notes == ()
    assert known["rises"].verdict.outcome == "supported"
