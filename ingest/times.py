"""Times as found in files, read into aware UTC.

One `TimeReader` reads one column: it knows the zone of times that carry none, and learns from the
column's values whether 03/04 means 3 April. Called by every reader; the shapes are listed in
docs/formats.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ingest.date_shapes import numeric_order, read_written
from ingest.errors import ReadError, TimeError

#: What stands in a time column for "unknown"; such messages are undated, not rejected.
_MISSING: Final = frozenset({"", "null", "none", "nan", "nat", "n/a", "na", "nil", "\\n", "-"})
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - spreadsheets know no zones
_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?(?:[eE]\+?\d{1,2})?", re.ASCII)
#: No written time is longer; longer values are not worth a regular expression.
_MAX_CHARS: Final = 100


def zone_named(name: str | None) -> tzinfo:
    """Return the zone of an IANA name; UTC for None.

    Raises:
        ReadError: when the name is unknown.
    """
    if name is None or name.upper() in {"UTC", "Z"}:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ReadError(
            f"expected a time zone such as 'Europe/Berlin' in --time-zone, found {name[:40]!r}"
        ) from error


class TimeReader:
    """Read the times of one column."""

    def __init__(self, zone: tzinfo = UTC, *, day_first: bool | None = None) -> None:
        self.zone = zone
        #: Whether 03/04 is 3 April; None while nothing tells.
        self.day_first = day_first
        #: How many times carried no zone so far.
        self.n_naive = 0

    def read(self, value: object) -> datetime | None:
        """Return the time in UTC; None when the value stands for "unknown".

        Raises:
            TimeError: when it is a value, but not one of a time.
        """
        try:
            if isinstance(value, str):
                moment = self._read_text(value)
            elif value is None:
                return None
            elif isinstance(value, bool):
                raise ValueError("a truth value")
            elif isinstance(value, int | float):
                moment = None if math.isnan(value) else self._read_number(float(value))
            elif isinstance(value, datetime):
                moment = value
            else:
                raise ValueError("neither text nor number")
            if moment is None:
                return None
            if moment.tzinfo is None:
                self.n_naive += 1
                moment = moment.replace(tzinfo=self.zone)
            return moment.astimezone(UTC)
        except TimeError:
            raise
        except (ValueError, OverflowError) as error:
            raise TimeError(f"expected a time, found {quoted(value)}") from error

    def learn(self, values: Iterable[object]) -> str | None:
        """Tell day/month from month/day by a sample of the column; return a sentence about it.

        Decided by numbers over 12, then by AM/PM, then by the one order in which the sample is
        sorted; without any of these such dates are rejected one by one, for a guess would move
        messages by months.
        """
        asked = [
            (order, value)
            for value in values
            if isinstance(value, str)
            and len(value) <= _MAX_CHARS
            and (order := _order_of(value)) is not None
            and order[2] != "."
        ]
        if not asked or self.day_first is not None:
            return None
        orders = [order for order, _ in asked]
        is_day_first = any(first > 12 for first, _, _, _ in orders)
        is_month_first = any(second > 12 for _, second, _, _ in orders)
        if is_day_first and is_month_first:
            return (
                "dates mix day/month and month/day: those that could be either are rejected; "
                "--day-first or --month-first says how to read them"
            )
        if is_day_first or is_month_first:
            self.day_first = is_day_first
        elif any(is_twelve_hour for _, _, _, is_twelve_hour in orders):
            self.day_first = False
        else:
            self.day_first = self._order_that_sorts([value for _, value in asked])
        if self.day_first is None:
            return (
                "dates such as 03/04/2024 could be day/month or month/day, nothing tells which: "
                "they are rejected; --day-first or --month-first says it"
            )
        return f"dates are read as {'day/month' if self.day_first else 'month/day'}"

    def _order_that_sorts(self, values: Sequence[str]) -> bool | None:
        verdicts: list[bool] = []
        for is_day_first in (True, False):
            trial = TimeReader(self.zone, day_first=is_day_first)
            try:
                times = [time for value in values if (time := trial.read(value)) is not None]
            except TimeError:
                continue
            steps = [later >= earlier for earlier, later in pairwise(times)]
            if len(set(times)) > 2 and (all(steps) or not any(steps)):
                verdicts.append(is_day_first)
        return verdicts[0] if len(verdicts) == 1 else None

    def _read_text(self, value: str) -> datetime | None:
        text = value.strip()
        if len(text) == 25 and text[19] == " ":  # 2015-02-24 11:35:52 -0800
            text = text[:19] + text[20:]
        if text.isdigit() or text[:1] in "+-":
            return self._read_digits(text)
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
        if text.lower() in _MISSING:
            return None
        if len(text) > _MAX_CHARS:
            raise ValueError("longer than any time")
        if _NUMBER.fullmatch(text):
            return self._read_digits(text)
        return read_written(text, self._ask_day_first)

    def _read_digits(self, text: str) -> datetime | None:
        if text.lower() in _MISSING:
            return None
        if not text.isascii() or _NUMBER.fullmatch(text) is None:
            raise ValueError("not a number")
        if len(text) in (8, 14) and text.isdigit() and "1000" <= text[:4] < "2100":
            try:
                return datetime.strptime(  # noqa: DTZ007 - naive until its zone is applied
                    text, "%Y%m%d" if len(text) == 8 else "%Y%m%d%H%M%S"
                )
            except ValueError:
                pass
        if len(text.lstrip("+-")) < 5 and text != "0":
            raise ValueError("too short for seconds since 1970")
        return self._read_number(float(text.replace(",", ".")))

    def _read_number(self, number: float) -> datetime:
        """Read seconds, milli-, micro- or nanoseconds since 1970, or a spreadsheet's day number."""
        if not math.isfinite(number):
            raise ValueError("not finite")
        if 20_000 <= number < 80_000:
            # As seconds these lie in the first day of 1970; as spreadsheet days in 1954 to 2119.
            return _EXCEL_EPOCH + timedelta(seconds=round(number * 86_400))
        size = abs(number)
        for limit, unit in ((1e11, 1), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
            if size < limit:
                return _EPOCH + timedelta(seconds=number / unit)
        raise ValueError("out of range")

    def _ask_day_first(self, first: int, second: int, separator: str, twelve_hour: bool) -> bool:
        if separator == ".":
            return True
        if self.day_first is None:
            if first > 12 or second > 12:
                return first > 12
            if twelve_hour:
                return False
            raise TimeError(
                f"cannot tell day from month in a date of {first:02d}{separator}{second:02d}: "
                "nothing in its column says which comes first"
            )
        return self.day_first


def quoted(value: object) -> str:
    """Return a value of a time, id or author column as messages may show it."""
    shown = repr(value)
    return shown if len(shown) <= 42 else f"{shown[:40]}…"


def _order_of(value: str) -> tuple[int, int, str, bool] | None:
    try:
        return numeric_order(value)
    except ValueError:
        return None
