"""Cut messages into chunks and pack a chunk into the ledger's compressed payload.

Also makes texts storable: a lone surrogate or a NUL, which a broken export may hold, would be
refused by UTF-8 or by PostgreSQL far from the file it came from. Called by `ingest.intake`, and by
`moodwatch rescore` for messages that are stored already.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import zstandard

from records import Message, OpenChunk, Payload, Rejected

#: Messages in one job. Queueing costs some 3 ms a job: below 64 it shows, above 1,000 a lost
#: worker repeats more than a second of scoring.
DEFAULT_CHUNK_SIZE: Final = 256

#: Characters of text after which a chunk is cut even when it has few messages, so that a file of
#: long texts makes payloads of some megabytes and not of hundreds.
MAX_CHUNK_CHARACTERS: Final = 1_000_000

#: zstd level of payloads in the ledger: they live for seconds, so speed counts.
COMPRESSION_LEVEL: Final = 1

#: Upper bound for a payload read back from the ledger, in bytes of JSON.
MAX_PAYLOAD_BYTES: Final = 512 * 1024 * 1024

_NOT_STORABLE: Final = re.compile("[\x00\ud800-\udfff]")


class Cutter:
    """Collect messages until they are a chunk's worth."""

    def __init__(self, chunk_size: int = DEFAULT_CHUNK_SIZE) -> None:
        if chunk_size < 1:
            raise ValueError(f"expected a chunk size of at least 1, found {chunk_size}")
        self._chunk_size = chunk_size
        self._messages: list[Message] = []
        self._n_characters = 0

    def __len__(self) -> int:
        return len(self._messages)

    def add(self, message: Message) -> None:
        self._messages.append(message)
        self._n_characters += len(message.text)

    @property
    def is_full(self) -> bool:
        return len(self._messages) >= self._chunk_size or self._n_characters >= MAX_CHUNK_CHARACTERS

    def take(self) -> list[Message]:
        """Return what was collected and start the next chunk."""
        messages, self._messages, self._n_characters = self._messages, [], 0
        return messages


def pack(database_id: str, messages: Sequence[Message], *, model: str | None = None) -> OpenChunk:
    """Give the messages a chunk id and compress their payload for the ledger.

    With `model` they are stored already and are scored again by that one.
    """
    chunk_id = uuid.uuid4().hex
    payload = Payload(database_id, chunk_id, tuple(messages), model).to_json().encode()
    return OpenChunk(chunk_id, zstandard.compress(payload, COMPRESSION_LEVEL))


def payload_json(chunk: OpenChunk) -> str:
    """Return the JSON a worker gets for a chunk of the ledger."""
    return zstandard.decompress(chunk.payload, max_output_size=MAX_PAYLOAD_BYTES).decode()


def storable(text: str) -> str:
    """Replace lone surrogates and NUL by U+FFFD: every database and UTF-8 takes the result."""
    if text.isascii() and "\x00" not in text:
        return text
    return _NOT_STORABLE.sub("\N{REPLACEMENT CHARACTER}", text)


def storable_message(message: Message) -> Message:
    """Return the message with every text in it storable; the same object when it was."""
    fields: dict[str, Any] = {
        name: clean
        for name in ("source", "external_id", "thread", "author", "text", "language")
        if (value := getattr(message, name)) is not None and (clean := storable(value)) != value
    }
    return replace(message, **fields) if fields else message


def storable_reject(reject: Rejected, *, keep_raw: bool) -> Rejected:
    """Return the reject with storable texts, and without its raw row unless that may be kept."""
    return replace(
        reject,
        source=storable(reject.source),
        reason=storable(reject.reason),
        raw=storable(reject.raw) if keep_raw and reject.raw is not None else None,
    )
