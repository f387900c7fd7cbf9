"""What a series' mood usually is: the rhythm of its week and day, the lumpiness of its buckets.

Pure numpy, for many series at once; used by `reporting.watch`, `attribution` and `history`.
R is the number of series (or of simulated runs), D of buckets, K of emotions, P of phases (the
weekdays of daily buckets; the hours of the week of hourly ones; 1 where there is no rhythm).
Empty buckets hold zeros and carry no weight: they are skipped, never taken as a share of zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from statistics import NormalDist
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

#: Messages of prior weight given to each emotion, so that no expected count is ever zero.
PRIOR: Final = 0.5

#: Part of the most extreme buckets left out of the dispersion: a viral day is not the usual spread.
_TRIMMED: Final = 0.05

#: Dispersion expected before anything is known, and how far sources differ in it.
_USUAL_RHO: Final = 0.01
_RHO_SPREAD: Final = 0.015


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Phase pattern and dispersion of R series."""

    #: Share in a phase over overall share, shape (R, P, K); 1 where nothing was learnt.
    pattern: Floats
    #: Intra-class correlation of the messages of one bucket, shape (R,), 0 to .5.
    rho: Floats
    #: How many times more whole blocks of buckets vary than independent buckets would, (R,), >= 1.
    clumping: Floats

    def inflation(self, n: Floats) -> Floats:
        """Return how many times the multinomial variance n messages (R,) of a bucket vary."""
        return np.asarray((1.0 + np.maximum(n - 1.0, 0.0) * self.rho) * self.clumping)


@dataclass(frozen=True, slots=True)
class Baseline:
    """The level one series is compared with, as far as its buckets show it."""

    #: Overall share of each emotion, shape (K,), each above 0, summing to 1.
    shares: Floats
    #: Shape (P, K), see `Rhythm.pattern`.
    pattern: Floats
    rho: float
    clumping: float
    #: Messages the shares rest on, each counted as far as it is not one more of the same bucket.
    n_effective: float

    def expected_shares(self, phases: Ints) -> Floats:
        """Return the shares expected in phases (D,), shape (D, K), each row summing to 1."""
        shares = self.shares * self.pattern[phases]
        return np.asarray(shares / shares.sum(axis=1, keepdims=True))

    def inflation(self, n: Floats) -> Floats:
        return np.asarray((1.0 + np.maximum(n - 1.0, 0.0) * self.rho) * self.clumping)


def learn_rhythm(counts: Floats, phases: Ints, *, n_phases: int, block: int = 1) -> Rhythm:
    """Estimate pattern and dispersion of a stretch of buckets.

    Args:
        counts: Messages by bucket and top emotion, shape (R, D, K); empty buckets are zeros.
        phases: Shape (D,), 0 to n_phases - 1.
        n_phases: P.
        block: Buckets that may share a mood, as the hours of a day do; 1: none.
    """
    n = counts.sum(axis=2)
    shares = (counts.sum(axis=1) + PRIOR) / (n.sum(axis=1) + PRIOR * counts.shape[2])[:, None]
    in_phase = (phases[None, :] == np.arange(n_phases)[:, None]).astype(np.float64)
    totals = np.matmul(in_phase, counts)
    rho = _intra_class_correlation(counts, n, shares, totals[:, phases])
    spread = (n * (1 + np.maximum(n - 1, 0) * rho[:, None])) @ in_phase.T
    if n_phases == 7 * 24:
        pattern = _hours_of_week(totals, shares, spread)
    else:
        pattern = _pattern(totals, shares, spread)
    clumping = np.ones(len(counts))
    if block > 1:
        clumping = _clumping(counts, n, shares[:, None] * pattern[:, phases], rho, block)
    return Rhythm(pattern, rho, clumping)


