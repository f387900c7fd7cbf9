"""Reads the past of a conversation: the last messages of a thread, for a model of dialogues.

Bounded by what is asked for, and by an index: a thread's last messages cost the same in a
database of a hundred and of a hundred million. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from db.connections import reading
from db.tables import MessageRow
from db.texts import fit_key


@dataclass(frozen=True, slots=True)
class ThreadMessage:
    """One message of a thread; its author is a pseudonym or unknown."""

    source: str
    external_id: str
    author: str | None
    posted_at: datetime
    text: str


def thread_past(
    engine: Engine,
    thread: str,
    *,
    source: str | None = None,
    until: datetime | None = None,
    limit: int = 10,
) -> list[ThreadMessage]:
    """Return the last `limit` messages of a thread, the oldest of them first.

    Undated messages have no place in a conversation, and those whose texts were dropped nothing
    to say in it: both are left out. Messages of one moment stand as they were stored.

    Args:
        source: whose thread; the same name may stand in two sources, see `thread_sources`.
        until: end, exclusive: what the conversation was like before then.
    """
    table = MessageRow.__table__
    statement = (
        select(table.c.source, table.c.external_id, table.c.author, table.c.posted_at, table.c.text)
        .where(
            table.c.thread == fit_key(thread),
            table.c.posted_at.is_not(None),
            table.c.text.is_not(None),
        )
        .order_by(table.c.posted_at.desc(), table.c.id.desc())
        .limit(limit)
    )
    if source is not None:
        statement = statement.where(table.c.source == fit_key(source))
    if until is not None:
        statement = statement.where(table.c.posted_at < until)
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    return [ThreadMessage(*row) for row in reversed(rows)]


def thread_sources(engine: Engine, thread: str) -> list[str]:
    """Return the sources that have messages in a thread of this name, sorted."""
    statement = select(MessageRow.source).where(MessageRow.thread == fit_key(thread)).distinct()
    with reading(engine) as connection:
        return sorted(connection.execute(statement).scalars())
