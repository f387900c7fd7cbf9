"""How a delimited file is written: its delimiter, its quotes, and whether it has a header.

csv.Sniffer answers wrongly on texts with many commas or quotes, so every candidate is tried on the
head of the file and the one that gives the most even rows wins. Pure: lines in, a verdict out.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ingest.options import MAX_RECORD_BYTES
from ingest.readers.columns import is_known
from ingest.readers.guess import looks_like_numbers, looks_like_times

_DELIMITERS: Final = (",", "\t", ";", "|")
_ESCAPED_QUOTE = re.compile(r'\\"\w')
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?\s*')
_COLUMN_NAME = re.compile(r"[^\W\d][\w .\-/#()?:]{0,60}")


@dataclass(frozen=True, slots=True)
class Dialect:
    """How rows are cut into fields; `quote` is None where quote marks are ordinary characters."""

    delimiter: str = ","
    quote: str | None = '"'
    is_backslash_escaped: bool = False

    def arguments(self) -> dict[str, Any]:
        """Return the arguments of csv.reader."""
        return {
            "delimiter": self.delimiter,
            "quotechar": self.quote or '"',
            "quoting": csv.QUOTE_NONE if self.quote is None else csv.QUOTE_MINIMAL,
            "doublequote": not self.is_backslash_escaped,
            "escapechar": "\\" if self.is_backslash_escaped else None,
        }


@dataclass(frozen=True, slots=True)
class Sniffed:
    """A dialect, the rows it gives, and how far they agree."""

    dialect: Dialect
    rows: list[list[str]]
    #: The most frequent number of columns.
    width: int
    #: Share of rows that have it, 0 to 1.
    evenness: float


def separator_line(line: str) -> str | None:
    """Return the delimiter that a spreadsheet's first line 'sep=;' names."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else None


def sniff(lines: Sequence[str], *, delimiter: str | None, is_cut: bool) -> Sniffed:
    """Find the dialect that gives the evenest rows.

    Args:
        lines: the head of the file.
        delimiter: the delimiter, if it is known.
        is_cut: whether the file goes on after `lines`, so that the last row may be half a row.
    """
    best: Sniffed | None = None
    for dialect in _candidates(lines, delimiter):
        rows = _rows(lines, dialect)
        if is_cut and len(rows) > 1:
            rows.pop()
        if not rows:
            continue
        # A wide first row with nothing else even is a header over ragged rows: widths are counted.
        width, n = Counter(map(len, rows)).most_common(1)[0]
        found = Sniffed(dialect, rows, width, n / len(rows))
        if best is None or _merit(found) > _merit(best):
            best = found
    return best or Sniffed(Dialect(delimiter or ","), [], 0, 0.0)


def _merit(found: Sniffed) -> tuple[bool, float, int]:
    # Later candidates win only by being better: the plain quoting comes first.
    return found.width > 1, round(found.evenness, 3), found.width if found.evenness > 0.8 else 0


def _candidates(lines: Sequence[str], delimiter: str | None) -> Iterable[Dialect]:
    filled = [line for line in lines if line.strip()]
    is_escaped = any(map(_ESCAPED_QUOTE.search, filled)) and not any('""' in x for x in filled)
    n_single = sum(line.startswith("'") for line in filled)
    for one in (delimiter,) if delimiter else _DELIMITERS:
        if is_escaped:
            yield Dialect(one, is_backslash_escaped=True)
        yield Dialect(one)
        if any('"' in line for line in filled):
            yield Dialect(one, quote=None)
        if n_single * 2 > len(filled):
            yield Dialect(one, quote="'")


def _rows(lines: Sequence[str], dialect: Dialect) -> list[list[str]]:
    rows: list[list[str]] = []
    csv.field_size_limit(MAX_RECORD_BYTES)
    reader = csv.reader(lines, **dialect.arguments())
    while True:
        try:
            row = next(reader)
        except StopIteration:
            return rows
        except csv.Error:
            rows.append([])
        else:
            if row:
                rows.append(row)


def has_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row holds names: known ones, or words over columns of numbers."""
    if not rows:
        return False
    first = [cell.strip() for cell in rows[0]]
    named = [cell for cell in first if cell]
    if not named or looks_like_numbers(first) or any(looks_like_times([cell]) for cell in named):
        return False
    if any(len(cell) > 60 or cell.isdigit() for cell in named):
        return False
    if any(is_known(cell) for cell in named):
        return True
    if len(set(named)) != len(named) or not all(map(_COLUMN_NAME.fullmatch, named)):
        return False
    body = [row for row in rows[1:200] if len(row) == len(rows[0])]
    columns = list(zip(*body, strict=True)) if body else []
    return any(looks_like_numbers(column) or looks_like_times(column) for column in columns)
