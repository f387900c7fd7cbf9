"""What reading needs of the database, so that this room needs no SQL; `db.ledger` fits it.

The ledger holds a line for every ingest with its position and for every chunk with its payload,
until the chunk is stored. Used by `ingest.reading`, `ingest.follow` and the sweeper.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from records import IngestCounts, IngestState, OpenChunk, Origin, Progress, Rejected


class Ledger(Protocol):
    """What reading needs of the database; `db.ledger.SqlLedger` fits it."""

    @property
    def database_id(self) -> str: ...

    def begin(self, origin: Origin) -> IngestState:
        """Resume the unfinished ingest of an equal name and options, or open a new one."""
        ...

    def restart(self, ingest_id: str) -> IngestState:
        """Abandon an unfinished ingest whose position is no longer true and open a new one."""
        ...

    def open_chunk(  # noqa: PLR0917 - each is needed, and the order is the flow's
        self,
        ingest_id: str,
        ordinal: int,
        chunk: OpenChunk,
        n_messages: int,
        rejects: Sequence[Rejected],
        progress: Progress,
    ) -> None:
        """Commit a chunk with the rejects before it and the position after it, all or nothing."""
        ...

    def record_progress(
        self, ingest_id: str, rejects: Sequence[Rejected], progress: Progress
    ) -> None:
        """Commit rejects and a position where no message stands between."""
        ...

    def mark_enqueued(self, chunk_ids: Sequence[str]) -> None: ...

    def finish(self, ingest_id: str, progress: Progress) -> None: ...

    def unstored(self, *, older_than_s: float, limit: int) -> list[OpenChunk]:
        """Return open chunks never enqueued, or enqueued longer ago than that; oldest first."""
        ...

    def counts(self, ingest_ids: Sequence[str]) -> IngestCounts: ...

    def n_pending(self) -> int:
        """Count the open chunks of the database."""
        ...
