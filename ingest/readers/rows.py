"""Rows of a delimited file, each with the byte where it starts, in spite of broken quotes.

csv.reader alone lets one stray quote swallow the rest of a file. Here a record may only reach as
far as a budget; where its quote never closes, or closes in the middle of a field, reading starts
again at the next line that is a whole row by itself. Called by `ingest.readers.delimited`.
"""

from __future__ import annotations

import csv
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ingest.encoding import Lines
from ingest.errors import LineTooLongError
from ingest.options import MAX_RECORD_BYTES
from ingest.readers.dialect import Dialect

#: What a good row adds to the budget and the least it falls to: rereading stays linear in the file.
_BUDGET_STEP: Final = 1024


class _BudgetSpentError(Exception):
    """The record is longer than the budget."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is none, and why."""

    position: int
    reason: str
    raw: str


class _Feed:
    """Hands lines to csv.reader and remembers those of the current record."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self.pulled: list[tuple[int, str]] = []
        self.again: deque[tuple[int, str]] = deque()
        self.is_exhausted = False
        self.budget = MAX_RECORD_BYTES
        self._n_chars = 0

    def __iter__(self) -> _Feed:
        return self

    def begin(self) -> None:
        """Begin a record."""
        self.pulled.clear()
        self._n_chars = 0

    def __next__(self) -> str:
        if self.pulled:
            self._n_chars += len(self.pulled[-1][1])
            if self._n_chars > self.budget:
                raise _BudgetSpentError
        if self.again:
            position, line = self.again.popleft()
        else:
            position = self._lines.position
            try:
                line = next(self._lines)
            except StopIteration:
                self.is_exhausted = True
                raise
        self.pulled.append((position, line))
        return line


class Rows:
    """Iterate over (position, fields) and `BadRow`; empty lines are passed over.

    With `is_text_last` commas of prose in an unquoted last field are taken for what they are.
    """

    def __init__(
        self, lines: Lines, dialect: Dialect, width: int, *, is_text_last: bool = False
    ) -> None:
        self._lines = lines
        self._dialect = dialect
        self._width = width
        self._is_text_last = is_text_last
        self._feed = _Feed(lines)
        csv.field_size_limit(MAX_RECORD_BYTES)

    def __iter__(self) -> Iterator[tuple[int, list[str]] | BadRow]:
        feed, width = self._feed, self._width
        reader = csv.reader(feed, **self._dialect.arguments())
        while True:
            feed.begin()
            start = self._lines.position
            reason = ""
            fields: list[str] = []
            try:
                fields = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                reason = f"not a row of delimited text: {str(error).partition(' - ')[0]}"
            except LineTooLongError as error:
                if not feed.pulled:
                    yield BadRow(start, str(error), "")
                    continue
                reason = "a quote opened here is not closed before an overlong line"
            except _BudgetSpentError:
                reason = f"a quote opened here is not closed within {feed.budget:,} characters"
            if feed.is_exhausted and not reason:
                reason = "a quote opened here is never closed"
            if not reason and not fields:
                continue
            if not reason and len(fields) != width:
                fields = self._with_prose_joined(self._without_empty_tail(fields))
                if len(fields) != width:
                    reason = f"expected {width} columns, found {len(fields)}"
            if reason or (len(feed.pulled) > 1 and not self._is_sound()):
                bad = self._start_again(reason)
                if bad is not None:
                    yield bad
                    continue
            feed.budget = min(MAX_RECORD_BYTES, feed.budget + _BUDGET_STEP)
            yield feed.pulled[0][0], fields

    def _without_empty_tail(self, fields: list[str]) -> list[str]:
        """Drop empty fields beyond the last column, which a trailing delimiter makes."""
        return fields if any(fields[self._width :]) else fields[: max(self._width, 1)]

    def _with_prose_joined(self, fields: list[str]) -> list[str]:
        """Join the parts of an unquoted text: prose has a space behind each comma.

        A space in front of the text itself speaks against it: then another field held the comma.
        """
        place = self._width - 1
        text, *rest = fields[place:] or [""]
        is_prose = all(part[:1] == " " for part in rest) and text[:1] not in ("", " ")
        if not self._is_text_last or not rest or not is_prose or '"' in self._feed.pulled[0][1]:
            return fields
        return [*fields[:place], self._dialect.delimiter.join((text, *rest))]

    def _is_sound(self) -> bool:
        """Tell whether a record of several lines closes its quotes where fields end."""
        return len(self._parsed([line for _, line in self._feed.pulled])) == 1

    def _parsed(self, lines: list[str]) -> list[list[str]]:
        try:
            return list(csv.reader(lines, strict=True, **self._dialect.arguments()))
        except csv.Error:
            return []

    def _start_again(self, reason: str) -> BadRow | None:
        """Reject up to the next line that is a row by itself and go on there.

        Without a reason the record is only suspect: it stays if no such line is found in it.
        """
        feed = self._feed
        pulled = list(feed.pulled)
        keep = len(pulled)
        for place in range(1, len(pulled)):
            rows = self._parsed([pulled[place][1]])
            if len(rows) == 1 and len(rows[0]) == self._width:
                keep = place
                break
        if not reason and keep == len(pulled):
            return None
        feed.again.extendleft(reversed(pulled[keep:]))
        feed.is_exhausted = False
        if len(pulled) > 1:
            feed.budget = max(_BUDGET_STEP, feed.budget // 2)
        position = pulled[0][0] if pulled else self._lines.position
        raw = "".join(line for _, line in pulled[:keep])
        return BadRow(position, reason or "a quote opened here closes inside a later row", raw)
