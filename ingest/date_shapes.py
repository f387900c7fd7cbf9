"""Dates and times in written shapes that `datetime.fromisoformat` does not know.

Pure: text to datetime, no sampling, no defaults. `ingest.times` decides about zones and about the
order of day and month, which this file only asks for.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import datetime, timedelta, tzinfo

from ingest.date_words import FILLERS, MONTHS, ORDINAL, WEEKDAYS
from ingest.zones import zone_of

#: Tells whether '03/04' is 3 April: given both numbers, the separator, and 'AM'/'PM' seen or not.
DayFirst = Callable[[int, int, str, bool], bool]

_CLOCK = re.compile(
    r"(?<![\d:.+-])(\d{1,2})[:h](\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?\s*([ap]\.?m\b\.?)?",
    re.ASCII | re.IGNORECASE,
)
_HOUR = re.compile(r"(?<![\d:.+-])(\d{1,2})\s*([ap]\.?m\b\.?)", re.ASCII | re.IGNORECASE)
_COMMENT = re.compile(r"\s*(?:\([^()]*\)|\[[\w/+-]+\])$")
_YMD = re.compile(r"(\d{4})([-/._])(\d{1,2})\2(\d{1,2})T?", re.ASCII)
_DMY = re.compile(r"(?<![\d./-])(\d{1,2})([-/.])(\d{1,2})\2(\d{4}|\d{2})(?![\d./-])", re.ASCII)
_DAY_MONTH_YEAR = re.compile(r"(\d{1,2})-([a-zà-ÿ]{3,10})\.?-(\d{4}|\d{2})", re.ASCII)
# The two shapes that come by the million, read six times as fast as by their parts.
_TWITTER = re.compile(
    r"[A-Z][a-z]{2} (?P<month>[A-Z][a-z]{2}) (?P<day>\d\d) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<zone>[A-Z+-]\S*) (?P<year>\d{4})",
    re.ASCII,
)
_MAIL = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(?P<day>\d\d?) (?P<month>[A-Z][a-z]{2}) (?P<year>\d{4}) "
    r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d) (?P<zone>[A-Z+-]\S*)",
    re.ASCII,
)
_DAY = re.compile(rf"(\d{{1,2}}){ORDINAL}", re.ASCII)
_YEAR = re.compile(r"\d{4}", re.ASCII)


def read_written(text: str, day_first: DayFirst) -> datetime:
    """Read 'Mon Apr 06 22:19:45 PDT 2009', '31/12/2024 9:00 AM', '3. März 2024' and their like.

    Returns: an aware datetime if the text named a zone, else a naive one.

    Raises:
        ValueError: when the text is no complete date, or names a day that does not exist.
    """
    moment = _read_common(text)
    return moment if moment is not None else _read_parts(text, day_first)


def _read_common(text: str) -> datetime | None:
    match = _TWITTER.fullmatch(text) or _MAIL.fullmatch(text)
    if match is None:
        return None
    zone, month = zone_of(match["zone"]), MONTHS.get(match["month"].lower())
    if zone is None or month is None or match["second"] == "60":
        return None
    year, day, hour, minute, second = map(
        int, match.group("year", "day", "hour", "minute", "second")
    )
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


def _read_parts(text: str, day_first: DayFirst) -> datetime:
    rest = _COMMENT.sub("", text)
    rest, clock = _take_clock(rest)
    hour, minute, second, microsecond, is_twelve_hour = clock
    year = month = day = None
    zone: tzinfo | None = None
    tokens = _tokens(rest)
    n_months = sum(token.rstrip(".") in MONTHS for token in tokens)
    for token in tokens:
        if (match := _YMD.fullmatch(token)) and year is None:
            year, month, day = int(match[1]), int(match[3]), int(match[4])
        elif (match := _DMY.fullmatch(token)) and year is None:
            first, second_number = int(match[1]), int(match[3])
            is_day_first = day_first(first, second_number, match[2], is_twelve_hour)
            day, month = (first, second_number) if is_day_first else (second_number, first)
            year = _full_year(match[4])
        elif token.rstrip(".") == "mar" and n_months > 1:
            n_months -= 1  # beside another month it is a French or Spanish Tuesday
        elif month is None and token.rstrip(".") in MONTHS:
            month = MONTHS[token.rstrip(".")]
        elif token.rstrip(".") in WEEKDAYS or token in FILLERS:
            continue
        elif day is None and (match := _DAY.fullmatch(token)):
            day = int(match[1])
        elif year is None and (_YEAR.fullmatch(token) or (len(token) == 2 and token.isdigit())):
            year = _full_year(token)
        elif zone is None and (found := zone_of(token)) is not None:
            zone = found
        else:
            raise ValueError("unknown part of a date")
    if year is None or month is None or day is None:
        raise ValueError("incomplete date")
    moment = datetime(year, month, day, tzinfo=zone)
    return moment + timedelta(hours=hour, minutes=minute, seconds=second, microseconds=microsecond)


def numeric_order(text: str) -> tuple[int, int, str, bool] | None:
    """Return what `DayFirst` is asked for the first '03/04/2024' in the text, if there is one."""
    match = _DMY.search(text)
    if match is None:
        return None
    return int(match[1]), int(match[3]), match[2], _take_clock(text)[1][4]


def _tokens(text: str) -> list[str]:
    tokens: list[str] = []
    # A Mac may write 'ä' as two characters.
    for token in re.split(r"[\s,]+", unicodedata.normalize("NFC", text).lower()):
        match = _DAY_MONTH_YEAR.fullmatch(token)
        tokens.extend(match.groups() if match else [token])
    return tokens


def _take_clock(text: str) -> tuple[str, tuple[int, int, int, int, bool]]:
    """Cut the time of day out of the text: (rest, (hour, minute, second, microsecond, am/pm))."""
    separated = re.sub(r"(?<=\d)T(?=\d)", " ", text)
    match = _CLOCK.search(separated)
    if match is not None:
        hour, minute, second = int(match[1]), int(match[2]), int(match[3] or 0)
        microsecond = int((match[4] or "0").ljust(6, "0")[:6])
        half = match[5]
    else:
        match = _HOUR.search(separated)
        if match is None:
            return separated, (0, 0, 0, 0, False)
        hour, minute, second, microsecond, half = int(match[1]), 0, 0, 0, match[2]
    if half:
        if not 1 <= hour <= 12:
            raise ValueError("hour out of 1 to 12")
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    # 24:00 ends a day, 23:59:60 is a leap second: both are the next instant.
    if hour > 24 or minute > 59 or second > 60 or (hour == 24 and (minute or second)):
        raise ValueError("time of day out of range")
    rest = f"{separated[: match.start()]} {separated[match.end() :]}"
    return rest, (hour, minute, second, microsecond, bool(half))


def _full_year(digits: str) -> int:
    """Widen two digits as POSIX does: 69 to 99 are 1969 to 1999."""
    year = int(digits)
    if len(digits) > 2:
        return year
    return year + (1900 if year >= 69 else 2000)
