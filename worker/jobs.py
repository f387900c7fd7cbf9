"""The jobs a worker runs: thin entry points between queue, scorer and database.

`worker.process` calls them by the name on its allow-list; the roof binds the context. A job may
run twice (a crash at the wrong moment): what is stored stays the same.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

import structlog

from db.engine import database_id
from db.store import already_scored, mark_failed, save_scores
from records import Message, Payload, PayloadError, Scores, UnknownSchemaError
from worker.errors import PutBackError, RefusedError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from worker.scorer import Scorer

log = structlog.get_logger(__name__)

#: Name of the job in the queue; `ingest.queue` enqueues under the same string.
SCORE_CHUNK: Final = "worker.jobs.score_chunk"

#: Seconds until a chunk that a newer moodwatch wrote is offered to the workers again.
UNKNOWN_SCHEMA_DELAY_S: Final = 30

#: Seconds until a chunk that is meant for another model is offered to the workers again: short,
#: for every offer may end with the same worker.
OTHER_MODEL_DELAY_S: Final = 5

#: What `ingest.queue` puts before the chunk's id to name its job.
_CHUNK_JOB: Final = "chunk-"


@dataclass(slots=True)
class JobContext:
    """What a worker loads once and every chunk needs."""

    engine: Engine
    scorer: Scorer
    model_id: int
    text_mode: Literal["keep", "redact", "drop"] = "keep"
    salt: bytes = b""
    worker_name: str = ""
    #: Read from the database unless given.
    database_id: str = field(default="")

    def __post_init__(self) -> None:
        self.database_id = self.database_id or database_id(self.engine)


def score_chunk(context: JobContext, payload_json: str) -> None:
    """Score a chunk's messages and store them in one transaction.

    Raises:
        PutBackError: when a newer moodwatch wrote the payload, or it is for another model.
        RefusedError: when it is no payload, or belongs to another database.
    """
    payload = _read(payload_json, context.database_id)
    if payload.model is not None and payload.model != context.scorer.model_name:
        # Here all of it would count as scored, and its line be closed without its scores.
        raise PutBackError(
            f"expected a worker with model {payload.model}, found one with"
            f" {context.scorer.model_name}",
            delay_s=OTHER_MODEL_DELAY_S,
        )
    started = time.perf_counter()
    known = already_scored(context.engine, payload.messages, context.model_id)
    fresh = [
        position
        for position, message in enumerate(payload.messages)
        if (message.source, message.external_id) not in known
    ]
    scores = _score(context.scorer, payload.messages, fresh)
    scored = time.perf_counter()
    stored = save_scores(
        context.engine,
        chunk_id=payload.chunk,
        messages=payload.messages,
        scores=scores,
        model_id=context.model_id,
        worker_name=context.worker_name,
        text_mode=context.text_mode,
        salt=context.salt,
        only_known=payload.model is not None,
    )
    ended = time.perf_counter()
    log.info(
        "chunk_stored",
        chunk=payload.chunk,
        n_messages=len(payload.messages),
        n_scored=len(fresh),
        n_stored=stored.n_stored,
        n_duplicate=stored.n_duplicate,
        replayed=stored.replayed,
        score_s=round(scored - started, 3),
        store_s=round(ended - scored, 3),
        messages_per_s=round(len(payload.messages) / max(ended - started, 1e-6)),
    )


def give_up_chunk(context: JobContext, job_id: str, reason: str) -> None:
    """Mark the chunk behind a finally failed job as failed in the ledger; other jobs have none."""
    if job_id.startswith(_CHUNK_JOB):
        mark_failed(context.engine, job_id.removeprefix(_CHUNK_JOB), reason)


def _read(payload_json: str, expected_database: str) -> Payload:
    try:
        payload = Payload.from_json(payload_json)
    except UnknownSchemaError as error:
        # Never quotes the payload: it names schema numbers only.
        raise PutBackError(str(error), delay_s=UNKNOWN_SCHEMA_DELAY_S) from error
    except PayloadError as error:
        raise RefusedError(str(error)) from error
    if payload.database != expected_database:
        raise RefusedError(
            f"expected a chunk of database {expected_database!r}, found one of "
            f"{str(payload.database)[:40]!r}"
        )
    return payload


def _score(scorer: Scorer, messages: tuple[Message, ...], fresh: list[int]) -> list[Scores | None]:
    """Score the messages at the positions `fresh`; the others stay None: scored before."""
    scores: list[Scores | None] = [None] * len(messages)
    if fresh:
        found = scorer.score([messages[position].text for position in fresh])
        for position, score in zip(fresh, found, strict=True):
            scores[position] = score
    return scores
