"""A worker's replies as events, the same for every executor."""

from orchestrator.lifecycle.events import Event, Flushed, StackRaised, StackSkipped, StackTrained, StoreFailed
from orchestrator.worker.assignment import Reply


def stack_event(worker_id: int, stack_id: int, reply: Reply) -> Event:
    """The event for a reply to `Worker.run`."""
    if reply.was_skipped:
        return StackSkipped(worker_id=worker_id, stack_id=stack_id)
    if reply.store_error is not None:
        return StoreFailed(cause=reply.store_error)
    if reply.raised is not None:
        return StackRaised(
            worker_id=worker_id,
            stack_id=stack_id,
            finished=reply.raised.finished,
            published=reply.published,
            cause=reply.raised.cause,
            traceback=reply.raised.traceback,
        )
    return StackTrained(worker_id=worker_id, stack_id=stack_id, published=reply.published, duration_s=reply.duration_s)


def flush_event(worker_id: int, reply: Reply) -> Event:
    """The event for a reply to `Worker.flush`."""
    if reply.store_error is not None:
        return StoreFailed(cause=reply.store_error)
    return Flushed(worker_id=worker_id, published=reply.published)
