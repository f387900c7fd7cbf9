"""Counts and sums by hour, source and model: how they are added to, and counted again.

Called by `db.store` and `db.forget` inside their transactions; `recount` by `doctor` and tests,
`repair` by `doctor --repair`.
Sums are integers (each score times 10,000, rounded), so that adding in any order, taking away
and counting again give the very same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Integer,
    Text,
    case,
    cast,
    delete,
    func,
    literal_column,
    select,
    text,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite

from db.connections import in_transaction, reading
from db.tables import EmotionsRow, MessageRow, RollupRow
from records import EMOTIONS

SHARDS: Final = 16
#: The value columns, in the order in which everything here holds them.
VALUES: Final = (
    "n",
    *(f"n_{emotion}" for emotion in EMOTIONS),
    *(f"sum_{emotion}" for emotion in EMOTIONS),
    "n_unsupported",
    "n_low_confidence",
)
_KEYS: Final = ("hour", "source", "model_id", "shard")
_TOP: Final = {emotion: 1 + place for place, emotion in enumerate(EMOTIONS)}
_FIRST_SUM: Final = 1 + len(EMOTIONS)
_UNSUPPORTED: Final = VALUES.index("n_unsupported")
_LOW_CONFIDENCE: Final = VALUES.index("n_low_confidence")

Key = tuple[datetime, str, int]


def ten_thousandths(score: float) -> int:
    """Round a score to an integer; `_ten_thousandths_sql` does the same, bit by bit."""
    # Not round(): SQLite rounds halves up, Python and PostgreSQL to even.
    return int(score * 10_000 + 0.5)


class Rollup:
    """What a transaction adds to the roll-ups, summed up before it is written."""

    def __init__(self) -> None:
        self._cells: dict[Key, list[int]] = {}

    def add(
        self,
        posted_at: datetime | None,
        source: str,
        emotions_row: Mapping[str, Any],
        *,
        sign: int = 1,
    ) -> None:
        """Count one row of `emotions` in; with sign -1, out. Undated ones stand in no bucket."""
        if posted_at is None:
            return
        hour = posted_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        key = (hour, source, emotions_row["model_id"])
        cell = self._cells.get(key)
        if cell is None:
            cell = self._cells[key] = [0] * len(VALUES)
        if emotions_row["status"] == "unsupported":
            cell[_UNSUPPORTED] += sign
            return
        cell[0] += sign
        if emotions_row["emotion"] is not None:
            cell[_TOP[emotions_row["emotion"]]] += sign
        if emotions_row["low_confidence"]:
            cell[_LOW_CONFIDENCE] += sign
        for place, emotion in enumerate(EMOTIONS, _FIRST_SUM):
            score = emotions_row[emotion]
            if score is not None:
                cell[place] += sign * ten_thousandths(score)

    def correct(self, key: Key, before: Sequence[int], after: Sequence[int]) -> None:
        """Add what is missing in a bucket; take away what is too much."""
        self._cells[key] = [now - was for was, now in zip(before, after, strict=True)]

    def write(self, connection: Connection, shard: int) -> None:
        """Add everything to the table, in the order of the keys."""
        # Sorted: two transactions that touch the same rows in another order would deadlock.
        rows = [
            dict(zip((*_KEYS, *VALUES), (*key, shard, *cell), strict=True))
            for key, cell in sorted(self._cells.items())
        ]
        if not rows:
            return
        is_sqlite = connection.dialect.name == "sqlite"
        insert = (sqlite if is_sqlite else postgresql).insert(RollupRow)
        table = RollupRow.__table__
        upsert = insert.on_conflict_do_update(
            index_elements=list(_KEYS),
            set_={name: table.c[name] + insert.excluded[name] for name in VALUES},
        )
        connection.execute(upsert, rows)

    def drop_empty(self, connection: Connection) -> None:
        """Remove the touched buckets whose shards now sum to nothing."""
        table = RollupRow.__table__
        keys = (table.c.hour, table.c.source, table.c.model_id)
        empty = (
            select(*keys)
            .where(table.c.hour.in_(sorted({hour for hour, _, _ in self._cells})))
            .group_by(*keys)
            .having(func.sum(table.c.n) + func.sum(table.c.n_unsupported) == 0)
        )
        for hour, source, model_id in connection.execute(empty).all():
            connection.execute(
                delete(RollupRow).where(
                    RollupRow.hour == hour,
                    RollupRow.source == source,
                    RollupRow.model_id == model_id,
                )
            )


def recount(engine: Engine) -> list[str]:
    """Compare the roll-ups with the messages they were made of; return the differences.

    Empty means equal. Reads one moment of the database, so workers may go on meanwhile.
    """
    with reading(engine) as connection:
        return _told(_differences(connection))


def repair(engine: Engine) -> list[str]:
    """Set the roll-ups to what a recount gives; return the differences there were.

    One transaction; workers wait until it ends. For tables that were changed by hand, or a copy
    whose messages were deleted with SQL: our own writing keeps both equal.
    """

    def work(connection: Connection) -> list[str]:
        lock_out_writers(connection)
        differences = _differences(connection)
        rollup = Rollup()
        for key, (before, after) in differences.items():
            rollup.correct(key, before, after)
        rollup.write(connection, shard=0)
        rollup.drop_empty(connection)
        return _told(differences)

    return in_transaction(engine, work)


def _differences(
    connection: Connection,
) -> dict[Key, tuple[tuple[int, ...], tuple[int, ...]]]:
    """Return the buckets that differ: what they hold, and what they should."""
    stored, counted = _sums(connection), _counts(connection)
    zeros = (0,) * len(VALUES)
    pairs = {
        key: (stored.get(key, zeros), counted.get(key, zeros))
        for key in sorted(stored.keys() | counted.keys())
    }
    return {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}


def _told(differences: Mapping[Key, tuple[tuple[int, ...], tuple[int, ...]]]) -> list[str]:
    return [
        f"{hour:%Y-%m-%d %H:00} {source!r} model {model_id}: {name} is {was}, recounted {now}"
        for (hour, source, model_id), pair in differences.items()
        for name, was, now in zip(VALUES, *pair, strict=True)
        if was != now
    ]


def lock_out_writers(connection: Connection) -> None:
    """Wait until no chunk is being stored, and let none begin before this transaction ends."""
    if connection.dialect.name == "postgresql":
        # save_scores locks its ledger line before it looks at anything else.
        connection.execute(text("LOCK TABLE chunks IN EXCLUSIVE MODE"))


def _sums(connection: Connection) -> dict[Key, tuple[int, ...]]:
    table = RollupRow.__table__
    keys = (table.c.hour, table.c.source, table.c.model_id)
    sums = [cast(func.sum(table.c[name]), BigInteger) for name in VALUES]
    rows = connection.execute(select(*keys, *sums).group_by(*keys))
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


def _counts(connection: Connection) -> dict[Key, tuple[int, ...]]:
    hour = hour_of(connection.dialect.name).label("hour")
    keys = (hour, MessageRow.source, EmotionsRow.model_id)
    rows = connection.execute(
        select(*keys, *counting_columns(connection.dialect.name))
        .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
        .where(MessageRow.posted_at.is_not(None))
        .group_by(*keys)
    )
    return {(row[0], row[1], row[2]): tuple(row[3:]) for row in rows}


def counting_columns(dialect: str) -> list[ColumnElement[int]]:
    """Return VALUES as aggregates over `emotions` rows."""
    is_scored = EmotionsRow.status == "scored"
    table = EmotionsRow.__table__
    columns = [
        _count_if(is_scored),
        *(_count_if(EmotionsRow.emotion == emotion) for emotion in EMOTIONS),
        *(
            func.coalesce(func.sum(_ten_thousandths_sql(table.c[emotion], dialect)), 0)
            for emotion in EMOTIONS
        ),
        _count_if(EmotionsRow.status == "unsupported"),
        _count_if(is_scored & EmotionsRow.low_confidence),
    ]
    return [
        cast(column, BigInteger).label(name) for name, column in zip(VALUES, columns, strict=True)
    ]


def hour_of(dialect: str) -> ColumnElement[datetime]:
    """Return the hour in which a message was posted, as the roll-ups hold it."""
    return _start_of("hour", 13, ":00:00.000000", dialect)


def day_of(dialect: str) -> ColumnElement[datetime]:
    """Return the UTC midnight of the day on which a message was posted."""
    return _start_of("day", 10, " 00:00:00.000000", dialect)


def _start_of(unit: str, n_kept: int, rest: str, dialect: str) -> ColumnElement[datetime]:
    column = MessageRow.__table__.c.posted_at
    if dialect == "sqlite":
        kept: ColumnElement[str] = func.substr(cast(column, Text), 1, n_kept)
        return type_coerce(kept.concat(rest), column.type)
    # Literally, not as a parameter: PostgreSQL would not know it again in GROUP BY.
    return func.date_trunc(literal_column(f"'{unit}'"), column, type_=column.type)


def _ten_thousandths_sql(column: ColumnElement[float], dialect: str) -> ColumnElement[int]:
    value = column * 10_000.0 + 0.5
    # A cast to an integer cuts on SQLite but rounds on PostgreSQL.
    return cast(value, Integer) if dialect == "sqlite" else cast(func.floor(value), BigInteger)


def _count_if(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return func.coalesce(func.sum(case((condition, 1), else_=0)), 0)
