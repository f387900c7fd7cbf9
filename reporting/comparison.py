"""Compare the newest complete bucket with the one before: what moved, and how sure that is.

Pure; takes what `reporting.trends.trend` returns. The page compares any two ranges by the same
formula, in `templates/data.js`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from records import Emotion
from reporting.sentences import newest_start
from reporting.trends import wilson


@dataclass(frozen=True, slots=True)
class Moved:
    """One emotion's share in two periods; intervals are of 95 %."""

    emotion: Emotion
    share: float
    interval: tuple[float, float]
    before: float
    change: float
    change_interval: tuple[float, float]

    @property
    def is_clear(self) -> bool:
        """Whether the interval of the change leaves out 0."""
        low, high = self.change_interval
        return low > 0 or high < 0


@dataclass(frozen=True, slots=True)
class Comparison:
    """The newest complete bucket against the one right before it."""

    start: pd.Timestamp
    before: pd.Timestamp
    n: int
    n_before: int
    moved: tuple[Moved, ...]


def compare_newest(trend: pd.DataFrame) -> Comparison | None:
    """Return the comparison; None when the bucket right before holds no message."""
    if trend.empty:
        return None
    start = newest_start(trend)
    now = trend[trend["start"] == start]
    if now["previous"].isna().any():
        return None
    starts = np.sort(trend["start"].unique())
    before = pd.Timestamp(starts[starts < start].max())
    # Every bucket has a row for every emotion, in the same order.
    earlier = trend[trend["start"] == before]
    n, n_before = int(now["n"].iloc[0]), int(earlier["n"].iloc[0])
    moved = []
    columns = (now["emotion"], now["count"], earlier["count"], now["low"], now["high"])
    for emotion, count, count_before, low, high in zip(*map(list, columns), strict=True):
        moved.append(
            Moved(
                emotion=emotion,
                share=count / n,
                interval=(low, high),
                before=count_before / n_before,
                change=count / n - count_before / n_before,
                change_interval=difference_interval(count, n, count_before, n_before),
            )
        )
    return Comparison(start, before, n, n_before, tuple(moved))


def difference_interval(
    count: int, n: int, count_before: int, n_before: int
) -> tuple[float, float]:
    """Return the 95 % interval of share - share before, both n at least 1.

    Source: Newcombe (1998), "Interval estimation for the difference between independent
    proportions", method 10, from two of Wilson's intervals.
    """
    now, before = count / n, count_before / n_before
    (low, low_before), (high, high_before) = wilson([count, count_before], [n, n_before])
    down = float(np.hypot(now - low, high_before - before))
    up = float(np.hypot(high - now, before - low_before))
    return now - before - down, now - before + up
