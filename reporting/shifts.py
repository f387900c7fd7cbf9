"""Flag mood shifts: days on which a source's mix of emotions has left its own baseline.

Pure: takes daily counts (`reporting.trends.daily_counts`), returns shifts; no database, no clock.
The decision for a day uses only days up to it, so a longer history never rewrites past alarms.
`docs/shifts.md` tells the method and its measured false alarms; `benchmarks/shifts.py` repeats
them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
import pandas as pd

from records import EMOTIONS
from reporting.attribution import attribute, largest_split, start_of_change
from reporting.baseline import Baseline, Floats, learn
from reporting.distance import Smoothed, day_residual
from reporting.series import Average, Direction, Series, Shift, ShiftSettings, State, describe_shift

__all__ = [
    "ECHO_DAYS",
    "Average",
    "Direction",
    "Shift",
    "ShiftReport",
    "ShiftSettings",
    "State",
    "detect",
]


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What was flagged, and what could not be judged."""

    shifts: tuple[Shift, ...] = ()
    #: Largest changes of sources too short for alarms: seen afterwards, not an alarm.
    seen_afterwards: tuple[Shift, ...] = ()
    #: Sentences for people: which sources have too little evidence, and why.
    notes: tuple[str, ...] = ()
    #: Days a verdict was given on, by source.
    n_days_judged: dict[str, int] = field(default_factory=dict)


#: For so many days after an alarm, further emotions of the same change may be named.
_NAMING_DAYS: Final = 7

#: A second alarm in the same direction within so many days of the first is the same change.
ECHO_DAYS: Final = 28

#: How far back the start of a change is looked for, in days with messages.
_LOOK_BACK: Final = 28

#: After a shift, this many days of the new level teach weekdays and dispersion anew.
_RELEARN_DAYS: Final = 42


def detect(daily: pd.DataFrame, *, settings: ShiftSettings | None = None) -> ShiftReport:
    """Test each source against its own past, day by day.

    Args:
        daily: Columns `day` (naive midnight), `source`, `n_<emotion>` for the scored emotions; one
            row a source and day. Days without scored messages may be absent or zero.
        settings: The detector's parameters.
    """
    chosen = settings or ShiftSettings()
    emotions = tuple(e for e in EMOTIONS if f"n_{e}" in daily.columns)
    shifts: list[Shift] = []
    afterwards: list[Shift] = []
    notes: list[str] = []
    judged: dict[str, int] = {}
    if daily.empty or len(emotions) < 2:
        return ShiftReport(notes=("there are no scored, dated messages to look for shifts in",))
    for source, frame in daily.groupby("source", sort=True):
        series = Series.of(str(source), frame, emotions)
        if len(series.days) == 0:
            continue
        alarms, n_judged = _watch(series, chosen)
        judged[series.source] = n_judged
        shifts.extend(alarms)
        if n_judged == 0:
            notes.append(_why_no_verdict(series, chosen))
            afterwards.extend(_largest_change(series, chosen))
    shifts.sort(key=lambda shift: (shift.detected_at, shift.source))
    return ShiftReport(tuple(shifts), tuple(afterwards), tuple(notes), judged)


@dataclass(slots=True)
class _OpenChange:
    """A change flagged some days ago, whose emotions may not all be clear yet."""

    first: int
    flagged_on: int
    before: Baseline
    named: set[int]


def _watch(series: Series, settings: ShiftSettings) -> tuple[list[Shift], int]:
    """Run the moving averages over one source; return its shifts and the number of days judged."""
    alarms: list[Shift] = []
    n_judged = 0
    change: _OpenChange | None = None
    known: Baseline | None = None
    smoothed = Smoothed(settings.averages, len(series.emotions))
    recent: list[Floats] = []
    for today in range(len(series.days)):
        if change is not None and series.days[today] <= change.flagged_on + _NAMING_DAYS:
            alarms.extend(_new(_name(series, change, today, settings), alarms))
        changed_on = int(series.days[change.first]) if change is not None else None
        baseline = _baseline_on(series, today, changed_on, known, settings)
        if baseline is None:
            smoothed.restart()
            recent = []
            continue
        known = baseline
        n_judged += 1
        residual = day_residual(series.counts[today], int(series.weekdays[today]), baseline)
        smoothed.add(residual)
        recent = [*recent[-(_LOOK_BACK - 1) :], residual]
        a_day = float(series.counts[max(0, today - 27) : today + 1].sum(axis=1).mean())
        if smoothed.excess(messages_a_day=a_day, baseline=baseline) <= settings.caution:
            continue
        first = today - len(recent) + 1 + start_of_change(np.array(recent))
        found = _OpenChange(first, int(series.days[today]), baseline, set())
        shifts = _name(series, found, today, settings)
        if shifts:
            alarms.extend(_new(shifts, alarms))
            change = found
            smoothed.restart()
            recent = []
    return alarms, n_judged


