"""The chunk job on both databases: scored once, stored once, refused or put back by its payload."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest
from redis import Redis
from sqlalchemy import Engine, text
from structlog.testing import capture_logs

from db.engine import database_id, open_database
from db.ledger import SqlLedger
from db.store import register_model
from ingest.chunks import pack, payload_json
from ingest.queue import ChunkQueue, sweep
from records import Message, OpenChunk, Origin, Payload, Progress
from tests.support.redis import forget_queue
from tests.support.scorer import LengthScorer, score_by_length
from worker.errors import PutBackError, RefusedError
from worker.exit_codes import ExitCode
from worker.jobs import SCORE_CHUNK, JobContext, give_up_chunk, score_chunk
from worker.process import run_worker

pytestmark = pytest.mark.timeout(60, method="thread")  # the worker's time limit is SIGALRM's


def messages(n: int, start: int = 0) -> list[Message]:
    posted_at = datetime(2020, 5, 1, 12, tzinfo=UTC)
    return [
        Message("test", f"id-{number}", None, "ann", posted_at, "so happy " + "x" * number)
        for number in range(start, start + n)
    ]


@pytest.fixture
def context(engine: Engine) -> JobContext:
    scorer = LengthScorer()
    model_id = register_model(engine, scorer.model_name, scorer.emotions)
    return JobContext(engine=engine, scorer=scorer, model_id=model_id, worker_name="w")


def open_chunk(engine: Engine, given: list[Message]) -> OpenChunk:
    """Open a ledger line for the messages, as `ingest` does."""
    ledger = SqlLedger(engine)
    chunk = pack(ledger.database_id, given)
    state = ledger.begin(Origin(f"file-{chunk.chunk_id}", "test", None, "{}"))
    ledger.open_chunk(state.ingest_id, 0, chunk, len(given), [], Progress(rows_read=len(given)))
    return chunk


def rows(engine: Engine, query: str) -> list[tuple[object, ...]]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def calls(context: JobContext) -> list[list[str]]:
    assert isinstance(context.scorer, LengthScorer)
    return context.scorer.calls


def test_a_chunk_is_scored_and_stored(engine: Engine, context: JobContext) -> None:
    given = messages(20)
    chunk = open_chunk(engine, given)

    with capture_logs() as lines:
        score_chunk(context, payload_json(chunk))

    stored = rows(
        engine,
        "SELECT external_id, emotion, confidence FROM emotions e"
        " JOIN messages m ON m.id = e.message_id ORDER BY m.id",
    )
    expected = [score_by_length(message.text) for message in given]
    assert {row[0]: row[1] for row in stored} == {
        message.external_id: score.emotion for message, score in zip(given, expected, strict=True)
    }
    assert SqlLedger(engine).n_pending() == 0
    (line,) = [line for line in lines if line["event"] == "chunk_stored"]
    assert (line["n_messages"], line["n_scored"], line["n_stored"]) == (20, 20, 20)
    assert "so happy" not in str(lines)


def test_a_chunk_that_arrives_twice_changes_nothing(engine: Engine, context: JobContext) -> None:
    chunk = open_chunk(engine, messages(20))
    score_chunk(context, payload_json(chunk))
    before = rows(engine, "SELECT * FROM emotions ORDER BY message_id")

    with capture_logs() as lines:
        score_chunk(context, payload_json(chunk))

    assert rows(engine, "SELECT * FROM emotions ORDER BY message_id") == before
    assert [line["replayed"] for line in lines if line["event"] == "chunk_stored"] == [True]
    assert len(calls(context)) == 1


def test_only_messages_new_to_the_model_are_scored(engine: Engine, context: JobContext) -> None:
    score_chunk(context, payload_json(open_chunk(engine, messages(10))))

    score_chunk(context, payload_json(open_chunk(engine, messages(15))))

    assert calls(context)[1] == [message.text for message in messages(15)[10:]]
    assert rows(engine, "SELECT count(*) FROM emotions") == [(15,)]


def test_a_chunk_of_another_database_is_refused(engine: Engine, context: JobContext) -> None:
    payload = Payload("f" * 32, "chunk", tuple(messages(3))).to_json()

    with pytest.raises(RefusedError, match="found one of"):
        score_chunk(context, payload)

    assert calls(context) == []
    assert rows(engine, "SELECT count(*) FROM messages") == [(0,)]


def test_what_is_no_payload_is_refused_without_being_quoted(context: JobContext) -> None:
    for payload in ('{"my diary": 1}', "my diary", '{"schema": 1, "my diary": 2}'):
        with pytest.raises(RefusedError) as caught:
            score_chunk(context, payload)
        assert "diary" not in str(caught.value)


def test_a_payload_of_a_newer_schema_is_put_back(engine: Engine, context: JobContext) -> None:
    document = json.loads(Payload(context.database_id, "chunk", tuple(messages(1))).to_json())
    document["schema"] = 99

    with pytest.raises(PutBackError, match="found 99") as caught:
        score_chunk(context, json.dumps(document))

    assert caught.value.delay_s > 0


def test_a_chunk_out_of_retries_is_failed_in_the_ledger_and_may_be_opened_again(
    engine: Engine, context: JobContext, redis_url: str, redis_connection: Redis
) -> None:
    ledger = SqlLedger(engine)
    queue = ChunkQueue(redis_connection, ledger.database_id)
    chunk = open_chunk(engine, messages(5))
    queue.put(chunk)
    redis_connection.hset(f"rq:job:chunk-{chunk.chunk_id}", "retries_left", 0)

    def broken(_: str) -> None:
        raise ValueError("the scorer is broken")

    try:
        code = run_worker(
            redis_url=redis_url,
            database_id=database_id(engine),
            functions={SCORE_CHUNK: broken},
            on_failed=partial(give_up_chunk, context),
            burst=True,
        )
        assert code is ExitCode.OK
        assert rows(engine, "SELECT state FROM chunks") == [("failed",)]
        assert sweep(ledger, queue, older_than_s=0) == 0
    finally:
        forget_queue(redis_connection, ledger.database_id)


def test_queue_ledger_worker_and_database_fit_together(
    engine: Engine, context: JobContext, redis_url: str, redis_connection: Redis
) -> None:
    ledger = SqlLedger(engine)
    queue = ChunkQueue(redis_connection, ledger.database_id)
    for start in (0, 10, 15):  # the last two share five messages
        queue.put(open_chunk(engine, messages(10, start)))

    try:
        run_worker(
            redis_url=redis_url,
            database_id=ledger.database_id,
            functions={SCORE_CHUNK: partial(score_chunk, context)},
            burst=True,
        )
        assert ledger.n_pending() == 0
        assert rows(engine, "SELECT count(*), count(DISTINCT external_id) FROM messages") == [
            (25, 25)
        ]
        leftovers = list(redis_connection.scan_iter(match="rq:job:chunk-*", count=1000))
        assert not [
            key for key in leftovers if redis_connection.hget(key, "origin") == queue.name.encode()
        ]
    finally:
        forget_queue(redis_connection, ledger.database_id)


def test_a_chunk_waits_for_a_locked_database_and_keeps_its_retries(
    tmp_path: Path, redis_url: str, redis_connection: Redis
) -> None:
    path = tmp_path / "moodwatch.db"
    engine = open_database(path, busy_timeout_s=0.1)
    scorer = LengthScorer()
    context = JobContext(
        engine=engine,
        scorer=scorer,
        model_id=register_model(engine, scorer.model_name, scorer.emotions),
    )
    ledger = SqlLedger(engine)
    queue = ChunkQueue(redis_connection, ledger.database_id)
    chunk = open_chunk(engine, messages(5))
    queue.put(chunk)
    blocker = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    blocker.execute("BEGIN IMMEDIATE")
    release = threading.Timer(2.0, blocker.rollback)
    release.start()
    failed: list[str] = []

    try:
        with capture_logs() as lines:
            run_worker(
                redis_url=redis_url,
                database_id=ledger.database_id,
                functions={SCORE_CHUNK: partial(score_chunk, context)},
                on_failed=lambda job_id, _: failed.append(job_id),
                burst=True,
            )
    finally:
        release.join()
        blocker.close()
        engine.dispose()
        forget_queue(redis_connection, ledger.database_id)

    waits = [line for line in lines if line["event"] == "database_away"]
    assert len(waits) >= 2
    assert waits[0]["reason"].startswith("DatabaseUnavailableError from OperationalError")
    assert failed == []
    assert not [line for line in lines if line["event"] == "job_failed"]
    assert [line["n_stored"] for line in lines if line["event"] == "chunk_stored"] == [5]
