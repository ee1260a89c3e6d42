"""A world in which courses of searches run: it keeps their record, answers for their trials, and can stop at any moment."""

import random

from orchestrator.search.course import Known, course
from orchestrator.search.judging import Judged, Train
from orchestrator.trainables.contract import TrialStatus
from results_store.records import CandidateEvent


class KilledError(Exception):
    """The driver dies here."""


def score(trial, epoch=None):
    """What a trial reports: of its configuration and seed alone; better with more epochs."""
    value, seed = trial.cell.config.value, trial.seed
    noise = random.Random(f"{value}:{seed}").gauss(0.0, trial.cell.config.spread)
    return -abs(value - 1.0) + noise + (0.0 if epoch is None else -1.0 / epoch)


class World:
    """The record and the trials of one search, as a store would hold them.

    Args:
        fails: trials, of which nothing is heard but that they failed.
        diverges: trials whose loss was no number.
    """

    def __init__(self, fails=lambda trial: False, diverges=lambda trial: False):
        self.asked, self.told, self.confirmed = {}, {}, []
        self.trained, self.rounds = [], []
        self.stored = {}
        self.unsound = set()
        self.fails, self.diverges = fails, diverges

    def known(self):
        return [
            Known(
                number=number,
                parameters=entry.candidate.parameters,
                cell_id=entry.candidate.cell.cell_id,
                judged=self.told.get(number),
                is_sound=number not in self.unsound,
            )
            for number, entry in self.asked.items()
        ]

    def run(self, search, *, steps=None, study_seeds=(0, 1, 2, 3)):
        """Runs the search to its end, or until it has taken so many steps; before, between or after any of them."""
        running = course(search, self.known(), study_seeds=study_seeds, confirmed=self.confirmed)
        answer = None
        try:
            while True:
                instruction = running.send(answer)
                answer = None
                for _ in range(2):  # a step may be left before it has had an effect, or after
                    if steps is not None and steps == 0:
                        raise KilledError
                    steps = None if steps is None else steps - 1
                    if _ == 0:
                        answer = self.take(instruction)
        except StopIteration as end:
            return end.value

    def take(self, instruction):
        if isinstance(instruction, Train):
            return {trial.trial_id: self.train(trial, instruction.stop_after_epoch) for trial in instruction.trials}
        self.rounds.append(instruction)
        for entry in instruction.entries:
            match instruction.event:
                case CandidateEvent.ASKED:
                    self.asked.setdefault(entry.number, entry)
                case CandidateEvent.TOLD:
                    self.told[entry.number] = Judged(outcome=entry.outcome, seeds=entry.seeds)
                case CandidateEvent.CONFIRMED:
                    self.confirmed.append((entry.candidate.cell.cell_id, entry.seeds))
        return None

    def train(self, trial, stop_after_epoch):
        key = (trial.trial_id, stop_after_epoch)
        if key not in self.stored and (trial.trial_id, None) in self.stored:  # trained to its end, it has been there
            return (TrialStatus.PRUNED, {"score": score(trial, stop_after_epoch)})
        if key not in self.stored:
            self.trained.append(key)
            if self.fails(trial):
                return None
            if self.diverges(trial):
                self.stored[trial.trial_id, None] = (TrialStatus.DIVERGED, {"score": float("nan")})
                return self.stored[trial.trial_id, None]
            status = TrialStatus.COMPLETED if key[1] is None else TrialStatus.PRUNED
            self.stored[key] = (status, {"score": score(trial, key[1])})
        return self.stored[key]

    def record(self):
        """What stands in the record at the end, to be compared with that of another run."""
        return [
            (number, dict(entry.candidate.parameters), entry.candidate.cell.cell_id, self.told.get(number))
            for number, entry in sorted(self.asked.items())
        ]
