"""Counts by author the messages around a shift: in whose words it is. Writes evidence alone.

For `reporting.keeping`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Engine, case, func, select, update

from db.connections import in_transaction, reading
from db.shifts import MAX_AUTHORS, MAX_WORDS, Moved, packed
from db.tables import EmotionsRow, MessageRow, ModelRow, ShiftRow
from db.texts import fit_key
from records import Emotion


def author_counts(
    engine: Engine,
    *,
    emotion: Emotion,
    source: str | None,
    since: datetime,
    began: datetime,
    until: datetime,
) -> list[tuple[str, int, int]]:
    """Return (author, n before, n after) of the messages whose top emotion it is.

    Before is from `since` to `began`, after from there to `until`; messages without an author are
    left out.
    """
    later = func.sum(case((MessageRow.posted_at >= began, 1), else_=0))
    statement = (
        select(MessageRow.author, func.count() - later, later)
        .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
        .join(ModelRow, ModelRow.id == EmotionsRow.model_id)
        .where(
            ModelRow.current,
            EmotionsRow.emotion == emotion,
            MessageRow.author.is_not(None),
            MessageRow.posted_at >= since,
            MessageRow.posted_at < until,
        )
        .group_by(MessageRow.author)
        .order_by(MessageRow.author)
    )
    if source is not None:
        statement = statement.where(MessageRow.source == fit_key(source))
    with reading(engine) as connection:
        return [(str(row[0]), int(row[1]), int(row[2])) for row in connection.execute(statement)]


def keep_evidence(
    engine: Engine, shift_id: int, words: Sequence[Moved], authors: Sequence[Moved]
) -> None:
    """Write the words and authors that changed most beside a shift."""
    statement = (
        update(ShiftRow)
        .where(ShiftRow.id == shift_id)
        .values(words=packed(words, MAX_WORDS), authors=packed(authors, MAX_AUTHORS))
    )
    in_transaction(engine, lambda connection: connection.execute(statement))


def without_evidence(engine: Engine, model_id: int, limit: int) -> list[int]:
    """Return the ids of the newest shifts of a model whose words were never looked at."""
    statement = (
        select(ShiftRow.id)
        .where(ShiftRow.model_id == model_id, ShiftRow.kind == "mood", ShiftRow.words.is_(None))
        .order_by(ShiftRow.detected_at.desc(), ShiftRow.id)
        .limit(limit)
    )
    with reading(engine) as connection:
        return list(connection.execute(statement).scalars())
