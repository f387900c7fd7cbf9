"""Reads what a report's page shows beside the roll-ups: the busiest authors and sample messages.

Bounded by what is asked for: a number of authors, a number of messages a window. Called by
`reporting.evidence`; writes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

import pandas as pd
from sqlalchemy import BigInteger, Engine, Select, case, cast, func, select

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
    statement = (
        select(MessageRow.author)
        .where(MessageRow.author.is_not(None), *_between(since, until))
        .group_by(MessageRow.author)
        .order_by(n.desc(), MessageRow.author)
        .limit(limit)
    )
    if source is not None:
        statement = statement.where(MessageRow.source == fit_key(source))
    with reading(engine) as connection:
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
    model_id: int | None = None,
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
    keys = (start, MessageRow.source, MessageRow.author)
    with reading(engine) as connection:
        statement = (
            select(*keys, *counts)
            .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
            .where(
                MessageRow.author.in_([fit_key(author) for author in authors]),
                EmotionsRow.model_id == _model(connection, model_id),
                *_between(since, until),
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
    model_id: int | None = None,
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
        wanted = _model(connection, model_id)
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