def _name(series: Series, change: _OpenChange, today: int, settings: ShiftSettings) -> list[Shift]:
    """Return a shift for each emotion that by today is clearly part of the change, once each."""
    window = slice(change.first, today + 1)
    moves = attribute(
        series.counts[window],
        series.weekdays[window],
        change.before,
        smallest_odds_ratio=settings.smallest_odds_ratio,
        named=change.named,
    )
    change.named.update(move.emotion for move in moves)
    return [describe_shift(series, move, change.first, today) for move in moves]


def _new(found: list[Shift], flagged: list[Shift]) -> list[Shift]:
    """Drop shifts that only say again what was flagged: one open shift a change."""
    return [
        shift
        for shift in found
        if not any(
            shift.emotion == other.emotion
            and shift.direction == other.direction
            and (shift.detected_at - other.detected_at).days <= ECHO_DAYS
            for other in flagged
        )
    ]


def _baseline_on(
    series: Series,
    today: int,
    changed_on: int | None,
    known: Baseline | None,
    settings: ShiftSettings,
) -> Baseline | None:
    """Return what today is compared with, or None where there is too little of it.

    After a shift only days of the new level count: it is not flagged again while it ages into the
    baseline, and the return to the old level is a shift of its own. While the new level is young
    the gap before today is shorter, and weekdays and dispersion stay those of the level before.
    """
    now = int(series.days[today])
    gap = settings.gap_days
    first_day = now - gap - settings.baseline_days
    n_wanted = settings.min_baseline_days
    young = False
    if changed_on is not None and changed_on > first_day:
        first_day = changed_on
        gap = min(gap, (now - changed_on) // 3)
        n_wanted = settings.min_days_after_shift
        young = now - gap - changed_on < _RELEARN_DAYS
    elif now - int(series.days[0]) < settings.first_verdict_after_days:
        return None
    first, last = np.searchsorted(series.days[:today], [first_day, now - gap])
    if last - first < n_wanted:
        return None
    counts = series.counts[first:last]
    if not young and counts.sum() < settings.min_baseline_messages:
        return None
    return learn(counts, series.weekdays[first:last], pattern_of=known if young else None)


def _why_no_verdict(series: Series, settings: ShiftSettings) -> str:
    length = int(series.days[-1] - series.days[0]) + 1
    wanted = settings.first_verdict_after_days
    start = f"{series.source}: insufficient data for alarms"
    if length <= wanted:
        return (
            f"{start}: {length} days, and a verdict needs {wanted} days of history before the day "
            f"judged ({settings.baseline_days} of baseline and a gap of {settings.gap_days})"
        )
    return (
        f"{start}: {int(series.counts.sum())} scored messages on {len(series.days)} of {length} "
        f"days, and every baseline of {settings.baseline_days} days needs "
        f"{settings.min_baseline_messages} messages on {settings.min_baseline_days} days"
    )


def _largest_change(series: Series, settings: ShiftSettings) -> list[Shift]:
    """Return the largest change within an archive too short for alarms, by emotion."""
    split = largest_split(series.counts, series.weekdays)
    if split is None:
        return []
    earlier = learn(series.counts[:split], series.weekdays[:split])
    moves = attribute(
        series.counts[split:],
        series.weekdays[split:],
        earlier,
        smallest_odds_ratio=settings.smallest_odds_ratio,
    )
    return [describe_shift(series, move, split, len(series.days) - 1) for move in moves]
