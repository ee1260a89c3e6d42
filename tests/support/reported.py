"""Stores to report on: studies with variants, seeds, epochs, published values, failures; made up, and deterministic."""

import math
from datetime import UTC, datetime, timedelta

from results_store.records import (
    ArmRecord,
    ClaimRecord,
    EpochRecord,
    FailureRecord,
    MemberRecord,
    MetricInfo,
    Provenance,
    StatementRecord,
    SubmissionRecord,
    TableRecord,
    TableRow,
    TrialRecord,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = (
    MetricInfo(name="test_accuracy", unit="fraction", title="accuracy", direction="maximize"),
    MetricInfo(name="test_retrieval_accuracy", unit="fraction", title="retrieval accuracy", direction="maximize"),
    MetricInfo(name="validation_retrieval_accuracy", unit="fraction", title="validation retrieval accuracy",
               direction="maximize"),
    MetricInfo(name="num_parameters", unit="count", title="parameters"),
)  # fmt: skip
SQL = """\
-- one line per cell
SELECT variant, any_value(point) AS point, list(test_accuracy ORDER BY seed) AS test_accuracy,
    list(test_retrieval_accuracy ORDER BY seed) AS test_retrieval_accuracy,
    any_value(num_parameters) AS num_parameters, list(state ORDER BY seed) AS state
FROM results WHERE study = $study AND seed < 1000 GROUP BY variant, cell_id ORDER BY min(member)
"""
LABELS = {"ssm_only": "SSM only", "oracle": "AMOR, oracle gate", "entropy": "AMOR, entropy gate"}


def publish(
    store, study="demo", *, variants=tuple(LABELS), points=("",), seeds=4, epochs=6, minutes=0, broken=(), **changes
):
    """A submission of a study with its trials, but for those in `broken`: pairs of a variant and a seed.

    Those failed, with a traceback; the others are as good as a hash of their names.
    """
    cells = [(variant, point) for variant in variants for point in points]
    members = [
        MemberRecord(
            variant=variant, point=point, cell_id=f"{study}/{variant}/{point}", config=_config(variant),
            trial_id=f"{study}/{variant}/{point}/{seed}", seed=seed,
        )
        for variant, point in cells for seed in range(seeds)
    ]  # fmt: skip
    rows = [
        TableRow(variant=variant, label=LABELS.get(variant), published={"test_retrieval_accuracy": 0.6 + 0.1 * place})
        for place, variant in enumerate(variants)
    ]
    fields = {
        "submission_id": f"{study}-{minutes}", "study": study, "description": f"what {study} is about",
        "tags": ("tests",), "submitted_at": START + timedelta(minutes=minutes), "file_name": f"/home/me/{study}.yaml",
        "file_text": f"schema_version: 1\nname: {study}\n", "trainable": "amor", "trainable_version": 1,
        "metrics": METRICS, "members": members,
        "tables": [TableRecord(name="models", title=f"Models of {study}", sql=SQL, rows=rows)],
        "claims": _claims(study, variants) if points == ("",) and len(variants) > 1 else (),
    }  # fmt: skip
    trials = [member for member in members if (member.variant, member.seed) not in broken]
    store.publish([SubmissionRecord(**{**fields, **changes})])
    curves = {member.trial_id: _curve(member, epochs) for member in trials}
    store.publish(
        [
            EpochRecord(
                trial_id=trial_id, attempt_id=f"{trial_id}-1", epoch=epoch,
                metrics={"validation_retrieval_accuracy": value, "train_loss": 1 - value},
            )
            for trial_id, curve in curves.items() for epoch, value in enumerate(curve, start=1)
        ]
    )  # fmt: skip
    store.publish([_trial(member, curves[member.trial_id][-1]) for member in trials])
    failed = [member for member in members if (member.variant, member.seed) in broken]
    if failed:
        store.publish([_failure(member) for member in failed])


def _claims(study, variants):
    """The last variant against the others, with published values."""

    def arm(variant, published):
        return ArmRecord(variant=variant, label=variant, cell_id=f"{study}/{variant}/", published=published)

    return [
        ClaimRecord(
            name=f"the last is better than {other}", family="all of them",
            statement=StatementRecord(
                expect="greater", metric="test_retrieval_accuracy", arms=(arm(variants[-1], 0.9), arm(other, 0.2)),
            ),
        )
        for other in variants[:-1]
    ]  # fmt: skip


def _config(variant):
    return {"task": {"name": "simple_retrieval"}, "model": {"name": variant}}


def _noise(*names):
    return sum(ord(character) * (place + 1) for place, character in enumerate("/".join(map(str, names)))) % 97 / 97


def _curve(member, epochs):
    learned = 1 + _noise(member.variant, member.seed) * epochs
    return [0.4 + 0.5 / (1 + math.exp(2 * (learned - epoch))) + 0.01 * _noise(member.trial_id, epoch)
            for epoch in range(1, epochs + 1)]  # fmt: skip


def _trial(member, reached):
    provenance = Provenance(
        git_commit="c" * 40, git_dirty=False, source_hash="s" * 64, versions={"torch": "2.13", "python": "3.11"},
        host="host", cpu="a CPU", threads=1, finished_at=START + timedelta(minutes=member.seed),
    )  # fmt: skip
    return TrialRecord(
        trial_id=member.trial_id, attempt_id=f"{member.trial_id}-1", trainable="amor", trainable_version=1,
        seed=member.seed, status="completed", config=member.config, duration_s=60.0, stack_size=1,
        provenance=provenance,
        metrics={
            "test_accuracy": 0.5 + 0.4 * reached, "test_retrieval_accuracy": reached,
            "validation_retrieval_accuracy": reached, "num_parameters": 1000 + len(member.variant),
        },
    )  # fmt: skip


def _failure(member):
    return FailureRecord(
        trial_id=member.trial_id, attempt_id=f"{member.trial_id}-1", kind="raised", host="host",
        cause="ValueError: it cannot be trained", traceback="Traceback …", gave_up=True, stack_size=1, failed_at=START,
    )  # fmt: skip
