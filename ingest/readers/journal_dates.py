"""Where a journal's entries begin: lines that carry a date, and paths that are one.

Pure and lexical: which part of a line is the date and which the title. Whether the date exists is
for `ingest.times` to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from ingest.date_words import MONTHS, ORDINAL, WEEKDAYS


def _one_of(names: Iterable[str]) -> str:
    """Return a pattern of the names, each with or without a dot, the longest tried first."""
    return rf"(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})\.?"


_WEEKDAY: Final = _one_of(WEEKDAYS)
_MONTH: Final = _one_of(MONTHS)
_NUMERIC: Final = (
    r"(?:\d{4}(?P<big>[-/._])\d{1,2}(?P=big)\d{1,2}"
    r"|\d{1,2}(?P<little>[-/.])\d{1,2}(?P=little)\d{4})"
)
_WORDS: Final = (
    rf"(?:\d{{1,2}}{ORDINAL}\ (?:of\ |de\ )?{_MONTH},?\ (?:del?\ )?\d{{4}}"
    rf"|{_MONTH}\ \d{{1,2}}{ORDINAL},?\ (?:{_WEEKDAY},?\ )?\d{{4}})"
)
_CLOCK: Final = (
    r"(?:(?:T|,?\ (?:at\ |um\ |à\ )?)\d{1,2}[:h]\d{2}(?::\d{2}(?:\.\d+)?)?(?:\ ?[ap]\.?m\.?)?"
    r"(?:\ ?(?:Z|UTC|Uhr|[+-]\d{2}:?\d{2}))?)?"
)
_DATE = re.compile(
    rf"(?:{_WEEKDAY},?\ )?(?:(?:den|le|el)\ )?"
    rf"(?:(?P<numeric>{_NUMERIC})|(?P<words>{_WORDS})){_CLOCK}"
    rf"(?:,?\ \(?{_WEEKDAY}\)?(?![^\W_]))?",
    re.IGNORECASE | re.VERBOSE,
)
_BRACKET = re.compile(r"\[([^\[\]]{6,40})\](?:[ ]+(.*))?")
_HEADING = re.compile(r"#{1,6}[ \t]+(.*?)[ \t]*#*")
#: What may stand between the date and the title; a tab or comma would make it a table.
_SEPARATOR = re.compile(r"[ ]*(?::|[-\u2013\u2014/](?=[ ]|$))[ ]*")
_DATED_NAME = re.compile(r"(\d{4})([-_.]?)(\d{2})\2(\d{2})(?:[^\d].*)?")

Style = Literal["bracket", "heading", "line"]


@dataclass(frozen=True, slots=True)
class EntryHead:
    """The line an entry begins with."""

    date: str
    title: str
    style: Style


def entry_head(line: str) -> EntryHead | None:
    """Return a line's date and title if it can begin an entry."""
    line = line.strip()
    if not line or not (line[0].isalnum() or line[0] in "[#*_"):
        return None
    if (match := _BRACKET.fullmatch(line)) is not None:
        inner = match[1].strip()
        n_digits = sum(map(str.isdigit, inner))
        # '[1] a footnote' is none; '[2019-07 14:23]' was meant as a date and is rejected as one.
        if _DATE.fullmatch(inner) or (inner[0].isdigit() and n_digits >= 6):
            return EntryHead(inner, match[2] or "", "bracket")
        return None
    heading = _HEADING.fullmatch(line)
    rest = heading[1] if heading else line
    bare = rest.strip("*_ ")
    if bare.startswith("[["):
        bare = bare[2:].replace("]]", "", 1)
    date = _DATE.match(bare)
    if date is None:
        return None
    title = bare[date.end() :]
    separator = _SEPARATOR.match(title)
    # After a date in words only a clear mark starts a title: 'March 3, 2024 was fine' is prose.
    if title and separator is None and (title[0] != " " or (date["words"] and heading is None)):
        return None
    title = title[separator.end() :] if separator else title
    return EntryHead(date[0], title.strip("*_ "), "heading" if heading else "line")


def starts_with_date(line: str) -> bool:
    """Tell whether a file that begins with this line is a journal."""
    head = entry_head(line)
    return head is not None and _DATE.fullmatch(head.date) is not None


def has_entries(lines: Sequence[str]) -> bool:
    """Tell whether at least two lines begin entries."""
    return sum(map(starts_with_date, lines)) >= 2


def date_in_path(path: Path | None) -> str | None:
    """Return the date a file's path is, as in '2024/01/31.txt' or '2024-01-31 a walk.md'."""
    if path is None:
        return None
    match = _DATED_NAME.fullmatch(path.stem)
    if match is not None:
        return _valid(match[1], match[3], match[4])
    year, month = path.parts[-3:-1] if len(path.parts) >= 3 else ("", "")
    if re.fullmatch(r"\d{4}", year) and re.fullmatch(r"\d{2}", month):
        return _valid(year, month, path.stem) if re.fullmatch(r"\d{2}", path.stem) else None
    return None


def _valid(year: str, month: str, day: str) -> str | None:
    is_date = 1000 <= int(year) <= 2999 and 1 <= int(month) <= 12 and 1 <= int(day) <= 31
    return f"{year}-{month}-{day}" if is_date else None


def journal_of(path: Path) -> str | None:
    """Return the name of the journal of which a file is one day or one entry, else None."""
    if date_in_path(path) is None and path.suffix != ".doentry":
        return None
    for folder in path.absolute().parents:
        if folder.name and not re.fullmatch(r"\d{2}|\d{4}(?:[-_]\d{2})?|entries", folder.name):
            return folder.name.removesuffix(".dayone")
    return None
