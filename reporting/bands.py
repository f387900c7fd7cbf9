"""The stretches of like mood that a report's page draws, for its largest sources. Pure."""

from __future__ import annotations

from typing import Final

import pandas as pd

from reporting.explorer import Band
from reporting.history import stretches
from reporting.series import Series
from reporting.trends import daily_counts, scored_emotions

#: Sources searched, the largest: three years of one take .05 s.
MOST_SOURCES: Final = 20


def bands_of(hourly: pd.DataFrame, *, time_zone: str) -> list[Band]:
    """Return the stretches of each large source that has more than one."""
    if hourly.empty:
        return []
    emotions = scored_emotions(hourly)
    daily = daily_counts(hourly, time_zone=time_zone)
    sizes = daily.groupby("source")["n"].sum().sort_values(ascending=False, kind="stable")
    bands: list[Band] = []
    for name in sizes.index[:MOST_SOURCES]:
        series = Series.of(str(name), daily[daily["source"] == name], emotions)
        found = [] if series is None else stretches(series)
        if len(found) > 1:
            bands += [Band(part.source, part.started_at, part.ended_at) for part in found]
    return bands
