"""Take rows in, give chunks out: the part of reading that files and followed sources share.

Counts every row, keys it, applies the policy for undated ones, and commits chunk by chunk: the
ledger's line with the rejects and the position first, the queue second. Whatever breaks off
between two steps loses nothing and counts nothing twice. Used by `ingest.reading` and
`ingest.follow`; does not know where rows come from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from ingest.chunks import DEFAULT_CHUNK_SIZE, Cutter, pack, storable_message, storable_reject
from ingest.keys import NaturalKeys
from ingest.queue import ChunkQueue, Ledger, QueueUnavailableError, never_cancelled
from records import IngestState, Message, Progress, Rejected

Undated = Literal["keep", "reject", "now"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What is done with rows, whatever they come from."""

    #: Key of pseudonyms and of the ids of rows without one, at least 16 bytes.
    salt: bytes
    #: What becomes of messages without a time; `now` takes the time of reading.
    undated: Undated = "keep"
    #: Whether rejects keep the row as read.
    keep_raw: bool = True
    chunk_size: int = DEFAULT_CHUNK_SIZE


def ignore_progress(_: Progress) -> None:
    return


class Intake:
    """One ingest under way, from its state in the ledger on."""

    def __init__(
        self,
        state: IngestState,
        *,
        ledger: Ledger,
        queue: ChunkQueue,
        policy: Policy,
        on_progress: Callable[[Progress], None] = ignore_progress,
        cancelled: Callable[[], bool] = never_cancelled,
    ) -> None:
        self.ingest_id = state.ingest_id
        #: What the ledger knows; rows taken since the last commit are not in it.
        self.committed = state.progress
        self._progress = state.progress
        self._next_chunk = state.next_chunk
        self._ledger = ledger
        self._queue = queue
        self._policy = policy
        self._on_progress = on_progress
        self._cancelled = cancelled
        self._keys = NaturalKeys(policy.salt)
        self._cutter = Cutter(policy.chunk_size)
        self._rejects: list[Rejected] = []

    @property
    def is_due(self) -> bool:
        """Whether a chunk's worth is waiting for `commit`."""
        return self._cutter.is_full or len(self._rejects) >= self._policy.chunk_size

    @property
    def state(self) -> IngestState:
        """What the ledger would say of this ingest."""
        return IngestState(self.ingest_id, self.committed, self._next_chunk)

    @property
    def n_waiting(self) -> int:
        """Rows taken and not committed."""
        return self._progress.rows_read - self.committed.rows_read

    def skip(self, row: Message | Rejected) -> None:
        """Pass over a row of an earlier run; its occurrence counts for the keys of later ones."""
        if isinstance(row, Message):
            self._keys.count(storable_message(row))

    def take(self, row: Message | Rejected) -> None:
        """Count one row and keep it until the next commit."""
        seen = self._progress
        progress = replace(seen, rows_read=seen.rows_read + 1)
        if isinstance(row, Message):
            row = storable_message(row)
            # The key comes first: it must not depend on the policy for undated messages.
            message = self._keys.identify(row)
            if message.posted_at is None:
                progress = replace(progress, n_undated=progress.n_undated + 1)
                if self._policy.undated == "now":
                    message = replace(message, posted_at=datetime.now(UTC))
                elif self._policy.undated == "reject":
                    row = Rejected(row.source, progress.rows_read, None, "no time", row.text)
        if isinstance(row, Rejected):
            progress = replace(progress, n_rejected=progress.n_rejected + 1)
            self._rejects.append(storable_reject(row, keep_raw=self._policy.keep_raw))
        else:
            self._cutter.add(message)
        self._progress = progress

    def commit(self, bytes_read: int, prefix_hash: str) -> None:
        """Commit the rows taken, with the position in the raw bytes they were read from.

        Waits for room in the queue after the chunk is safe in the ledger, so that a reader of a
        pipe, which cannot be read again, loses nothing when it is stopped while waiting.

        Raises:
            QueueUnavailableError: when Redis stays away; the chunk is in the ledger.
        """
        if not self.n_waiting:
            return
        self._progress = replace(self._progress, bytes_read=bytes_read, prefix_hash=prefix_hash)
        messages, rejects = self._cutter.take(), self._rejects
        self._rejects = []
        if not messages:
            self._ledger.record_progress(self.ingest_id, rejects, self._progress)
        else:
            chunk = pack(self._ledger.database_id, messages)
            ordinal, self._next_chunk = self._next_chunk, self._next_chunk + 1
            self._ledger.open_chunk(
                self.ingest_id, ordinal, chunk, len(messages), rejects, self._progress
            )
        self.committed = self._progress
        self._on_progress(self._progress)
        if messages:
            try:
                self._queue.wait_for_room(cancelled=self._cancelled)
                self._queue.put(chunk, cancelled=self._cancelled)
            except QueueUnavailableError:
                if self._cancelled():
                    return
                raise
            self._ledger.mark_enqueued([chunk.chunk_id])

    def finish(self, bytes_read: int, prefix_hash: str) -> None:
        """Commit what is left and close the ingest: the source was read to its end."""
        self.commit(bytes_read, prefix_hash)
        self._progress = replace(self._progress, bytes_read=bytes_read, prefix_hash=prefix_hash)
        self._ledger.finish(self.ingest_id, self._progress)
        self.committed = self._progress

    def close(self) -> None:
        """Forget what was not committed; the next run reads it again."""
        self._keys.close()
