"""Bands lie between the changes that there are, of large sources, and nowhere else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pandas as pd

from reporting import bands
from tests.reporting.frames import OUTAGE, USUAL, daily_frame, hourly_frame


def hourly_of(levels: list[dict[str, float]], source: str, *, a_day: float) -> pd.DataFrame:
    drawn = daily_frame(levels, a_day=a_day, seed=5, source=source)
    rows = []
    for row in drawn.to_dict("records"):
        noon = row["day"].to_pydatetime().replace(hour=12, tzinfo=UTC)
        rows.append((noon, source, {name: row[f"n_{name}"] for name in USUAL}))
    return hourly_frame(rows)


def test_a_change_parts_two_bands_and_a_steady_source_has_none() -> None:
    moved = hourly_of([USUAL] * 50 + [OUTAGE] * 40, "moved", a_day=80)
    steady = hourly_of([USUAL] * 90, "steady", a_day=80)

    found = bands.bands_of(pd.concat([moved, steady]), time_zone="UTC")

    assert [band.source for band in found] == ["moved", "moved"]
    truth = (datetime(2024, 1, 1, tzinfo=UTC) + timedelta(days=50)).date()
    assert abs((found[1].start - truth).days) <= 2
    assert found[0].end < found[1].start
    assert bands.bands_of(moved.iloc[:0], time_zone="UTC") == []
