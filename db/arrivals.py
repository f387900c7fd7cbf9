"""How many messages came when, whichever model scored them, and whether more are on their way.

For `reporting.volume`, which must not take a stopped pipeline for silence. Writes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

import pandas as pd
from sqlalchemy import Engine, func, select

from db.connections import reading
from db.tables import ChunkRow, IngestRow, MessageRow, RollupRow

#: A source is live when chunks of it came on so many days of the last so many.
LIVE_DAYS: Final = 3
_LIVE_WITHIN: Final = timedelta(days=14)
#: ... and its newest message was at most so old when it came.
_LIVE_LAG: Final = timedelta(days=2)


#: `live`: messages come while they are posted; `kept up`: files are added now and then; `archive`:
#: read once, and nobody expects more.
Feed = Literal["live", "kept up", "archive"]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What waits or was given up between a file and the tables."""

    n_open: int
    n_failed: int
    #: When the oldest chunk that still waits was read; None where none does.
    oldest_open_at: datetime | None

    def is_stale(self, now: datetime, *, after: timedelta) -> bool:
        return self.oldest_open_at is not None and now - self.oldest_open_at > after


def hourly_messages(engine: Engine, *, until: datetime | None = None) -> pd.DataFrame:
    """Return columns `hour` (aware UTC), `source`, `n`: dated messages, scored or not.

    Where several models have scored an hour, the one that has scored most of it counts it.
    """
    by_model = (
        select(
            RollupRow.hour,
            RollupRow.source,
            (func.sum(RollupRow.n) + func.sum(RollupRow.n_unsupported)).label("n"),
        )
        .group_by(RollupRow.hour, RollupRow.source, RollupRow.model_id)
        .subquery()
    )
    most = func.max(by_model.c.n)
    statement = (
        select(by_model.c.hour, by_model.c.source, most.label("n"))
        .group_by(by_model.c.hour, by_model.c.source)
        .having(most > 0)
        .order_by(by_model.c.hour, by_model.c.source)
    )
    if until is not None:
        statement = statement.where(by_model.c.hour < until)
    with reading(engine) as connection:
        rows = connection.execute(statement).all()
    frame = pd.DataFrame(
        {"hour": [row[0] for row in rows], "source": [row[1] for row in rows]}, dtype=object
    )
    return pd.DataFrame(
        {
            "hour": pd.Series(frame["hour"].tolist(), dtype="datetime64[us, UTC]"),
            "source": frame["source"].astype("str"),
            "n": pd.Series([int(row[2]) for row in rows], dtype="int64"),
        }
    )


def feeds(engine: Engine) -> dict[str, Feed]:
    """Return how each source comes in, as the ledger tells."""
    by_source = (
        select(IngestRow.source, func.max(ChunkRow.opened_at).label("newest"))
        .join(ChunkRow, ChunkRow.ingest_id == IngestRow.id)
        .where(ChunkRow.n_stored > 0)
        .group_by(IngestRow.source)
        .order_by(IngestRow.source)
    )
    found: dict[str, Feed] = {}
    with reading(engine) as connection:
        for source, last_chunk in connection.execute(by_source).all():
            last_message = connection.execute(
                select(func.max(MessageRow.posted_at)).where(MessageRow.source == source)
            ).scalar()
            opened = connection.execute(
                select(ChunkRow.opened_at)
                .join(IngestRow, ChunkRow.ingest_id == IngestRow.id)
                .where(
                    IngestRow.source == source,
                    ChunkRow.n_stored > 0,
                    ChunkRow.opened_at > last_chunk - _LIVE_WITHIN,
                )
            )
            n_days = len({row.opened_at.date() for row in opened})
            is_young = last_message is not None and last_chunk - last_message <= _LIVE_LAG
            if is_young and n_days >= LIVE_DAYS:
                found[source] = "live"
            else:
                found[source] = "kept up" if n_days > 1 else "archive"
    return found


def pipeline(engine: Engine) -> Pipeline:
    """Return what waits in the ledger, all in one moment."""
    with reading(engine) as connection:
        n_open, oldest = connection.execute(
            select(func.count(), func.min(ChunkRow.opened_at)).where(ChunkRow.state == "open")
        ).one()
        n_failed = connection.execute(
            select(func.count()).select_from(ChunkRow).where(ChunkRow.state == "failed")
        ).scalar_one()
    return Pipeline(n_open, n_failed, oldest)
