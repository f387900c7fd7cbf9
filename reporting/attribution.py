"""When a change began, and which emotions made it.

Pure numpy; used by `reporting.watch` and `reporting.shifts` once the source's residual vector as a
whole has left its baseline. When anger rises, every other share falls a little: only emotions that
moved by themselves are named.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.baseline import Baseline, Floats, Ints, learn

#: A further emotion is named only when it deviates by this many standard deviations.
_FURTHER_MOVE: Final = 3.5

#: Segments of an archive that are compared in hindsight hold at least this many days.
_MIN_SEGMENT_DAYS: Final = 7

#: Least size of a change shown in hindsight, in normal quantiles (of the best of all splits).
_HINDSIGHT_LIMIT: Final = 4.0


@dataclass(frozen=True, slots=True)
class Move:
    """One emotion's share before and after; `emotion` is its column in the counts."""

    emotion: int
    share_before: float
    share_after: float


def attribute(
    counts: Floats,
    phases: Ints,
    baseline: Baseline,
    *,
    smallest_odds_ratio: float,
    named: Collection[int] = (),
) -> list[Move]:
    """Return the emotions that moved, the clearest first; empty when all moves are trifles.

    Each step removes the emotions named so far and compares the rest with the baseline's
    proportions among the rest. An emotion is as clear as the weaker of its two deviations: of its
    plain share, and of its part of the rest. (By the second alone a fall of joy would be read as a
    rise of neutral about as often.)

    Args:
        counts: Buckets since the change began, shape (D, K), each with messages.
        phases: Of each bucket, shape (D,).
        baseline: The level before.
        smallest_odds_ratio: Changes smaller than this, either way, are trifles.
        named: Emotions this change has been attributed to already; only further ones are returned.
    """
    n = counts.sum(axis=1)
    expected = (n[:, None] * baseline.expected_shares(phases)).sum(axis=0)
    observed = counts.sum(axis=0)
    total = float(n.sum())
    inflation = float((n * baseline.inflation(n)).sum() / total)
    # The baseline's own share is uncertain too: its messages against those at hand.
    inflation *= 1 + total / inflation / max(baseline.n_effective, 1.0)
    before = expected / total
    after = (observed + 0.5) / (total + 1)
    worthwhile = _odds_ratio(before, after) >= smallest_odds_ratio
    plain = _deviation(observed, expected, inflation)

    moves: list[Move] = []
    rest = np.ones(len(observed), dtype=bool)
    rest[list(named)] = False
    while rest.sum() >= 2:
        fitted = expected / expected[rest].sum() * observed[rest].sum()
        among_rest = _deviation(
            np.where(rest, observed, 0.0), np.where(rest, fitted, 0.0), inflation
        )
        agree = rest & worthwhile & (np.sign(among_rest) == np.sign(plain))
        clearness = np.where(agree, np.minimum(np.abs(among_rest), np.abs(plain)), 0.0)
        top = int(np.argmax(clearness))
        needed = _FURTHER_MOVE if moves or named else 0.0
        if clearness[top] <= needed:
            break
        moves.append(Move(top, float(before[top]), float(after[top])))
        rest[top] = False
    return moves


def _deviation(observed: Floats, expected: Floats, inflation: float) -> Floats:
    """Return (observed - expected) in standard deviations of an over-dispersed binomial."""
    total = max(float(expected.sum()), 1.0)
    variance = np.maximum(expected * (1 - expected / total), 1.0) * inflation
    return np.asarray((observed - expected) / np.sqrt(variance))


def largest_split(counts: Floats, phases: Ints, *, n_phases: int = 7) -> int | None:
    """Return the first row of the later part where an archive differs most between two parts.

    For explanation only: the best of all splits is no test. None when even that one is within
    what chance does, or when fewer than two weeks hold messages.
    """
    n_days = len(counts)
    if n_days < 2 * _MIN_SEGMENT_DAYS:
        return None
    whole = learn(counts, phases, n_phases=n_phases)
    n = counts.sum(axis=1)
    expected = n[:, None] * whole.expected_shares(phases)
    scale = np.sqrt(n * whole.inflation(n))
    residuals = (counts - expected) / np.sqrt(expected) * (np.sqrt(n) / scale)[:, None]
    sums = np.cumsum(residuals, axis=0)
    sizes = np.arange(1, n_days + 1)
    later = n_days - sizes
    candidates = np.arange(_MIN_SEGMENT_DAYS - 1, n_days - _MIN_SEGMENT_DAYS)
    # Difference of two means, in units of its variance.
    difference = (
        sums[candidates] / sizes[candidates, None]
        - (sums[-1] - sums[candidates]) / (later[candidates, None])
    )
    weight = 1 / (1 / sizes[candidates] + 1 / later[candidates])
    squared = (difference**2).sum(axis=1) * weight
    best = int(np.argmax(squared))
    degrees = counts.shape[1] - 1
    spread = 2 / (9 * degrees)
    quantile = ((squared[best] / degrees) ** (1 / 3) - (1 - spread)) / np.sqrt(spread)
    return int(candidates[best]) + 1 if quantile > _HINDSIGHT_LIMIT else None


def _odds_ratio(before: Floats, after: Floats) -> Floats:
    """Return how many times the odds changed, up or down alike, always >= 1."""
    change = np.log(after / (1 - after)) - np.log(before / (1 - before))
    return np.asarray(np.exp(np.abs(change)))
