"""How far a source is from its baseline: a day's residual vector, and the statistic of many days.

Pure numpy; used by `reporting.shifts` only. K is the number of emotions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from reporting.baseline import Baseline, Floats
from reporting.series import Average

#: A day's residual vector is cut at this many times its usual length: one viral day is no shift.
_LONGEST_DAY: Final = 2.0

#: Emotions expected fewer times than this in the days the moving average sees are tested as one.
_MIN_EXPECTED: Final = 5.0


def day_residual(counts: Floats, weekday: int, baseline: Baseline) -> Floats:
    """Return a day's Pearson residuals, shape (K,): their squares sum to about K - 1.

    The multinomial counterpart of the standardised binomial residual, corrected for weekday and
    over-dispersion.
    """
    n = counts.sum()
    expected = n * baseline.expected_shares(weekday)
    residual = (counts - expected) / np.sqrt(expected * baseline.inflation(n))
    length = float(np.sqrt((residual**2).sum()))
    longest = _LONGEST_DAY * np.sqrt(len(counts) - 1)
    return np.asarray(residual * min(1.0, longest / length) if length > 0 else residual)


class Smoothed:
    """Moving averages of the days since the baseline began to be watched, or the last alarm."""

    def __init__(self, averages: Sequence[Average], n_emotions: int) -> None:
        self._averages = averages
        self._n_emotions = n_emotions
        self.restart()

    def restart(self) -> None:
        self._vectors = [np.zeros(self._n_emotions) for _ in self._averages]
        self.n_days = 0

    def add(self, residual: Floats) -> None:
        self.n_days += 1
        self._vectors = [
            (1 - average.smoothing) * vector + average.smoothing * residual
            for average, vector in zip(self._averages, self._vectors, strict=True)
        ]

    def excess(self, *, messages_a_day: float, baseline: Baseline) -> float:
        """Return by how much the average that is furthest off passes its limit; below 0: none."""
        return max(
            distance(
                vector,
                n_smoothed=self.n_days,
                smoothing=average.smoothing,
                messages_a_day=messages_a_day,
                baseline=baseline,
            )
            - average.limit
            for average, vector in zip(self._averages, self._vectors, strict=True)
        )


def distance(
    smoothed: Floats,
    *,
    n_smoothed: int,
    smoothing: float,
    messages_a_day: float,
    baseline: Baseline,
) -> float:
    """Return the smoothed residual vector's distance from 0, as a normal quantile.

    Args:
        smoothed: Exponentially weighted mean of `day_residual`, shape (K,).
        n_smoothed: Days in that mean.
        smoothing: Weight of the newest day.
        messages_a_day: Recent mean, to tell emotions too rare to be tested by themselves.
        baseline: The level compared with.

    Source: multivariate EWMA, Lowry, Woodall, Champ & Rigdon (1992), with their exact variance
    for few days plus the baseline's own; chi-squared to normal by Wilson & Hilferty (1931), so
    that one limit serves any number of emotions.
    """
    weight = smoothing / (2 - smoothing)
    variance = weight * (1 - (1 - smoothing) ** (2 * n_smoothed)) + 1 / baseline.n_days
    groups = _lump(baseline.shares, messages_a_day / weight)
    # A lump's Pearson residual is the sum of its members', weighted by root share.
    weighted = groups @ (np.sqrt(baseline.shares) * smoothed)
    distances = weighted / np.sqrt(groups @ baseline.shares)
    degrees = len(groups) - 1
    squared = float((distances**2).sum()) / variance
    spread = 2 / (9 * degrees)
    return float(((squared / degrees) ** (1 / 3) - (1 - spread)) / np.sqrt(spread))


def _lump(shares: Floats, n_seen: float) -> Floats:
    """Return the groups to test, shape (groups, K) of 0 and 1: rare emotions stand in one group.

    At few messages a day a rare emotion's residual is far from normal, and two of its messages
    would make an alarm.
    """
    rare = shares * n_seen < _MIN_EXPECTED
    rare[np.argmax(shares)] = False  # the commonest always stands for itself
    alone = np.flatnonzero(~rare)
    groups = np.zeros((len(alone) + int(rare.any()), len(shares)))
    groups[np.arange(len(alone)), alone] = 1
    if rare.any():
        groups[-1, rare] = 1
    return groups
