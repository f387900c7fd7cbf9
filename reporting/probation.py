"""Doubt an alarm: do the buckets after it lie at the level it announced, or at the one before?

Pure numpy; used by `reporting.watch`. A false alarm is raised by days picked for being odd, and
those after it are as before. While its level was learnt anew, a change that came then was taken
for part of it. So both levels are kept for a while: the likelihood of the buckets since decides,
and meanwhile evidence against the level before is summed on.
R is the number of series, K of emotions, T of tilts, A of series on probation.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.baseline import PRIOR, Floats, Ints
from reporting.cusum import Cusum
from reporting.levels import Levels
from reporting.plans import Plan
from reporting.tilts import evidence

#: Nats by which the level before must explain the buckets since better, for the alarm to be taken
#: back; and by which the new one must, to stand beyond doubt.
_BACK: Final = 3.0
_BEYOND_DOUBT: Final = 6.0

#: Messages at the level before that the new one is blended with: what raised an alarm exaggerates.
_PULL: Final = 20.0


@dataclass(frozen=True, slots=True)
class _Before:
    """What held before the alarm, and what has gathered against it since."""

    #: Shares (R, K), and the bucket since which they had held (R,), as `watch` keeps it.
    shares: Floats
    changed: Ints
    #: Evidence for each tilt of them since the alarm.
    sums: Cusum


class Probation:
    """The series whose last alarm is in doubt yet."""

    def __init__(self, levels: Levels, table: Floats, plan: Plan) -> None:
        n_tilts, n_emotions = table.shape
        runs = len(levels.changed)
        self._levels, self._table, self._plan = levels, table, plan
        self._is_on = np.zeros(runs, dtype=np.bool_)
        self._raised = np.zeros(runs, dtype=np.int64)
        # Log likelihood ratio of the level before against the new one.
        self._doubt = np.zeros(runs)
        self.before = _Before(
            np.full((runs, n_emotions), 1 / n_emotions),
            np.full(runs, -1, dtype=np.int64),
            Cusum(runs, n_tilts, plan.forgetting),
        )

    def begin(self, run: int, now: int, shares: Floats, changed: int) -> None:
        """Keep the level that an alarm has just left."""
        self._is_on[run] = True
        self._raised[run] = now
        self._doubt[run] = 0.0
        self.before.shares[run] = shares
        self.before.changed[run] = changed
        self.before.sums.restart(run, now)

    def weigh(self, now: int) -> Ints:
        """Weigh bucket `now`, not judged yet; return the series back at the level before, (A,)."""
        levels = self._levels
        rows = np.flatnonzero(self._is_on)
        if len(rows) == 0:
            return rows
        # From the change to the bucket before: none is weighed by a level it had a part in.
        seen = levels.cum[rows, now] - levels.cum[rows, levels.changed[rows]]
        before = self.before.shares[rows]
        new = np.maximum(seen, 0.0) + PRIOR + _PULL * before
        new /= new.sum(axis=1, keepdims=True)
        # Cut round the middle of both, a wild bucket speaks for neither.
        middle = np.sqrt(before * new)
        middle /= middle.sum(axis=1, keepdims=True)
        weighted, _ = levels.effective(rows, now, middle)
        self._doubt[rows] += (weighted * np.log(before / new)).sum(axis=1)
        doubt = self._doubt[rows]
        is_back = doubt > _BACK
        is_over = now - self._raised[rows] > self._plan.relearn
        self._is_on[rows] = ~(is_back | is_over | (doubt < -_BEYOND_DOUBT))
        self._sum_up(np.flatnonzero(self._is_on), now)
        return rows[is_back]

    def _sum_up(self, rows: Ints, now: int) -> None:
        """Sum the evidence against the level before, as `watch` does."""
        before = self.before
        shares = before.shares[rows]
        weighted, entered = self._levels.effective(rows, now, shares)
        before.sums.add(rows, evidence(weighted, entered, shares, self._table), now)
