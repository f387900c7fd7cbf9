"""What format a file has, told from its first lines; the name only decides where they do not.

Pure: text in, a verdict out. Called by `ingest.open` once compression and encoding are known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from ingest.errors import ReadError
from ingest.options import FORMATS, Format, ReadOptions
from ingest.readers.delimited import sniff_head

_BINARY: Final = (
    (b"PK\x03\x04", "a zip archive or spreadsheet", "unzip it, or save the sheet as CSV"),
    (b"PAR1", "a Parquet file", "write it out as CSV or JSON lines"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"%PDF", "a PDF", "save its text"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", "save it as CSV or text"),
    (b"JRNLv3\x00", "an encrypted journal", "decrypt it with 'jrnl --decrypt'"),
)
_EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "json", ".xml": "feed", ".rss": "feed", ".atom": "feed", ".rdf": "feed",
    ".md": "journal", ".markdown": "journal", ".journal": "journal", ".doentry": "journal",
}  # fmt: skip
_MARKUP = re.compile(r"\s*<(?:\?xml|!--|!doctype|[a-z_][\w.\-]*(?::[\w.\-]+)?[\s/>])", re.I)
#: Rows must agree this far before commas in prose pass for delimiters.
_EVEN_ENOUGH: Final = 0.8


def refuse_binary(head: bytes) -> None:
    """Raise for well-known files that hold no text.

    Raises:
        ReadError: saying what the file is and what to do with it.
    """
    for magic, what, mend in _BINARY:
        if head.startswith(magic):
            raise ReadError(f"expected text, found {what}: {mend}")


def format_of(
    lines: Sequence[str],
    options: ReadOptions,
    *,
    name: str,
    is_whole: bool,
) -> Format:
    """Return the format of a file that begins with `lines`.

    Args:
        name: the file's name without the ending of its compression.
        is_whole: whether `lines` are all of it.

    Raises:
        ReadError: when the forced format is unknown, or nothing tells the format.
    """
    if options.format is not None:
        forced = next((one for one in FORMATS if one == options.format.lower()), None)
        if forced is None:
            raise ReadError(
                f"--format: expected one of {', '.join(FORMATS)}, found {options.format[:40]!r}"
            )
        return forced
    start = next((line for line in lines if line.strip()), "")
    by_name = _EXTENSIONS.get(name[name.rfind(".") :].lower()) if "." in name else None
    found = _by_content(start, lines, options, by_name, is_whole=is_whole) if start else by_name
    if found is None and start:
        raise ReadError(
            f"cannot tell the format: expected {', '.join(FORMATS)}; name it with --format "
            "(csv also reads one text a line)"
        )
    return found or "csv"


def _by_content(
    start: str,
    lines: Sequence[str],
    options: ReadOptions,
    by_name: Format | None,
    *,
    is_whole: bool,
) -> Format | None:
    if start.lstrip()[:1] in "{[" and (found := _json_format(start)) is not None:
        return found
    if _MARKUP.match(start):
        return "journal" if _is_plist(lines) else "feed"
    if by_name in ("csv", "tsv") or options.delimiter is not None:
        return by_name or "csv"
    sniffed = sniff_head(lines, options, is_cut=not is_whole)
    if sniffed.width > 1 and sniffed.evenness >= _EVEN_ENOUGH and len(sniffed.rows) > 1:
        return "tsv" if sniffed.dialect.delimiter == "\t" else "csv"
    return by_name


def _json_format(start: str) -> Format | None:
    """Tell one object a line from one document; None when it is neither (a jrnl '[date]')."""
    try:
        value = json.loads(start)
    except (ValueError, RecursionError):
        # Cut off in the middle of a long line, or one document over many lines.
        return "json" if re.match(r'\s*(?:\[\s*(?:[{\["\]]|$)|\{\s*(?:["}]|$))', start) else None
    if isinstance(value, dict) and not _holds_messages(value):
        return "jsonl"
    return "json"


def _holds_messages(value: dict[str, object]) -> bool:
    """Tell a document on one line, such as {"entries": [{…}]}, from a message on one line."""
    lists = (part for part in value.values() if isinstance(part, list))
    has_objects = any(part and isinstance(part[0], dict) for part in lists)
    return has_objects and not any(
        isinstance(part, str) and len(part) > 0 and key in ("text", "body", "content", "message")
        for key, part in value.items()
    )


def _is_plist(lines: Sequence[str]) -> bool:
    return any("<plist" in line for line in lines[:5])
