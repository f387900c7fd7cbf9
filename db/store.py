"""Writes what was scored: messages, emotions, roll-ups and the ledger line in one transaction.

Called by the workers. Correctness lives here and not in the queue: a chunk may arrive twice, late,
or from a worker that was killed, and changes the database once. `forget` and `save_shifts` are
part of this room's writing side and stand in files of their own.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine, insert, or_, select, update

from db.bulk import insert_new
from db.connections import in_transaction, reading, redact_url
from db.errors import DatabaseError
from db.forget import forget
from db.models import register_model
from db.prepared import NaturalKey, Prepared, emotions_row, prepare
from db.rollups import SHARDS, Rollup
from db.shifts import ShiftRecord, save_shifts
from db.tables import ChunkRow, EmotionsRow, MessageRow, RejectRow, TombstoneRow
from db.texts import TextMode, clean, fit_key, tombstone_hash
from records import Message, Scores

__all__ = [
    "ShiftRecord",
    "Stored",
    "already_scored",
    "forget",
    "mark_failed",
    "register_model",
    "retry_failed",
    "save_scores",
    "save_shifts",
]

#: Characters of an id that a message or a reason quotes.
_QUOTED: Final = 40


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a chunk: n_stored + n_duplicate is the number of its messages."""

    n_stored: int
    n_duplicate: int
    #: Of the duplicates, those whose text differs from the one stored earlier.
    n_changed: int
    #: True when the chunk had been stored before; then nothing was changed now.
    replayed: bool


def already_scored(
    engine: Engine, messages: Sequence[Message], model_id: int
) -> set[tuple[str, str]]:
    """Return the (source, external_id) of those messages that this model has scored before."""
    given = {
        (fit_key(message.source), fit_key(message.external_id)): (
            message.source,
            message.external_id,
        )
        for message in messages
    }
    if not given:
        return set()
    with reading(engine) as connection:
        rows = connection.execute(
            select(MessageRow.source, MessageRow.external_id)
            .join(EmotionsRow, EmotionsRow.message_id == MessageRow.id)
            .where(EmotionsRow.model_id == model_id, _has_key_in(given))
        )
        return {given[(source, external_id)] for source, external_id in rows}


def save_scores(
    engine: Engine,
    *,
    chunk_id: str,
    messages: Sequence[Message],
    scores: Sequence[Scores | None],
    model_id: int,
    worker_name: str,
    text_mode: TextMode = "keep",
    salt: bytes = b"",
    only_known: bool = False,
) -> Stored:
    """Store a chunk and close its ledger line, all or nothing; a second time changes nothing.

    `scores[i]` is None where `already_scored` named the message: it counts as duplicate. So do
    messages stored before, repeated within the chunk (the first one wins) or erased by `forget`.
    A known message without a row of this model gets one, and counts in the roll-up of the model.

    With `only_known` the messages come from the database itself, to be scored again: none is
    inserted, and no text compared with the one stored (it may have been redacted).

    Raises:
        DatabaseError: when the chunk has no ledger line here, or not this number of messages.
        DatabaseUnavailableError: when the database cannot be reached or stays locked.
    """
    if len(messages) != len(scores):
        raise ValueError(f"expected {len(messages)} scores, found {len(scores)}")
    now = datetime.now(UTC)
    prepared, changed = prepare(messages, scores, text_mode, salt, now)
    # Each worker adds to rows of its own, else they would wait for each other; SQLite has one
    # writer at a time anyway.
    is_sqlite = engine.dialect.name == "sqlite"
    shard = 0 if is_sqlite else zlib.crc32(worker_name.encode()) % SHARDS

    def work(connection: Connection) -> Stored:
        line = _lock_line(connection, chunk_id)
        if line is None:
            raise DatabaseError(
                f"{redact_url(engine.url)}: expected a ledger line for chunk {chunk_id!r}, found"
                " none: the chunk belongs to another database, or its line was removed"
            )
        state, ingest_id, n_messages = line
        if state == "stored":
            return _replayed(connection, chunk_id)
        if n_messages != len(messages):
            raise DatabaseError(
                f"chunk {chunk_id!r}: expected {n_messages} messages as its ledger line says,"
                f" found {len(messages)}"
            )
        live = _without_erased(connection, prepared)
        inserted = {} if only_known else _insert_messages(connection, live)
        known, changed_before = _find_known(connection, live, inserted, text_mode)
        changed_keys = [] if only_known else [*changed, *changed_before]
        rollup = _insert_emotions(connection, live, inserted, known, model_id)
        rollup.write(connection, shard)
        _report_changed(connection, ingest_id, changed_keys, now)
        stored = Stored(len(inserted), n_messages - len(inserted), len(changed_keys), False)
        connection.execute(
            update(ChunkRow)
            .where(ChunkRow.id == chunk_id)
            .values(
                state="stored",
                n_stored=stored.n_stored,
                n_duplicate=stored.n_duplicate,
                n_changed=stored.n_changed,
                payload=None,
                reason=None,
                closed_at=now,
            )
        )
        return stored

    # Undone by a power cut, the chunk is open again with its payload, and the sweeper sends it.
    return in_transaction(engine, work, lasting=False)


def mark_failed(engine: Engine, chunk_id: str, reason: str) -> None:
    """Give a chunk up after its last retry; its payload stays for `retry_failed`.

    A chunk that was stored meanwhile stays stored.
    """
    in_transaction(
        engine,
        lambda connection: connection.execute(
            update(ChunkRow)
            .where(ChunkRow.id == chunk_id, ChunkRow.state == "open")
            .values(state="failed", reason=clean(reason), closed_at=datetime.now(UTC))
        ),
    )


