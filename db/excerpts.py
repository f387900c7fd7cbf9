"""Reads what a report's page shows beside the roll-ups: the busiest authors and sample messages.

Bounded by what is asked for: a number of authors, a number of messages a window. Called by
`reporting.evidence`, and where authors are named: `reporting.monitored`, `moodwatch.authors`.
Writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import pandas as pd
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    case,
    cast,
    func,
    literal_column,
    select,
)

from db.connections import reading
from db.queries import _between, _frame, _model
from db.rollups import day_of, hour_of
from db.tables import EmotionsRow, MessageRow
from db.texts import fit_key
from records import EMOTIONS

#: The counts of an author's days; a part of the roll-ups' columns.
COUNTS: Final = (
    "n",
    *(f"n_{emotion}" for emotion in EMOTIONS),
    "n_unsupported",
    "n_low_confidence",
)


#: With fewer authors than this their own messages are looked up.
_MANY_AUTHORS: Final = 8


@dataclass(frozen=True, slots=True)
class Window:
    """Where and when to look for messages; `until` is exclusive."""

    since: datetime
    until: datetime
    source: str | None = None


def busiest_authors(
    engine: Engine,
    *,
    limit: int,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str | None = None,
) -> list[str]:
    """Return the authors (pseudonyms) of the most dated messages, the busiest first."""
    n = func.count()
    with reading(engine) as connection:
        # By the index of authors and times alone, which lists each author's messages together; by
        # that of times each row would be looked up.
        in_order = source is None and _is_most(connection, since, until)
        dated = _between(since, until) if not in_order else _dated_in_order(since, until)
        statement = (
            select(MessageRow.author)
            .where(MessageRow.author.is_not(None), *dated)
            .group_by(MessageRow.author)
            .order_by(n.desc(), MessageRow.author)
            .limit(limit)
        )
        if source is not None:
            statement = statement.where(MessageRow.source == fit_key(source))
        return [str(row[0]) for row in connection.execute(statement)]


def known_authors(engine: Engine, authors: Sequence[str]) -> set[str]:
    """Return those of some authors (pseudonyms) by whom there is a message."""
    statement = (
        select(MessageRow.author)
        .where(MessageRow.author.in_([fit_key(author) for author in authors]))
        .distinct()
    )
    with reading(engine) as connection:
        held = {str(row[0]) for row in connection.execute(statement)} if authors else set()
    return {author for author in authors if fit_key(author) in held}


def author_counts(
    engine: Engine,
    authors: Sequence[str],
    *,
    by: Literal["day", "hour"],
    since: datetime | None = None,
    until: datetime | None = None,
    source: str | None = None,
) -> pd.DataFrame:
    """Return the counts of some authors by UTC day or hour and source, from their messages.

    Returns:
        Columns `hour` (aware UTC; the midnight where `by` is `day`), `source`, `author`, and the
        integers of COUNTS, which mean what they mean in `db.queries.hourly`.
    """
    dialect = engine.dialect.name
    start = (day_of if by == "day" else hour_of)(dialect).label("hour")
    is_scored = EmotionsRow.status == "scored"
    conditions = [
        is_scored,
        *(EmotionsRow.emotion == emotion for emotion in EMOTIONS),
        EmotionsRow.status == "unsupported",
        is_scored & EmotionsRow.low_confidence,
    ]
    counts = [
        cast(func.sum(case((condition, 1), else_=0)), BigInteger).label(name)
        for name, condition in zip(COUNTS, conditions, strict=True)
    ]
    with reading(engine) as connection:
        columns = MessageRow.__table__.c
        author: ColumnElement[Any] = columns.author
        message_id: ColumnElement[Any] = columns.id
        dated = _between(since, until)
        if len(authors) >= _MANY_AUTHORS and source is None and _is_most(connection, since, until):
            # The table from its beginning to its end, as it lies on the disk; by index the busiest
            # authors' messages would be looked up one by one, all over it.
            author, message_id = _in_order("author"), _in_order("id")
            dated = _dated_in_order(since, until)
        keys = (start, columns.source, author)
        statement = (
            select(*keys, *counts)
            .join(EmotionsRow, EmotionsRow.message_id == message_id)
            .where(
                author.in_([fit_key(name) for name in authors]),
                EmotionsRow.model_id == _model(connection),
                *dated,
            )
            .group_by(*keys)
            .order_by(*keys)
        )
        if source is not None:
            statement = statement.where(MessageRow.source == fit_key(source))
        rows = connection.execute(statement).all() if authors else []
    names = ["hour", "source", "author", *COUNTS]
    return _frame(rows, names, moments=["hour"], counts=COUNTS)


def sample_messages(
    engine: Engine,
    windows: Sequence[Window],
    *,
    limit_each: int,
    most_characters: int,
) -> pd.DataFrame:
    """Return the first scored messages with a text of each window.

    A window's oldest ones and not random ones: the index finds those without reading the rest,
    so the cost hangs on the windows alone. Who wants a fair sample gives many short windows.

    Returns:
        Columns `posted_at` (aware UTC), `source`, `author` (pseudonym or None), `text` (cut at
        `most_characters`), `emotion` (the top one), `score` (its), `low_confidence`; by window,
        then by time. Empty where texts are not kept.
    """
    rows: list[Any] = []
    with reading(engine) as connection:
        wanted = _model(connection)
        for window in windows:
            statement = _sample_of(window, wanted, limit_each, most_characters)
            rows += connection.execute(statement).all()
    names = ["posted_at", "source", "author", "text", "emotion", "score", "low_confidence"]
    return _frame(rows, names, moments=["posted_at"]).astype({"score": "float64"})


def _sample_of(
    window: Window, model_id: int, limit: int, most_characters: int
) -> Select[tuple[Any, ...]]:
    statement = (
        select(
            MessageRow.posted_at,
            MessageRow.source,
            MessageRow.author,
            func.substr(MessageRow.text, 1, most_characters),
            EmotionsRow.emotion,
            EmotionsRow.confidence,
            EmotionsRow.low_confidence,
        )
        .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
        .where(
            EmotionsRow.model_id == model_id,
            EmotionsRow.status == "scored",
            MessageRow.text.is_not(None),
            *_between(window.since, window.until),
        )
        .order_by(MessageRow.posted_at)
        .limit(limit)
    )
    if window.source is not None:
        statement = statement.where(MessageRow.source == fit_key(window.source))
    return statement


def _is_most(connection: Connection, since: datetime | None, until: datetime | None) -> bool:
    """Return whether SQLite, which keeps no statistics here, should read messages in their order.

    So where the time asked for is at least half of the archive's; PostgreSQL knows by itself.
    """
    if connection.dialect.name != "sqlite":
        return False
    # Two searches of the index; both in one statement would read all of it.
    first = connection.execute(select(func.min(MessageRow.posted_at))).scalar()
    last = connection.execute(select(func.max(MessageRow.posted_at))).scalar()
    if first is None or last is None:
        return False
    asked = min(until or last, last) - max(since or first, first)
    return bool(asked >= (last - first) / 2)


def _in_order(name: str) -> ColumnElement[Any]:
    """Return a column of `messages` that SQLite looks up in no index, because of the sign."""
    column = MessageRow.__table__.c[name]
    return literal_column(f"+messages.{name}", column.type)


def _dated_in_order(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    posted_at = _in_order("posted_at")
    conditions: list[ColumnElement[bool]] = [posted_at.is_not(None)]
    if since is not None:
        conditions.append(posted_at >= since)
    if until is not None:
        conditions.append(posted_at < until)
    return conditions
