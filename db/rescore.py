"""Finds the stored messages that a model has not scored yet, for `moodwatch rescore`.

Reads only; the scores come back through the ledger and `db.store` like everybody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, exists, func, select

from db.connections import reading
from db.tables import EmotionsRow, IngestRow, MessageRow
from db.texts import PLACEHOLDERS
from records import Message

#: Before the model's name, in the ledger's list of what was read; no path begins so.
RESCORE_NAME: Final = "rescore:"


@dataclass(frozen=True, slots=True)
class Coverage:
    """How much of the database a model has scored; the three add up to all messages."""

    n_scored: int
    #: Not scored yet, text there.
    n_left: int
    #: Not scored and not to be: only their old scores were kept, not their texts.
    n_without_text: int

    @property
    def n_messages(self) -> int:
        return self.n_scored + self.n_left + self.n_without_text


@dataclass(frozen=True, slots=True)
class Page:
    """Stored messages in the order of their ids."""

    messages: tuple[Message, ...]
    #: `messages.id` of each.
    ids: tuple[int, ...]
    #: True where links or names had been replaced before the text was stored.
    redacted: tuple[bool, ...]


def coverage(engine: Engine, model_id: int) -> Coverage:
    """Count, in one moment of the database, what this model has scored and what it has not."""
    with reading(engine) as connection:
        n_messages = connection.execute(select(func.count()).select_from(MessageRow)).scalar_one()
        n_left, n_without = connection.execute(
            select(func.count(MessageRow.text), func.count() - func.count(MessageRow.text)).where(
                ~_scored_by(model_id)
            )
        ).one()
    return Coverage(n_messages - n_left - n_without, n_left, n_without)


def unscored(engine: Engine, model_id: int, *, after_id: int, limit: int) -> Page:
    """Return the next messages with a text that this model has not scored, by ascending id.

    Author and keys are as stored: the author is a pseudonym already.
    """
    with reading(engine) as connection:
        rows = connection.execute(
            select(MessageRow.__table__)
            .where(MessageRow.id > after_id, MessageRow.text.is_not(None), ~_scored_by(model_id))
            .order_by(MessageRow.id)
            .limit(limit)
        ).all()
    messages = tuple(
        Message(
            source=row.source,
            external_id=row.external_id,
            thread=row.thread,
            author=row.author,
            posted_at=row.posted_at,
            text=row.text,
            language=row.language,
        )
        for row in rows
    )
    redacted = tuple(any(mark in row.text for mark in PLACEHOLDERS) for row in rows)
    return Page(messages, tuple(row.id for row in rows), redacted)


def rescore_ids(engine: Engine, model_name: str) -> list[str]:
    """Return the ids, in the ledger, of all runs of `moodwatch rescore` for this model."""
    with reading(engine) as connection:
        rows = connection.execute(
            select(IngestRow.id)
            .where(IngestRow.name == RESCORE_NAME + model_name)
            .order_by(IngestRow.started_at)
        )
        return [row.id for row in rows]


def _scored_by(model_id: int) -> Any:
    return exists().where(EmotionsRow.message_id == MessageRow.id, EmotionsRow.model_id == model_id)
