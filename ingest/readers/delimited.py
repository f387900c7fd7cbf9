"""CSV, TSV and their kin: rows of a delimited file into messages.

`plan_delimited` looks at the head and decides dialect, header and columns, saying what it took;
`read_delimited` streams the file by that plan, one record in memory at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from ingest.encoding import Lines
from ingest.errors import ReadError
from ingest.options import ReadOptions
from ingest.readers import columns as named
from ingest.readers.dialect import (
    Dialect,
    Sniffed,
    has_header,
    n_lines_above,
    separator_line,
    sniff,
)
from ingest.readers.guess import guess_columns
from ingest.readers.record import MessageMaker
from ingest.readers.rows import BadRow, Rows
from records import Message, Rejected


@dataclass(frozen=True, slots=True)
class DelimitedPlan:
    """How a delimited file is read."""

    dialect: Dialect
    columns: named.Columns
    width: int
    has_header: bool
    #: Lines above the header: a spreadsheet's 'sep=;', a title.
    n_lines_above: int
    notes: tuple[str, ...]
    #: The time column of the head, for the order of day and month.
    sample_times: tuple[str, ...]


def sniff_head(lines: Sequence[str], options: ReadOptions, *, is_cut: bool) -> Sniffed:
    """Find the dialect of a file by its first lines and what the user said."""
    delimiter = options.delimiter
    if delimiter is not None:
        delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter.lower(), delimiter)
        if len(delimiter) != 1 or delimiter in '\r\n"':
            raise ReadError(f"--delimiter: expected one character, found {delimiter[:40]!r}")
    elif options.format == "tsv":
        delimiter = "\t"
    told = separator_line(lines[0]) if lines else None
    delimiter = delimiter or told
    if options.header is False:
        n_above = 0 if told is None else 1
    else:
        n_above = n_lines_above(lines, delimiter)
    found = sniff(lines[n_above:], delimiter=delimiter, is_cut=is_cut)
    return replace(found, n_lines_above=n_above)


def plan_delimited(lines: Sequence[str], options: ReadOptions, *, is_cut: bool) -> DelimitedPlan:
    """Decide how to read a file by its first lines.

    Raises:
        ReadError: when no column can be the text, or a named one does not exist.
    """
    sniffed = sniff_head(lines, options, is_cut=is_cut)
    rows = sniffed.rows
    header = options.header if options.header is not None else has_header(rows)
    # A header says how many columns there are; without one the most frequent width does.
    width = len(rows[0]) if header and rows else sniffed.width
    names = [name.strip() for name in rows[0]] if header and rows else None
    body = [row for row in rows[1 if header else 0 :] if len(row) == width]
    found = named.asked_for(options, names, width)
    if names is not None:
        found = named.by_name(names, found)
    by_content = set(found)
    if body:
        found = guess_columns(body, found, has_header=names is not None)
    by_content = set(found) - by_content
    if "text" not in found and not body and names is None:
        found["text"] = 0  # an empty file has no rows to take it from
    if "text" not in found:
        raise ReadError(
            "no column holds text beyond doubt: name it with --text-column; "
            f"expected one of {named.listing(names, width)}"
        )
    columns = named.with_title(found, names or [])
    return DelimitedPlan(
        dialect=sniffed.dialect,
        columns=columns,
        width=width,
        has_header=header and bool(rows),
        n_lines_above=sniffed.n_lines_above,
        notes=(_said(found, names, by_content, sniffed.n_lines_above),) if rows else (),
        sample_times=tuple(row[columns.time] for row in body) if columns.time is not None else (),
    )


def _said(found: dict[str, int], names: list[str] | None, guessed: set[str], n_above: int) -> str:
    """Return the sentence that tells which columns were taken."""
    parts = []
    for role in named.ROLES:
        if role in found:
            place = found[role]
            name = repr(names[place][:40]) if names is not None else f"column {place + 1}"
            parts.append(f"{role} = {name}{' (by its content)' if role in guessed else ''}")
    where = "no header row; " if names is None else ""
    if names is not None and n_above:
        where = f"header row in line {n_above + 1}; "
    return f"{where}columns taken: {', '.join(parts)}"


def read_delimited(
    lines: Lines, plan: DelimitedPlan, maker: MessageMaker
) -> Iterator[Message | Rejected]:
    """Yield a message or a reject for every row after the header."""
    for _ in range(plan.n_lines_above):
        next(lines)
    is_text_last = plan.columns.text == plan.width - 1
    rows = iter(Rows(lines, plan.dialect, plan.width, is_text_last=is_text_last))
    if plan.has_header:
        next(rows, None)
    take = plan.columns
    n = 0
    for n, row in enumerate(rows, start=1):
        if isinstance(row, BadRow):
            yield maker.reject(n, row.position, row.reason, row.raw)
            continue
        position, fields = row
        text = fields[take.text]
        if take.title is not None:
            text = joined(fields[take.title], text)
        made = maker.make(
            text,
            time=fields[take.time] if take.time is not None else None,
            author=fields[take.author] if take.author is not None else None,
            external_id=fields[take.id] if take.id is not None else None,
            thread=fields[take.thread] if take.thread is not None else None,
            language=fields[take.language] if take.language is not None else None,
            source=fields[take.source] if take.source is not None else None,
        )
        if isinstance(made, Message):
            yield made
        else:
            yield maker.reject(n, position, made, plan.dialect.delimiter.join(fields))


def joined(title: str, text: str) -> str:
    """Return a submission's title and text as one; a text taken back leaves the title."""
    text = text.strip()
    if not text or text in ("[deleted]", "[removed]"):
        return title
    return f"{title}\n\n{text}" if title else text
