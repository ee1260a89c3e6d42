"""What the state machine knows of a worker: what it was given, and since when it is silent."""

from dataclasses import dataclass, field

from orchestrator.lifecycle.instructions import Attempt, Stack
from orchestrator.worker.assignment import MAX_CALL_S

PREFETCH_BELOW_S = 1.0
"""A second stack is sent ahead only where stacks are this short: it hides the latency of a call, and would bind long
stacks to a busy worker while another is idle."""

SHARED_CALL_S = 0.1
"""Very short stacks share a call that takes about this long: a call costs as much as the shortest of them."""

MAX_STACKS_PER_CALL = 16

START_TIMEOUT_S = 600.0
"""How long a worker may take to load its trainable and prepare it, once its process runs. It is no trial's time, so it
is not the study's to limit, and a start that hangs must not hang the run."""

FLUSH_TIMEOUT_S = 600.0
"""How long a worker may take to publish what it holds. It is no trial's time either."""


@dataclass(kw_only=True)
class Call:
    """Stacks that were sent together.

    Attributes:
        stacks: those that have not been answered.
        num_trials: of all of its stacks.
        largest_stack: trials of its largest stack.
        begun_s: when the call before it had been answered; None: it waits, or time has not been told since.
    """

    stacks: list[Stack]
    num_trials: int
    largest_stack: int
    begun_s: float | None = None


@dataclass(kw_only=True)
class Worker:
    """A worker that is kept alive.

    Attributes:
        avoids: nodes on which it was not to be placed.
        is_ready: it can be given stacks.
        unpublished: attempts that it has trained, and of which nobody has heard that they are in the store.
        flush_begun_s: when it was asked to publish what it holds; None: it was not, or time has not been told since.
        since_s: when it was asked for, or, once it has a place, when it was given that; None: not told yet.
        stop_cause: why it is being killed.
    """

    avoids: frozenset[str] = frozenset()
    host: str = "?"
    node: str = ""
    is_placed: bool = False
    is_ready: bool = False
    calls: list[Call] = field(default_factory=list)
    unpublished: dict[str, Attempt] = field(default_factory=dict)
    is_flushing: bool = False
    flush_begun_s: float | None = None
    last_duration_s: float | None = None
    since_s: float | None = None
    stop_cause: str | None = None

    @property
    def in_flight(self) -> list[Stack]:
        """Stacks that have not been answered."""
        return [stack for call in self.calls for stack in call.stacks]

    def has_room(self) -> bool:
        """Whether it may be given another call; not behind a flush, whose time would be the call's."""
        if not self.is_ready or self.is_flushing or self.stop_cause is not None:
            return False
        if any(stack.alone for stack in self.in_flight):
            return False
        is_short = self.last_duration_s is not None and self.last_duration_s < PREFETCH_BELOW_S
        return len(self.calls) < (2 if is_short else 1)

    def num_stacks_per_call(self) -> int:
        """How many stacks make a call that is worth its cost."""
        if self.last_duration_s is None or self.last_duration_s > SHARED_CALL_S:
            return 1
        shortest_s = SHARED_CALL_S / MAX_STACKS_PER_CALL
        return int(SHARED_CALL_S / max(self.last_duration_s, shortest_s))

    def take(self, stack_id: int) -> Stack | None:
        """A stack that is in flight, which from now on it is not."""
        for call in self.calls:
            for stack in call.stacks:
                if stack.stack_id == stack_id:
                    call.stacks.remove(stack)
                    self.calls = [call for call in self.calls if call.stacks]
                    return stack
        return None

    def note_time(self, now_s: float) -> None:
        """The time of whatever began since the last call begins now."""
        if self.since_s is None:
            self.since_s = now_s
        if self.is_flushing and self.flush_begun_s is None:
            self.flush_begun_s = now_s
        if self.calls and self.calls[0].begun_s is None:
            self.calls[0].begun_s = now_s

    def waits_for_a_place_s(self, now_s: float) -> float:
        """For how long nobody has had a CPU for it; 0 once it has one."""
        return 0.0 if self.is_placed or self.since_s is None else now_s - self.since_s

    def overdue(self, now_s: float, trial_timeout_s: float | None) -> str | None:
        """Why it is thought to hang, in words; None while it is not, or is being killed already."""
        if self.stop_cause is not None:
            return None
        if self.is_placed and not self.is_ready and self.since_s is not None and now_s - self.since_s > START_TIMEOUT_S:
            return f"it was not ready to train after {START_TIMEOUT_S:g} s (importing its trainable, prepare_worker)"
        if self.flush_begun_s is not None and now_s - self.flush_begun_s > FLUSH_TIMEOUT_S:
            return f"it had not published what it had trained after {FLUSH_TIMEOUT_S:g} s"
        call = self.calls[0] if self.calls else None
        if call is None or call.begun_s is None or trial_timeout_s is None:
            return None
        # What a call has not begun after a while it gives back: so it takes hardly longer than its longest stack.
        limit_s = min(trial_timeout_s * call.num_trials, trial_timeout_s * call.largest_stack + MAX_CALL_S)
        if now_s - call.begun_s <= limit_s:
            return None
        of_how_many = "" if call.largest_stack == 1 else f", for each of {call.largest_stack} trials"
        return f"no reply for {limit_s:g} s; limits.trial_timeout_s = {trial_timeout_s:g}{of_how_many}"