def retry_failed(engine: Engine) -> int:
    """Open every failed chunk again, for the sweeper to enqueue; return how many."""
    return in_transaction(
        engine,
        lambda connection: (
            connection.execute(
                update(ChunkRow)
                .where(ChunkRow.state == "failed")
                .values(state="open", reason=None, closed_at=None, enqueued_at=None)
            ).rowcount
        ),
    )


def _lock_line(connection: Connection, chunk_id: str) -> tuple[str, str, int] | None:
    # First of all statements: `forget` locks the ledger to keep everyone out.
    row = connection.execute(
        select(ChunkRow.state, ChunkRow.ingest_id, ChunkRow.n_messages)
        .where(ChunkRow.id == chunk_id)
        .with_for_update()
    ).first()
    return None if row is None else (row.state, row.ingest_id, row.n_messages)


def _replayed(connection: Connection, chunk_id: str) -> Stored:
    row = connection.execute(
        select(ChunkRow.n_stored, ChunkRow.n_duplicate, ChunkRow.n_changed).where(
            ChunkRow.id == chunk_id
        )
    ).one()
    return Stored(row.n_stored, row.n_duplicate, row.n_changed, replayed=True)


def _without_erased(
    connection: Connection, prepared: Mapping[NaturalKey, Prepared]
) -> dict[NaturalKey, Prepared]:
    hashes = {tombstone_hash(*key): key for key in prepared}
    erased = connection.execute(
        select(TombstoneRow.key_hash).where(TombstoneRow.key_hash.in_(list(hashes)))
    )
    gone = {hashes[bytes(row.key_hash)] for row in erased}
    return {key: message for key, message in prepared.items() if key not in gone}


def _insert_messages(
    connection: Connection, live: Mapping[NaturalKey, Prepared]
) -> dict[NaturalKey, int]:
    """Insert what is not there yet; return the ids of the rows really inserted."""
    rows = [message.row for message in live.values() if message.scores is not None]
    inserted = insert_new(
        connection,
        MessageRow,
        rows,
        keys=("source", "external_id"),
        returning=("id", "source", "external_id"),
    )
    return {(row.source, row.external_id): row.id for row in inserted}


def _find_known(
    connection: Connection,
    live: Mapping[NaturalKey, Prepared],
    inserted: Mapping[NaturalKey, int],
    text_mode: TextMode,
) -> tuple[dict[NaturalKey, tuple[int, datetime | None]], list[NaturalKey]]:
    """Return id and time of the messages stored earlier, and which of them had another text."""
    others = [key for key in live if key not in inserted]
    if not others:
        return {}, []
    rows = connection.execute(
        select(
            MessageRow.id,
            MessageRow.source,
            MessageRow.external_id,
            MessageRow.posted_at,
            MessageRow.text_hash,
        ).where(_has_key_in(others))
    )
    known = {}
    changed = []
    for row in rows:
        key = (row.source, row.external_id)
        known[key] = (row.id, row.posted_at)
        was = row.text_hash
        if text_mode != "drop" and was is not None and bytes(was) != live[key].hash:
            changed.append(key)
    return known, sorted(changed)


def _insert_emotions(
    connection: Connection,
    live: Mapping[NaturalKey, Prepared],
    inserted: Mapping[NaturalKey, int],
    known: Mapping[NaturalKey, tuple[int, datetime | None]],
    model_id: int,
) -> Rollup:
    """Insert the scores that are not there yet; return exactly those, summed up."""
    rollup = Rollup()
    rows: dict[int, dict[str, Any]] = {}
    placed: dict[int, tuple[datetime | None, str]] = {}
    for key, message in live.items():
        if message.scores is None:
            continue
        if key in inserted:
            message_id, posted_at = inserted[key], message.row["posted_at"]
        elif key in known:
            # The stored time, not the one given now: a recount sees only that.
            message_id, posted_at = known[key]
        else:
            continue
        rows[message_id] = emotions_row(message_id, model_id, message.scores)
        placed[message_id] = (posted_at, key[0])
    really = insert_new(
        connection,
        EmotionsRow,
        [rows[message_id] for message_id in sorted(rows)],
        keys=("message_id", "model_id"),
        returning=("message_id",),
    )
    for (message_id,) in really:
        posted_at, source = placed[message_id]
        rollup.add(posted_at, source, rows[message_id])
    return rollup


def _report_changed(
    connection: Connection, ingest_id: str, keys: Sequence[NaturalKey], now: datetime
) -> None:
    if not keys:
        return
    rows = [
        {
            "ingest_id": ingest_id,
            "kind": "changed",
            "source": source,
            "row": None,
            "position": None,
            "reason": f"the text of id {external_id[:_QUOTED]!r} differs from the one stored"
            " before: kept the one stored before",
            "raw": None,
            "at": now,
        }
        for source, external_id in keys
    ]
    connection.execute(insert(RejectRow), rows)


def _has_key_in(keys: Mapping[NaturalKey, Any] | Sequence[NaturalKey]) -> Any:
    # By source, not as pairs: an index search a key instead of a plan of hundreds of ORs.
    by_source: dict[str, list[str]] = {}
    for source, external_id in keys:
        by_source.setdefault(source, []).append(external_id)
    return or_(
        *(
            (MessageRow.source == source) & MessageRow.external_id.in_(ids)
            for source, ids in by_source.items()
        )
    )
