"""WhatsApp's exported chats, as Android and as iOS write them: messages of several lines into one.

Android: '31/12/2020, 21:15 - Ann: text'; iOS: '[31.12.20, 21:15:32] Ann: text'. The dates follow
the phone's settings, so their order is told by `ingest.times`. What WhatsApp itself says (somebody
joined, media left out) is nobody's text and is rejected with that reason. One chat is one thread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from ingest.encoding import Lines
from ingest.errors import LineTooLongError
from ingest.options import MAX_RECORD_BYTES
from ingest.readers.record import MessageMaker
from records import Message, Rejected

_DATE: Final = r"(?P<date>\d{1,4}([./-])\d{1,2}\2\d{1,4})"
_TIME: Final = r"(?P<clock>\d{1,2}[:.]\d{2}(?:[:.]\d{2})?)(?:\s?(?P<half>[aApP])\.?\s?[mM]\.?)?"
#: iOS puts this before what it wrote itself, and before lines with an attachment.
_MARK: Final = "\u200e"
_IOS = re.compile(rf"{_MARK}?\[{_DATE},\s{_TIME}\]\s(?P<rest>.*)", re.DOTALL)
_ANDROID = re.compile(rf"{_DATE}(?:,|\sà|\sum)?\s{_TIME}\s[-\u2013]\s(?P<rest>.*)", re.DOTALL)
#: A name or number; quotes stand only in notices ('Ann changed the subject to "A: b"').
_AUTHOR = re.compile(
    r"(?P<author>[^:\"\u201c\u201d\u201e\n]{1,100}?)\s?:(?:\s(?P<text>.*))?", re.DOTALL
)
#: What Android writes in the place of media, in any language.
_MEDIA = re.compile(r"<[^<>\n]{3,60}>")
_EDITED = re.compile(rf"\s*{_MARK}?<[^<>\n]*(?:edited|bearbeitet|modifi|editó|editad)[^<>\n]*>\s*$")
#: The name of a file before its caption.
_ATTACHED = re.compile(
    rf"\A{_MARK}?[^\n]{{1,100}}\.\w{{2,5}} "
    r"\((?:file attached|Datei angehängt|fichier joint|archivo adjunto)\)\s*"
)
_TAKEN_BACK: Final = frozenset(
    (
        "this message was deleted", "you deleted this message",
        "diese nachricht wurde gelöscht", "du hast diese nachricht gelöscht",
        "ce message a été supprimé", "vous avez supprimé ce message",
        "se eliminó este mensaje", "este mensaje fue eliminado", "eliminaste este mensaje",
    )
)  # fmt: skip
_NOTICE: Final = "a notice of WhatsApp, no message of an author"
_NO_TEXT: Final = "media or a notice of WhatsApp, no text of the author's"


@dataclass(slots=True)
class _Entry:
    """A message, or notice, under way."""

    position: int
    time: str
    author: str | None
    lines: list[str] = field(default_factory=list)
    n_chars: int = 0

    def add(self, line: str) -> None:
        self.n_chars += len(line)
        if self.n_chars <= MAX_RECORD_BYTES:
            self.lines.append(line.rstrip("\r\n"))

    @property
    def text(self) -> str:
        return _ATTACHED.sub("", _EDITED.sub("", "\n".join(self.lines))).strip()


def is_whatsapp(lines: Sequence[str], name: str) -> bool:
    """Tell a chat by its first lines: dated, and some with an author.

    Args:
        lines: the head of the file.
        name: its name: 'WhatsApp Chat with Ann.txt' or '_chat.txt' lets one message be enough.
    """
    start = next((line for line in lines if line.strip()), "")
    if _head(start, 0) is None:
        return False
    heads = [head for line in lines[:200] if (head := _head(line, 0)) is not None]
    n_authored = sum(head.author is not None for head in heads)
    is_named = "whatsapp" in name.lower() or name.lower() == "_chat.txt"
    is_ios = _IOS.match(start) is not None and start.count(":", 0, start.find("]")) == 2
    return n_authored >= (1 if is_named or is_ios else 2)


def sample_times(lines: Sequence[str]) -> list[str]:
    """Return the times of the first messages, for the order of day and month."""
    return [head.time for line in lines if (head := _head(line, 0)) is not None]


def read_whatsapp(lines: Lines, maker: MessageMaker) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for everything that has a date of its own."""
    for n, entry in enumerate(_entries(lines), start=1):
        text = entry.text
        made: Message | str | None = _no_text(entry, text)
        if made is None:
            made = maker.make(text, time=entry.time, author=entry.author, thread=maker.source)
        yield made if isinstance(made, Message) else maker.reject(n, entry.position, made, text)


def _entries(lines: Lines) -> Iterator[_Entry]:
    entry: _Entry | None = None
    while True:
        position = lines.position
        try:
            line = next(lines)
        except StopIteration:
            break
        except LineTooLongError:
            entry = entry or _Entry(position, "", None)
            entry.n_chars = MAX_RECORD_BYTES + 1
            continue
        head = _head(line, position)
        if head is not None:
            if entry is not None:
                yield entry
            entry = head
        elif entry is not None:
            entry.add(line)
        elif line.strip():
            entry = _Entry(position, "", None, [line.rstrip("\r\n")])
    if entry is not None:
        yield entry


def _head(line: str, position: int) -> _Entry | None:
    """Return the message that begins with this line, None where it goes on with another."""
    match = _IOS.match(line) or _ANDROID.match(line)
    if match is None:
        return None
    clock = match["clock"].replace(".", ":") + (f" {match['half']}m" if match["half"] else "")
    entry = _Entry(position, f"{match['date']} {clock}", None)
    authored = _AUTHOR.fullmatch(match["rest"].rstrip("\r\n"))
    if authored is None:
        entry.add(match["rest"])
    else:
        entry.author = authored["author"].strip().strip("\u200e\u202a\u202c~ \u00a0\u202f")
        entry.add(authored["text"] or "")
    return entry


def _no_text(entry: _Entry, text: str) -> str | None:
    """Return why an entry is nobody's text, None when it is somebody's."""
    if entry.n_chars > MAX_RECORD_BYTES:
        return f"message longer than {MAX_RECORD_BYTES:,} characters"
    if not entry.time:
        return "text before the first message"
    if text.strip(f"{_MARK} .").lower() in _TAKEN_BACK:
        return "deleted text"
    if entry.author is None:
        return _NOTICE
    return _NO_TEXT if not text or _MEDIA.fullmatch(text) or text.startswith(_MARK) else None
