"""What the columns of a file without telling names seem to hold.

Called when a role was neither named by the user nor by the header. Every guess is said to the user,
and none is made of a column that could as well be something else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from ingest.errors import TimeError
from ingest.times import TimeReader

#: Rows looked at.
SAMPLE_ROWS: Final = 1000
_NAME: Final = re.compile(r"@?[\w.\-]{2,40}", re.ASCII)
_ID: Final = re.compile(r"[\w\-:./]{4,120}", re.ASCII)
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?", re.ASCII)
#: A bare number is taken for a time only within these years: ids and counts are numbers too.
_EARLIEST: Final = datetime(1990, 1, 1, tzinfo=UTC)
_LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)


def guess_columns(
    rows: Sequence[Sequence[str]], taken: Mapping[str, int], *, has_header: bool
) -> dict[str, int]:
    """Guess columns from sample rows of equal width, beside those already taken.

    Under a header only text and time are guessed: it would have named authors and ids.
    """
    found = dict(taken)
    columns = [list(column) for column in zip(*rows[:SAMPLE_ROWS], strict=True)]
    # Times first, for they look like texts with spaces; the text next, so that it is nobody's name.
    guesses = (
        {"time": _written_time, "text": _text}
        if has_header
        else {"time": _time, "text": _text, "id": _id, "author": _author}
    )
    for role, guess in guesses.items():
        if role in found:
            continue
        free = [place for place in range(len(columns)) if place not in found.values()]
        place = guess(columns, free)
        if place is not None:
            found[role] = place
    return found


def looks_like_times(values: Sequence[str]) -> bool:
    """Tell whether filled values are times beyond doubt: nine of ten, of few all but one."""
    filled = [value for value in values if value.strip()]
    return _nearly_all(sum(map(_is_time, filled)), len(filled))


def looks_like_numbers(values: Sequence[str]) -> bool:
    filled = [value for value in values if value.strip()]
    hits = sum(_NUMBER.fullmatch(value.strip()) is not None for value in filled)
    return _nearly_all(hits, len(filled))


def _nearly_all(hits: int, n: int) -> bool:
    """Allow a tenth of bad values, and one among four to nine."""
    return n > 0 and (hits >= 0.9 * n or (n >= 4 and hits >= n - 1))


def _is_time(value: str) -> bool:
    text = value.strip()
    if not 6 <= len(text) <= 60:
        return False
    try:
        moment = TimeReader(day_first=_could_be_day_first(text)).read(text)
    except TimeError:
        return False
    if moment is None:
        return False
    if _NUMBER.fullmatch(text):
        return len(text) >= 8 and _EARLIEST <= moment < _LATEST
    return True


def _could_be_day_first(text: str) -> bool:
    """Return an order under which the text is a date, if there is one."""
    match = re.match(r"(\d{1,2})[-/](\d{1,2})[-/]", text)
    return match is None or int(match[2]) <= 12


def _time(columns: Sequence[Sequence[str]], free: Sequence[int]) -> int | None:
    dated = [place for place in free if looks_like_times(columns[place])]
    written = [place for place in dated if not looks_like_numbers(columns[place])]
    return next(iter(written or dated), None)


def _written_time(columns: Sequence[Sequence[str]], free: Sequence[int]) -> int | None:
    """Where a header names other things than times, a number is not taken for one."""
    written = [place for place in free if not looks_like_numbers(columns[place])]
    return _time(columns, written)


def _text(columns: Sequence[Sequence[str]], free: Sequence[int]) -> int | None:
    best: int | None = None
    most = 0.0
    for place in free:
        values = [value for value in columns[place] if value.strip()]
        if not values:
            continue
        n_words = sum(len(value.split()) for value in values) / len(values)
        n_chars = sum(map(len, values)) / len(values)
        share_of_distinct = len(set(values)) / len(values)
        weight = n_chars * share_of_distinct
        if (n_words >= 1.8 or len(columns) == 1) and weight > most:
            best, most = place, weight
    return best


def _id(columns: Sequence[Sequence[str]], free: Sequence[int]) -> int | None:
    for place in free:
        values = columns[place]
        if len(set(values)) != len(values) or not all(map(_ID.fullmatch, values)):
            continue
        # Row numbers name a place in this file, not a message.
        if len(values) >= 3 and values[0] not in ("0", "1") and _has_digits(values):
            return place
    return None


def _has_digits(values: Sequence[str]) -> bool:
    """Tell ids from words: an id has a digit somewhere, or all have one length."""
    n_digits = sum(any(map(str.isdigit, value)) for value in values)
    return n_digits > len(values) // 2 or len({len(value) for value in values}) == 1


def _author(columns: Sequence[Sequence[str]], free: Sequence[int]) -> int | None:
    for place in free:
        values = [value for value in columns[place] if value]
        n_names = sum(map(bool, map(_NAME.fullmatch, values)))
        n_numbers = sum(map(bool, map(_NUMBER.fullmatch, values)))
        n_distinct = len(set(values))
        # Labels repeat: a column of six values in a thousand rows is no column of names.
        if (
            len(values) >= 3
            and n_names >= 0.9 * len(values)
            and n_numbers <= 0.1 * len(values)
            and n_distinct > max(2, 0.05 * len(values))
        ):
            return place
    return None
