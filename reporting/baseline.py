"""What a source's mood usually is: shares, weekday pattern and over-dispersion of its baseline.

Pure numpy; used by `reporting.shifts` only. K is the number of emotions the bundle scores, D the
number of days that hold messages (empty days are left out, never filled with zero).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

#: Messages of prior weight given to each emotion, so that no expected count is ever zero.
_PRIOR: Final = 0.5

#: Part of the most extreme days left out of the dispersion: a viral day is not the usual spread.
_TRIMMED: Final = 0.05


@dataclass(frozen=True, slots=True)
class Baseline:
    """The usual mood of one source, as far as the days given show it."""

    #: Overall share of each emotion, shape (K,), each above 0, summing to 1.
    shares: Floats
    #: Weekday share over overall share, shape (7, K), Monday first; 1 where nothing was learnt.
    weekday: Floats
    #: Intra-class correlation of messages of one day, 0..1.
    rho: float
    #: Days the shares rest on, fewer where a few days hold most messages.
    n_days: float
    n_messages: int

    def expected_shares(self, weekday: int) -> Floats:
        """Return the shares expected on a weekday (0 = Monday), shape (K,), summing to 1."""
        shares = self.shares * self.weekday[weekday]
        return np.asarray(shares / shares.sum())

    def inflation(self, n: Floats | float) -> Floats:
        """Return how many times the multinomial variance n messages of one day vary."""
        return np.asarray(1.0 + np.maximum(np.asarray(n) - 1.0, 0.0) * self.rho)


def learn(counts: Floats, weekdays: Ints, *, pattern_of: Baseline | None = None) -> Baseline:
    """Estimate a baseline.

    Args:
        counts: Messages by day and top emotion, shape (D, K), every row with a sum above 0.
        weekdays: 0 = Monday .. 6, shape (D,).
        pattern_of: Take weekday pattern and dispersion from this baseline and learn only the
            shares: for the weeks after a shift, when few days of the new level exist.
    """
    n = counts.sum(axis=1)
    shares = (counts.sum(axis=0) + _PRIOR) / (n.sum() + _PRIOR * counts.shape[1])
    n_days = float(n.sum() ** 2 / (n**2).sum())
    if pattern_of is not None:
        weekday, rho = pattern_of.weekday, pattern_of.rho
        # Divide out the pattern of the weekdays at hand, which may be an uneven lot.
        usual = (n[:, None] * weekday[weekdays]).sum(axis=0) / n.sum()
        shares = shares / usual
        shares = shares / shares.sum()
    else:
        rho = _intra_class_correlation(counts, weekdays, shares)
        weekday = _weekday_pattern(counts, weekdays, shares, rho)
    return Baseline(shares, weekday, rho, n_days, int(n.sum()))


def _by_weekday(counts: Floats, weekdays: Ints) -> Floats:
    """Return the counts summed by weekday, shape (7, K)."""
    sums = np.zeros((7, counts.shape[1]))
    np.add.at(sums, weekdays, counts)
    return sums


def _intra_class_correlation(counts: Floats, weekdays: Ints, shares: Floats) -> float:
    """Estimate rho by moments: a day's Pearson statistic has mean (K-1)(1 + (n-1) rho).

    Days are compared with the mean of their own weekday, so that a weekly pattern is not taken for
    dispersion; the most extreme days are trimmed.

    Source: Williams (1982), "Extra-binomial variation in logistic linear models", model II.
    """
    n = counts.sum(axis=1)
    of_weekday = _by_weekday(counts, weekdays)[weekdays]
    n_weekday = of_weekday.sum(axis=1)
    kept = (n >= 2) & (n_weekday > n)
    if kept.sum() < 3:
        return 0.0
    expected = (of_weekday + shares) / (n_weekday + 1)[:, None] * n[:, None]
    pearson = ((counts - expected) ** 2 / (n[:, None] * shares)).sum(axis=1)
    # A day is part of its weekday's mean: its own residual is smaller by 1 - n / n_weekday.
    degrees = (counts.shape[1] - 1) * (1 - n / n_weekday)
    ratio = pearson[kept] / degrees[kept]
    limit = np.quantile(ratio, 1 - _TRIMMED)
    calm = ratio <= limit
    excess = (pearson[kept][calm] - degrees[kept][calm]).sum()
    scale = (degrees[kept][calm] * (n[kept][calm] - 1)).sum()
    return float(np.clip(excess / scale, 0.0, 0.5)) if scale > 0 else 0.0


def _weekday_pattern(counts: Floats, weekdays: Ints, shares: Floats, rho: float) -> Floats:
    """Return weekday share / overall share, shrunk towards 1 as far as chance explains it.

    Source: James & Stein (1961), positive-part estimator, on the Pearson residuals of the weekday
    totals.
    """
    n = counts.sum(axis=1)
    totals = _by_weekday(counts, weekdays)
    n_weekday = totals.sum(axis=1)
    present = n_weekday > 0
    pattern = np.ones_like(totals)
    degrees = (int(present.sum()) - 1) * (counts.shape[1] - 1)
    if degrees <= 2:
        return pattern
    # Variance of a weekday total is the sum of its days' variances.
    spread = np.zeros(7)
    np.add.at(spread, weekdays, n * (1 + np.maximum(n - 1, 0) * rho))
    deviation = totals[present] - n_weekday[present, None] * shares
    pearson = float((deviation**2 / (spread[present, None] * shares)).sum())
    keep = max(0.0, 1 - (degrees - 2) / pearson) if pearson > 0 else 0.0
    pattern[present] = 1 + keep * (totals[present] / (n_weekday[present, None] * shares) - 1)
    return np.maximum(pattern, 0.05)
