"""Erases messages for good: rows, roll-ups and what waits in the ledger; and keeps them out.

A tombstone (a hash of the natural key) stays for each erased message, so that reading the same
file again does not bring it back. Called by `moodwatch forget` and by retention.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import structlog
import zstandard
from sqlalchemy import ColumnElement, Connection, Engine, and_, delete, select, update

from db.bulk import insert_new
from db.connections import in_transaction
from db.rollups import Rollup, lock_out_writers
from db.tables import (
    ChunkRow,
    EmotionsRow,
    MessageRow,
    RejectRow,
    ShiftRow,
    TombstoneRow,
)
from db.texts import fit_key, tombstone_hash
from records import Message, Payload, PayloadError

log = structlog.get_logger(__name__)

#: Messages erased in one transaction: writers wait for it, and memory holds its scores.
BATCH: Final = 2_000
_ERASED: Final = "[erased]"


def forget(
    engine: Engine,
    *,
    author: str | None = None,
    source: str | None = None,
    before: datetime | None = None,
) -> int:
    """Erase the messages that match everything given; return how many there were.

    `author` is a pseudonym as stored; `before` compares `posted_at`, so undated messages match
    only without it. Also erased: their scores and counts, the shifts of that author or source,
    the raw rows of rejects that may show them, and their texts in chunks that are not stored yet.
    May be stopped and run again at any time.

    Raises:
        ValueError: when nothing is given: that would erase everything.
    """
    if author is None and source is None and before is None:
        raise ValueError("expected an author, a source or a time before which to forget")
    if before is not None and before.tzinfo is None:
        raise ValueError(f"expected an aware time, found {before!r}")
    wanted = _Wanted(
        None if author is None else fit_key(author),
        None if source is None else fit_key(source),
        before,
    )
    n_erased = in_transaction(engine, wanted.erase_waiting)
    in_transaction(engine, wanted.erase_around)
    while n_batch := in_transaction(engine, wanted.erase_batch):
        n_erased += n_batch
    _empty_log(engine)
    log.info("messages_forgotten", n_messages=n_erased)
    return n_erased


class _Wanted:
    """What to forget, and the transactions that do it."""

    def __init__(self, author: str | None, source: str | None, before: datetime | None) -> None:
        self.author = author
        self.source = source
        self.before = before
        #: Sources of matching messages in chunks that are not stored yet.
        self.waiting_in: set[str] = set()

    def matches(self, message: Message) -> bool:
        """Tell whether a message that waits in the ledger is to be forgotten."""
        if self.author is not None and fit_key(message.author or "") != self.author:
            return False
        if self.source is not None and fit_key(message.source) != self.source:
            return False
        is_old = message.posted_at is not None and (
            self.before is None or message.posted_at < self.before
        )
        return self.before is None or is_old

    def condition(self) -> ColumnElement[bool]:
        """Return the same as SQL over `messages`."""
        parts = []
        if self.author is not None:
            parts.append(MessageRow.author == self.author)
        if self.source is not None:
            parts.append(MessageRow.source == self.source)
        if self.before is not None:
            parts.append(MessageRow.posted_at < self.before)
        return and_(*parts)

    def erase_waiting(self, connection: Connection) -> int:
        """Empty the matching messages in payloads, and set their tombstones.

        The queue may still hand the old payload to a worker: the tombstone stops it there.
        """
        lock_out_writers(connection)
        _erase_from_disk(connection)
        waiting = connection.execute(
            select(ChunkRow.id, ChunkRow.payload).where(
                ChunkRow.state != "stored", ChunkRow.payload.is_not(None)
            )
        ).all()
        n_erased = 0
        for chunk_id, stored_payload in waiting:
            payload = _read_payload(stored_payload)
            if payload is None or not any(map(self.matches, payload.messages)):
                continue
            erased = [message for message in payload.messages if self.matches(message)]
            keys = [(fit_key(message.source), fit_key(message.external_id)) for message in erased]
            self.waiting_in.update(source for source, _ in keys)
            n_buried = _bury(connection, keys)
            if payload.model is None:
                # Those to be scored again are counted where their rows are erased.
                n_erased += n_buried
            # Kept in number and key: the ledger line counts them, as duplicates in the end.
            emptied = [
                replace(message, text=_ERASED, author=None, thread=None)
                if self.matches(message)
                else message
                for message in payload.messages
            ]
            text = replace(payload, messages=tuple(emptied)).to_json()
            packed = zstandard.ZstdCompressor().compress(text.encode(errors="surrogatepass"))
            connection.execute(
                update(ChunkRow).where(ChunkRow.id == chunk_id).values(payload=packed)
            )
        return n_erased

    def erase_around(self, connection: Connection) -> None:
        """Erase shifts and raw rejected rows that belong to what is forgotten."""
        _erase_from_disk(connection)
        shifts: list[ColumnElement[bool]] = []
        if self.author is not None:
            shifts.append(ShiftRow.author == self.author)
        if self.source is not None:
            shifts.append(ShiftRow.source == self.source)
        if self.before is not None:
            shifts.append(ShiftRow.detected_at < self.before)
        connection.execute(delete(ShiftRow).where(*shifts))
        if self.author is not None:
            # Words and authors kept beside other shifts may be theirs; the next report looks anew.
            connection.execute(update(ShiftRow).values(words=None, authors=None))
        # A raw row tells neither whose it is nor from when, so rather too many are emptied: those
        # of every source the author wrote in; by age alone, those that were read in before.
        if self.source is not None:
            shows = RejectRow.source == self.source
        elif self.author is not None:
            wrote_in = select(MessageRow.source).where(MessageRow.author == self.author).distinct()
            shows = RejectRow.source.in_(wrote_in) | RejectRow.source.in_(sorted(self.waiting_in))
        else:
            shows = RejectRow.at < self.before
        connection.execute(update(RejectRow).where(shows).values(raw=None))

    def erase_batch(self, connection: Connection) -> int:
        """Erase up to BATCH stored messages; return how many."""
        # Writers wait, so nothing is added to a bucket between reading and taking away, and no
        # worker inserts what it looked up before the tombstone stood.
        lock_out_writers(connection)
        _erase_from_disk(connection)
        messages = connection.execute(
            select(MessageRow.id, MessageRow.source, MessageRow.external_id, MessageRow.posted_at)
            .where(self.condition())
            .order_by(MessageRow.id)
            .limit(BATCH)
        ).all()
        if not messages:
            return 0
        by_id = {message.id: message for message in messages}
        ids = list(by_id)
        rollup = Rollup()
        scored = connection.execute(
            select(EmotionsRow.__table__).where(EmotionsRow.message_id.in_(ids))
        )
        for row in scored:
            message = by_id[row.message_id]
            rollup.add(message.posted_at, message.source, row._asdict(), sign=-1)
        rollup.write(connection, shard=0)
        connection.execute(delete(EmotionsRow).where(EmotionsRow.message_id.in_(ids)))
        connection.execute(delete(MessageRow).where(MessageRow.id.in_(ids)))
        rollup.drop_empty(connection)
        _bury(connection, [(message.source, message.external_id) for message in messages])
        return len(messages)


def _bury(connection: Connection, keys: Sequence[tuple[str, str]]) -> int:
    """Set tombstones; return how many were not there yet."""
    now = datetime.now(UTC)
    hashes = sorted({tombstone_hash(*key) for key in keys})
    rows = [{"key_hash": key_hash, "erased_at": now} for key_hash in hashes]
    key = ("key_hash",)
    return len(insert_new(connection, TombstoneRow, rows, keys=key, returning=key))


def _read_payload(packed: bytes | None) -> Payload | None:
    try:
        text = zstandard.ZstdDecompressor().decompress(packed or b"").decode(errors="surrogatepass")
        return Payload.from_json(text)
    except (zstandard.ZstdError, PayloadError):
        return None


def _empty_log(engine: Engine) -> None:
    """Move what stands in SQLite's write-ahead log into the file, over what was erased."""
    if engine.dialect.name != "sqlite":
        return
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        if driver is not None:
            # Outside a transaction; while somebody reads, a part stays until the next one.
            driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _erase_from_disk(connection: Connection) -> None:
    # SQLite overwrites what is deleted; PostgreSQL does so when it vacuums.
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA secure_delete=ON")
