"""Dated journals in plain text or Markdown: entries into messages.

An entry begins at a line with a date ('[2024-01-31 09:00] Title', '## 2024-01-31', 'Monday, 3 March
2024') and reaches to the next; a file whose path is a date is one entry, or several of that day.
Day One's old entry files, one property list each, are read as well.
"""

from __future__ import annotations

import plistlib
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import chain, islice
from typing import Final
from xml.parsers.expat import ExpatError

from ingest.encoding import Lines
from ingest.errors import LineTooLongError
from ingest.options import MAX_RECORD_BYTES
from ingest.readers.journal_dates import EntryHead, entry_head
from ingest.readers.record import MessageMaker
from records import Message, Rejected

_UNDERLINE = re.compile(r"\s*(?:={3,}|-{3,})\s*")
_FRONT_MATTER = re.compile(r"\s*([A-Za-z_]+)\s*:\s*[\"']?(.*?)[\"']?\s*")
_DATE_KEYS: Final = ("date", "created", "created_at", "datetime")
#: Lines a front matter may have before it is taken for a horizontal rule and text.
_MAX_FRONT_LINES: Final = 100


class _Entry:
    """The entry under way."""

    def __init__(
        self, position: int, date: str | None, title: str = "", *, has_head: bool = False
    ) -> None:
        self.position = position
        self.date = date
        self.lines: list[str] = [title] if title else []
        self.has_body = False
        self.is_too_long = False
        self._has_head = has_head
        self._n_chars = 0

    @property
    def is_met(self) -> bool:
        """Whether there is anything to account for; a date alone is an empty entry."""
        return self._has_head or self.is_too_long or bool(self.text)

    def add(self, line: str) -> None:
        self._n_chars += len(line)
        self.has_body = self.has_body or not line.isspace()
        if self._n_chars > MAX_RECORD_BYTES:
            self.is_too_long = True
            self.lines.clear()
        else:
            self.lines.append(line.rstrip("\r\n"))

    @property
    def text(self) -> str:
        return "\n".join(self.lines).strip()


def sample_dates(lines: Sequence[str]) -> list[str]:
    """Return the dates of the first entries, for the order of day and month."""
    return [head.date for line in lines if (head := entry_head(line)) is not None]


def read_journal(
    lines: Lines, maker: MessageMaker, *, file_date: str | None, notes: list[str]
) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for every entry.

    Args:
        file_date: the date in the file's path, for text that stands under no date of its own.
    """
    n = 0
    for entry in _entries(lines, file_date):
        if entry.date is None and _is_title(entry):
            if entry.text:
                notes.append("the heading before the first date is taken for the journal's title")
            continue
        n += 1
        if entry.is_too_long:
            reason = f"entry longer than {MAX_RECORD_BYTES:,} characters"
            yield maker.reject(n, entry.position, reason, "")
            continue
        made: Message | str = "text before the first date"
        if entry.date is not None:
            made = maker.make(entry.text, time=entry.date)
        if isinstance(made, Message):
            yield made
        else:
            yield maker.reject(n, entry.position, made, entry.text)


def _is_title(entry: _Entry) -> bool:
    return not entry.is_too_long and all(
        line.startswith("#") or _UNDERLINE.fullmatch(line) or not line.strip()
        for line in entry.lines
    )


def _entries(lines: Lines, file_date: str | None) -> Iterator[_Entry]:
    numbered = _numbered(lines)
    front, file_date, title = _front_matter(numbered, file_date)
    entry = _Entry(0, file_date, title)
    style: str | None = None
    is_after_gap = True
    for position, line in chain(front, numbered):
        if line is None:
            entry.is_too_long = True
            continue
        head = entry_head(line)
        if head is not None and _begins(head, style, is_after_gap, entry):
            if entry.is_met:
                yield entry
            style = "heading" if head.style == "heading" else "line"
            title = head.title.removesuffix(" *") if head.style != "heading" else head.title
            entry = _Entry(position, head.date, title, has_head=True)
        elif not (_UNDERLINE.fullmatch(line) and not entry.has_body and entry.date is not None):
            entry.add(line)
        is_after_gap = line.isspace()
    if entry.is_met:
        yield entry


def _numbered(lines: Lines) -> Iterator[tuple[int, str | None]]:
    """Yield lines with their positions, None for one that is too long."""
    while True:
        position = lines.position
        try:
            yield position, next(lines)
        except StopIteration:
            return
        except LineTooLongError:
            yield position, None


def _begins(head: EntryHead, style: str | None, is_after_gap: bool, entry: _Entry) -> bool:
    """Tell a new entry from a date in the running text."""
    if style is not None and (head.style == "heading") != (style == "heading"):
        return False
    # A line such as '2010-06-10 15:00 A title' needs an empty line before it, or another such line.
    return head.style != "line" or is_after_gap or not head.title or not entry.has_body


def _front_matter(
    numbered: Iterator[tuple[int, str | None]], file_date: str | None
) -> tuple[list[tuple[int, str | None]], str | None, str]:
    """Read the YAML between two '---' for a date and a title.

    Returns: lines read that are none of it, the date of the file's text, and its title.
    """
    read: list[tuple[int, str | None]] = list(islice(numbered, 1))
    if not read or read[0][1] is None or read[0][1].rstrip() != "---":
        return read, file_date, ""
    found: dict[str, str] = {}
    for position, line in islice(numbered, _MAX_FRONT_LINES):
        read.append((position, line))
        if line is None:
            break
        if line.rstrip() in ("---", "..."):
            date = next((found[key] for key in _DATE_KEYS if found.get(key)), file_date)
            return [], date, found.get("title", "")
        match = _FRONT_MATTER.fullmatch(line.rstrip("\r\n"))
        if match is not None:
            found[match[1].lower()] = match[2]
    return read, file_date, ""


def is_property_list(lines: Sequence[str]) -> bool:
    """Tell a '.doentry' file, whole or broken, from a feed and from a journal."""
    first = next((line.strip() for line in lines if line.strip()), "")
    return first == "<dict>" or any("<plist" in line for line in lines[:5])


def read_property_list(content: bytes, maker: MessageMaker) -> Iterator[Message | Rejected]:
    """Yield the one entry of a Day One '.doentry' file."""
    try:
        # plistlib itself refuses entity declarations.
        entry = plistlib.loads(content, fmt=plistlib.FMT_XML)
    except (plistlib.InvalidFileException, ExpatError, ValueError, LookupError, AttributeError):
        yield maker.reject(1, 0, "broken property list", content.decode("utf-8", "replace"))
        return
    entry = entry if isinstance(entry, dict) else {}
    created = entry.get("Creation Date")
    made = maker.make(
        str(entry.get("Entry Text") or ""),
        time=created.replace(tzinfo=UTC) if isinstance(created, datetime) else None,
        external_id=str(entry.get("UUID") or ""),
    )
    yield made if isinstance(made, Message) else maker.reject(1, 0, made, "")
