"""Parse one feed into plain entries; run as a program of its own for large feeds.

    python -m ingest.readers.feed_entries < feed.xml > entries.json

feedparser takes quadratic time on some broken markup and cannot be interrupted, so
`ingest.readers.feed` gives whatever is not small to this program, which it can kill. Entity
declarations are cut out before parsing: none is ever expanded, inside or outside the file.
"""

from __future__ import annotations

import io
import json
import re
import sys
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]  # ships no types

from ingest.readers.markup import text_of_html

#: Encodings in which an entity declaration would pass a search for its ASCII bytes.
_OTHER_WIDTHS: Final = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp037")
_DECLARATION = re.compile(rb"<!ENTITY[^>]*>", re.IGNORECASE)
#: Memory this program may take, in bytes; a feed that needs more is refused.
_MAX_MEMORY: Final = 2 << 30


class FeedRefusedError(ValueError):
    """The feed is not parsed at all, for the reason given."""


def parse_entries(content: bytes) -> dict[str, Any]:
    """Return {"language", "is_broken", "version", "entries": [{text, id, author, …}]}.

    An entry's times are `time`, as written, and `parsed_time`, ISO 8601 in UTC as feedparser reads
    it; either may be None.

    Raises:
        FeedRefusedError: when it declares entities where they cannot be cut out.
    """
    if any("<!ENTITY".encode(encoding) in content for encoding in _OTHER_WIDTHS):
        raise FeedRefusedError("the feed declares entities of its own, which are never expanded")
    content = _DECLARATION.sub(b"", content)
    try:
        parsed = feedparser.parse(
            io.BytesIO(content), sanitize_html=False, resolve_relative_uris=False
        )
    except (MemoryError, RecursionError):
        raise
    except Exception as error:
        raise FeedRefusedError("the feed is too broken to be parsed") from error
    return {
        "language": _text(dict.get(parsed.feed or {}, "language")) or None,
        "is_broken": bool(dict.get(parsed, "bozo")),
        "version": _text(dict.get(parsed, "version")),
        "entries": [_plain(entry) for entry in parsed.entries],
    }


def _plain(entry: Any) -> dict[str, str | None]:
    # dict.get: feedparser's own get() answers 'updated' with 'published' and warns about it.
    title = _text(dict.get(entry, "title"))
    bodies = [_text(dict.get(part, "value")) for part in dict.get(entry, "content") or []]
    body = max([*bodies, _text(dict.get(entry, "summary"))], key=len)
    title, body = text_of_html(title), text_of_html(body)
    # Short posts repeat themselves in the title, cut or whole.
    stem = title.removesuffix("…").removesuffix("...").strip()
    text = body if body.startswith(stem) else "\n\n".join(filter(None, (title, body)))
    written, parsed = None, None
    for name in ("published", "updated", "created"):
        if dict.get(entry, name):
            written = _text(dict.get(entry, name))
            parsed = _iso(dict.get(entry, f"{name}_parsed"))
            break
    detail = dict.get(entry, "author_detail") or {}
    author = _text(dict.get(detail, "name")) or _text(dict.get(entry, "author"))
    return {
        "text": text,
        "id": _text(dict.get(entry, "id")) or _text(dict.get(entry, "link")) or None,
        "author": author or None,
        "time": written,
        "parsed_time": parsed,
        "language": _text(dict.get(entry, "language")) or None,
    }


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _iso(parsed: Any) -> str | None:
    """Return feedparser's nine numbers as ISO 8601; they are UTC."""
    if not parsed:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{min(second, 59):02d}Z"


def main() -> int:
    """Parse the feed on standard input under a memory limit."""
    try:
        import resource
    except ImportError:  # no such limits on this system; the time limit still holds
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (_MAX_MEMORY, _MAX_MEMORY))
    try:
        result = parse_entries(sys.stdin.buffer.read())
    except FeedRefusedError as error:
        result = {"refused": str(error)}
    except (MemoryError, RecursionError):
        result = {"refused": "the feed is nested too deeply or takes too much memory"}
    sys.stdout.write(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
