"""Walk through the buckets of many series at once and raise alarms, each from its past alone.

Pure numpy, no frames, no clock. The one code of detector and calibration: `reporting.shifts`
watches stored series with it, `reporting.calibration` simulated ones.
R is the number of series, D of buckets, K of emotions, T of tilts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from reporting.attribution import Move, attribute
from reporting.baseline import PRIOR, Baseline, Floats, Ints
from reporting.cusum import Cusum
from reporting.levels import Level, Levels
from reporting.plans import DAILY, HOURLY, WEEKLY, Limits, Plan
from reporting.probation import Probation
from reporting.tilts import evidence, findable, handicaps, tilts

__all__ = ["DAILY", "HOURLY", "WEEKLY", "Alarm", "Limits", "Plan", "Watched", "watch"]


@dataclass(frozen=True, slots=True)
class Alarm:
    """A change flagged in one series: since when, on which bucket, by which emotions."""

    run: int
    first: int
    bucket: int
    moves: tuple[Move, ...]
    #: The level before, for whoever describes the change.
    before: Baseline
    #: False where it only names further emotions of the change flagged before.
    is_new: bool = True
    #: Bucket on which the alarm before was taken back, -1 if none was: this one is no echo of it.
    cleared: int = -1
    #: False where it is provisional: the level before it holds on.
    settles: bool = True


@dataclass(frozen=True, slots=True)
class Watched:
    alarms: list[Alarm]
    #: Buckets a verdict was given on, shape (R,).
    n_judged: Ints
    #: The newest baseline of each series and its rhythm; None where there never was one.
    last: list[Baseline | None]


def watch(
    counts: Floats,
    phases: Ints,
    limits: Limits,
    *,
    plan: Plan,
    starts: Ints | None = None,
    names_further: bool = True,
    on_bucket: Callable[[int], None] | None = None,
) -> Watched:
    """Judge every bucket of every series.

    Args:
        counts: Messages by bucket and top emotion, shape (R, D, K); empty buckets are zeros.
        phases: Of each bucket, shape (D,).
        limits: Evidence needed for an alarm.
        plan: How far to look.
        starts: First bucket of each series, shape (R,); 0 for all when absent.
        names_further: Whether emotions that become clear after the alarm are named too.
        on_bucket: Called with each bucket's number (progress, or a way to stop).
    """
    runs, buckets, _ = counts.shape
    begin = np.zeros(runs, dtype=np.int64) if starts is None else starts
    walk = _Walk(counts, phases, limits, plan, begin, names_further)
    for now in range(int(begin.min()) + plan.first_verdict, buckets):
        walk.step(now)
        if on_bucket is not None:
            on_bucket(now)
    return Watched(walk.alarms, walk.n_judged, walk.last)


class _Walk:
    """One pass over the buckets; `step` is called with each in turn."""

    def __init__(  # noqa: PLR0917 - only `watch` calls it
        self,
        counts: Floats,
        phases: Ints,
        limits: Limits,
        plan: Plan,
        begin: Ints,
        names_further: bool,
    ) -> None:
        self.counts, self.phases, self.limits = counts, phases, limits
        self.plan, self.begin, self.names_further = plan, begin, names_further
        runs = len(counts)
        self.table = tilts(counts.shape[2])
        self.levels = Levels(counts, phases, limits, plan, begin)
        #: Evidence against the present level: since the last alarm, and in all. They are one and
        #: the same where every alarm begins a new level.
        self.sums = Cusum(runs, len(self.table), plan.forgetting)
        self.gathered = self.sums
        if limits.settled is not None:
            self.gathered = Cusum(runs, len(self.table), plan.forgetting)
        #: Bucket on which an alarm was last taken back, -1 while none was.
        self.cleared = np.full(runs, -1, dtype=np.int64)
        # Whether any series held messages in the span that a verdict rests on.
        span = plan.gap + plan.baseline
        held = np.cumsum(np.concatenate([[0], (counts.sum(axis=(0, 2)) > 0)]))
        ends = np.arange(len(phases)) + 1
        self.held_lately = held[ends] > held[np.maximum(ends - span, 0)]
        self.alarms: list[Alarm] = []
        self.n_judged = np.zeros(runs, dtype=np.int64)
        self.last: list[Baseline | None] = [None] * runs
        self.open: dict[int, Alarm] = {}
        self.probation = Probation(self.levels, self.table, plan)

    def step(self, now: int) -> None:
        plan, levels, sums = self.plan, self.levels, self.sums
        history = now - self.begin
        for start in np.unique(self.begin[history == plan.first_verdict]):
            opened = np.flatnonzero(self.begin == start)
            levels.open(opened, int(start), now)
            sums.since[opened] = self.gathered.since[opened] = now
        rows = np.flatnonzero(history >= plan.first_verdict)
        if len(rows) == 0:
            return
        levels.refresh(rows[(history[rows] - plan.first_verdict) % plan.refresh == 0], now)
        self._name_further(now)
        self._take_back(now)

        if not self.held_lately[now]:
            sums.values[rows] = self.gathered.values[rows] = 0.0
            levels.skip(rows, now)
            return
        level = levels.at(rows, now)
        weighted, entered = levels.enter(rows, now, level.shares)
        self.n_judged[rows] += level.is_known
        gained = evidence(weighted, entered, level.shares, self.table)
        gained[~level.is_known] = -np.inf
        values = sums.add(rows, gained, now)
        if self.gathered is not sums:
            self.gathered.add(rows, gained, now)
        limits = self.limits.at(rows, level.n_a_bucket) * level.caution
        over = np.flatnonzero(values.max(axis=1) > limits)
        if len(over) == 0:
            return
        settled = (self.limits.settled_at(rows, level.n_a_bucket) * level.caution)[over]
        # Falls wait the less, the less evidence is asked for.
        waits = np.clip(limits[over] / np.maximum(settled, 1e-9), 0.0, 1.0)
        judged = self._judged(sums, over, rows[over], now, level, waits)
        gathered = judged
        if self.gathered is not sums:
            gathered = self._judged(self.gathered, over, rows[over], now, level, waits)
        for place in np.flatnonzero(judged.max(axis=1) > limits[over]):
            at, run = int(over[place]), int(rows[over[place]])
            settles = bool(gathered[place].max() > settled[place])
            clearest = int((gathered if settles else judged)[place].argmax())
            first = int(self.gathered.since[run, clearest])
            self._raise(run, first, now, level.shares[at], float(level.n_base[at]), settles=settles)

    def _judged(  # noqa: PLR0917 - only `step` calls it
        self, sums: Cusum, at: Ints, rows: Ints, now: int, level: Level, waits: Floats
    ) -> Floats:
        """Return what counts of the evidence of series A whose sums passed their limits; (A, T)."""
        levels = self.levels
        since = sums.since[rows]
        shares, n_base = level.shares[at], level.n_base[at, None]
        judged = sums.values[rows] * findable(level.n_a_bucket[at], shares, self.table)
        # A young level is itself uncertain: evidence against it counts for less.
        seen = levels.cum_n[rows, now + 1][:, None] - levels.cum_n[rows[:, None], since]
        judged = np.where(level.is_young[at, None], judged * n_base / (n_base + seen), judged)
        held = levels.cum_held[rows, now + 1][:, None] - levels.cum_held[rows[:, None], since]
        judged[held < self.plan.fewest] = 0.0
        return np.asarray(judged - waits[:, None] * handicaps(shares.shape[1]))

    def _take_back(self, now: int) -> None:
        """Return series to the level before their alarm where the buckets since lie there."""
        levels, before = self.levels, self.probation.before
        for run in self.probation.weigh(now).tolist():
            levels.enter_again(run, int(levels.changed[run]), now, before.shares[run])
            levels.changed[run] = before.changed[run]
            self.sums.take_over(run, before.sums)
            self.gathered.take_over(run, before.sums)
            self.cleared[run] = now
            self.open.pop(run, None)

    def _raise(
        self, run: int, first: int, now: int, shares: Floats, n_base: float, *, settles: bool
    ) -> None:
        """Flag the change unless it is a trifle; if it settles learn its level from `first` on."""
        levels, rhythm = self.levels, self.levels.rhythm
        before = Baseline(
            shares.copy(),
            rhythm.pattern[run].copy(),
            float(rhythm.rho[run]),
            float(rhythm.clumping[run]),
            float(n_base),
        )
        moves = self._attribute(run, first, now, before, named=())
        if not moves:
            return
        cleared = int(self.cleared[run])
        alarm = Alarm(run, first, now, tuple(moves), before, cleared=cleared, settles=settles)
        self.alarms.append(alarm)
        if self.names_further:
            self.open[run] = alarm
        self.last[run] = before
        self.sums.restart(run, now)
        if not settles:
            return
        self.probation.begin(run, now, shares, int(levels.changed[run]))
        levels.changed[run] = first
        self.gathered.restart(run, now)
        # What was cut for lying far from the old level belongs to the new one.
        since = self.counts[run, first : now + 1]
        level = (since.sum(axis=0) + PRIOR) / (since.sum() + PRIOR * since.shape[1])
        levels.enter_again(run, first, now + 1, level)

    def _name_further(self, now: int) -> None:
        """Name emotions of recent changes that have become clear only since the alarm."""
        for run, alarm in list(self.open.items()):
            if now > alarm.bucket + self.plan.naming:
                del self.open[run]
                continue
            named = tuple(
                move.emotion
                for other in self.alarms
                if other.run == run and other.first == alarm.first
                for move in other.moves
            )
            moves = self._attribute(run, alarm.first, now, alarm.before, named=named)
            if moves:
                self.alarms.append(
                    Alarm(run, alarm.first, now, tuple(moves), alarm.before, is_new=False)
                )

    def _attribute(
        self, run: int, first: int, now: int, before: Baseline, *, named: tuple[int, ...]
    ) -> list[Move]:
        window = slice(first, now + 1)
        held = self.counts[run, window].sum(axis=1) > 0
        return attribute(
            self.counts[run, window][held],
            self.phases[window][held],
            before,
            smallest_odds_ratio=self.plan.smallest_odds_ratio,
            named=named,
        )
