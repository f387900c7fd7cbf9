"""What each bucket of many series is compared with: the running sums, their rhythm, the level.

Pure numpy; used by `reporting.watch`, bucket after bucket.
R is the number of series, D of buckets, K of emotions, A of the series at hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.baseline import PRIOR, Bools, Floats, Ints, Rhythm, effective, learn_rhythm
from reporting.plans import Limits, Plan

#: Right after an alarm the limit is higher by this part; it falls back as the new level settles.
_CAUTION_AFTER: Final = 0.3

#: A bucket's residuals are cut where one alone would bring this part of the evidence an alarm
#: needs, and no nearer than so many standard deviations: one viral day is no shift.
_MOST_OF_A_BUCKET: Final = 0.6
_NEAREST_CUT: Final = 2.5


@dataclass(frozen=True, slots=True)
class Level:
    """What a bucket of A series is compared with."""

    shares: Floats
    #: Effective messages the shares rest on, and those of a bucket; shape (A,).
    n_base: Floats
    n_a_bucket: Floats
    #: Whether there is enough for a verdict, and whether a shift began within the baseline.
    is_known: Bools
    is_young: Bools
    #: Times the limit.
    caution: Floats


class Levels:
    """What is known of R series by the bucket at hand."""

    def __init__(
        self, counts: Floats, phases: Ints, limits: Limits, plan: Plan, begin: Ints
    ) -> None:
        self._counts, self._phases, self._begin = counts, phases, begin
        self._limits, self._plan = limits, plan
        runs, buckets, n_emotions = counts.shape
        n = counts.sum(axis=2)
        #: Running sums over buckets: effective messages by emotion (R, D + 1, K).
        self.cum = np.zeros((runs, buckets + 1, n_emotions))
        #: Likewise effective messages in all, buckets with messages, messages; (R, D + 1).
        self.cum_n = np.zeros((runs, buckets + 1))
        self.cum_held = np.zeros((runs, buckets + 1))
        self._cum_raw = np.zeros((runs, buckets + 1))
        self.cum_held[:, 1:] = np.cumsum(n > 0, axis=1)
        self._cum_raw[:, 1:] = np.cumsum(n, axis=1)
        #: First bucket of the present level, -1 while it has not changed.
        self.changed = np.full(runs, -1, dtype=np.int64)
        self.rhythm = Rhythm(np.ones((runs, plan.n_phases, n_emotions)), *np.ones((2, runs)))
        #: Standard deviations at which a bucket's residuals are cut, shape (R,).
        self.cuts = np.full(runs, _NEAREST_CUT)

    def open(self, rows: Ints, start: int, now: int) -> None:
        """Enter the buckets of the time before the first verdict, by the rhythm of all of them."""
        stretch = slice(start, now)
        counts = self._counts[rows, stretch]
        self._learn(rows, counts, stretch)
        shares = (counts.sum(axis=1) + PRIOR) / (counts.sum(axis=(1, 2)) + PRIOR * counts.shape[2])[
            :, None
        ]
        for bucket in range(start, now):
            self.enter(rows, bucket, shares)

    def refresh(self, rows: Ints, now: int) -> None:
        """Learn rhythm and dispersion of the trailing baseline, of the present level alone."""
        plan, changed = self._plan, self.changed
        end = now - plan.gap
        first = max(end - plan.baseline, 0)
        rows = rows[(changed[rows] <= first) | (end - changed[rows] >= plan.relearn)]
        if len(rows) == 0 or end <= first:
            return
        stretch = slice(first, end)
        counts = self._counts[rows, stretch]
        stale = np.arange(first, end)[None, :] < changed[rows, None]
        if stale.any():
            counts = np.where(stale[..., None], 0.0, counts)
        self._learn(rows, counts, stretch)

    def at(self, rows: Ints, now: int) -> Level:
        """Return what the bucket is compared with.

        After a shift only buckets of the new level count: it is not flagged again while it ages
        into the baseline, and the return to the old level is a shift of its own. While the new
        level is young the gap is shorter.
        """
        plan = self._plan
        changed = self.changed[rows]
        first = np.maximum(now - plan.gap - plan.baseline, self._begin[rows])
        is_young = changed > first
        gap = np.where(is_young, np.minimum(plan.gap, (now - changed) // 3), plan.gap)
        first = np.maximum(first, changed)
        end = now - gap
        n_held = self.cum_held[rows, end] - self.cum_held[rows, first]
        n_raw = self._cum_raw[rows, end] - self._cum_raw[rows, first]
        enough = (n_held >= plan.min_held) & (n_raw >= plan.min_messages)
        enough_young = (n_held >= plan.min_held_after) & (
            (n_raw >= plan.min_messages_after) | (n_held >= plan.min_held_young)
        )
        is_known = np.where(is_young, enough_young, enough)
        # Without a verdict the buckets are still entered, round the best guess there is.
        end = np.where(is_known, end, now)
        n_base = self.cum_n[rows, end] - self.cum_n[rows, first]
        # Taking the rhythm away can leave a rare emotion of a few buckets below nil.
        sums = np.maximum(self.cum[rows, end] - self.cum[rows, first], 0.0)
        shares = (sums + PRIOR) / (n_base + PRIOR * sums.shape[1])[:, None]
        # A false alarm's level is learnt from days picked for being odd: they even out again.
        caution = np.where(is_young, 1 + _CAUTION_AFTER * (1 - (now - changed) / plan.settled), 1.0)
        n_a_bucket = n_base / np.maximum(end - first, 1)
        allowed = _MOST_OF_A_BUCKET * self._limits.settled_at(rows, n_a_bucket)
        self.cuts[rows] = np.maximum(np.sqrt(2 * np.maximum(allowed, 0.0)), _NEAREST_CUT)
        return Level(shares, n_base, n_a_bucket, is_known, is_young, np.maximum(caution, 1.0))

    def enter(self, rows: Ints, bucket: int, shares: Floats) -> tuple[Floats, Floats]:
        """Add a bucket to the running sums: rhythm removed, wild buckets cut, lumpiness paid for.

        Returns:
            Effective messages by emotion (A, K), and in all (A,).
        """
        weighted, entered = self.effective(rows, bucket, shares)
        self.cum[rows, bucket + 1] = self.cum[rows, bucket] + weighted
        self.cum_n[rows, bucket + 1] = self.cum_n[rows, bucket] + entered
        return weighted, entered

    def skip(self, rows: Ints, bucket: int) -> None:
        """Add nothing for a bucket: there is no level to enter it by."""
        self.cum[rows, bucket + 1] = self.cum[rows, bucket]
        self.cum_n[rows, bucket + 1] = self.cum_n[rows, bucket]

    def effective(self, rows: Ints, bucket: int, shares: Floats) -> tuple[Floats, Floats]:
        """Return a bucket's effective messages round a level (A, K), as `baseline.effective`."""
        return effective(
            self._counts[rows, bucket],
            shares,
            self.rhythm,
            rows,
            self._phases[bucket],
            cuts=self.cuts,
        )

    def enter_again(self, run: int, first: int, end: int, shares: Floats) -> None:
        """Add the buckets from first to end anew, round another level (K,)."""
        counts = self._counts[run, first:end]
        weighted, entered = effective(
            counts,
            np.broadcast_to(shares, counts.shape),
            self.rhythm,
            np.full(len(counts), run),
            self._phases[first:end],
            cuts=self.cuts,
        )
        after = slice(first + 1, end + 1)
        self.cum[run, after] = self.cum[run, first] + np.cumsum(weighted, axis=0)
        self.cum_n[run, after] = self.cum_n[run, first] + np.cumsum(entered)

    def _learn(self, rows: Ints, counts: Floats, stretch: slice) -> None:
        plan, rhythm = self._plan, self.rhythm
        learnt = learn_rhythm(
            counts, self._phases[stretch], n_phases=plan.n_phases, block=plan.block
        )
        rhythm.pattern[rows] = learnt.pattern
        rhythm.rho[rows] = learnt.rho
        rhythm.clumping[rows] = learnt.clumping
