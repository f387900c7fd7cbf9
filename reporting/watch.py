"""Walk through the buckets of many series at once and raise alarms, each from its past alone.

Pure numpy, no frames, no clock. The one code of detector and calibration: `reporting.shifts`
watches stored series with it, `reporting.calibration` simulated ones.
R is the number of series, D of buckets, K of emotions, T of tilts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.attribution import Move, attribute
from reporting.baseline import PRIOR, Baseline, Bools, Floats, Ints, Rhythm, effective, learn_rhythm
from reporting.cusum import Cusum
from reporting.plans import DAILY, HOURLY, WEEKLY, Limits, Plan
from reporting.probation import Probation
from reporting.tilts import evidence, findable, handicaps, tilts

__all__ = ["DAILY", "HOURLY", "WEEKLY", "Alarm", "Limits", "Plan", "Watched", "watch"]

#: Right after an alarm the limit is higher by this part; it falls back as the new level settles.
_CAUTION_AFTER: Final = 0.3


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
class _Level:
    """What a bucket of R series is compared with."""

    shares: Floats
    #: Effective messages the shares rest on, and those of a bucket; shape (R,).
    n_base: Floats
    n_a_bucket: Floats
    #: Whether there is enough for a verdict, and whether a shift began within the baseline.
    is_known: Bools
    is_young: Bools
    #: Times the limit.
    caution: Floats


@dataclass(frozen=True, slots=True)
class Watched:
    alarms: list[Alarm]
    #: Buckets a verdict was given on, shape (R,).
    n_judged: Ints
    #: The newest baseline of each series and its rhythm; None where there never was one.
    last: list[Baseline | None]


class _State:
    """What is known of R series by the bucket at hand."""

    def __init__(self, counts: Floats, n_tilts: int, plan: Plan, *, is_provisional: bool) -> None:
        runs, buckets, n_emotions = counts.shape
        n = counts.sum(axis=2)
        #: Running sums over buckets, (R, D + 1): effective messages by emotion (R, D + 1, K) and
        #: in all, buckets with messages, messages.
        self.cum = np.zeros((runs, buckets + 1, n_emotions))
        self.cum_n = np.zeros((runs, buckets + 1))
        self.cum_held = np.zeros((runs, buckets + 1))
        self.cum_raw = np.zeros((runs, buckets + 1))
        self.cum_held[:, 1:] = np.cumsum(n > 0, axis=1)
        self.cum_raw[:, 1:] = np.cumsum(n, axis=1)
        #: First bucket of the present level, -1 while it has not changed.
        self.changed = np.full(runs, -1, dtype=np.int64)
        #: Bucket on which an alarm was last taken back, -1 while none was.
        self.cleared = np.full(runs, -1, dtype=np.int64)
        self.rhythm = Rhythm(np.ones((runs, plan.n_phases, n_emotions)), *np.ones((2, runs)))
        #: Evidence against the present level: since the last alarm, and in all. They are one and
        #: the same where every alarm begins a new level.
        self.sums = Cusum(runs, n_tilts, plan.forgetting)
        self.gathered = Cusum(runs, n_tilts, plan.forgetting) if is_provisional else self.sums


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
    runs, buckets, n_emotions = counts.shape
    table = tilts(n_emotions)
    begin = np.zeros(runs, dtype=np.int64) if starts is None else starts
    state = _State(counts, len(table), plan, is_provisional=limits.settled is not None)
    walk = _Walk(counts, phases, limits, plan, begin, table, state, names_further)
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
        table: Floats,
        state: _State,
        names_further: bool,
    ) -> None:
        self.counts, self.phases, self.limits = counts, phases, limits
        self.plan, self.begin, self.table, self.state = plan, begin, table, state
        self.names_further = names_further
        # Whether any series held messages in the span that a verdict rests on.
        span = plan.gap + plan.baseline
        held = np.cumsum(np.concatenate([[0], (counts.sum(axis=(0, 2)) > 0)]))
        ends = np.arange(len(phases)) + 1
        self.held_lately = held[ends] > held[np.maximum(ends - span, 0)]
        self.alarms: list[Alarm] = []
        self.n_judged = np.zeros(len(counts), dtype=np.int64)
        self.last: list[Baseline | None] = [None] * len(counts)
        self.open: dict[int, Alarm] = {}
        self.probation = Probation(len(counts), table, plan)

    def step(self, now: int) -> None:
        plan, state = self.plan, self.state
        history = now - self.begin
        for start in np.unique(self.begin[history == plan.first_verdict]):
            self._open(np.flatnonzero(self.begin == start), int(start), now)
        rows = np.flatnonzero(history >= plan.first_verdict)
        if len(rows) == 0:
            return
        self._refresh(rows[(history[rows] - plan.first_verdict) % plan.refresh == 0], now)
        self._name_further(now)
        self._take_back(now)

        if not self.held_lately[now]:
            state.sums.values[rows] = 0.0
            state.gathered.values[rows] = 0.0
            state.cum[rows, now + 1] = state.cum[rows, now]
            state.cum_n[rows, now + 1] = state.cum_n[rows, now]
            return
        level = self._level(rows, now)
        weighted, entered = self._enter(rows, now, level.shares)
        self.n_judged[rows] += level.is_known
        gained = evidence(weighted, entered, level.shares, self.table)
        gained[~level.is_known] = -np.inf
        sums = state.sums.add(rows, gained, now)
        if state.gathered is not state.sums:
            state.gathered.add(rows, gained, now)
        limits = self.limits.at(rows, level.n_a_bucket) * level.caution
        over = np.flatnonzero(sums.max(axis=1) > limits)
        if len(over) == 0:
            return
        settled = (self.limits.settled_at(rows, level.n_a_bucket) * level.caution)[over]
        # Falls wait the less, the less evidence is asked for.
        waits = np.clip(limits[over] / np.maximum(settled, 1e-9), 0.0, 1.0)
        judged = self._judged(state.sums, over, rows[over], now, level, waits)
        gathered = judged
        if state.gathered is not state.sums:
            gathered = self._judged(state.gathered, over, rows[over], now, level, waits)
        for place in np.flatnonzero(judged.max(axis=1) > limits[over]):
            at, run = int(over[place]), int(rows[over[place]])
            settles = bool(gathered[place].max() > settled[place])
            clearest = int((gathered if settles else judged)[place].argmax())
            first = int(state.gathered.since[run, clearest])
            self._raise(run, first, now, level.shares[at], float(level.n_base[at]), settles=settles)

    def _judged(  # noqa: PLR0917 - only `step` calls it
        self, sums: Cusum, at: Ints, rows: Ints, now: int, level: _Level, waits: Floats
    ) -> Floats:
        """Return what counts of the evidence of series A whose sums passed their limits; (A, T)."""
        state = self.state
        since = sums.since[rows]
        shares, n_base = level.shares[at], level.n_base[at, None]
        judged = sums.values[rows] * findable(level.n_a_bucket[at], shares, self.table)
        # A young level is itself uncertain: evidence against it counts for less.
        seen = state.cum_n[rows, now + 1][:, None] - state.cum_n[rows[:, None], since]
        judged = np.where(level.is_young[at, None], judged * n_base / (n_base + seen), judged)
        held = state.cum_held[rows, now + 1][:, None] - state.cum_held[rows[:, None], since]
        judged[held < self.plan.fewest] = 0.0
        return np.asarray(judged - waits[:, None] * handicaps(shares.shape[1]))

    def _take_back(self, now: int) -> None:
        """Return series to the level before their alarm where the buckets since lie there."""
        state = self.state
        rows = self.probation.rows
        if len(rows) == 0:
            return
        since = state.cum[rows, now] - state.cum[rows, state.changed[rows]]
        back = self.probation.weigh(now, self.counts, self.phases[now], state.rhythm, since)
        for run in back.tolist():
            before = self.probation.before
            self._enter_again(run, int(state.changed[run]), now, before.shares[run])
            state.changed[run] = before.changed[run]
            state.sums.take_over(run, before.sums)
            state.gathered.take_over(run, before.sums)
            state.cleared[run] = now
            self.open.pop(run, None)

    def _open(self, rows: Ints, start: int, now: int) -> None:
        """Enter the buckets of the time before the first verdict, by the rhythm of all of them."""
        stretch = slice(start, now)
        counts = self.counts[rows, stretch]
        self._learn(rows, counts, stretch)
        shares = (counts.sum(axis=1) + PRIOR) / (counts.sum(axis=(1, 2)) + PRIOR * counts.shape[2])[
            :, None
        ]
        for bucket in range(start, now):
            self._enter(rows, bucket, shares)
        self.state.sums.since[rows] = now
        self.state.gathered.since[rows] = now

    def _refresh(self, rows: Ints, now: int) -> None:
        """Learn rhythm and dispersion of the trailing baseline, of the present level alone."""
        plan, changed = self.plan, self.state.changed
        end = now - plan.gap
        first = max(end - plan.baseline, 0)
        rows = rows[(changed[rows] <= first) | (end - changed[rows] >= plan.relearn)]
        if len(rows) == 0 or end <= first:
            return
        stretch = slice(first, end)
        counts = self.counts[rows, stretch]
        stale = np.arange(first, end)[None, :] < changed[rows, None]
        if stale.any():
            counts = np.where(stale[..., None], 0.0, counts)
        self._learn(rows, counts, stretch)

    def _learn(self, rows: Ints, counts: Floats, stretch: slice) -> None:
        plan, rhythm = self.plan, self.state.rhythm
        learnt = learn_rhythm(
            counts, self.phases[stretch], n_phases=plan.n_phases, block=plan.block
        )
        rhythm.pattern[rows] = learnt.pattern
        rhythm.rho[rows] = learnt.rho
        rhythm.clumping[rows] = learnt.clumping

    def _level(self, rows: Ints, now: int) -> _Level:
        """Return what the bucket is compared with.

        After a shift only buckets of the new level count: it is not flagged again while it ages
        into the baseline, and the return to the old level is a shift of its own. While the new
        level is young the gap is shorter.
        """
        plan, state = self.plan, self.state
        changed = state.changed[rows]
        first = np.maximum(now - plan.gap - plan.baseline, self.begin[rows])
        is_young = changed > first
        gap = np.where(is_young, np.minimum(plan.gap, (now - changed) // 3), plan.gap)
        first = np.maximum(first, changed)
        end = now - gap
        n_held = state.cum_held[rows, end] - state.cum_held[rows, first]
        n_raw = state.cum_raw[rows, end] - state.cum_raw[rows, first]
        enough = (n_held >= plan.min_held) & (n_raw >= plan.min_messages)
        enough_young = (n_held >= plan.min_held_after) & (
            (n_raw >= plan.min_messages_after) | (n_held >= plan.min_held_young)
        )
        is_known = np.where(is_young, enough_young, enough)
        # Without a verdict the buckets are still entered, round the best guess there is.
        end = np.where(is_known, end, now)
        n_base = state.cum_n[rows, end] - state.cum_n[rows, first]
        # Taking the rhythm away can leave a rare emotion of a few buckets below nil.
        sums = np.maximum(state.cum[rows, end] - state.cum[rows, first], 0.0)
        shares = (sums + PRIOR) / (n_base + PRIOR * sums.shape[1])[:, None]
        # A false alarm's level is learnt from days picked for being odd: they even out again.
        caution = np.where(is_young, 1 + _CAUTION_AFTER * (1 - (now - changed) / plan.settled), 1.0)
        return _Level(
            shares,
            n_base,
            n_base / np.maximum(end - first, 1),
            is_known,
            is_young,
            np.maximum(caution, 1.0),
        )

    def _enter(self, rows: Ints, bucket: int, shares: Floats) -> tuple[Floats, Floats]:
        """Add a bucket to the running sums: rhythm removed, wild buckets cut, lumpiness paid for.

        Returns:
            Effective messages by emotion (R, K), and in all (R,).
        """
        state = self.state
        weighted, entered = effective(
            self.counts[rows, bucket], shares, state.rhythm, rows, self.phases[bucket]
        )
        state.cum[rows, bucket + 1] = state.cum[rows, bucket] + weighted
        state.cum_n[rows, bucket + 1] = state.cum_n[rows, bucket] + entered
        return weighted, entered

    def _raise(
        self, run: int, first: int, now: int, shares: Floats, n_base: float, *, settles: bool
    ) -> None:
        """Flag the change unless it is a trifle; if it settles learn its level from `first` on."""
        rhythm = self.state.rhythm
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
        state = self.state
        cleared = int(state.cleared[run])
        alarm = Alarm(run, first, now, tuple(moves), before, cleared=cleared, settles=settles)
        self.alarms.append(alarm)
        if self.names_further:
            self.open[run] = alarm
        self.last[run] = before
        state.sums.restart(run, now)
        if not settles:
            return
        self.probation.begin(run, now, shares, int(state.changed[run]))
        state.changed[run] = first
        state.gathered.restart(run, now)
        # What was cut for lying far from the old level belongs to the new one.
        since = self.counts[run, first : now + 1]
        level = (since.sum(axis=0) + PRIOR) / (since.sum() + PRIOR * since.shape[1])
        self._enter_again(run, first, now + 1, level)

    def _enter_again(self, run: int, first: int, end: int, shares: Floats) -> None:
        """Add the buckets from first to end anew, round another level."""
        state = self.state
        counts = self.counts[run, first:end]
        weighted, entered = effective(
            counts,
            np.broadcast_to(shares, counts.shape),
            state.rhythm,
            np.full(len(counts), run),
            self.phases[first:end],
        )
        after = slice(first + 1, end + 1)
        state.cum[run, after] = state.cum[run, first] + np.cumsum(weighted, axis=0)
        state.cum_n[run, after] = state.cum_n[run, first] + np.cumsum(entered)

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
