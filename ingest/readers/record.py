"""The last step of every reader: the parts of a record become a `Message` or the reason why not."""

from __future__ import annotations

from typing import Final

from ingest.errors import TimeError
from ingest.times import TimeReader
from records import Message, Rejected

#: What stands where a text or an author was taken back.
_DELETED: Final = frozenset({"[deleted]", "[removed]", "[deleted by user]"})
_NOBODY: Final = frozenset({"", "\\N", "[deleted]", "[removed]"})
#: A reject keeps at most this many characters of its row.
_MAX_RAW_CHARS: Final = 10_000


class MessageMaker:
    """Make the messages and rejects of one file."""

    def __init__(self, source: str, times: TimeReader, *, keep_raw: bool) -> None:
        self.source = source
        self.times = times
        self.keep_raw = keep_raw

    def make(
        self,
        text: str | None,
        *,
        time: object = None,
        author: str | None = None,
        external_id: str | None = None,
        thread: str | None = None,
        language: str | None = None,
        source: str | None = None,
    ) -> Message | str:
        """Return the message, or the reason why the record gives none."""
        if not text or text.isspace() or text == "\\N":
            return "empty text"
        if text in _DELETED:
            return "deleted text"
        try:
            posted_at = self.times.read(time)
        except TimeError as error:
            return str(error)
        return Message(
            source=_filled(source) or self.source,
            external_id=_filled(external_id) or "",
            thread=_filled(thread),
            author=_filled(author),
            posted_at=posted_at,
            text=storable(text),
            language=_filled(language),
        )

    def reject(self, row: int, position: int | None, reason: str, raw: str) -> Rejected:
        return Rejected(
            source=self.source,
            row=row,
            position=position,
            reason=reason,
            raw=storable(raw[:_MAX_RAW_CHARS]) if self.keep_raw else None,
        )


def storable(text: str) -> str:
    """Replace what no database or UTF-8 stream can hold: NUL and halves of surrogate pairs."""
    if "\x00" in text:
        text = text.replace("\x00", "\ufffd")
    if not text.isascii():
        try:
            text.encode("utf-8")
        except UnicodeEncodeError:
            text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def _filled(value: str | None) -> str | None:
    if value is None:
        return None
    value = value.strip()
    return None if value in _NOBODY else storable(value)
