"""Reads what reports, `status`, `rejects` and `doctor` show. Writes nothing.

Frames hold aggregates or a stated number of rows, never the whole of `messages`, so memory grows
with hours and not with messages.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import BigInteger, ColumnElement, Connection, Engine, cast, func, select

from db.connections import reading
from db.ledger import ingest_counts
from db.read_only import read_only_query
from db.rollups import VALUES, recount, repair
from db.tables import ChunkRow, EmotionsRow, MessageRow, ModelRow, RejectRow, RollupRow
from db.texts import PLACEHOLDERS, fit_key
from db.threads import ThreadMessage, thread_past, thread_sources
from records import EMOTIONS, Emotion

__all__ = [
    "ModelFact",
    "StatusCounts",
    "ThreadMessage",
    "examples",
    "hourly",
    "ingest_counts",
    "read_only_query",
    "recount",
    "rejects",
    "repair",
    "status",
    "stored_scores",
    "thread_past",
    "thread_sources",
]

#: pandas keeps these from year -290,308 on; its nanoseconds would begin in 1677.
_MOMENT = "datetime64[us, UTC]"


@dataclass(frozen=True, slots=True)
class ModelFact:
    """A model that has scored here."""

    name: str
    emotions: tuple[str, ...]
    is_current: bool


@dataclass(frozen=True, slots=True)
class StatusCounts:
    """What the database holds."""

    messages: int
    emotions: int
    undated: int
    chunks_open: int
    chunks_failed: int
    chunks_stored: int
    rejects: int
    #: Rows of kind `changed`: a known id that came again with another text.
    changed: int
    #: Messages by source.
    sources: dict[str, int]
    models: tuple[ModelFact, ...]


def hourly(
    engine: Engine,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    source: str | None = None,
    model_id: int | None = None,
) -> pd.DataFrame:
    """Return the roll-up by hour and source, of the current model unless another is given.

    Args:
        since: first hour; the hour that holds it is in.
        until: end, exclusive, by the hour's start.

    Returns:
        Columns `hour` (aware UTC, any year), `source`, and integers `n` (scored messages; the
        unsupported are not in it), `n_<emotion>`, `sum_<emotion>` (scores times 10,000),
        `n_unsupported`, `n_low_confidence`; sorted by hour and source. Hours without messages
        are absent. Emotions that the model does not score are 0 throughout.
    """
    table = RollupRow.__table__
    keys = (table.c.hour, table.c.source)
    sums = [cast(func.sum(table.c[name]), BigInteger).label(name) for name in VALUES]
    held = func.sum(table.c.n) + func.sum(table.c.n_unsupported)
    with reading(engine) as connection:
        wanted = _model(connection, model_id)
        statement = (
            select(*keys, *sums)
            .where(table.c.model_id == wanted)
            .group_by(*keys)
            .having(held > 0)
            .order_by(*keys)
        )
        if since is not None:
            statement = statement.where(
                table.c.hour >= since.replace(minute=0, second=0, microsecond=0)
            )
        if until is not None:
            statement = statement.where(table.c.hour < until)
        if source is not None:
            statement = statement.where(table.c.source == fit_key(source))
        rows = connection.execute(statement).all()
    frame = _frame(rows, ["hour", "source", *VALUES], moments=["hour"], counts=VALUES)
    return frame.astype({"source": "str"})


def examples(
    engine: Engine,
    *,
    emotion: Emotion,
    source: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    author: str | None = None,
    limit: int = 10,
) -> pd.DataFrame:
    """Return the messages with the highest score of an emotion that is their top one.

    Returns:
        Columns `posted_at` (aware UTC), `author` (pseudonym or None), `text`, `score`; the highest
        score first. Empty where texts are not kept.
    """
    score = EmotionsRow.__table__.c[emotion].label("score")
    with reading(engine) as connection:
        statement = (
            select(MessageRow.posted_at, MessageRow.author, MessageRow.text, score)
            .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
            .where(
                EmotionsRow.model_id == _model(connection),
                EmotionsRow.emotion == emotion,
                MessageRow.text.is_not(None),
                *_between(since, until),
            )
            .order_by(score.desc(), MessageRow.id)
            .limit(limit)
        )
        if source is not None:
            statement = statement.where(MessageRow.source == fit_key(source))
        if author is not None:
            statement = statement.where(MessageRow.author == fit_key(author))
        rows = connection.execute(statement).all()
    frame = _frame(rows, ["posted_at", "author", "text", "score"], moments=["posted_at"])
    return frame.astype({"score": "float64"})


def rejects(engine: Engine, limit: int = 50, source: str | None = None) -> pd.DataFrame:
    """Return the latest rejects.

    Returns:
        Columns `kind` (`rejected` or `changed`), `source`, `row`, `position` (integers or None),
        `reason`, `raw` (None unless kept), `at` (aware UTC); the latest first.
    """
    columns = ["kind", "source", "row", "position", "reason", "raw", "at"]
    table = RejectRow.__table__
    statement = select(*(table.c[name] for name in columns)).order_by(table.c.id.desc())
    if source is not None:
        statement = statement.where(table.c.source == fit_key(source))
    with reading(engine) as connection:
        rows = connection.execute(statement.limit(limit)).all()
    return _frame(rows, columns, moments=["at"])


def status(engine: Engine) -> StatusCounts:
    """Return what the database holds, all in one moment."""
    with reading(engine) as connection:
        by_source = connection.execute(
            select(
                MessageRow.source,
                func.count(),
                func.count() - func.count(MessageRow.posted_at),
            )
            .group_by(MessageRow.source)
            .order_by(MessageRow.source)
        ).all()
        chunks = _count_by(connection, ChunkRow.__table__.c.state)
        kinds = _count_by(connection, RejectRow.__table__.c.kind)
        models = connection.execute(select(ModelRow).order_by(ModelRow.id)).all()
        n_emotions = connection.execute(select(func.count()).select_from(EmotionsRow)).scalar_one()
    return StatusCounts(
        messages=sum(row[1] for row in by_source),
        emotions=n_emotions,
        undated=sum(row[2] for row in by_source),
        chunks_open=chunks.get("open", 0),
        chunks_failed=chunks.get("failed", 0),
        chunks_stored=chunks.get("stored", 0),
        rejects=kinds.get("rejected", 0),
        changed=kinds.get("changed", 0),
        sources={row[0]: row[1] for row in by_source},
        models=tuple(
            ModelFact(row.name, tuple(row.emotions.split(",")), row.current) for row in models
        ),
    )


def stored_scores(
    engine: Engine, *, model: str, limit: int
) -> list[tuple[str, tuple[float | None, ...]]]:
    """Return up to `limit` texts with the scores that `model` gave them, for a parity check.

    Scores are in the order of EMOTIONS. Redacted texts are left out: they are not what was scored.
    """
    table = EmotionsRow.__table__
    columns = [table.c[emotion] for emotion in EMOTIONS]
    statement = (
        select(MessageRow.text, *columns)
        .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
        .join(ModelRow, ModelRow.id == EmotionsRow.model_id)
        .where(ModelRow.name == model, EmotionsRow.status == "scored")
    )
    for placeholder in PLACEHOLDERS:
        statement = statement.where(MessageRow.text.not_like(f"%{placeholder}%"))
    with reading(engine) as connection:
        return [(row[0], tuple(row[1:])) for row in _sample(connection, limit, statement)]


def _sample(connection: Connection, n: int, statement: Any) -> Iterator[Any]:
    """Run `statement` over messages with a text, starting at up to `n` random ids."""
    # By id and not ORDER BY random(), which would read and sort every message.
    first, last = connection.execute(select(func.min(MessageRow.id), func.max(MessageRow.id))).one()
    if first is None:
        return
    draw = random.Random(0)  # noqa: S311 - the same sample at every call
    n_ids = min(n * 3, last - first + 1)
    ids = sorted(draw.sample(range(first, last + 1), n_ids))
    kept = 0
    for start in range(0, len(ids), 500):
        wanted = ids[start : start + 500]
        found = statement.where(MessageRow.id.in_(wanted), MessageRow.text.is_not(None))
        for row in connection.execute(found):
            if kept == n:
                return
            kept += 1
            yield row


def _model(connection: Connection, model_id: int | None = None) -> int:
    """Return the given model, else the current one; 0, which none has, where there is none."""
    if model_id is not None:
        return model_id
    current = connection.execute(select(ModelRow.id).where(ModelRow.current)).scalar()
    return 0 if current is None else current


def _between(since: datetime | None, until: datetime | None) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [MessageRow.posted_at.is_not(None)]
    if since is not None:
        conditions.append(MessageRow.posted_at >= since)
    if until is not None:
        conditions.append(MessageRow.posted_at < until)
    return conditions


def _count_by(connection: Connection, column: ColumnElement[str]) -> dict[str, int]:
    rows = connection.execute(select(column, func.count()).group_by(column))
    return {row[0]: row[1] for row in rows}


def _frame(
    rows: Sequence[Any],
    columns: Sequence[str],
    *,
    moments: Sequence[str],
    counts: Sequence[str] = (),
) -> pd.DataFrame:
    """Make a frame whose types do not depend on its rows; None stays None, not NaN."""
    frame = pd.DataFrame(
        {name: [row[place] for row in rows] for place, name in enumerate(columns)}, dtype=object
    )
    for name in moments:
        frame[name] = pd.Series(frame[name].tolist(), dtype=_MOMENT)
    for name in counts:
        frame[name] = frame[name].astype("int64")
    return frame
