"""Frames of known truth for the tests of reporting."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd

from records import EMOTIONS

#: What the default bundle scores: all but disgust.
SCORED = tuple(emotion for emotion in EMOTIONS if emotion != "disgust")
FIRST_DAY = date(2024, 1, 1)
USUAL = {
    "sadness": 0.10,
    "joy": 0.30,
    "love": 0.06,
    "anger": 0.12,
    "fear": 0.04,
    "surprise": 0.08,
    "neutral": 0.30,
}
OUTAGE = USUAL | {"joy": 0.10, "anger": 0.32}


def hourly_frame(rows: Sequence[tuple[datetime, str, Mapping[str, int]]]) -> pd.DataFrame:
    """Build what db.queries.hourly returns: (hour, source, counts by emotion or n_ column)."""
    lines = []
    for hour, source, counts in rows:
        line: dict[str, object] = {"hour": hour, "source": source}
        for emotion in EMOTIONS:
            line[f"n_{emotion}"] = counts.get(emotion, 0)
            line[f"sum_{emotion}"] = 0 if emotion == "disgust" else counts.get(emotion, 0) * 9000
        line["n_unsupported"] = counts.get("unsupported", 0)
        line["n_low_confidence"] = counts.get("low_confidence", 0)
        line["n"] = sum(counts.get(emotion, 0) for emotion in EMOTIONS) + counts.get(
            "unsupported", 0
        )
        lines.append(line)
    frame = pd.DataFrame(lines)
    frame["hour"] = pd.to_datetime(frame["hour"], utc=True)
    return frame


def daily_frame(
    levels: Sequence[Mapping[str, float]],
    *,
    a_day: float,
    seed: int,
    source: str = "posts",
    first_day: date = FIRST_DAY,
    rho: float = 0.0,
) -> pd.DataFrame:
    """Draw one day a level: multinomial counts (over-dispersed by rho) of Poisson volume."""
    rng = np.random.default_rng(seed)
    rows = []
    for day, level in enumerate(levels):
        shares = np.array([level[emotion] for emotion in SCORED])
        if rho:
            shares = rng.dirichlet(shares / shares.sum() * (1 / rho - 1))
        counts = rng.multinomial(rng.poisson(a_day), shares / shares.sum())
        rows.append([pd.Timestamp(first_day + timedelta(days=day)), source, *counts])
    columns = ["day", "source", *(f"n_{emotion}" for emotion in SCORED)]
    return pd.DataFrame(rows, columns=columns)


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
