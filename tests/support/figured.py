"""A study with a figure of every kind, and rows for them, in a store."""

import random
from datetime import UTC, datetime, timedelta

from results_store.records import (
    EntropyRecord,
    EpochRecord,
    FailureRecord,
    FigureKind,
    FigureRecord,
    FigureVariant,
    GateRecord,
    MemberRecord,
    MetricInfo,
    Provenance,
    PublishedPoint,
    SubmissionRecord,
    TrialRecord,
)

NOW = datetime(2026, 1, 1, tzinfo=UTC)
METRICS = (
    MetricInfo(name="test_retrieval_accuracy", unit="fraction", title="retrieval accuracy"),
    MetricInfo(name="test_gate_rate", unit="fraction", title="gate rate"),
    MetricInfo(name="attention_madds_executed", unit="count"),
    MetricInfo(name="attention_madds_dense", unit="count"),
    MetricInfo(name="epochs_to_retrieval", unit="count", description="First epoch that passes 0.9."),
    MetricInfo(name="epochs_trained", unit="count"),
    MetricInfo(name="validation_entropy_gap_nats", unit="nats", title="entropy gap"),
)
NUM_SEEDS, NUM_EPOCHS, LENGTHS = 7, 6, (10, 20, 50)
CELLS = {
    "ssm": [{"model": {"name": "ssm"}}],
    "full": [{"model": {"name": "full"}}],
    "amor": [{"model": {"name": "amor", "top_k": 3}}],
    "far": [{"model": {"name": "amor", "top_k": 3}, "task": {"noise_length": length}} for length in LENGTHS],
    "near": [{"model": {"name": "amor", "top_k": 3}, "task": {"noise_length": 5}}],
    "blind": [{"model": {"name": "heuristic"}, "task": {"noise_length": length}} for length in LENGTHS],
}
SEQUENCE = {
    "sequence": 0, "tokens": [1, 2, 3, 4, 5], "targets": [2, 3, 4, 5, 6],
    "needs_retrieval": [False, True, True, False, True], "gate": [True, True, False, False, True],
    "entropy": [0.9, 0.8, 0.3, 0.2, 0.7],
}  # fmt: skip


def shown(*names):
    return tuple(FigureVariant(variant=name, label=name.upper()) for name in names)


def figure(kind, **changes):
    kind = FigureKind(kind)
    fields = {
        "entropy_histogram": {"variants": shown("ssm", "amor")},
        "metric_by_epoch": {
            "variants": shown("ssm", "amor"), "metric": "validation_entropy_gap_nats",
            "published": (PublishedPoint(x=3, y=0.5),),
        },
        "sweep": {
            "variants": shown("far"), "references": shown("blind", "ssm"), "along": "task.noise_length",
            "metric": "test_retrieval_accuracy", "published": (PublishedPoint(x=10, y=0.5, low=0.4, high=0.6),),
        },
        "gate_pattern": {"variants": shown("amor"), "seeds": (1,)},
        "tradeoff": {
            "variants": shown("ssm", "full", "amor"), "metric": "test_retrieval_accuracy",
            "published": (PublishedPoint(x=0.2, y=0.9, label="paper"),),
        },
        "survival": {"variants": shown("ssm", "amor")},
    }[kind.value]  # fmt: skip
    return FigureRecord(**{"name": kind.value, "title": f"Of {kind.value}", "kind": kind, **fields, **changes})


FIGURES = tuple(map(figure, FigureKind))


def members():
    return [
        MemberRecord(
            variant=variant, cell_id=f"{variant}-{place}", trial_id=f"{variant}-{place}-{seed}", seed=seed,
            config=config, point=f"noise_length={LENGTHS[place]}" if len(configs) > 1 else "",
        )
        for variant, configs in CELLS.items()
        for place, config in enumerate(configs)
        for seed in range(NUM_SEEDS)
    ]  # fmt: skip


