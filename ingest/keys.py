"""Natural keys and pseudonyms: who a message is, and who wrote it.

A message's natural key is (source, external_id). Rows whose file has no id get one made of what
they say and, for equal rows, of the how-many-eth they are in their file, so that reading the file
again, or a longer export of it, finds the same keys. Called by `ingest.intake` for every row, in
the order of the file.
"""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from dataclasses import replace
from types import TracebackType
from typing import Final, Self

from records import Message

#: Hex characters kept of an author's HMAC-SHA256: 128 bits, no two authors meet by chance.
PSEUDONYM_LENGTH: Final = 32

#: Longest id stored as it is, in characters; a longer one is replaced by its hash.
MAX_ID_LENGTH: Final = 200

#: Memory the occurrence counter may use before it spills to disk, in KiB.
COUNTER_CACHE_KIB: Final = 16_384

_DIGEST_BYTES: Final = 16


def pseudonym(author: str, salt: bytes) -> str:
    """Return the name an author is stored under: the first 32 hex digits of HMAC-SHA256."""
    return hmac.digest(salt, author.encode("utf-8", "replace"), "sha256").hex()[:PSEUDONYM_LENGTH]


class NaturalKeys:
    """Give each message of one file its key and its author's pseudonym.

    Holds the occurrence counter of the file, so one object serves one reading from its first row;
    rows that a resumed reading skips must pass through `count` all the same.
    """

    def __init__(self, salt: bytes) -> None:
        self._salt = salt
        self._occurrences = OccurrenceCounter()

    def identify(self, message: Message) -> Message:
        """Return the message with its `external_id` filled and its author replaced."""
        return replace(
            message,
            external_id=self.count(message),
            author=pseudonym(message.author, self._salt) if message.author else None,
        )

    def count(self, message: Message) -> str:
        """Return the message's id, counting it among its equals when it has none of its own.

        Must see `posted_at` as the file gives it: a time of reading put in its place would make
        every reading a new key.
        """
        if message.external_id:
            return _bounded(message.external_id)
        digest = self._digest(message)
        return f"auto-{digest.hex()}-{self._occurrences.count(digest)}"

    def close(self) -> None:
        self._occurrences.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _digest(self, message: Message) -> bytes:
        posted_at = message.posted_at.isoformat() if message.posted_at is not None else None
        parts = (message.source, message.author or None, posted_at, message.text)
        # Lengths keep ('ab', 'c') apart from ('a', 'bc'). Keyed by the salt, so that nobody who
        # holds the table can test guesses of a dropped text against its key.
        framed = "".join("-" if part is None else f"{len(part)}:{part}" for part in parts)
        return hmac.digest(self._salt, framed.encode("utf-8", "replace"), "sha256")[:_DIGEST_BYTES]


class OccurrenceCounter:
    """Count how often each digest came, on disk: memory stays flat for any number of rows.

    SQLite's unnamed database lives in a file that is unlinked when opened, so nothing is left
    behind even by kill -9. Nothing is ever committed: what does not fit the cache spills.
    """

    def __init__(self, *, cache_kib: int = COUNTER_CACHE_KIB) -> None:
        self._cache_kib = cache_kib
        self._connection: sqlite3.Connection | None = None

    def count(self, digest: bytes) -> int:
        """Count one more of `digest` and return how many there are now: 1 for the first."""
        if self._connection is None:
            self._connection = self._open()
        row = self._connection.execute(
            "INSERT INTO seen VALUES (?, 1) ON CONFLICT DO UPDATE SET n = n + 1 RETURNING n",
            (digest,),
        ).fetchone()
        return int(row[0])

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _open(self) -> sqlite3.Connection:
        # Opened at the first row without an id: most files never need it. The thread that counts
        # may be another than the one that closes, never at the same time.
        connection = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA temp_store = FILE")
        connection.execute("PRAGMA journal_mode = OFF")
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute(f"PRAGMA cache_size = -{int(self._cache_kib)}")
        connection.execute(
            "CREATE TABLE seen (digest BLOB PRIMARY KEY, n INTEGER NOT NULL) WITHOUT ROWID"
        )
        connection.execute("BEGIN")
        return connection


def _bounded(external_id: str) -> str:
    if len(external_id) <= MAX_ID_LENGTH:
        return external_id
    return f"sha256-{hashlib.sha256(external_id.encode('utf-8', 'replace')).hexdigest()}"
