"""Ingest and score in this process: the real ledger, queue and store, the length scorer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from redis import Redis
from rq import Queue
from rq.job import Job
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, text

from db.engine import open_database
from db.ledger import SqlLedger
from db.store import register_model
from ingest.open import ReadOptions, open_messages
from ingest.queue import ChunkQueue, Ledger, never_cancelled
from ingest.reading import ingest_file
from records import IngestCounts
from tests.support.redis import forget_queue
from tests.support.scorer import LengthScorer
from worker.jobs import JobContext, score_chunk

SALT = b"a salt for the tests"
CHUNK_SIZE = 4


class Pipeline:
    """One database with its queue."""

    def __init__(self, url: str | Path, redis: Redis) -> None:
        self.engine: Engine = open_database(url)
        self.redis = redis
        self.ledger = SqlLedger(self.engine)
        self.queue = ChunkQueue(redis, self.ledger.database_id, high_water=10_000, low_water=1)
        scorer = LengthScorer()
        model_id = register_model(self.engine, scorer.model_name, scorer.emotions)
        self.context = JobContext(self.engine, scorer, model_id, salt=SALT, worker_name="test")

    def close(self) -> None:
        forget_queue(self.redis, self.ledger.database_id)
        self.engine.dispose()

    def ingest(
        self,
        path: Path,
        options: ReadOptions | None = None,
        *,
        ledger: Ledger | None = None,
        queue: ChunkQueue | None = None,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> str:
        with open_messages(path, options or ReadOptions()) as opened:
            return ingest_file(
                opened,
                ledger=ledger or self.ledger,
                queue=queue or self.queue,
                salt=SALT,
                chunk_size=CHUNK_SIZE,
                cancelled=cancelled,
            )

    def score_all(self) -> int:
        """Take every waiting job, as a worker would, and return how many there were."""
        queue = Queue(self.queue.name, self.redis, serializer=JSONSerializer)
        n_jobs = 0
        while isinstance(job_id := self.redis.lpop(queue.key), bytes):
            job = Job.fetch(job_id.decode(), self.redis, serializer=JSONSerializer)
            score_chunk(self.context, *job.args)
            job.delete()
            n_jobs += 1
        return n_jobs

    def counts(self, *ingest_ids: str) -> IngestCounts:
        return self.ledger.counts(ingest_ids)

    def all_ingests(self) -> list[str]:
        return [row[0] for row in self.rows("SELECT id FROM ingests ORDER BY started_at")]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    def messages(self) -> Counter[tuple[Any, ...]]:
        """Return what the table holds of each message, apart from its number."""
        return Counter(
            self.rows(
                "SELECT source, external_id, author, posted_at, text, emotion, confidence"
                " FROM messages JOIN emotions ON message_id = messages.id"
            )
        )

    def rejects(self) -> list[tuple[Any, ...]]:
        return sorted(self.rows("SELECT row, position, reason, raw FROM rejects"))


def adds_up(counts: IngestCounts) -> bool:
    whole = counts.stored + counts.duplicate + counts.rejected + counts.pending + counts.failed
    return counts.read == whole
