"""Flag mood shifts: days on which a source's mix of emotions has left its own baseline.

Pure: takes counts by day, hour or week (`reporting.trends.daily_counts`), returns shifts; no
database, no clock. The decision for a day uses only days up to it, so a longer history never
rewrites past alarms. `docs/shifts.md` tells the method and its measured false alarms;
`benchmarks/shifts.py` repeats them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import pandas as pd

from records import EMOTIONS, Emotion
from reporting.attribution import attribute, largest_split
from reporting.baseline import learn
from reporting.calibration import traits_of
from reporting.limits import Table, shipped
from reporting.series import (
    Direction,
    Kind,
    Resolution,
    Series,
    Shift,
    ShiftSettings,
    State,
    describe_shift,
)
from reporting.watch import Alarm, Limits, watch

__all__ = [
    "ECHO_DAYS",
    "Direction",
    "Kind",
    "Resolution",
    "Shift",
    "ShiftReport",
    "ShiftSettings",
    "State",
    "detect",
]

#: A second alarm in the same direction within so many days of the first is the same change.
ECHO_DAYS: Final = 28

#: Series whose spans differ by more than this factor are not walked through side by side.
_LIKE_SPANS: Final = 2.0


@dataclass(frozen=True, slots=True)
class ShiftReport:
    """What was flagged, and what could not be judged."""

    shifts: tuple[Shift, ...] = ()
    #: Largest changes of sources too short for alarms: seen afterwards, not an alarm.
    seen_afterwards: tuple[Shift, ...] = ()
    #: Sentences for people: which sources have too little evidence, and why.
    notes: tuple[str, ...] = ()
    #: Buckets (days, unless another resolution was asked for) a verdict was given on, by source.
    n_days_judged: dict[str, int] = field(default_factory=dict)


def detect(
    daily: pd.DataFrame,
    *,
    settings: ShiftSettings | None = None,
    table: Table | None = None,
) -> ShiftReport:
    """Test each source against its own past, bucket by bucket.

    Args:
        daily: Columns `day` (naive moment: midnight, or the hour at hourly resolution), `source`,
            `n_<emotion>` for the scored emotions; one row a source and bucket. Buckets without
            scored messages may be absent or zero. With a column `author` each author of a source
            is watched apart.
        settings: Budget, resolution and caution.
        table: Limits; those that come with moodwatch when absent.
    """
    chosen = settings or ShiftSettings()
    emotions = tuple(e for e in EMOTIONS if f"n_{e}" in daily.columns)
    if daily.empty or len(emotions) < 2:
        return ShiftReport(notes=("there are no scored, dated messages to look for shifts in",))
    series = series_of(daily, emotions, chosen)
    shifts: list[Shift] = []
    afterwards: list[Shift] = []
    notes: list[str] = []
    judged: dict[str, int] = {}
    for group in _side_by_side(series):
        limits = _limits(group, len(series), chosen, table or shipped())
        for one, alarms, n_judged in _watch(group, limits, chosen):
            judged[_name(one)] = n_judged
            shifts.extend(_described(one, alarms))
            if n_judged == 0:
                notes.append(_why_no_verdict(one, chosen))
                afterwards.extend(_largest_change(one, chosen))
    shifts.sort(key=lambda shift: (shift.detected_at, shift.source, shift.author or ""))
    return ShiftReport(tuple(shifts), tuple(afterwards), tuple(sorted(notes)), judged)


def series_of(
    daily: pd.DataFrame, emotions: tuple[Emotion, ...], settings: ShiftSettings
) -> list[Series]:
    """Return the series of a frame, by source (and author); weeks that have not ended are left out.

    An archive ends where its newest message lies: the week of that day counts from Sunday on.
    """
    frame = daily
    if settings.resolution == "weekly":
        newest = frame["day"].max()
        if newest.day_of_week != 6:
            frame = frame[frame["day"] < newest.normalize() - pd.Timedelta(days=newest.day_of_week)]
    by = ["source", "author"] if "author" in frame.columns else ["source"]
    found = []
    for names, rows in frame.groupby(by, sort=True):
        one = Series.of(
            str(names[0]),
            rows,
            emotions,
            resolution=settings.resolution,
            author=str(names[1]) if len(by) == 2 else None,
        )
        if one is not None:
            found.append(one)
    return found


def _name(series: Series) -> str:
    return series.source if series.author is None else f"{series.source}, {series.author}"


def _side_by_side(series: list[Series]) -> list[list[Series]]:
    """Return groups that are quick to walk through together: of about the same time."""
    groups: list[list[Series]] = []
    for one in sorted(series, key=lambda one: (one.first, len(one.counts))):
        last = one.first + len(one.counts)
        for group in groups:
            begin = min(other.first for other in group)
            end = max(other.first + len(other.counts) for other in group)
            span = max(end, last) - min(begin, one.first)
            if span <= _LIKE_SPANS * max(len(one.counts), end - begin):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _limits(group: list[Series], n_monitored: int, settings: ShiftSettings, table: Table) -> Limits:
    """Return the limits of a group; what is monitored together shares the budget evenly."""
    plan = settings.plan
    keys = [traits_of(one, plan).key(plan) for one in group] if table.offsets else []
    limits = table.limits(
        resolution=settings.resolution,
        n_emotions=len(group[0].emotions),
        alarms_a_year=settings.false_alarms_a_year / (settings.n_series or n_monitored),
        n_series=len(group),
        keys=keys,
    )
    return replace(limits, offsets=limits.offsets + settings.caution)


def _watch(
    group: list[Series], limits: Limits, settings: ShiftSettings
) -> list[tuple[Series, list[Alarm], int]]:
    """Walk through a group of series; return each with its alarms, in its own buckets."""
    begin = min(one.first for one in group)
    end = max(one.first + len(one.counts) for one in group)
    counts = np.zeros((len(group), end - begin, len(group[0].emotions)))
    for row, one in enumerate(group):
        at = one.first - begin
        counts[row, at : at + len(one.counts)] = one.counts
    earliest = next(one for one in group if one.first == begin)
    phases = np.resize(earliest.phases, end - begin)
    if len(earliest.counts) < end - begin:
        whole = Series("", None, earliest.emotions, earliest.resolution, begin, counts[0])
        phases = whole.phases
    starts = np.array([one.first - begin for one in group])
    seen = watch(counts, phases, limits, plan=settings.plan, starts=starts)
    results = []
    for row, one in enumerate(group):
        at = one.first - begin
        alarms = [
            replace(
                alarm,
                run=row,
                first=alarm.first - at,
                bucket=alarm.bucket - at,
                cleared=alarm.cleared - at,
            )
            for alarm in seen.alarms
            if alarm.run == row and alarm.bucket - at < len(one.counts)
        ]
        past = max(0, end - one.first - len(one.counts))
        results.append((one, alarms, max(0, int(seen.n_judged[row]) - past)))
    return results


def _described(series: Series, alarms: list[Alarm]) -> list[Shift]:
    """Return the shifts of a series' alarms, dropping those that only say again what was said.

    What was said and has since been taken back is said again, and so is what a provisional alarm
    said once the evidence for it was gone.
    """
    shifts: list[Shift] = []
    raised: list[Alarm] = []
    for alarm in alarms:
        for move in alarm.moves:
            shift = describe_shift(series, move, alarm)
            said = any(
                shift.emotion == other.emotion
                and shift.direction == other.direction
                and (shift.detected_at - other.detected_at).days <= ECHO_DAYS
                and earlier.bucket > alarm.cleared
                and (earlier.settles or earlier.bucket >= alarm.first)
                for other, earlier in zip(shifts, raised, strict=True)
            )
            if not said:
                shifts.append(shift)
                raised.append(alarm)
    return shifts


def _why_no_verdict(series: Series, settings: ShiftSettings) -> str:
    plan = settings.plan
    length = len(series.counts)
    start = f"{_name(series)}: insufficient data for alarms"
    unit = {"hourly": "hours", "daily": "days", "weekly": "weeks"}[series.resolution]
    if length <= plan.first_verdict:
        return (
            f"{start}: {length} {unit}, and a verdict needs {plan.first_verdict} {unit} of history "
            f"before the one judged (a baseline, and a gap of {plan.gap} {unit} after it)"
        )
    return (
        f"{start}: {int(series.counts.sum())} scored messages on {len(series.held)} of {length} "
        f"{unit}, and every baseline of {plan.baseline} {unit} needs {plan.min_messages} messages "
        f"on {plan.min_held} {unit}"
    )


def _largest_change(series: Series, settings: ShiftSettings) -> list[Shift]:
    """Return the largest change within an archive too short for alarms, by emotion."""
    held = series.held
    counts, phases = series.counts[held], series.phases[held]
    plan = settings.plan
    split = largest_split(counts, phases, n_phases=plan.n_phases)
    if split is None:
        return []
    earlier = learn(counts[:split], phases[:split], n_phases=plan.n_phases)
    moves = attribute(
        counts[split:],
        phases[split:],
        earlier,
        smallest_odds_ratio=plan.smallest_odds_ratio,
    )
    alarm = Alarm(0, int(held[split]), int(held[-1]), tuple(moves), earlier)
    return [describe_shift(series, move, alarm) for move in moves]
