"""The sweeper: whatever Redis lost is enqueued again from the ledger, once."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from db.store import mark_failed, retry_failed
from ingest.chunks import pack
from ingest.queue import MAX_ROUNDS, SWEEP_PAGE, ChunkQueue, QueueUnavailableError, sweep
from records import Message, OpenChunk, Origin, Progress
from tests.ingest.running import Pipeline, adds_up
from tests.support.redis import forget_queue


def open_chunks(pipeline: Pipeline, n_chunks: int) -> list[OpenChunk]:
    """Write chunks of one message to the ledger, none of them enqueued."""
    ledger = pipeline.ledger
    state = ledger.begin(Origin("-", "s", None, "{}"))
    chunks = []
    for n in range(n_chunks):
        message = Message("s", str(n), None, None, None, f"text {n}")
        chunk = pack(ledger.database_id, [message])
        ledger.open_chunk(state.ingest_id, n, chunk, 1, [], Progress(rows_read=n + 1))
        chunks.append(chunk)
    return chunks


def rq_of(pipeline: Pipeline) -> Queue:
    return Queue(pipeline.queue.name, pipeline.redis, serializer=JSONSerializer)


def job_ids(chunks: list[OpenChunk]) -> list[str]:
    return [f"chunk-{chunk.chunk_id}" for chunk in chunks]


def test_chunk_that_was_never_enqueued_is_enqueued(pipeline: Pipeline) -> None:
    chunks = open_chunks(pipeline, 3)
    assert sweep(pipeline.ledger, pipeline.queue) == 3
    assert rq_of(pipeline).get_job_ids() == job_ids(chunks), "the oldest first"
    pipeline.score_all()
    assert pipeline.ledger.n_pending() == 0
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 0


def test_wiped_redis_loses_nothing(pipeline: Pipeline, tmp_path: Path) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("id,text\n" + "".join(f"{n},text number {n}\n" for n in range(29)))
    ingest_id = pipeline.ingest(posts)
    forget_queue(pipeline.redis, pipeline.ledger.database_id)
    assert pipeline.score_all() == 0
    assert sweep(pipeline.ledger, pipeline.queue) == 0, "enqueued less than a minute ago"
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 8
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 0
    pipeline.score_all()
    assert pipeline.counts(ingest_id).stored == 29


def test_lost_hash_and_lost_list_are_both_mended(pipeline: Pipeline) -> None:
    chunks = open_chunks(pipeline, 3)
    sweep(pipeline.ledger, pipeline.queue)
    first, second, _ = job_ids(chunks)
    pipeline.redis.delete(Job.key_for(first))
    pipeline.redis.lrem(rq_of(pipeline).key, 1, second)
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 2
    assert sorted(rq_of(pipeline).get_job_ids()) == sorted(job_ids(chunks))


def test_two_sweepers_at_once_enqueue_each_chunk_once(pipeline: Pipeline) -> None:
    chunks = open_chunks(pipeline, 40)
    sweep(pipeline.ledger, pipeline.queue)
    # Half of them lose their hash, half their place: both need clearing before they are put.
    for number, job_id in enumerate(job_ids(chunks)):
        if number % 2:
            pipeline.redis.delete(Job.key_for(job_id))
        else:
            pipeline.redis.lrem(rq_of(pipeline).key, 1, job_id)
    n_enqueued: list[int] = []
    barrier = threading.Barrier(3)

    def run() -> None:
        barrier.wait()
        n_enqueued.append(sweep(pipeline.ledger, pipeline.queue, older_than_s=0))

    sweepers = [threading.Thread(target=run) for _ in range(3)]
    for sweeper in sweepers:
        sweeper.start()
    for sweeper in sweepers:
        sweeper.join(30)
    assert sum(n_enqueued) == 40
    assert sorted(rq_of(pipeline).get_job_ids()) == sorted(job_ids(chunks))


def test_sweeping_stops_at_the_high_mark_and_goes_on_later(pipeline: Pipeline) -> None:
    open_chunks(pipeline, 25)
    queue = ChunkQueue(pipeline.redis, pipeline.ledger.database_id, high_water=10, low_water=5)
    assert sweep(pipeline.ledger, queue) == 10
    assert sweep(pipeline.ledger, queue) == 0
    for n_left in (15, 5, 0):
        pipeline.score_all()
        assert pipeline.ledger.n_pending() == n_left
        sweep(pipeline.ledger, queue)


def test_many_living_chunks_do_not_hide_a_lost_one(pipeline: Pipeline) -> None:
    chunks = open_chunks(pipeline, SWEEP_PAGE + 5)
    sweep(pipeline.ledger, pipeline.queue)
    pipeline.redis.delete(Job.key_for(job_ids(chunks)[-1]))
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 1


def fail_for_good(pipeline: Pipeline) -> None:
    """Do what RQ does when the last retry is used up."""
    rq = rq_of(pipeline)
    [job_id] = rq.get_job_ids()
    pipeline.redis.delete(rq.key)
    job = Job.fetch(job_id, pipeline.redis, serializer=JSONSerializer)
    job.set_status(JobStatus.FAILED)
    rq.failed_job_registry.add(job, ttl=60)


def test_chunk_that_keeps_failing_is_given_up_and_can_be_retried(pipeline: Pipeline) -> None:
    [chunk] = open_chunks(pipeline, 1)
    given_up: list[tuple[str, str]] = []

    def give_up(chunk_id: str, reason: str) -> None:
        given_up.append((chunk_id, reason))
        mark_failed(pipeline.engine, chunk_id, reason)

    def sweep_now() -> int:
        return sweep(pipeline.ledger, pipeline.queue, older_than_s=0, give_up=give_up)

    assert sweep_now() == 1
    for _ in range(MAX_ROUNDS - 1):
        fail_for_good(pipeline)
        assert sweep_now() == 1
    fail_for_good(pipeline)
    assert sweep_now() == 0
    assert [chunk_id for chunk_id, _ in given_up] == [chunk.chunk_id]
    assert sweep_now() == 0, "given up once"

    retry_failed(pipeline.engine)
    assert sweep_now() == 1
    pipeline.score_all()
    assert pipeline.ledger.n_pending() == 0


def test_without_anyone_to_give_up_to_a_failing_chunk_stays_open(pipeline: Pipeline) -> None:
    open_chunks(pipeline, 1)
    for _ in range(MAX_ROUNDS):
        sweep(pipeline.ledger, pipeline.queue, older_than_s=0)
        fail_for_good(pipeline)
    assert sweep(pipeline.ledger, pipeline.queue, older_than_s=0) == 0
    assert pipeline.ledger.n_pending() == 1


@pytest.fixture
def silent_queue(pipeline: Pipeline) -> Iterator[ChunkQueue]:
    """The pipeline's queue as seen while its Redis is down."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # bound and never listening: every connection is refused
        connection = Redis(port=bound.getsockname()[1], retry=Retry(NoBackoff(), 0))
        yield ChunkQueue(connection, pipeline.ledger.database_id, patience_s=0.2)


