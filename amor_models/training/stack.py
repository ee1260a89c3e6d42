"""Training a stack of trials."""

from collections.abc import Iterator, Sequence

from amor_models.training.reports import Report
from amor_models.training.setup import TrialSetup


def train_stack(trials: Sequence[TrialSetup]) -> Iterator[Report]:
    """Trains a stack of trials and yields their reports as they come."""
    raise NotImplementedError(f"training of {len(trials)} trials")
