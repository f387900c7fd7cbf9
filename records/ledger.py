"""What the ingest room and the database tell each other about a file being read.

An *ingest* is one reading of one file, folder member or stream; its *progress* is what has been
read so far; a *chunk* is open from its ledger line's first commit until its messages are stored.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Origin:
    """Where messages are read from, as far as a later run must recognise it.

    `name` is the absolute path, or `-` for standard input; `size_bytes` is None for streams.
    Two readings of one name with different `options` (columns, format, source…) are different.
    """

    name: str
    source: str
    size_bytes: int | None
    options: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an ingest has come; committed in the same transaction as the chunk it describes.

    `prefix_hash` is the SHA-256 (hex) of the first `bytes_read` raw bytes of the file: a resumed
    ingest trusts `rows_read` only if size and hash still match.
    """

    rows_read: int = 0
    n_rejected: int = 0
    n_undated: int = 0
    bytes_read: int = 0
    prefix_hash: str = ""


@dataclass(frozen=True, slots=True)
class IngestState:
    """A new ingest (`progress` all zero) or an interrupted one to be resumed."""

    ingest_id: str
    progress: Progress = field(default_factory=Progress)
    #: Ordinal of the next chunk, so that chunks keep the file's order.
    next_chunk: int = 0


@dataclass(frozen=True, slots=True)
class OpenChunk:
    """A ledger line whose messages are not stored yet, with its payload as compressed JSON."""

    chunk_id: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class IngestCounts:
    """Every row accounted for: once nothing is pending, read = stored + duplicate + rejected."""

    read: int = 0
    stored: int = 0
    duplicate: int = 0
    rejected: int = 0
    undated: int = 0
    #: Messages in chunks that are not stored yet.
    pending: int = 0
    #: Messages in chunks that were given up after their last retry.
    failed: int = 0

    def __add__(self, other: IngestCounts) -> IngestCounts:
        return IngestCounts(
            self.read + other.read,
            self.stored + other.stored,
            self.duplicate + other.duplicate,
            self.rejected + other.rejected,
            self.undated + other.undated,
            self.pending + other.pending,
            self.failed + other.failed,
        )
