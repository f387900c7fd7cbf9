"""The queue of chunks in Redis, the ledger it answers to, and the sweeper that reconciles both.

The ledger's line, committed first, is what counts: it keeps the payload until the chunk is
stored, so anything lost in Redis is enqueued again from there. Jobs are named by a string; this
room never imports a worker. `ingest.intake` puts chunks, the roof's control process sweeps.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import structlog
from redis import Redis
from redis import exceptions as redis_errors
from rq import Queue, Retry
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from tenacity import RetryCallState, Retrying, retry_if_exception_type, wait_exponential

from ingest.chunks import payload_json
from ingest.ledger import Ledger
from records import OpenChunk

__all__ = ["ChunkQueue", "Ledger", "QueueUnavailableError", "never_cancelled", "sweep"]

log = structlog.get_logger(__name__)

T = TypeVar("T")

#: The job every chunk is: a name on the worker's allow-list.
JOB_NAME: Final = "worker.jobs.score_chunk"

#: Chunks waiting in Redis at which reading pauses, and at which it goes on. 64 chunks of 256 keep
#: a dozen workers busy for seconds and hold some 10 MB.
DEFAULT_HIGH_WATER: Final = 64
DEFAULT_LOW_WATER: Final = 32

#: Seconds one chunk may take in a worker before its process is ended. Higher for slow machines
#: with very long texts; each lost chunk waits that long at most.
DEFAULT_JOB_TIMEOUT_S: Final = 300

#: Seconds between the retries of a failed chunk; as many as there are retries, because RQ repeats
#: the first of a shorter list.
RETRY_INTERVALS_S: Final = (1, 5, 15, 60, 300)

#: Seconds a failed job's traces stay in Redis for inspection.
FAILURE_TTL_S: Final = 24 * 3600

#: Seconds a lost connection to Redis is retried before reading stops, resumable.
DEFAULT_PATIENCE_S: Final = 300.0

#: How often the sweeper enqueues a chunk anew whose retries were used up before it gives it up.
MAX_ROUNDS: Final = 3

#: Seconds since its last enqueueing after which the sweeper looks whether a chunk is still queued.
DEFAULT_SWEEP_AGE_S: Final = 60.0

#: Ledger lines the sweeper looks at in one step.
SWEEP_PAGE: Final = 256

_TRANSIENT: Final = (
    redis_errors.ConnectionError,
    redis_errors.TimeoutError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
)


class QueueUnavailableError(Exception):
    """Redis could not be reached for as long as the queue's patience lasts."""


def never_cancelled() -> bool:
    return False


