"""The studies that are disturbed, and what they give when nobody disturbs them."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.chaos.processes import Amor
from tests.chaos.rows import Rows, rows_of

CHAOTIC = """\
schema_version: 1
name: chaotic
trainable: chaotic:Chaotic
seeds: {num_seeds}
limits: {{max_attempts: 50}}
variants:
  one: {{number: 1}}
  two: {{number: 2}}
  again: {{number: 2}}
  loner: {{number: 3, loner: {loner}}}
tables:
  - {{name: scores, title: Scores, sql: scores.sql}}
"""
NUM_CELLS = 3
"""`two` and `again` are one cell under two names."""

SCORES = """
SELECT variant, list(score ORDER BY seed) AS score, list(state ORDER BY seed) AS state
FROM results WHERE study = $study GROUP BY variant ORDER BY variant
"""

SEARCH = """\
schema_version: 1
name: searching
trainable: chaotic:Chaotic
seeds: 3
limits: {{max_attempts: 50}}
search:
  sampler: {{name: tpe, seed: 1}}
  parameters:
    number: {{type: int, low: 0, high: 1000}}
  objectives:
    - {{metric: score, direction: maximize}}
  max_trials: {num_candidates}
  round_size: 4
  replicates: 3
  pruning: {pruning}
  confirm: {{top: 2, seeds: 2}}
"""
PRUNINGS = {
    "racing": "{method: racing, first_seeds: 1, keep: 0.5}",
    "halving": "{method: halving, first_epochs: 1, factor: 2}",
}

MEASURED = """\
schema_version: 1
name: measured
trainable: gauge:Gauge
seeds: 4
limits: {max_attempts: 50}
variants:
  control: {level: {of: source, metric: score}}
  source: {level: 1.0}
  copy: {level: {of: source, metric: score}}
  other: {level: 2.0}
"""

AMOR = """\
schema_version: 1
name: real
seeds: {num_seeds}
limits: {{max_attempts: 50}}
base:
  task: {{name: simple_retrieval, num_train: {num_train}, num_validation: 16, num_test: 16, seq_length: 48}}
  training: {{epochs: 3, learning_rate: 5.0e-3, save_weights: true}}
variants:
  ssm: {{model: {{name: ssm}}}}
  full: {{model: {{name: full_attention}}}}
  oracle: {{model: {{name: amor, gate: {{name: oracle}}}}}}
  entropy: {{model: {{name: amor}}}}
"""
NUM_MODELS = 4


def chaotic_study(folder: Path, num_trials: int, *, has_loners: bool = False) -> Path:
    """A study of at least so many trials; loners raise in stacks, and are then trained alone."""
    num_seeds = -(-num_trials // NUM_CELLS)
    (folder / "scores.sql").write_text(SCORES, encoding="utf-8")
    path = folder / "chaotic.yaml"
    path.write_text(CHAOTIC.format(num_seeds=num_seeds, loner=str(has_loners).lower()), encoding="utf-8")
    return path


def search_study(folder: Path, num_candidates: int, pruning: str) -> Path:
    """A study that searches, and gives candidates up early."""
    path = folder / "searching.yaml"
    path.write_text(SEARCH.format(num_candidates=num_candidates, pruning=PRUNINGS[pruning]), encoding="utf-8")
    return path


def measured_study(folder: Path) -> Path:
    """A study of which some cells are known only when others are trained."""
    path = folder / "measured.yaml"
    path.write_text(MEASURED, encoding="utf-8")
    return path


def amor_study(folder: Path, num_trials: int, num_train: int = 48) -> Path:
    """A study of AMOR's own models, at least so many trials."""
    path = folder / "real.yaml"
    path.write_text(AMOR.format(num_seeds=-(-num_trials // NUM_MODELS), num_train=num_train), encoding="utf-8")
    return path


def undisturbed(folder: Path, study: Path) -> Rows:
    """The truth: one process, one trial after another, each alone."""
    store = folder / "undisturbed"
    amor = Amor(folder=folder, mark="undisturbed")
    amor.finish("submit", study, "--store", store, "--executor", "inline", "--stack", "1")
    return rows_of(store)


@contextlib.contextmanager
def scratch() -> Iterator[Path]:
    """A folder that is gone afterwards, with a name that careless code stumbles over."""
    with tempfile.TemporaryDirectory(prefix="amor chaos' ", dir=os.environ.get("TMPDIR")) as folder:
        yield Path(folder)
