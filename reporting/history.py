"""Cut a whole archive into stretches of like mood, in hindsight: for explanation, never an alarm.

Pure; called by the report (bands) and by `moodwatch shifts history`. The search is exact and every
bucket a candidate; the cost is the likelihood of over-dispersed counts, so that a share of .02 and
one of .5 weigh as they should. Series of plain numbers (`change_points`) have a cost of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Final

import numpy as np

from records import Emotion
from reporting.baseline import Floats, Ints, Rhythm, learn_rhythm
from reporting.series import Series

#: Stretches hold at least so many buckets.
_SHORTEST: Final = 7

#: Buckets whose dispersion is looked at together: within them the level hardly changes.
_LOCAL: Final = 56

#: Least variance of a stretch of plain numbers, of the whole series' own: a flat piece is no proof.
_LEAST_NOISE: Final = 0.01

#: Archives of more buckets are first summed by so many, to keep the search short.
_MOST_BUCKETS: Final = 1500


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time of like mood."""

    source: str
    author: str | None
    started_at: date
    #: Last day, included.
    ended_at: date
    n: int
    #: Share of each emotion, with the week's rhythm left in.
    shares: dict[Emotion, float]
    #: The emotion that changed most against the stretch before, and its odds ratio; None: first.
    changed: Emotion | None
    odds_ratio: float | None


