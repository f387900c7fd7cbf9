"""Reads what a report tells about the data's quality: why rows were rejected, what has no date.

Counts and row numbers alone, never what stood in a row: reports are shown to people who do not see
the messages. Called by `reporting.jobs`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import Any, Final

from sqlalchemy import Engine, case, func, select

from db.connections import reading
from db.tables import IngestRow, MessageRow, RejectRow
from db.texts import fit_key

#: Row numbers given of each reason and file, the first ones.
_ROWS_EACH: Final = 5
#: What follows is another in each row, and may come from it: `expected a time, found '31/12'`,
#: `broken JSON at character 17: ...`, `cannot tell day from month in a date of 03/04: ...`.
_VARYING: Final = (", found ", " at character ", " in a date of ")


@dataclass(frozen=True, slots=True)
class RejectReason:
    """Rows of one file that could not be read for one reason."""

    source: str
    #: The file's name without its folder, or `-` for standard input.
    file: str
    reason: str
    n: int
    #: The first of them as the reader counted them, from 1; a header is not one.
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unread:
    """What is missing from the trends of a source, or of all."""

    n_rejected: int
    #: Known ids that came again with another text; the first one stays.
    n_changed: int
    #: Stored messages that stand in no bucket.
    n_undated: int
    #: The most frequent first.
    reasons: tuple[RejectReason, ...]


def unread(engine: Engine, *, source: str | None = None, limit: int = 20) -> Unread:
    """Count rejects by reason, and messages without a date.

    Args:
        engine: The database.
        source: One source, or None for all.
        limit: At most so many reasons.
    """
    of_source = [] if source is None else [RejectRow.source == fit_key(source)]
    undated = select(func.count()).where(MessageRow.posted_at.is_(None))
    if source is not None:
        undated = undated.where(MessageRow.source == fit_key(source))
    kinds = select(RejectRow.kind, func.count()).where(*of_source).group_by(RejectRow.kind)
    with reading(engine) as connection:
        by_kind: dict[str, int] = {row[0]: row[1] for row in connection.execute(kinds)}
        n_undated = connection.execute(undated).scalar_one()
        rows = connection.execute(_by_reason(engine.dialect.name, of_source, limit)).all()
    return Unread(
        by_kind.get("rejected", 0),
        by_kind.get("changed", 0),
        n_undated,
        tuple(islice(_reasons(rows), limit)),
    )


def _by_reason(dialect: str, of_source: list[Any], limit: int) -> Any:
    """Return a row for each reason and example row, as (source, name, reason, n, row)."""
    find = func.instr if dialect == "sqlite" else func.strpos
    reason: Any = RejectRow.reason
    for mark in _VARYING:
        place = find(reason, mark)
        reason = case((place > 0, func.substr(reason, 1, place - 1)), else_=reason)
    single = (
        select(
            RejectRow.source, IngestRow.name, reason.label("reason"), RejectRow.row, RejectRow.id
        )
        .join(IngestRow, IngestRow.id == RejectRow.ingest_id)
        .where(RejectRow.kind == "rejected", *of_source)
        .subquery()
    )
    keys = (single.c.source, single.c.name, single.c.reason)
    numbered = select(
        *keys,
        single.c.row,
        func.count().over(partition_by=keys).label("n"),
        func.row_number().over(partition_by=keys, order_by=single.c.id).label("place"),
    ).subquery()
    order = (numbered.c.n.desc(), numbered.c.source, numbered.c.name, numbered.c.reason)
    return (
        select(numbered.c.source, numbered.c.name, numbered.c.reason, numbered.c.n, numbered.c.row)
        .where(numbered.c.place <= _ROWS_EACH)
        .order_by(*order, numbered.c.place)
        .limit(limit * _ROWS_EACH)
    )


def _reasons(rows: Sequence[Any]) -> Iterator[RejectReason]:
    groups: dict[tuple[str, str, str, int], list[int]] = {}
    for source, name, reason, n, row in rows:
        numbers = groups.setdefault((source, name, reason, n), [])
        if row is not None:
            numbers.append(row)
    for (source, name, reason, n), numbers in groups.items():
        yield RejectReason(source, PurePath(name).name or name, reason, n, tuple(numbers))
