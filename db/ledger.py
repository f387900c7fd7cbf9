"""The ledger: what was read of which file, and every chunk's payload until it is stored.

Fits `ingest.queue.Ledger`; the roof passes it to the ingest room. Each method is one transaction,
so that a kill at any moment leaves either the state before it or the state after.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, or_, select, update

from db.connections import in_transaction, reading
from db.engine import database_id
from db.errors import DatabaseError
from db.tables import ChunkRow, IngestRow, RejectRow
from db.texts import MAX_RAW_CHARACTERS, clean, fit_key
from records import IngestCounts, IngestState, OpenChunk, Origin, Progress, Rejected


class SqlLedger:
    """The ledger of one database."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._database_id = database_id(engine)

    @property
    def database_id(self) -> str:
        """Return the id that names the database's queue."""
        return self._database_id

    def begin(self, origin: Origin) -> IngestState:
        """Resume the latest unfinished ingest of the same name and options, or begin a new one.

        Whether its position can be trusted is the caller's to find out; if not: `restart`.
        """
        name, options = clean(origin.name), clean(origin.options)

        def work(connection: Connection) -> IngestState:
            row = connection.execute(
                select(IngestRow)
                .where(
                    IngestRow.state == "open",
                    IngestRow.name == name,
                    IngestRow.options == options,
                )
                .order_by(IngestRow.started_at.desc())
                .limit(1)
            ).first()
            if row is None:
                return _insert_ingest(
                    connection, name, fit_key(origin.source), origin.size_bytes, options
                )
            connection.execute(
                update(IngestRow).where(IngestRow.id == row.id).values(size_bytes=origin.size_bytes)
            )
            progress = Progress(
                rows_read=row.rows_read,
                n_rejected=row.n_rejected,
                n_undated=row.n_undated,
                bytes_read=row.bytes_read,
                prefix_hash=row.prefix_hash,
            )
            return IngestState(row.id, progress, row.next_chunk)

        return in_transaction(self._engine, work)

    def restart(self, ingest_id: str) -> IngestState:
        """Close an unfinished ingest as abandoned and begin a new one of the same origin.

        What the abandoned one has read stays counted with it, its open chunks are still stored,
        and the new one finds those messages as duplicates: each accounts for itself.
        """

        def work(connection: Connection) -> IngestState:
            row = connection.execute(
                update(IngestRow)
                .where(IngestRow.id == ingest_id, IngestRow.state == "open")
                .values(state="abandoned", finished_at=datetime.now(UTC))
                .returning(
                    IngestRow.name, IngestRow.source, IngestRow.size_bytes, IngestRow.options
                )
            ).first()
            if row is None:
                raise DatabaseError(
                    f"expected an unfinished ingest, found none with id {ingest_id!r}"
                )
            return _insert_ingest(connection, row.name, row.source, row.size_bytes, row.options)

        return in_transaction(self._engine, work)

    def open_chunk(  # noqa: PLR0917 - as ingest.queue.Ledger declares it
        self,
        ingest_id: str,
        ordinal: int,
        chunk: OpenChunk,
        n_messages: int,
        rejects: Sequence[Rejected],
        progress: Progress,
    ) -> None:
        """Write down a chunk with its payload, the rejects read with it, and the progress.

        Saying it twice changes nothing, so a caller who lost the answer may ask again.

        Raises:
            DatabaseError: when another process is reading the same file into this database.
        """

        def work(connection: Connection) -> None:
            known = connection.execute(select(ChunkRow.id).where(ChunkRow.id == chunk.chunk_id))
            if known.first() is not None:
                return
            _advance(connection, ingest_id, progress, ordinal=ordinal)
            connection.execute(
                insert(ChunkRow).values(
                    id=chunk.chunk_id,
                    ingest_id=ingest_id,
                    ordinal=ordinal,
                    state="open",
                    n_messages=n_messages,
                    n_stored=0,
                    n_duplicate=0,
                    n_changed=0,
                    payload=chunk.payload,
                    opened_at=datetime.now(UTC),
                )
            )
            _insert_rejects(connection, ingest_id, rejects)

        in_transaction(self._engine, work)

    def record_progress(
        self, ingest_id: str, rejects: Sequence[Rejected], progress: Progress
    ) -> None:
        """Write down rejects and progress where no message was left to make a chunk of."""

        def work(connection: Connection) -> None:
            _advance(connection, ingest_id, progress)
            _insert_rejects(connection, ingest_id, rejects)

        in_transaction(self._engine, work)

    def mark_enqueued(self, chunk_ids: Sequence[str]) -> None:
        """Write down that the queue has these chunks now."""
        # Sorted: the sweeper and an ingestor may mark the same lines at once.
        rows = sorted(set(chunk_ids))
        if not rows:
            return

        def work(connection: Connection) -> None:
            for chunk_id in rows:
                connection.execute(
                    update(ChunkRow)
                    .where(ChunkRow.id == chunk_id, ChunkRow.state == "open")
                    .values(enqueued_at=datetime.now(UTC))
                )

        # Forgotten by a power cut, the chunk is enqueued once more, under the same job id.
        in_transaction(self._engine, work, lasting=False)

    def finish(self, ingest_id: str, progress: Progress) -> None:
        """Close an ingest whose file was read to its end; its chunks may still be open."""

        def work(connection: Connection) -> None:
            _advance(connection, ingest_id, progress)
            connection.execute(
                update(IngestRow)
                .where(IngestRow.id == ingest_id)
                .values(state="complete", finished_at=datetime.now(UTC))
            )

        in_transaction(self._engine, work)

    def unstored(self, *, older_than_s: float, limit: int) -> list[OpenChunk]:
        """Return open chunks that were never enqueued, or longer ago than `older_than_s`.

        The oldest first, whichever ingest they are of: the sweeper enqueues them again.
        """
        before = datetime.now(UTC) - timedelta(seconds=older_than_s)
        with reading(self._engine) as connection:
            rows = connection.execute(
                select(ChunkRow.id, ChunkRow.payload)
                .where(
                    ChunkRow.state == "open",
                    ChunkRow.payload.is_not(None),
                    or_(ChunkRow.enqueued_at.is_(None), ChunkRow.enqueued_at <= before),
                )
                .order_by(ChunkRow.opened_at, ChunkRow.ordinal)
                .limit(limit)
            )
            return [OpenChunk(row.id, bytes(row.payload or b"")) for row in rows]

    def counts(self, ingest_ids: Sequence[str]) -> IngestCounts:
        """Return their sum: read = stored + duplicate + rejected + pending + failed."""
        return ingest_counts(self._engine, ingest_ids)

    def n_pending(self) -> int:
        """Return the number of open chunks in the database."""
        with reading(self._engine) as connection:
            return connection.execute(
                select(func.count()).select_from(ChunkRow).where(ChunkRow.state == "open")
            ).scalar_one()


