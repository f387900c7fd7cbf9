"""Messages, rejects, and the payload that carries a chunk of messages through the queue."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

#: Raised by one whenever a reader of the old payload would misread the new one.
PAYLOAD_SCHEMA: Final = 1
#: A payload that names its model has a schema of its own: a worker that knows only the first
#: would score it with whatever model it has and close it.
RESCORE_SCHEMA: Final = 2


class PayloadError(ValueError):
    """The text is not a payload of ours."""


class UnknownSchemaError(PayloadError):
    """The payload was written by a newer moodwatch: put it back for a worker that knows it."""


@dataclass(frozen=True, slots=True)
class Message:
    """One text with its source and time.

    (source, external_id) is the natural key. Readers leave `external_id` empty where the file has
    none; `ingest.keys` fills it before anything is queued. `posted_at` is aware UTC or None.
    """

    source: str
    external_id: str
    thread: str | None
    author: str | None
    posted_at: datetime | None
    text: str
    language: str | None = None

    def __post_init__(self) -> None:
        if self.posted_at is not None and self.posted_at.tzinfo is None:
            raise ValueError(f"posted_at must be aware, found {self.posted_at!r}")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that could not be read, with its reason.

    `row` counts records from 1 (a header is not one); `position` is the byte where the record
    starts in the decompressed file, None where the format cannot tell. The reason never quotes
    the text column. `raw` is the row as read, only where the text mode keeps texts.
    """

    source: str
    row: int
    position: int | None
    reason: str
    raw: str | None = None


@dataclass(frozen=True, slots=True)
class Payload:
    """A chunk on its way to a worker: which database and ledger line, and the messages.

    With `model` (bundle@version) they are stored already and are scored again, by that one only.
    """

    database: str
    chunk: str
    messages: tuple[Message, ...]
    model: str | None = None

    def to_json(self) -> str:
        return json.dumps(
            {
                "schema": PAYLOAD_SCHEMA if self.model is None else RESCORE_SCHEMA,
                **({} if self.model is None else {"model": self.model}),
                "database": self.database,
                "chunk": self.chunk,
                "messages": [_message_to_list(message) for message in self.messages],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str) -> Payload:
        """Read a payload back.

        Raises:
            UnknownSchemaError: when its schema number is not ours.
            PayloadError: when it is no payload at all.
        """
        try:
            document: dict[str, Any] = json.loads(text)
            schema = document["schema"]
        except (ValueError, KeyError, TypeError) as error:
            raise PayloadError("expected a payload, found other JSON or none") from error
        if schema not in (PAYLOAD_SCHEMA, RESCORE_SCHEMA):
            raise UnknownSchemaError(
                f"expected payload schema {PAYLOAD_SCHEMA} or {RESCORE_SCHEMA}, found {schema!r}"
            )
        try:
            return cls(
                database=document["database"],
                chunk=document["chunk"],
                messages=tuple(_message_from_list(row) for row in document["messages"]),
                model=document["model"] if schema == RESCORE_SCHEMA else None,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise PayloadError(
                f"a payload of schema {schema} lacks a field or has one too many"
            ) from error


def _message_to_list(message: Message) -> list[str | None]:
    posted_at = message.posted_at.isoformat() if message.posted_at is not None else None
    return [
        message.source,
        message.external_id,
        message.thread,
        message.author,
        posted_at,
        message.text,
        message.language,
    ]


def _message_from_list(row: Sequence[Any]) -> Message:
    source, external_id, thread, author, posted_at, text, language = row
    return Message(
        source=source,
        external_id=external_id,
        thread=thread,
        author=author,
        posted_at=datetime.fromisoformat(posted_at) if posted_at is not None else None,
        text=text,
        language=language,
    )