def test_reading_while_redis_is_down_stops_and_loses_nothing(
    pipeline: Pipeline, silent_queue: ChunkQueue, tmp_path: Path
) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("id,text\n" + "".join(f"{n},text number {n}\n" for n in range(9)))
    with pytest.raises(QueueUnavailableError, match="run the same command again"):
        pipeline.ingest(posts, queue=silent_queue)
    assert pipeline.counts(*pipeline.all_ingests()).pending == 4, "the chunk is in the ledger"
    ingest_id = pipeline.ingest(posts)
    pipeline.score_all()
    counts = pipeline.counts(ingest_id)
    assert pipeline.all_ingests() == [ingest_id]
    assert (counts.read, counts.stored, counts.duplicate) == (9, 9, 0)
    assert adds_up(counts)


def test_sweeping_while_redis_is_down_says_so(pipeline: Pipeline, silent_queue: ChunkQueue) -> None:
    open_chunks(pipeline, 1)
    with pytest.raises(QueueUnavailableError):
        sweep(pipeline.ledger, silent_queue)


def test_cancelling_while_redis_is_down_is_no_error(
    pipeline: Pipeline, silent_queue: ChunkQueue, tmp_path: Path
) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text("id,text\n1,one text\n2,two texts\n")
    asked = iter([False, False, True])
    pipeline.ingest(posts, queue=silent_queue, cancelled=lambda: next(asked, True))
    assert pipeline.ledger.n_pending() == 1
