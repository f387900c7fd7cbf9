"""RSS, Atom, RDF and CDF feeds: entries into messages, under limits of size and time."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

from ingest.errors import TimeError
from ingest.readers.feed_entries import FeedRefusedError, parse_entries
from ingest.readers.record import MessageMaker
from records import Message, Rejected

#: The largest feed read, in bytes; real ones hold a few hundred kilobytes.
MAX_FEED_BYTES: Final = 16 << 20
#: Feeds over this many bytes are parsed by a process that can be stopped. Under it the worst
#: markup found took 1.5 s.
_SMALL_BYTES: Final = 1 << 18
#: Seconds such a process may take; 16 MiB of plain entries take about 20.
PARSE_TIMEOUT_S: Final = 60.0


def read_feed(
    stream: io.BufferedIOBase,
    maker: MessageMaker,
    notes: list[str],
    *,
    timeout_s: float = PARSE_TIMEOUT_S,
) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for every entry; one reject for a feed that is refused."""
    content = stream.read(MAX_FEED_BYTES + 1)
    try:
        if len(content) > MAX_FEED_BYTES:
            raise FeedRefusedError(f"the feed is larger than {MAX_FEED_BYTES:,} bytes")
        parsed = (
            parse_entries(content)
            if len(content) <= _SMALL_BYTES
            else _parse_apart(content, timeout_s)
        )
    except FeedRefusedError as error:
        yield maker.reject(1, 0, str(error), "")
        return
    except RecursionError:
        yield maker.reject(1, 0, "the feed is nested too deeply", "")
        return
    if parsed["is_broken"]:
        notes.append("the feed is not well-formed: read as far as it makes sense")
    if not parsed["entries"]:
        notes.append("the feed has no entries" if parsed["version"] else "no feed was found in it")
    for n, entry in enumerate(parsed["entries"], start=1):
        made = _message(entry, parsed["language"], maker)
        if isinstance(made, Message):
            yield made
        else:
            yield maker.reject(n, None, made, entry["text"])


def _message(entry: dict[str, Any], language: str | None, maker: MessageMaker) -> Message | str:
    time = entry["time"]
    try:
        maker.times.read(time)
    except TimeError:
        # feedparser knows some national shapes that we do not.
        time = entry["parsed_time"] or time
    return maker.make(
        entry["text"],
        time=time,
        author=entry["author"],
        external_id=entry["id"],
        language=entry["language"] or language,
    )


def _parse_apart(content: bytes, timeout_s: float) -> dict[str, Any]:
    """Parse in a process of its own, which is killed when it takes too long."""
    try:
        done = subprocess.run(
            [sys.executable, "-m", "ingest.readers.feed_entries"],
            input=content,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
        result: dict[str, Any] = json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        raise FeedRefusedError(f"the feed takes longer than {timeout_s:g} s to parse") from None
    except ValueError:
        raise FeedRefusedError("the feed cannot be parsed") from None
    if "refused" in result:
        raise FeedRefusedError(result["refused"])
    return result