def _intra_class_correlation(counts: Floats, n: Floats, shares: Floats, of_phase: Floats) -> Floats:
    """Estimate rho by moments: a bucket's Pearson statistic has mean (K-1)(1 + (n-1) rho).

    Buckets are compared with the mean of their own phase, so that a weekly pattern is not taken
    for dispersion; the most extreme ones are trimmed.

    Source: Williams (1982), "Extra-binomial variation in logistic linear models", model II.
    """
    n_phase = of_phase.sum(axis=2)
    kept = (n >= 2) & (n_phase > n)
    expected = (of_phase + shares[:, None]) * (n / (n_phase + 1))[..., None]
    size = np.where(kept, n, 1.0)
    pearson = ((counts - expected) ** 2 / shares[:, None]).sum(axis=2) / size
    # A bucket is part of its phase's mean: its own residual is smaller by 1 - n / n_phase.
    degrees = (counts.shape[2] - 1) * (1 - n / np.where(kept, n_phase, n + 1))
    ratio = np.where(kept, pearson / degrees, np.inf)
    n_kept = kept.sum(axis=1)
    last = np.maximum((n_kept * (1 - _TRIMMED)).astype(np.int64) - 1, 0)
    limit = np.take_along_axis(np.sort(ratio, axis=1), last[:, None], axis=1)
    calm = kept & (ratio <= limit)
    usual = _trimmed_mean(counts.shape[2] - 1)
    excess = np.where(calm, pearson / usual - degrees, 0.0).sum(axis=1)
    scale = np.where(calm, degrees * (n - 1), 0.0).sum(axis=1)
    # Shrunk to what is usual, as far as the buckets leave it open: few messages tell little.
    precision = scale**2 / (2 * np.maximum(np.where(calm, degrees, 0.0).sum(axis=1), 1.0))
    precision = (
        precision / (1 + _USUAL_RHO * np.where(calm, n - 1, 0.0).sum(axis=1) / n_kept.clip(1)) ** 2
    )
    rho = excess / np.where(scale > 0, scale, 1.0)
    prior = 1 / _RHO_SPREAD**2
    return np.asarray(
        np.clip((rho * precision + _USUAL_RHO * prior) / (precision + prior), 0.0, 0.5)
    )


@cache
def _trimmed_mean(degrees: int) -> float:
    """Return the mean of chi-squared / degrees without its largest values.

    Source: Wilson & Hilferty (1931), by numbers.
    """
    chance = (np.arange(2000) + 0.5) / 2000 * (1 - _TRIMMED)
    inverse = NormalDist().inv_cdf
    quantiles = np.array([inverse(float(value)) for value in chance])
    spread = 2 / (9 * degrees)
    return float(np.mean(np.maximum(1 - spread + quantiles * np.sqrt(spread), 0.0) ** 3))


def _pattern(totals: Floats, shares: Floats, spread: Floats) -> Floats:
    """Return phase share / overall share, shrunk towards 1 as far as chance explains it.

    Args:
        totals: Messages by phase, shape (R, P, K).
        shares: Shape (R, K).
        spread: Sum of n (1 + (n-1) rho) over each phase's buckets, shape (R, P).

    Source: James & Stein (1961), positive-part estimator, on the Pearson residuals of the totals.
    """
    n_phase = totals.sum(axis=2)
    present = n_phase > 0
    usual = n_phase[..., None] * shares[:, None]
    weight = np.where(present, spread, 1.0)[..., None] * shares[:, None]
    pearson = ((totals - usual) ** 2 / weight).sum(axis=(1, 2))
    degrees = (present.sum(axis=1) - 1) * (totals.shape[2] - 1)
    keep = np.where(
        (degrees > 2) & (pearson > 0),
        np.maximum(0.0, 1 - (degrees - 2) / np.where(pearson > 0, pearson, 1.0)),
        0.0,
    )
    ratio = np.where(present[..., None], totals / np.where(present[..., None], usual, 1.0), 1.0)
    return np.asarray(np.maximum(1 + keep[:, None, None] * (ratio - 1), 0.05))


