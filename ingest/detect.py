"""What format a file has, told from its first lines; the name only decides where they do not.

Pure: text in, a verdict out. Called by `ingest.open` once compression and encoding are known.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from ingest.errors import ReadError
from ingest.options import FORMATS, Format, ReadOptions
from ingest.readers.delimited import sniff_head
from ingest.readers.journal import is_property_list
from ingest.readers.journal_dates import has_entries, starts_with_date
from ingest.readers.json_document import is_message
from ingest.readers.json_lines import decode, sample_objects
from ingest.readers.whatsapp import is_whatsapp

_BINARY: Final = (
    (b"PK\x03\x04", "a zip archive or spreadsheet", "unzip it, or save the sheet as CSV"),
    (b"PAR1", "a Parquet file", "write it out as CSV or JSON lines"),
    (b"SQLite format 3\x00", "an SQLite database", "export the table as CSV"),
    (b"%PDF", "a PDF", "save its text"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive", "unpack it"),
    (b"\xd0\xcf\x11\xe0", "an old spreadsheet or document", "save it as CSV or text"),
    (b"gAAAAA", "an encrypted journal", "decrypt it with 'jrnl --decrypt'"),
    (b"JRNLv3\x00", "an encrypted journal", "decrypt it with 'jrnl --decrypt'"),
)
_EXTENSIONS: Final[dict[str, Format]] = {
    ".csv": "csv", ".tsv": "tsv", ".tab": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl",
    ".json": "json", ".xml": "feed", ".rss": "feed", ".atom": "feed", ".rdf": "feed",
    ".md": "journal", ".markdown": "journal", ".journal": "journal", ".doentry": "journal",
}  # fmt: skip
_MARKUP = re.compile(r"\s*<(?:\?xml|!--|!doctype|[a-z_][\w.\-]*(?::[\w.\-]+)?[\s/>])", re.I)
#: What a server sends in a feed's place, and some chats export.
_WEB_PAGE = re.compile(r"\s*<(?:!doctype\s+html|html)[\s>]", re.I)
#: What a JSON document begins with when its first line is no value by itself.
_OPENS_JSON = re.compile(r'\s*(?:\[\s*(?:[{\["\]]|$)|\{\s*(?:["}]|$))')
#: Exports that are scripts: window.YTD.tweets.part0 = [
_ASSIGNMENT = re.compile(r"\s*(?:var |let |const )?[\w.$]+\s*=\s*[\[{]")


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
    is_cut: bool,
    is_dated_name: bool,
) -> Format:
    """Return the format of a file that begins with `lines`.

    Args:
        name: the file's name without the ending of its compression.
        is_cut: whether `lines` may end within a record.
        is_dated_name: whether the file's path is a date, as in folder journals.

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
    by_name = _EXTENSIONS.get(name[name.rfind(".") :].lower()) if "." in name else None
    if is_dated_name and by_name is None:
        by_name = "journal"
    start = next((line for line in lines if line.strip()), "")
    is_prose = name.lower().endswith((".md", ".markdown")) and not is_dated_name
    if is_prose:
        # Not every Markdown file is a journal: one without a date is a README, and its commas make
        # no table.
        is_journal = start.rstrip() == "---" or any(map(starts_with_date, lines))
        by_name = "journal" if is_journal else None
    if not start:
        return by_name or "csv"
    if is_whatsapp(lines, name):
        return "whatsapp"
    if _WEB_PAGE.match(start) and by_name != "journal":
        raise ReadError(
            "expected messages, found a web page (HTML): save the feed itself, or export the "
            "messages as JSON, CSV or text"
        )
    found = (
        _by_first_line(start, lines, by_name)
        or (by_name if by_name in ("csv", "tsv", "journal") else None)
        or (None if is_prose else _by_rows(lines, options, is_cut=is_cut))
        or ("journal" if has_entries(lines) else by_name)
    )
    if found is None:
        raise ReadError(
            f"cannot tell the format: expected {', '.join(FORMATS)}; name it with --format "
            "(csv also reads one text a line)"
        )
    return found


def _by_first_line(start: str, lines: Sequence[str], by_name: Format | None) -> Format | None:
    if start.lstrip()[:1] in "{[" and (found := _json_format(start, lines)) is not None:
        return found
    if _ASSIGNMENT.match(start):
        return "json"
    if _MARKUP.match(start):
        return "journal" if by_name == "journal" or is_property_list(lines) else "feed"
    if starts_with_date(start) and by_name not in ("csv", "tsv"):
        return "journal"
    return None


def _by_rows(lines: Sequence[str], options: ReadOptions, *, is_cut: bool) -> Format | None:
    sniffed = sniff_head(lines, options, is_cut=is_cut)
    is_table = sniffed.is_table and len(sniffed.rows) > 1
    if options.delimiter is None and not (is_table or sniffed.n_known > 1):
        return None
    return "tsv" if sniffed.dialect.delimiter == "\t" else "csv"


def _json_format(start: str, lines: Sequence[str]) -> Format | None:
    """Tell one object a line from one document; None when it is neither (a jrnl '[date]')."""
    # One line may be broken among whole ones.
    n_objects = len(sample_objects(lines[:20]))
    if n_objects > 1 and n_objects * 2 >= min(len(lines), 20):
        return "jsonl"
    try:
        value = decode(start)
    except ValueError:
        # One document over many lines, or a long line cut off.
        return "json" if _OPENS_JSON.match(start) else None
    is_single = isinstance(value, dict) and (is_message(value) or not _holds_objects(value))
    return "jsonl" if is_single else "json"


def _holds_objects(value: object, depth: int = 3) -> bool:
    """Tell a document on one line, such as {"entries": [{…}]}, from a message on one line."""
    if isinstance(value, list):
        return bool(value) and isinstance(value[0], dict)
    parts = value.values() if isinstance(value, dict) and depth > 0 else ()
    return any(_holds_objects(part, depth - 1) for part in parts)
