"""Chunks made for tests: messages and scores by construction, and their ledger line."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import zstandard
from sqlalchemy import Engine

from db.engine import database_id
from db.ledger import SqlLedger
from db.store import Stored, save_scores
from db.texts import TextMode
from records import EMOTIONS, Message, OpenChunk, Origin, Payload, Progress, Scores

#: A Wednesday.
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


def message(
    n: int,
    *,
    source: str = "support",
    text: str | None = None,
    author: str | None = "ann",
    posted_at: datetime | None = NOON,
) -> Message:
    """Return message number `n`, posted n minutes after `posted_at`."""
    moment = None if posted_at is None else posted_at + timedelta(minutes=n)
    words = f"text {n}" if text is None else text
    return Message(source, f"id-{n:06d}", None, author, moment, words, "en")


def scores(emotion: str = "joy", top: float = 0.9, *, low_confidence: bool = False) -> Scores:
    """Return scores with `top` for `emotion`, the rest spread over the others but disgust."""
    others = [name for name in EMOTIONS if name not in {emotion, "disgust"}]
    by_name = {name: (1 - top) / len(others) for name in others} | {emotion: top}
    return Scores(
        "scored", tuple(by_name.get(name) for name in EMOTIONS), low_confidence=low_confidence
    )


def open_chunk(engine: Engine, messages: Sequence[Message]) -> str:
    """Open a ledger line for the messages, as an ingest of its own; return the chunk's id."""
    ledger = SqlLedger(engine)
    state = ledger.begin(Origin(f"/{uuid.uuid4().hex}.csv", "support", 100, "{}"))
    chunk_id = uuid.uuid4().hex
    payload = Payload(database_id(engine), chunk_id, tuple(messages)).to_json()
    chunk = OpenChunk(
        chunk_id, zstandard.ZstdCompressor().compress(payload.encode(errors="surrogatepass"))
    )
    progress = Progress(rows_read=len(messages), bytes_read=100, prefix_hash="0")
    ledger.open_chunk(state.ingest_id, 0, chunk, len(messages), [], progress)
    return chunk_id


def save(
    engine: Engine,
    messages: Sequence[Message],
    model_id: int,
    given: Sequence[Scores | None] | None = None,
    *,
    chunk_id: str | None = None,
    text_mode: TextMode = "keep",
    salt: bytes = b"",
    worker_name: str = "worker-1",
) -> Stored:
    """Store messages in a chunk of their own, all of joy unless scores are given."""
    return save_scores(
        engine,
        chunk_id=chunk_id or open_chunk(engine, messages),
        messages=messages,
        scores=[scores()] * len(messages) if given is None else given,
        model_id=model_id,
        worker_name=worker_name,
        text_mode=text_mode,
        salt=salt,
    )
