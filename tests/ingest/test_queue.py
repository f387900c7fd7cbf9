"""The chunk queue on a real Redis: what a job holds, the marks, and which jobs count as lost."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry as RedisRetry
from rq import Queue
from rq.job import Job, JobStatus
from rq.registry import FailedJobRegistry, ScheduledJobRegistry, StartedJobRegistry
from rq.serializers import JSONSerializer

from ingest.chunks import pack
from ingest.queue import (
    FAILURE_TTL_S,
    JOB_NAME,
    RETRY_INTERVALS_S,
    ChunkQueue,
    QueueUnavailableError,
)
from records import Message, OpenChunk, Payload


def rq_of(queue: ChunkQueue, connection: Redis) -> Queue:
    return Queue(queue.name, connection=connection, serializer=JSONSerializer)


def chunk_of(database_id: str, text: str = "a secret text") -> OpenChunk:
    return pack(database_id, [Message("s", "1", None, None, None, text)])


def fetch(connection: Redis, chunk: OpenChunk) -> Job:
    return Job.fetch(f"chunk-{chunk.chunk_id}", connection=connection, serializer=JSONSerializer)


def test_job_is_what_a_worker_expects(redis_connection: Redis, queue_id: str) -> None:
    queue = ChunkQueue(redis_connection, queue_id, job_timeout_s=77)
    chunk = chunk_of(queue_id)
    assert queue.put(chunk)
    job = fetch(redis_connection, chunk)
    assert job.func_name == JOB_NAME
    assert not job.kwargs
    (payload,) = job.args
    assert Payload.from_json(payload).chunk == chunk.chunk_id
    assert job.origin == queue.name == f"moodwatch-{queue_id}"
    assert (job.timeout, job.result_ttl, job.failure_ttl) == (77, 0, FAILURE_TTL_S)
    assert job.retries_left == len(RETRY_INTERVALS_S) == 5
    assert job.retry_intervals == list(RETRY_INTERVALS_S)
    assert job.get_status() == JobStatus.QUEUED
    assert queue.depth() == 1


def test_text_stands_in_no_field_but_the_compressed_arguments(
    redis_connection: Redis, queue_id: str
) -> None:
    chunk = chunk_of(queue_id)
    ChunkQueue(redis_connection, queue_id).put(chunk)
    fields = redis_connection.hgetall(Job.key_for(f"chunk-{chunk.chunk_id}"))
    assert fields[b"description"] == f"score chunk {chunk.chunk_id}".encode()
    assert not [name for name, value in fields.items() if b"secret" in value]


def test_chunk_put_twice_is_queued_once(redis_connection: Redis, queue_id: str) -> None:
    queue, chunk = ChunkQueue(redis_connection, queue_id), chunk_of(queue_id)
    assert queue.put(chunk)
    assert not queue.put(chunk)
    assert queue.depth() == 1


def test_marks_out_of_order_are_refused(redis_connection: Redis) -> None:
    with pytest.raises(ValueError, match="found 5 and 5"):
        ChunkQueue(redis_connection, "x", high_water=5, low_water=5)


def test_reading_waits_at_the_high_mark_until_the_low_one(
    redis_connection: Redis, queue_id: str
) -> None:
    queue = ChunkQueue(redis_connection, queue_id, high_water=4, low_water=1)
    for _ in range(3):
        queue.put(chunk_of(queue_id))
    started = time.monotonic()
    queue.wait_for_room(poll_s=5)
    assert time.monotonic() - started < 1, "below the high mark nobody waits"

    queue.put(chunk_of(queue_id))
    is_waiting = threading.Event()

    def cancelled() -> bool:
        is_waiting.set()  # asked once the queue was found full
        return False

    waiting = threading.Thread(target=queue.wait_for_room, args=(0.01, cancelled))
    waiting.start()
    assert is_waiting.wait(60)
    for left in (3, 2):
        rq_of(queue, redis_connection).pop_job_id()
        time.sleep(0.1)
        assert waiting.is_alive(), f"{left} chunks are above the low mark"
    rq_of(queue, redis_connection).pop_job_id()
    waiting.join(5)
    assert not waiting.is_alive()


def test_waiting_for_room_ends_when_cancelled(redis_connection: Redis, queue_id: str) -> None:
    queue = ChunkQueue(redis_connection, queue_id, high_water=1, low_water=0)
    queue.put(chunk_of(queue_id))
    queue.wait_for_room(poll_s=0.01, cancelled=lambda: True)
    assert queue.depth() == 1


def test_absent_redis_is_retried_then_said(unused_port: int) -> None:
    queue = ChunkQueue(without_retry(unused_port), "x", patience_s=0.5)
    started = time.monotonic()
    with pytest.raises(QueueUnavailableError, match="'moodwatch-x' \\(ConnectionError\\)"):
        queue.put(chunk_of("x"))
    assert time.monotonic() - started >= 0.5


def test_retrying_ends_when_cancelled(unused_port: int) -> None:
    queue = ChunkQueue(without_retry(unused_port), "x", patience_s=60)
    with pytest.raises(QueueUnavailableError):
        queue.put(chunk_of("x"), cancelled=lambda: True)


def without_retry(port: int) -> Redis:
    return Redis(port=port, retry=RedisRetry(NoBackoff(), 0))


@pytest.fixture
def unused_port() -> Iterator[int]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound and never listening: every connection is refused
        yield int(bound.getsockname()[1])


def lost(queue: ChunkQueue, chunk: OpenChunk) -> bool:
    return chunk.chunk_id in queue.rounds_of_lost([chunk.chunk_id])


def test_job_is_alive_wherever_a_worker_will_find_it(
    redis_connection: Redis, queue_id: str
) -> None:
    queue, chunk = ChunkQueue(redis_connection, queue_id), chunk_of(queue_id)
    rq, job_id = rq_of(queue, redis_connection), f"chunk-{chunk.chunk_id}"
    assert lost(queue, chunk), "never enqueued"
    queue.put(chunk)
    assert not lost(queue, chunk), "queued"
    Queue.lmove(redis_connection, rq.key, timeout=None)
    assert queue.depth() == 0
    assert not lost(queue, chunk), "popped and not started: its peers put it back"
    redis_connection.lrem(rq.intermediate_queue_key, 1, job_id)
    assert lost(queue, chunk), "a hash that no list names"
    redis_connection.zadd(
        StartedJobRegistry(queue=rq).key, {f"{job_id}:execution": time.time() + 60}
    )
    assert not lost(queue, chunk), "being scored"
    redis_connection.delete(StartedJobRegistry(queue=rq).key)
    redis_connection.zadd(ScheduledJobRegistry(queue=rq).key, {job_id: time.time() + 60})  # type: ignore[no-untyped-call]
    assert not lost(queue, chunk), "waiting for its retry"
    redis_connection.delete(Job.key_for(job_id))
    assert lost(queue, chunk), "an entry without its hash"


def test_remains_of_a_failed_job_are_cleared_and_its_rounds_counted(
    redis_connection: Redis, queue_id: str
) -> None:
    queue, chunk = ChunkQueue(redis_connection, queue_id), chunk_of(queue_id)
    for rounds in (1, 2):
        queue.put(chunk, rounds=rounds - 1)
        rq = rq_of(queue, redis_connection)
        rq.pop_job_id()
        job = fetch(redis_connection, chunk)
        job.set_status(JobStatus.FAILED)
        FailedJobRegistry(queue=rq).add(job, ttl=60)
        assert queue.rounds_of_lost([chunk.chunk_id]) == {chunk.chunk_id: rounds}
        assert queue.clear(chunk.chunk_id)
        assert FailedJobRegistry(queue=rq).get_job_ids() == []
        assert not redis_connection.exists(job.key)


def test_living_job_is_not_cleared(redis_connection: Redis, queue_id: str) -> None:
    queue, chunk = ChunkQueue(redis_connection, queue_id), chunk_of(queue_id)
    queue.put(chunk)
    assert not queue.clear(chunk.chunk_id)
    assert not lost(queue, chunk)