def submission(figures=FIGURES, **changes):
    fields = {
        "submission_id": "s", "study": "figured", "submitted_at": NOW, "file_name": "figured.yaml", "file_text": "",
        "trainable": "amor", "trainable_version": 1, "metrics": METRICS, "members": members(), "figures": figures,
    }  # fmt: skip
    return SubmissionRecord(**{**fields, **changes})


def accuracy(member):
    far = member.config.get("task", {}).get("noise_length", 0) / 100
    return (random.Random(member.trial_id).random() + 1 - far) / 2


def metrics(member):
    """Values that differ by trial; the gate rate and multiply-adds are those of models with and without them."""
    number = random.Random(member.trial_id).random()
    has_gate, has_attention = member.variant in ("amor", "far"), member.variant in ("amor", "far", "full")
    learned = None if member.variant == "ssm" or member.seed == 3 else 1 + member.seed % 4
    return {
        "test_retrieval_accuracy": accuracy(member),
        "test_gate_rate": number if has_gate else None,
        "attention_madds_executed": 1000 * number if has_attention else 0,
        "attention_madds_dense": 1000.0 if has_attention else 0,
        "epochs_to_retrieval": learned,
        "epochs_trained": NUM_EPOCHS,
    }


def curve(member, epoch):
    return epoch * random.Random(f"{member.trial_id} {epoch}").random()


def num_epochs(member):
    """Seed 5 of the entropy gate stops early."""
    return NUM_EPOCHS - 2 if (member.variant, member.seed) == ("amor", 5) else NUM_EPOCHS


def bins(member):
    rng = random.Random(member.trial_id)
    return [
        {"position": position, "bin_low": index / 10, "bin_high": (index + 1) / 10, "count": rng.randint(1, 50)}
        for position in ("local", "retrieval")
        for index in range(10)
        if rng.random() < 0.7
    ]


def details(member, attempt):
    key = {"trial_id": member.trial_id, "attempt_id": attempt}
    epochs = [
        EpochRecord(**key, epoch=epoch, metrics={"validation_entropy_gap_nats": curve(member, epoch)})
        for epoch in range(1, num_epochs(member) + 1)
    ]
    return epochs, [EntropyRecord(**key, values=row) for row in bins(member)], [GateRecord(**key, values=SEQUENCE)]


def trial(member, status, attempt):
    provenance = Provenance(
        git_commit=None, git_dirty=None, source_hash="", versions={}, host="h", cpu="c", threads=1,
        finished_at=NOW + timedelta(minutes=1),
    )  # fmt: skip
    return TrialRecord(
        trial_id=member.trial_id, attempt_id=attempt, trainable="amor", trainable_version=1, seed=member.seed,
        status=status, config=member.config, metrics=metrics(member), duration_s=1.0, stack_size=1,
        provenance=provenance,
    )  # fmt: skip


def publish(store, figures=FIGURES, *, states=None, rng=None, **changes):
    """Publishes the study and its trials.

    Args:
        store: where.
        figures: what it asks for.
        states: what became of trials, by trial id, if not `completed`.
        rng: shuffles the order of publishing.
        changes: of the submission.
    """
    states = states or {}
    store.publish([submission(figures, **changes)])
    chosen = [(member, states.get(member.trial_id, "completed")) for member in members()]
    if rng is not None:
        rng.shuffle(chosen)
    trials, epochs, entropy, gates, failures = [], [], [], [], []
    for member, state in chosen:
        attempt = f"{member.trial_id}-a"
        if state == "failed":
            failures.append(
                FailureRecord(
                    trial_id=member.trial_id, attempt_id=attempt, kind="raised", host="h", cause="c", traceback="",
                    gave_up=True, stack_size=1, failed_at=NOW,
                )
            )  # fmt: skip
        elif state != "pending":
            trials.append(trial(member, state, attempt))
            for rows, more in zip((epochs, entropy, gates), details(member, attempt), strict=True):
                rows += more
    groups = [rows for rows in (epochs, entropy, gates, trials, failures) if rows]
    if rng is not None:
        for rows in groups:
            rng.shuffle(rows)
    for rows in groups:
        store.publish(rows)
