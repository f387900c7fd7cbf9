"""The terminal's table fits 80 columns and tells gaps from zeros."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import nan

import pytest
from rich.console import Console

from reporting.terminal import sparkline, trend_table
from reporting.trends import Period, trend
from tests.reporting.frames import hourly_frame


def printed(table: object) -> str:
    console = Console(width=80, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_sparkline_tells_gaps_from_zeros() -> None:
    assert sparkline([0.0, nan, 0.5, 1.0], low=0.0, high=1.0) == "▁·▅█"
    assert sparkline([0.3, 0.3], low=0.3, high=0.3) == "▁▁"


@pytest.mark.parametrize("period", ["day", "week", "month"])
def test_five_years_fit_80_columns(period: Period) -> None:
    start = datetime(2020, 1, 1, 12, tzinfo=UTC)
    frame = hourly_frame(
        [
            (start + timedelta(days=day), "posts", {"joy": 5 + day % 3, "anger": 2, "surprise": 1})
            for day in range(0, 1800, 2)
        ]
    )
    lines = printed(trend_table(trend(frame, period=period), period=period)).splitlines()

    assert max(len(line) for line in lines) <= 80
    joy = next(line for line in lines if "joy" in line)
    assert "…" not in joy
    assert ("·" in joy) == (period == "day")


def test_numbers_are_those_of_the_newest_complete_week() -> None:
    frame = hourly_frame(
        [
            (datetime(2024, 3, 4, 9, tzinfo=UTC), "posts", {"joy": 5, "anger": 5}),
            (datetime(2024, 3, 11, 9, tzinfo=UTC), "posts", {"joy": 7, "anger": 3}),
            (datetime(2024, 3, 18, 9, tzinfo=UTC), "posts", {"anger": 1}),
        ]
    )
    text = printed(trend_table(trend(frame), period="week"))
    joy = next(line for line in text.splitlines() if "joy" in line)

    assert "70 %" in joy
    assert "+20" in joy
    assert "week of 11" in text.replace("\n", " ").replace("  ", " ")


def test_an_empty_trend_prints() -> None:
    frame = hourly_frame([(datetime(2024, 3, 4, 9, tzinfo=UTC), "posts", {"joy": 5})]).iloc[:0]

    assert "emotion" in printed(trend_table(trend(frame), period="week"))


def test_the_first_bucket_has_no_change() -> None:
    frame = hourly_frame([(datetime(2024, 3, 4, 9, tzinfo=UTC), "posts", {"joy": 5, "anger": 5})])
    lines = printed(trend_table(trend(frame), period="week")).splitlines()

    for name in ("net mood", "messages"):
        line = next(line for line in lines if name in line)
        assert line.split("│")[-2].strip() == ""
