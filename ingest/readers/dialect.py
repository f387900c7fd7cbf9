"""How a delimited file is written: its delimiter, its quotes, and whether it has a header.

csv.Sniffer answers wrongly on texts with many commas or quotes, so every candidate is tried on the
head of the file and the one that gives the most even rows wins. Pure: lines in, a verdict out.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from ingest.options import MAX_RECORD_BYTES
from ingest.readers.columns import is_known
from ingest.readers.guess import looks_like_numbers, looks_like_times

_DELIMITERS: Final = (",", "\t", ";", "|")
#: Stands in no text: the delimiter of files that have one text a line.
_NO_DELIMITER: Final = "\x1f"
#: Share of rows that must agree on their width before it passes for a table.
_EVEN_ENOUGH: Final = 0.7
#: A file's title may have so many lines.
_MAX_TITLE_LINES: Final = 10
_MAX_TITLE_CHARS: Final = 10_000
_AROUND_CELLS: Final = " \t\r\n\ufeff"
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
    #: How many cells of the first row are names of columns that we know.
    n_known: int = 0
    #: Whether most rows with quote marks speak against reading them this way.
    is_misquoted: bool = False
    #: Lines above these rows that are none of them, see `n_lines_above`.
    n_lines_above: int = 0

    @property
    def is_table(self) -> bool:
        """Whether the rows agree so far that commas in prose do not explain it."""
        return self.width > 1 and self.evenness >= _EVEN_ENOUGH


def separator_line(line: str) -> str | None:
    """Return the delimiter that a spreadsheet's first line 'sep=;' names."""
    match = _SEPARATOR_LINE.fullmatch(line)
    return match[1] if match else None


def n_lines_above(lines: Sequence[str], delimiter: str | None) -> int:
    """Return how many lines stand above the header: 'sep=;', and titles as of a spreadsheet.

    A title is a line with one cell at most; it is passed over only where a line follows with two
    column names that we know, or with one and rows as wide below it.
    """
    n_told = 1 if lines and separator_line(lines[0]) is not None else 0
    delimiters = (delimiter,) if delimiter else _DELIMITERS
    top = lines[n_told : n_told + _MAX_TITLE_LINES + 1]
    if not top or any(is_known(cell) for one in delimiters for cell in _cells(top[0], one)):
        return n_told
    for one in delimiters:
        for n, line in enumerate(top):
            cells = _cells(line, one)
            n_known = sum(map(is_known, cells))
            if n > 0 and (n_known > 1 or (n_known and _heads(cells, top[n + 1 :], one))):
                return n_told + n
            if len(line) > _MAX_TITLE_CHARS or sum(map(bool, cells)) > 1:
                break
    return n_told


def _heads(names: Sequence[str], below: Sequence[str], delimiter: str) -> bool:
    """Tell whether the lines below are no narrower than these names, which are more than one."""
    return (
        len(names) > 1
        and all(names)
        and len(below) > 1
        and all(len(_cells(line, delimiter)) >= len(names) for line in below)
    )


def _cells(line: str, delimiter: str) -> list[str]:
    if len(line) > _MAX_TITLE_CHARS:
        return []
    try:
        row = next(csv.reader([line], delimiter=delimiter), [])
    except csv.Error:
        return []
    return [cell.strip(_AROUND_CELLS) for cell in row]


def sniff(lines: Sequence[str], *, delimiter: str | None, is_cut: bool) -> Sniffed:
    """Find the dialect that gives the evenest rows.

    Args:
        lines: the head of the file.
        delimiter: the delimiter, if it is known.
        is_cut: whether the file goes on after `lines`, so that the last row may be half a row.
    """
    best: Sniffed | None = None
    for one in (delimiter,) if delimiter else (*_DELIMITERS, _NO_DELIMITER):
        for dialect in _quotings(one, lines):
            found = _tried(lines, dialect, is_cut=is_cut)
            # Later candidates win only by being better: the plain quoting comes first.
            if best is None or _merit(found) > _merit(best):
                best = found
    return best or Sniffed(Dialect(), [], 0, 0.0)


def _merit(found: Sniffed) -> tuple[int, bool, float, bool, int]:
    return (
        found.n_known,
        found.is_table,
        round(found.evenness, 3),
        not found.is_misquoted,
        found.width if found.is_table else 0,
    )


def _quotings(delimiter: str, lines: Sequence[str]) -> Iterator[Dialect]:
    is_escaped = any(map(_ESCAPED_QUOTE.search, lines)) and not any('""' in x for x in lines)
    if is_escaped:
        yield Dialect(delimiter, is_backslash_escaped=True)
    yield Dialect(delimiter)
    if any('"' in line for line in lines):
        yield Dialect(delimiter, quote=None)
    if sum(line.startswith("'") for line in lines) * 2 > len(lines):
        yield Dialect(delimiter, quote="'")


def _tried(lines: Sequence[str], dialect: Dialect, *, is_cut: bool) -> Sniffed:
    rows, n_proper, n_improper = _rows(lines, dialect, is_cut=is_cut)
    if not rows:
        return Sniffed(dialect, [], 0, 0.0)
    n_known = 0 if any(map(_is_no_name, rows[0])) else sum(map(is_known, rows[0]))
    widths = Counter(map(len, rows))
    # Known names in the first row say how wide the table is, however ragged the rest.
    width = len(rows[0]) if n_known else widths.most_common(1)[0][0]
    is_misquoted = n_proper > n_improper if dialect.quote is None else n_improper > n_proper
    return Sniffed(dialect, rows, width, widths[width] / len(rows), n_known, is_misquoted)


def _is_no_name(cell: str) -> bool:
    return '"' in cell or cell.strip().isdigit() or len(cell) > 60


def _rows(
    lines: Sequence[str], dialect: Dialect, *, is_cut: bool
) -> tuple[list[list[str]], int, int]:
    """Return the rows, how many are quoted as the rules want, and how many are against them.

    Of a file that goes on, a last row whose quotes are open is half a row and does not count.
    """
    rows: list[list[str]] = []
    n_proper = n_improper = 0
    pulled: list[str] = []
    quote = dialect.quote or '"'
    strict = replace(dialect, quote=quote).arguments()
    csv.field_size_limit(MAX_RECORD_BYTES)
    n_pulled = 0
    reader = csv.reader(_remembered(lines, pulled), **dialect.arguments())
    while True:
        pulled.clear()
        try:
            row = next(reader)
        except StopIteration:
            return rows, n_proper, n_improper
        except csv.Error:
            rows.append([])
            n_pulled += len(pulled)
            continue
        n_pulled += len(pulled)
        if not row:
            continue
        rows.append(row)
        if any(line.startswith(quote) or f"{dialect.delimiter}{quote}" in line for line in pulled):
            try:
                list(csv.reader(pulled, strict=True, **strict))
            except csv.Error:
                is_half = is_cut and n_pulled == len(lines)
                if not is_half:
                    n_improper += 1
                elif dialect.quote is not None and len(rows) > 1:
                    rows.pop()
            else:
                n_proper += 1


def _remembered(lines: Iterable[str], pulled: list[str]) -> Iterator[str]:
    for line in lines:
        pulled.append(line)
        yield line


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