class ChunkQueue:
    """One database's chunks waiting in Redis; bounded by the marks, deaf to nobody else's."""

    def __init__(
        self,
        connection: Redis,
        database_id: str,
        *,
        high_water: int = DEFAULT_HIGH_WATER,
        low_water: int = DEFAULT_LOW_WATER,
        job_timeout_s: int = DEFAULT_JOB_TIMEOUT_S,
        patience_s: float = DEFAULT_PATIENCE_S,
    ) -> None:
        if not 0 <= low_water < high_water:
            raise ValueError(
                f"expected 0 <= low water < high water, found {low_water} and {high_water}"
            )
        self.name = f"moodwatch-{database_id}"
        self.high_water = high_water
        self.low_water = low_water
        self._connection = connection
        self._job_timeout_s = job_timeout_s
        self._patience_s = patience_s
        self._queue = Queue(self.name, connection=connection, serializer=JSONSerializer)

    def depth(self, *, cancelled: Callable[[], bool] = never_cancelled) -> int:
        """Count the chunks that wait for a worker; those being scored are not among them."""
        return self._patiently(lambda: int(self._queue.count), cancelled)

    def put(
        self,
        chunk: OpenChunk,
        *,
        rounds: int = 0,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> bool:
        """Enqueue a chunk unless it is there already; say whether it was not.

        Raises:
            QueueUnavailableError: when Redis stays away; the ledger's line is enqueued later.
        """
        payload = payload_json(chunk)
        return self._patiently(lambda: self._enqueue(chunk.chunk_id, payload, rounds), cancelled)

    def wait_for_room(
        self, poll_s: float = 0.2, cancelled: Callable[[], bool] = never_cancelled
    ) -> None:
        """Return at once below the high-water mark, else when the queue is down to the low one."""
        if self.depth(cancelled=cancelled) < self.high_water:
            return
        while not cancelled() and self.depth(cancelled=cancelled) > self.low_water:
            time.sleep(poll_s)

    def rounds_of_lost(self, chunk_ids: Sequence[str]) -> dict[str, int]:
        """Return the chunks no worker will get to, with how often they were given up before.

        Alive are those waiting, on their way to a worker, being scored, or scheduled for a retry.
        One transaction sees all of these places, so a job moving between them is never missed.
        """
        return self._patiently(lambda: self._look_for(chunk_ids), never_cancelled)

    def clear(self, chunk_id: str) -> bool:
        """Remove the remains of a lost job; False when someone else touched it meanwhile."""
        return self._patiently(lambda: self._remove(chunk_id), never_cancelled)

    def _look_for(self, chunk_ids: Sequence[str]) -> dict[str, int]:
        started = self._queue.started_job_registry
        with self._connection.pipeline(transaction=True) as pipe:
            pipe.lrange(self._queue.key, 0, -1)
            pipe.lrange(self._queue.intermediate_queue_key, 0, -1)
            pipe.zrange(self._queue.scheduled_job_registry.key, 0, -1)
            pipe.zrange(started.key, 0, -1)
            for chunk_id in chunk_ids:
                pipe.hmget(Job.key_for(_job_id(chunk_id)), ["status", "meta"])
            queued, popped, scheduled, executions, *states = pipe.execute()
        alive = {member.decode() for member in (*queued, *popped, *scheduled)}
        alive |= {started.parse_job_id(member) for member in executions}
        return {
            chunk_id: _rounds(status, meta)
            for chunk_id, (status, meta) in zip(chunk_ids, states, strict=True)
            # An entry without its hash is as lost as a hash without an entry.
            if status is None or _job_id(chunk_id) not in alive
        }

    def _remove(self, chunk_id: str) -> bool:
        job_id = _job_id(chunk_id)
        with self._connection.pipeline(transaction=True) as pipe:
            try:
                pipe.watch(Job.key_for(job_id))  # type: ignore[no-untyped-call]  # redis leaves it untyped
                if chunk_id not in self._look_for([chunk_id]):
                    return False
                pipe.multi()
                pipe.delete(Job.key_for(job_id))
                pipe.lrem(self._queue.key, 0, job_id)
                pipe.zrem(self._queue.failed_job_registry.key, job_id)
                pipe.execute()
            except redis_errors.WatchError:
                return False
        return True

    def _enqueue(self, chunk_id: str, payload: str, rounds: int) -> bool:
        try:
            self._queue.enqueue_call(
                JOB_NAME,
                args=(payload,),
                job_id=_job_id(chunk_id),
                unique=True,
                timeout=self._job_timeout_s,
                result_ttl=0,
                failure_ttl=FAILURE_TTL_S,
                # RQ would put the arguments here, and with them texts into Redis and logs.
                description=f"score chunk {chunk_id}",
                retry=Retry(max=len(RETRY_INTERVALS_S), interval=list(RETRY_INTERVALS_S)),
                meta={"rounds": rounds},
            )
        except DuplicateJobError:
            return False
        return True

    def _patiently(self, call: Callable[[], T], cancelled: Callable[[], bool]) -> T:
        deadline = time.monotonic() + self._patience_s

        def gives_up(_: RetryCallState) -> bool:
            return cancelled() or time.monotonic() >= deadline

        retrying = Retrying(
            retry=retry_if_exception_type(_TRANSIENT),
            wait=wait_exponential(multiplier=0.1, max=2.0),
            stop=gives_up,
            before_sleep=_warn,
            reraise=True,
        )
        try:
            return retrying(call)
        except _TRANSIENT as error:
            raise QueueUnavailableError(
                f"redis cannot take chunks of queue {self.name!r} ({type(error).__name__}); "
                "what was read is kept in the database and is enqueued when redis is back: "
                "start it, then run the same command again"
            ) from error


def sweep(
    ledger: Ledger,
    queue: ChunkQueue,
    *,
    older_than_s: float = DEFAULT_SWEEP_AGE_S,
    give_up: Callable[[str, str], None] | None = None,
    cancelled: Callable[[], bool] = never_cancelled,
) -> int:
    """Enqueue the open chunks that no job in Redis stands for, and return how many.

    Stops at the queue's high-water mark; the rest waits for the next sweep. Any number of
    sweepers may run at once. A chunk whose retries were used up, time and again, goes to
    `give_up(chunk_id, reason)`; without one it is left where it is.

    Raises:
        QueueUnavailableError: when Redis stays away.
    """
    n_enqueued = 0
    started = time.monotonic()
    seen: set[str] = set()
    while True:
        room = queue.high_water - queue.depth(cancelled=cancelled)
        # Counted from the start of the sweep, what it marks does not come again.
        age_s = older_than_s + time.monotonic() - started
        page = ledger.unstored(older_than_s=age_s, limit=SWEEP_PAGE)
        page = [chunk for chunk in page if chunk.chunk_id not in seen]
        if room <= 0 or not page or cancelled():
            break
        seen.update(chunk.chunk_id for chunk in page)
        lost = queue.rounds_of_lost([chunk.chunk_id for chunk in page])
        looked_after = [chunk.chunk_id for chunk in page if chunk.chunk_id not in lost]
        for chunk in page:
            if chunk.chunk_id not in lost or room <= 0:
                continue
            rounds = lost[chunk.chunk_id]
            if rounds >= MAX_ROUNDS:
                _give_up(queue, chunk.chunk_id, give_up)
                looked_after.append(chunk.chunk_id)
            elif queue.clear(chunk.chunk_id) and queue.put(chunk, rounds=rounds):
                n_enqueued, room = n_enqueued + 1, room - 1
                looked_after.append(chunk.chunk_id)
        ledger.mark_enqueued(looked_after)
    if n_enqueued:
        log.info("chunks_enqueued_again", chunks=n_enqueued)
    return n_enqueued


def _give_up(queue: ChunkQueue, chunk_id: str, give_up: Callable[[str, str], None] | None) -> None:
    if give_up is None:
        log.error("chunk_keeps_failing", chunk=chunk_id, rounds=MAX_ROUNDS)
        return
    give_up(chunk_id, f"failed {MAX_ROUNDS} times in all its retries")
    # Without its remains a chunk that a person sets open again starts with full retries.
    queue.clear(chunk_id)
    log.error("chunk_given_up", chunk=chunk_id, rounds=MAX_ROUNDS)


def _job_id(chunk_id: str) -> str:
    return f"chunk-{chunk_id}"


def _rounds(status: bytes | None, meta: bytes | None) -> int:
    """Return how often the chunk was given up by RQ, this time included if it was."""
    document: dict[str, Any] = json.loads(meta) if meta else {}
    before = int(document.get("rounds", 0))
    return before + 1 if status == JobStatus.FAILED.value.encode() else before


def _warn(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    log.warning("redis_unavailable", attempt=state.attempt_number, reason=type(error).__name__)