def ingest_counts(engine: Engine, ingest_ids: Sequence[str]) -> IngestCounts:
    """Return what became of the rows of these ingests, all in one moment of the database."""
    total = IngestCounts()
    with reading(engine) as connection:
        # In slices: a folder of feeds is thousands of ingests, a statement has a limit.
        for start in range(0, len(ingest_ids), 1000):
            total += _counts_of(connection, ingest_ids[start : start + 1000])
    return total


def _counts_of(connection: Connection, ingest_ids: Sequence[str]) -> IngestCounts:
    def total(column: Any) -> Any:
        return func.coalesce(func.sum(column), 0)

    read = connection.execute(
        select(
            total(IngestRow.rows_read), total(IngestRow.n_rejected), total(IngestRow.n_undated)
        ).where(IngestRow.id.in_(ingest_ids))
    ).one()
    chunks = connection.execute(
        select(
            ChunkRow.state,
            total(ChunkRow.n_messages),
            total(ChunkRow.n_stored),
            total(ChunkRow.n_duplicate),
        )
        .where(ChunkRow.ingest_id.in_(ingest_ids))
        .group_by(ChunkRow.state)
    )
    by_state = {row[0]: row[1:] for row in chunks}
    nothing = (0, 0, 0)
    _, stored, duplicate = by_state.get("stored", nothing)
    return IngestCounts(
        read=int(read[0]),
        stored=int(stored),
        duplicate=int(duplicate),
        rejected=int(read[1]),
        undated=int(read[2]),
        pending=int(by_state.get("open", nothing)[0]),
        failed=int(by_state.get("failed", nothing)[0]),
    )


def _insert_ingest(
    connection: Connection, name: str, source: str, size_bytes: int | None, options: str
) -> IngestState:
    ingest_id = uuid.uuid4().hex
    connection.execute(
        insert(IngestRow).values(
            id=ingest_id,
            name=name,
            source=source,
            size_bytes=size_bytes,
            options=options,
            state="open",
            started_at=datetime.now(UTC),
            next_chunk=0,
            rows_read=0,
            n_rejected=0,
            n_undated=0,
            bytes_read=0,
            prefix_hash="",
        )
    )
    return IngestState(ingest_id)


def _advance(
    connection: Connection, ingest_id: str, progress: Progress, *, ordinal: int | None = None
) -> None:
    """Move an open ingest on; with `ordinal`, only if that chunk is the next one."""
    statement = (
        update(IngestRow)
        .where(IngestRow.id == ingest_id, IngestRow.state == "open")
        .values(
            rows_read=progress.rows_read,
            n_rejected=progress.n_rejected,
            n_undated=progress.n_undated,
            bytes_read=progress.bytes_read,
            prefix_hash=progress.prefix_hash,
        )
    )
    if ordinal is not None:
        statement = statement.where(IngestRow.next_chunk == ordinal).values(next_chunk=ordinal + 1)
    if connection.execute(statement).rowcount != 1:
        raise DatabaseError(
            f"ingest {ingest_id!r} has moved on or is closed: another process is reading the same"
            " file into this database; let it finish, then run this again"
        )


def _insert_rejects(connection: Connection, ingest_id: str, rejects: Sequence[Rejected]) -> None:
    if not rejects:
        return
    now = datetime.now(UTC)
    rows = [
        {
            "ingest_id": ingest_id,
            "kind": "rejected",
            "source": fit_key(reject.source),
            "row": reject.row,
            "position": reject.position,
            "reason": clean(reject.reason),
            "raw": None if reject.raw is None else clean(reject.raw[:MAX_RAW_CHARACTERS]),
            "at": now,
        }
        for reject in rejects
    ]
    connection.execute(insert(RejectRow), rows)