def segment(counts: Floats, phases: Ints, *, n_phases: int = 7) -> list[int]:
    """Return the first buckets of all stretches but the first.

    The cost of a stretch is minus twice the log likelihood of its effective counts at its own
    shares, so that twice the likelihood ratio of a true cut is as chi-squared.

    Args:
        counts: Messages by bucket and top emotion, shape (D, K); empty buckets are zeros.
        phases: Shape (D,).
        n_phases: P.
    """
    effective = _effective(counts, phases, n_phases)
    held = np.flatnonzero(effective.sum(axis=1) > 0)
    if len(held) < 2 * _SHORTEST:
        return []
    per = max(1, -(-len(held) // _MOST_BUCKETS))
    starts = np.arange(0, len(held), per)
    rows = np.add.reduceat(effective[held], starts, axis=0)
    sums = np.concatenate([np.zeros((1, rows.shape[1])), np.cumsum(rows, axis=0)])
    n_parameters = max(int((rows.sum(axis=0) >= 5).sum()) - 1, 1)

    def costs(end: int) -> Floats:
        inside = np.maximum(sums[end] - sums[:end], 1e-12)
        total = inside.sum(axis=1, keepdims=True)
        return np.asarray(-2 * (inside * np.log(inside / total)).sum(axis=1))

    cuts = partition(
        costs, len(rows), penalty=_penalty(n_parameters, len(rows)), shortest=_SHORTEST // per
    )
    return [int(held[starts[cut]]) for cut in cuts]


def change_points(values: Floats, *, shortest: int = 2) -> list[int]:
    """Return where a plain series of numbers (N,) changes level, trend or noise; NaN are bridged.

    The cost is that of a straight line with normal noise of its own in each stretch.
    """
    known = np.isfinite(values)
    if known.sum() < 2 * shortest:
        return []
    filled = np.interp(np.arange(len(values)), np.flatnonzero(known), values[known])
    spread = float(filled.std())
    if spread == 0:
        return []
    y = (filled - filled.mean()) / spread
    t = np.linspace(-1, 1, len(y))
    sums = np.concatenate(
        [np.zeros((1, 5)), np.cumsum(np.stack([y, y * y, t, t * t, t * y], axis=1), axis=0)]
    )

    def costs(end: int) -> Floats:
        length = end - np.arange(end)
        sum_y, sum_yy, sum_t, sum_tt, sum_ty = (sums[end] - sums[:end]).T
        around_t = sum_tt - sum_t**2 / length
        along = (sum_ty - sum_t * sum_y / length) ** 2 / np.maximum(around_t, 1e-12)
        left = sum_yy - sum_y**2 / length - np.where(around_t > 1e-12, along, 0.0)
        return np.asarray(length * np.log(np.maximum(left / length, _LEAST_NOISE)))

    # Level, slope, spread.
    return partition(costs, len(y), penalty=_penalty(3, len(y)), shortest=shortest)


def partition(
    costs: Callable[[int], Floats], n: int, *, penalty: float, shortest: int = 1
) -> list[int]:
    """Return the cuts of the cheapest partition of n buckets, found exactly.

    Args:
        costs: Of the stretches that end before a bucket, by their first one: costs(end), (end,).
        n: Number of buckets.
        penalty: Of each cut.
        shortest: Least buckets of a stretch.

    Source: optimal partitioning, Jackson et al. (2005); what PELT of `ruptures` finds with jump=1,
    but all starts at once (a test compares them): 50 times as fast where little changes.
    """
    shortest = max(shortest, 1)
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    last = np.zeros(n + 1, dtype=np.int64)
    for end in range(shortest, n + 1):
        reach = end - shortest + 1
        total = best[:reach] + costs(end)[:reach] + penalty
        last[end] = int(np.argmin(total))
        best[end] = float(total[last[end]])
    cuts: list[int] = []
    end = n
    while end > 0:
        end = int(last[end])
        if end > 0:
            cuts.append(end)
    return cuts[::-1]


def _penalty(n_parameters: int, n: int) -> float:
    """Return what a cut costs: a BIC of its parameters, and of its own place among all.

    Source: modified BIC, Zhang & Siegmund (2007), without the term of the stretches' lengths.
    """
    return float((n_parameters + 2) * np.log(n))


def _effective(counts: Floats, phases: Ints, n_phases: int) -> Floats:
    """Divide counts by their inflation, and take the rhythm of the week out."""
    whole = learn_rhythm(counts[None], phases, n_phases=n_phases)
    local = [
        float(learn_rhythm(part[None], at, n_phases=n_phases).rho[0])
        for part, at in (
            (counts[start : start + _LOCAL], phases[start : start + _LOCAL])
            for start in range(0, max(len(counts) - _LOCAL, 0) + 1, _LOCAL)
        )
    ]
    # The changes sought would pass for dispersion in the archive as a whole.
    rhythm = Rhythm(whole.pattern, np.array([float(np.median(local))]), whole.clumping)
    n = counts.sum(axis=1)
    usual = counts / rhythm.pattern[0][phases]
    usual *= (n / np.maximum(usual.sum(axis=1), 1e-12))[:, None]
    return np.asarray(usual / rhythm.inflation(n)[:, None])


def stretches(series: Series) -> list[Stretch]:
    """Return the stretches of a series, oldest first."""
    n_phases = int(series.phases.max()) + 1 if len(series.phases) else 1
    cuts = segment(series.counts, series.phases, n_phases=n_phases)
    bounds = [0, *cuts, len(series.counts)]
    found: list[Stretch] = []
    before: Floats | None = None
    for start, end in pairwise(bounds):
        counts = series.counts[start:end].sum(axis=0)
        shares = (counts + 0.5) / (counts.sum() + 0.5 * len(counts))
        changed, odds_ratio = None, None
        if before is not None:
            odds = shares / (1 - shares) / (before / (1 - before))
            # What moved most, in the clearest terms: Cohen's h.
            moved = np.abs(np.arcsin(np.sqrt(shares)) - np.arcsin(np.sqrt(before)))
            top = int(np.argmax(moved))
            changed, odds_ratio = series.emotions[top], float(odds[top])
        found.append(
            Stretch(
                series.source,
                series.author,
                series.day(start),
                series.day(end - 1, last=True),
                int(counts.sum()),
                {
                    emotion: float(share)
                    for emotion, share in zip(series.emotions, shares, strict=True)
                },
                changed,
                odds_ratio,
            )
        )
        before = shares
    return found
