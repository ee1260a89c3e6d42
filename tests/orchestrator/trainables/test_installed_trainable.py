"""A user's own trainable, from an installed package: a straight line with two parameters, fitted on Ray."""

import os
import subprocess
import sys
import textwrap

import pytest

from results_store import open as open_results

PACKAGE = """\
import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from orchestrator import Epoch, Finished, Metric, Trainable


class LineConfig(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    slope: float = Field(default=2.0, description="Slope of the line that is to be found.")
    intercept: float = Field(default=-1.0, description="Its value at zero.")
    noise_std: float = Field(default=0.0, ge=0, description="Standard deviation of the noise.")
    epochs: int = Field(default=200, ge=1, description="Gradient steps.")


class Line(Trainable):
    name = "line"
    version = 1
    config_model = LineConfig
    metrics = (
        Metric(name="slope_error", direction="minimize", title="Error of the slope"),
        Metric(name="intercept_error", direction="minimize", title="Error of the intercept"),
    )
    epoch_metrics = (Metric(name="train_loss", direction="minimize"),)
    streams = ("data",)

    def train(self, trials):
        for trial in trials:
            config = trial.config
            random = np.random.default_rng(trial.randomness.get("data", trial.seed))
            x = random.uniform(-1, 1, 100)
            y = config.slope * x + config.intercept + random.normal(0, config.noise_std, 100)
            slope = intercept = 0.0
            for epoch in range(1, config.epochs + 1):
                error = slope * x + intercept - y
                slope -= 0.5 * 2 * (error * x).mean()
                intercept -= 0.5 * 2 * error.mean()
                if epoch % 50 == 0:
                    yield Epoch(trial_id=trial.trial_id, epoch=epoch, metrics={"train_loss": float((error**2).mean())})
            errors = {"slope_error": abs(slope - config.slope), "intercept_error": abs(intercept - config.intercept)}
            yield Finished(trial_id=trial.trial_id, metrics={name: float(value) for name, value in errors.items()})
"""
STUDY = """\
schema_version: 1
name: lines
trainable: line_fitting.line:Line
seeds: 2
base: {slope: 3.0}
variants:
  clean: {}
  noisy: {noise_std: 0.5}
"""


@pytest.fixture
def environment(tmp_path):
    source = tmp_path / "source"
    (source / "line_fitting").mkdir(parents=True)
    (source / "line_fitting" / "__init__.py").touch()
    (source / "line_fitting" / "line.py").write_text(PACKAGE)
    (source / "pyproject.toml").write_text(
        textwrap.dedent("""\
        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"
        [project]
        name = "line-fitting"
        version = "1"
        [tool.setuptools]
        packages = ["line_fitting"]
        """)
    )
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*command, "--target", str(site), str(source)], check=True, capture_output=True, timeout=120)
    return os.environ | {"PYTHONPATH": str(site)}


def amor(environment, *arguments):
    command = [sys.executable, "-m", "orchestrator.command_line.main", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=200, check=False)


def test_it_is_trained_stored_and_queried(environment, tmp_path):
    study = tmp_path / "lines.yaml"
    study.write_text(STUDY)
    store = tmp_path / "store"
    answer = amor(environment, "submit", study, "--store", store, "--workers", "2")
    assert answer.returncode == 0, answer.stderr
    results = open_results(store)
    errors = results.sql("SELECT variant, max(slope_error), max(intercept_error) FROM results GROUP BY ALL").rows()
    by_variant = {variant: found for variant, *found in errors}
    assert max(by_variant["clean"]) < 1e-6
    assert 1e-3 < max(by_variant["noisy"]) < 0.5
    assert results.sql("SELECT count(*) FROM epochs").rows() == [(16,)]
    assert results.sql("SELECT DISTINCT slope, noise_std FROM results ORDER BY ALL").rows() == [(3.0, 0.0), (3.0, 0.5)]
    misspelt = study.with_name("misspelt.yaml")
    misspelt.write_text(STUDY.replace("noise_std", "noise_stdd"))
    answer = amor(environment, "validate", misspelt)
    assert answer.returncode == 2
    assert "unknown key; did you mean 'noise_std'?" in answer.stderr