def _hours_of_week(totals: Floats, shares: Floats, spread: Floats) -> Floats:
    """Return the pattern of 168 hours as weekday times hour of day: a cell alone holds too few."""
    runs, _, n_emotions = totals.shape
    cells = totals.reshape(runs, 7, 24, n_emotions)
    spreads = spread.reshape(runs, 7, 24)
    days = _pattern(cells.sum(axis=2), shares, spreads.sum(axis=2))
    hours = _pattern(cells.sum(axis=1), shares, spreads.sum(axis=1))
    return np.asarray((days[:, :, None] * hours[:, None]).reshape(totals.shape))


def _clumping(counts: Floats, n: Floats, pattern: Floats, rho: Floats, block: int) -> Floats:
    """Return by how much the sums of whole blocks vary more than their buckets' own variances."""
    runs, length, n_emotions = counts.shape
    n_blocks = length // block
    if n_blocks < 8:
        return np.ones(runs)
    expected = n[..., None] * pattern / pattern.sum(axis=2, keepdims=True)
    inflation = (n * (1 + np.maximum(n - 1, 0) * rho[:, None]))[..., None]
    cut = n_blocks * block
    summed = (counts - expected)[:, :cut].reshape(runs, n_blocks, block, n_emotions).sum(axis=2)
    share = expected.sum(axis=1) / np.maximum(n.sum(axis=1), 1.0)[:, None]
    variance = inflation[:, :cut].reshape(runs, n_blocks, block).sum(axis=2)
    held = variance > 0
    pearson = (summed**2 / np.maximum(share[:, None], 1e-9)).sum(axis=2)
    ratio = np.where(held, pearson / np.where(held, variance, 1.0), np.inf) / (n_emotions - 1)
    last = np.maximum((held.sum(axis=1) * (1 - _TRIMMED)).astype(np.int64) - 1, 0)
    limit = np.take_along_axis(np.sort(ratio, axis=1), last[:, None], axis=1)
    calm = held & (ratio <= limit)
    mean = np.where(calm, ratio, 0.0).sum(axis=1) / np.maximum(calm.sum(axis=1), 1)
    # What trimming takes from pure chance is put back.
    return np.asarray(np.maximum(mean / _trimmed_mean(n_emotions - 1), 1.0))


def learn(counts: Floats, phases: Ints, *, n_phases: int = 7) -> Baseline:
    """Estimate one series' baseline from its buckets, shape (D, K)."""
    rhythm = learn_rhythm(counts[None], phases, n_phases=n_phases)
    n = counts.sum(axis=1)
    inflation = 1 + np.maximum(n - 1, 0) * float(rhythm.rho[0])
    shares = (counts.sum(axis=0) + PRIOR) / (n.sum() + PRIOR * counts.shape[1])
    return Baseline(
        shares,
        rhythm.pattern[0],
        float(rhythm.rho[0]),
        1.0,
        float((n / inflation).sum()),
    )


def effective(
    counts: Floats, shares: Floats, rhythm: Rhythm, rows: Ints, phase: Ints | int, *, cuts: Floats
) -> tuple[Floats, Floats]:
    """Return a bucket's effective messages by emotion, as on a phase like all others; (A, K), (A,).

    The residuals are those of an over-dispersed multinomial, standardised to be cut.

    Args:
        counts: Messages of the bucket, shape (A, K).
        shares: The level they are taken round, shape (A, K).
        rhythm: Of all R series.
        rows: Which series these are, shape (A,).
        phase: Of the bucket, or of each.
        cuts: Standard deviations at which each series is cut, shape (R,).
    """
    n = counts.sum(axis=1)
    expected = shares * rhythm.pattern[rows, phase]
    expected /= expected.sum(axis=1, keepdims=True)
    inflation = (1 + np.maximum(n - 1, 0) * rhythm.rho[rows]) * rhythm.clumping[rows]
    residual = counts - n[:, None] * expected
    variance = n[:, None] * expected * (1 - expected) * inflation[:, None]
    size = np.abs(residual) / np.sqrt(np.maximum(variance, 1e-12))
    cut = np.minimum(1.0, cuts[rows] / np.maximum(size.max(axis=1), 1e-12))
    weighted = (n[:, None] * shares + residual * cut[:, None]) / inflation[:, None]
    return np.asarray(weighted), np.asarray(n / inflation)
