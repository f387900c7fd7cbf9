"""How many messages a day of a source usually holds, and how far out another number is.

Pure; for `reporting.volume`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final, Self

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_NORMAL: Final = NormalDist()

#: Most probabilities added up one by one.
_MOST_SUMMED: Final = 100_000


@dataclass(frozen=True, slots=True)
class DayCounts:
    """What a day of a source holds: a level, a weekday pattern, an over-dispersion."""

    level: float
    #: Shape (7,), Monday first, mean 1.
    weekday: Floats
    #: Variance is m + m² / size; infinite for counts no more spread than chance.
    size: float
    n_days: int

    @classmethod
    def learn(cls, counts: Floats, weekdays: Ints) -> Self:
        """Estimate by moments, weekdays shrunk to the level by a week's worth of days."""
        level = max(float(counts.mean()), 0.5 / len(counts))
        # Two ordinary days stand against what was seen of each weekday.
        seen = np.bincount(weekdays, weights=counts, minlength=7) / level
        weekday = (seen + 2) / (np.bincount(weekdays, minlength=7) + 2)
        weekday /= weekday.mean()
        means = level * weekday[weekdays]
        n_free = max(len(counts) - 7, 1)
        # As of a quasi-Poisson: what the squares hold beyond chance, over the squared means.
        excess = float(((counts - means) ** 2 - means).sum()) / n_free * len(counts)
        squares = float((means**2).sum())
        size = squares / excess if excess > 0 else math.inf
        return cls(level, weekday, size, len(counts))

    def expected(self, day: int) -> float:
        return self.level * float(self.weekday[(day + 6) % 7])

    def surprise(self, count: float, day: int) -> float:
        """Return how far out `count` is, as a normal quantile.

        The level is uncertain by its own days and the spread by as many: the first widens the
        distribution, the second makes a Student t of it, of fewer degrees of freedom the heavier
        the tails of a day's count are (its excess kurtosis is 6 / size and more).

        Source: Wallace (1959), "Bounds on normal approximations to Student's and the chi-square
        distributions", for the normal quantile of a t.
        """
        mean = self.expected(day)
        shape = 0.0 if math.isinf(self.size) else 1 / self.size
        n_alike = self.n_days / 7 + 2
        variance = mean + mean**2 * shape
        spread = (variance * (1 + 1 / n_alike) - mean) / mean**2
        z = _negative_binomial_quantile(count, mean, 1 / spread)
        df = (self.n_days - 7) / (1 + 3 * shape + 0.5 / variance)
        t = (8 * df + 1) / (8 * df + 3) * math.sqrt(df * math.log1p(z * z / df))
        return math.copysign(t, z)


def _negative_binomial_quantile(count: float, mean: float, size: float) -> float:
    """Return the normal quantile of `count`'s mid-p value under a negative binomial."""
    top = int(max(count, mean) + 20 * math.sqrt(mean + mean**2 / size) + 20)
    if top > _MOST_SUMMED:
        # asinh stabilises the variance of a negative binomial (Anscombe 1948).
        def stable(value: float) -> float:
            return 2 * math.sqrt(size) * math.asinh(math.sqrt((value + 0.375) / size))

        return stable(count) - stable(mean)
    steps = np.arange(top)
    ratios = np.log((steps + size) / (steps + 1)) + math.log(mean / (mean + size))
    masses = np.exp(
        size * math.log(size / (mean + size)) + np.concatenate(([0.0], ratios.cumsum()))
    )
    half = masses[int(count)] / 2
    lower, upper = masses[: int(count)].sum() + half, masses[int(count) + 1 :].sum() + half
    tail = float(np.clip(min(lower, upper), 1e-300, 0.5))
    z = -_NORMAL.inv_cdf(tail)
    return z if upper < lower else -z
