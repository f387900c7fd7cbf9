"""Times: every usual shape becomes aware UTC, everything else is told from a missing time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.errors import ReadError, TimeError
from ingest.times import TimeReader, zone_named


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        # ISO 8601
        ("2015-02-24 11:35:52 -0800", "2015-02-24T19:35:52"),
        ("2015-02-24T11:35:52-08:00", "2015-02-24T19:35:52"),
        ("2015-02-24T19:35:52Z", "2015-02-24T19:35:52"),
        ("2015-02-24T19:35:52.123456789Z", "2015-02-24T19:35:52.123456"),
        ("2015-02-24T19:35:52,5+00", "2015-02-24T19:35:52.500000"),
        ("2015-02-24 19:35", "2015-02-24T19:35:00"),
        ("2015-02-24", "2015-02-24T00:00:00"),
        ("20150224", "2015-02-24T00:00:00"),
        ("20150224193552", "2015-02-24T19:35:52"),
        ("20150224T193552Z", "2015-02-24T19:35:52"),
        ("2015-02-24 19:35:52 UTC", "2015-02-24T19:35:52"),
        ("2015-02-24 11:35:52 PST", "2015-02-24T19:35:52"),
        ("2015-02-24T20:35:52+01:00[Europe/Berlin]", "2015-02-24T19:35:52"),
        ("2015-02-24T24:00:00Z", "2015-02-25T00:00:00"),
        ("2016-12-31 23:59:60", "2017-01-01T00:00:00"),
        ("1660-01-11", "1660-01-11T00:00:00"),
        ("0999-12-31", "0999-12-31T00:00:00"),
        # seconds, milli-, micro- and nanoseconds since 1970; spreadsheet days
        ("1138751932", "2006-01-31T23:58:52"),
        (1138751932, "2006-01-31T23:58:52"),
        ("1138751932.25", "2006-01-31T23:58:52.250000"),
        ("1.138751932E9", "2006-01-31T23:58:52"),
        (1138751932123, "2006-01-31T23:58:52.123000"),
        ("1138751932123456", "2006-01-31T23:58:52.123456"),
        ("1138751932000000000", "2006-01-31T23:58:52"),
        ("-1138751932", "1933-12-01T00:01:08"),
        (-9781171200, "1660-01-18T00:00:00"),
        (0, "1970-01-01T00:00:00"),
        ("43831.5", "2020-01-01T12:00:00"),
        # mail and feeds
        ("Tue, 10 Jun 2003 04:00:00 GMT", "2003-06-10T04:00:00"),
        ("10 Jun 2003 04:00 EST", "2003-06-10T09:00:00"),
        ("Tue, 10 Jun 2003 09:41:01 -0800 (PST)", "2003-06-10T17:41:01"),
        ("Sun, 06 Nov 94 08:49:37 GMT", "1994-11-06T08:49:37"),
        ("Sunday, 06-Nov-94 08:49:37 GMT", "1994-11-06T08:49:37"),
        # Twitter, and JavaScript
        ("Mon Apr 06 22:19:45 PDT 2009", "2009-04-07T05:19:45"),
        ("Wed Oct 10 20:19:24 +0000 2018", "2018-10-10T20:19:24"),
        ("Tue Feb 24 2015 11:35:52 GMT-0800 (Pacific Standard Time)", "2015-02-24T19:35:52"),
        # people and spreadsheets
        ("31/12/2024", "2024-12-31T00:00:00"),
        ("12/31/24 9:05 PM", "2024-12-31T21:05:00"),
        ("12/31/2024 12:05 AM", "2024-12-31T00:05:00"),
        ("31.12.2024 23:59", "2024-12-31T23:59:00"),
        ("03.04.2024", "2024-04-03T00:00:00"),
        ("2024/1/5 9:05", "2024-01-05T09:05:00"),
        ("31-Jan-24", "2024-01-31T00:00:00"),
        ("Monday, 3 March 2025", "2025-03-03T00:00:00"),
        ("March 23 Monday 2020", "2020-03-23T00:00:00"),
        ("June 3rd, 2024 at 9am", "2024-06-03T09:00:00"),
        ("Jan 5, 2024, 10:00 PM", "2024-01-05T22:00:00"),
        # people elsewhere
        ("1.3.2025 14:01 Uhr", "2025-03-01T14:01:00"),
        ("1. März 2025", "2025-03-01T00:00:00"),
        ("1. Ma\u0308rz 2025", "2025-03-01T00:00:00"),
        ("Montag, den 3. März 2025 um 14:05 Uhr", "2025-03-03T14:05:00"),
        ("31-Dez-24 10:00", "2024-12-31T10:00:00"),
        ("So., 2. Feb. 2025", "2025-02-02T00:00:00"),
        ("lundi 3 mars 2025 à 14h30", "2025-03-03T14:30:00"),
        ("mar. 1er juil. 2025", "2025-07-01T00:00:00"),
        ("3 de marzo de 2025", "2025-03-03T00:00:00"),
        ("mar 4 mar 2025", "2025-03-04T00:00:00"),
    ],
)
def test_usual_shapes_are_read(written: object, expected: str) -> None:
    found = TimeReader().read(written)
    assert found == datetime.fromisoformat(f"{expected}+00:00")
    assert found is not None
    assert found.tzinfo is UTC


@pytest.mark.parametrize("missing", ["", "  ", "NULL", "None", "nan", "N/A", "\\N", "-", None])
def test_missing_times_are_none(missing: object) -> None:
    assert TimeReader().read(missing) is None
    assert TimeReader().read(float("nan")) is None


@pytest.mark.parametrize(
    "wrong",
    [
        "yesterday", "31/12", "2024-02-30", "2019-07 14:23", "00:20:57,256", "13:61", "May 2013",
        "2013", "5", "99", "٣", "2024-13-01", "29 February 2023", "9999-12-31T23:59:59-05:00",
        "0001-01-01T00:00:00+05:00", 1e300, float("inf"), True, [], {}, "1e999", "x" * 100_000,
        "2024-01-01T00:00:00+99:00", "25:00 2024-01-01", "13 PM 2024-01-01", "+", "--5",
        "1_000_000",
    ],
)  # fmt: skip
def test_other_values_are_told_without_guessing(wrong: object) -> None:
    with pytest.raises(TimeError) as caught:
        TimeReader().read(wrong)
    assert len(str(caught.value)) < 120


def test_naive_times_are_read_in_the_zone_asked_for() -> None:
    reader = TimeReader(zone_named("Europe/Berlin"))
    assert reader.read("2024-07-01 12:00") == datetime(2024, 7, 1, 10, tzinfo=UTC)
    assert reader.read("2024-01-01 12:00") == datetime(2024, 1, 1, 11, tzinfo=UTC)
    assert reader.n_naive == 2
    assert reader.read("2024-01-01T12:00Z") == datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert reader.read(1704110400) == datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert reader.n_naive == 2


def test_an_unknown_zone_is_an_error_of_the_user() -> None:
    for name in ("Mars/Olympus", "", "../etc/passwd"):
        with pytest.raises(ReadError, match="--time-zone"):
            zone_named(name)


def test_ambiguous_dates_are_rejected_until_the_column_tells() -> None:
    reader = TimeReader()
    with pytest.raises(TimeError, match="cannot tell day from month"):
        reader.read("03/04/2024")
    assert reader.read("13/04/2024") == datetime(2024, 4, 13, tzinfo=UTC)
    assert TimeReader(day_first=False).read("03/04/2024") == datetime(2024, 3, 4, tzinfo=UTC)
    with pytest.raises(TimeError):  # a month-first column has no 13th month
        TimeReader(day_first=False).read("13/04/2024")


@pytest.mark.parametrize(
    ("values", "day_first"),
    [
        (["03/04/2024", "13/04/2024"], True),
        (["03/04/2024", "04/13/2024"], False),
        (["13/04/2024", "04/13/2024"], None),
        (["03/04/2024 9:00 PM", "05/04/2024 9:00 AM"], False),
        (["03-04-2024", "05-04-2024"], None),
        # sorted only as month/day: 3 April, 1 May, 2 May, 1 June
        (["04/03/2024", "05/01/2024", "05/02/2024", "06/01/2024"], False),
        # newest first, and sorted only as day/month
        (["01/06/2024", "02/05/2024", "01/05/2024", "03/04/2024"], True),
        (["2024-03-04", "04.03.2024", "1138751932"], None),
    ],
)
def test_a_column_tells_the_order_of_day_and_month(values: list[str], day_first: Any) -> None:
    reader = TimeReader()
    said = reader.learn(values)
    assert reader.day_first is day_first
    assert (said is None) == (values[0] == "2024-03-04")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    naive=st.datetimes(
        min_value=datetime(1001, 1, 1),  # noqa: DTZ001 - hypothesis wants its bounds naive
        max_value=datetime(9998, 12, 31),  # noqa: DTZ001
    ),
    offset_min=st.integers(-14 * 60, 14 * 60),
)
def test_what_python_writes_is_read_back(naive: datetime, offset_min: int) -> None:
    reader = TimeReader()
    time = naive.replace(tzinfo=timezone(timedelta(minutes=offset_min)))
    assert reader.read(time.isoformat()) == time
    assert reader.read(time.isoformat(" ")) == time
    whole = time.replace(microsecond=0)
    assert reader.read(f"{whole:%Y-%m-%d %H:%M:%S %z}") == whole
    assert reader.read(f"{whole:%a, %d %b} {whole.year:04d} {whole:%H:%M:%S %z}") == whole
    assert reader.read(f"{whole:%a %b %d %H:%M:%S %z} {whole.year:04d}") == whole
    if 1974 < time.year < 5000:
        assert reader.read(int(time.timestamp() * 1000)) == datetime.fromtimestamp(
            int(time.timestamp() * 1000) / 1000, UTC
        )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.one_of(st.text(max_size=60), st.integers(), st.floats(), st.text("0123456789-/:. +TZ")))
def test_no_value_raises_anything_but_a_time_error(value: object) -> None:
    reader = TimeReader()
    try:
        found = reader.read(value)
    except TimeError:
        return
    assert found is None or found.tzinfo is UTC
    reader.learn([value, value])
