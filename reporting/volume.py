"""Tell when the number of messages is out of the ordinary: spikes, drops, silence.

Pure: takes messages by hour and source, returns alarms of their own kinds; no database, no clock.
Whether messages wait somewhere in the pipeline is another question, see `db.arrivals.pipeline`.

A day is judged against the source's trailing 56 days: expected count by weekday, over-dispersion as
of a negative binomial distribution. A silence is judged against the source's own gaps, each
measured in messages that would have been expected in it. Both state their false alarms:
`VolumeSettings.false_alarms_a_year`, for all sources together; `docs/schedules.md` has the measured
rates, `benchmarks/volume.py` repeats them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Set
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from statistics import NormalDist
from typing import Final, Literal
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from reporting.day_counts import DayCounts, Floats
from reporting.silence import find_silences

Direction = Literal["up", "down"]

_NORMAL: Final = NormalDist()

#: Part of the budget that the limits for days are set by: simulated days of a source whose level,
#: weekdays and spread are estimated gave up to 1.35 times what was asked for.
_CAUTION: Final = 0.7


@dataclass(frozen=True, slots=True)
class VolumeSettings:
    """How it looks; the defaults are those that docs/schedules.md gives figures for."""

    #: Expected in a year over all sources: half of it for spikes and drops, half for silence.
    false_alarms_a_year: float = 1.0
    #: Length of the trailing baseline, and the least of it that gives a verdict.
    baseline_days: int = 56
    min_baseline_days: int = 28
    #: Smallest worthwhile change: a day of twice, or of less than half, the expected messages.
    smallest_ratio: float = 2.0
    #: A drop wants so many expected messages, else it is left to silence.
    min_expected: float = 5.0
    #: Shortest silence worth a word.
    shortest_silence: timedelta = timedelta(hours=24)
    #: So many ordinary days end a spike; a longer one than the second is a new level.
    calm_days: int = 3
    longest_episode_days: int = 14


@dataclass(frozen=True, slots=True)
class VolumeAlarm:
    """A number of messages that is out of the ordinary, and since when."""

    kind: Literal["volume", "silence"]
    source: str
    direction: Direction
    #: First day of it; for a silence the day of the last message.
    started_at: date
    #: Day whose count raised the alarm; for a silence the day it had lasted too long.
    detected_at: date
    #: Messages a day that were expected, and that came, from then until it was over.
    per_day_before: float
    per_day_after: float
    #: Messages since started_at, or while it lasted; for a silence 0.
    n: int
    #: Days it has lasted.
    n_days: float
    #: 1 (just worthwhile) to 10.
    severity: int
    #: Whether the messages are back at what was expected, or that has become the usual level.
    is_over: bool


def volume_line(alarm: VolumeAlarm) -> str:
    """Return the one line an alarm has in the terminal and in mails."""
    if alarm.kind == "silence":
        lasted = f"{alarm.n_days:.3g} days"
        told = f"no messages for {lasted}" if not alarm.is_over else f"{lasted} without messages"
        return (
            f"silence: {told} in {alarm.source} since {alarm.started_at.isoformat()}, where there "
            f"used to be {_rate(alarm.per_day_before)} a day"
        )
    return (
        f"volume: {alarm.source} {alarm.direction} since {alarm.started_at.isoformat()} "
        f"({_rate(alarm.per_day_before)} -> {_rate(alarm.per_day_after)} messages a day, flagged "
        f"{alarm.detected_at.isoformat()})"
    )


def _rate(per_day: float) -> str:
    return f"{per_day:,.0f}" if per_day >= 10 else f"{per_day:.2g}"


def watch_volume(
    hourly: pd.DataFrame,
    *,
    until: datetime,
    silent_until: Mapping[str, datetime] | None = None,
    time_zone: str = "UTC",
    settings: VolumeSettings | None = None,
) -> list[VolumeAlarm]:
    """Judge each source's days and gaps; return the alarms in order of detection.

    Args:
        hourly: Columns `hour` (aware UTC) and `source`, and `n`, all messages whether scored or
            not; hours without messages absent.
        until: End of what can be judged, exclusive; a day that has not ended by then is not.
        silent_until: By source, up to when messages were to be expected; where it is not given, up
            to the source's own newest one: of an archive no more is to come.
        time_zone: Whose days.
        settings: The budget and the thresholds.
    """
    chosen = settings or VolumeSettings()
    held = hourly[(hourly["n"] > 0) & (hourly["hour"] < until)]
    if held.empty:
        return []
    zone = ZoneInfo(time_zone)
    sources = sorted(held["source"].unique())
    budget = chosen.false_alarms_a_year / len(sources) / 2
    alarms: list[VolumeAlarm] = []
    for source in sources:
        own = held[held["source"] == source].sort_values("hour")
        # An hour is over when it ends.
        own_newest = own["hour"].iloc[-1].to_pydatetime() + timedelta(hours=1)
        end = min(max((silent_until or {}).get(source, own_newest), own_newest), until)
        silences = _silences(source, own, end, zone=zone, budget=budget, settings=chosen)
        # A day without messages within a silence is no drop besides.
        silent = {
            alarm.started_at.toordinal() + day
            for alarm in silences
            for day in range(math.ceil(alarm.n_days) + 1)
        }
        judged_until = min(own_newest, until)
        alarms += silences
        alarms += _spikes(
            source, own, judged_until, silent, zone=zone, budget=budget, settings=chosen
        )
    return sorted(alarms, key=lambda alarm: (alarm.detected_at, alarm.source))


def _silences(
    source: str,
    own: pd.DataFrame,
    end: datetime,
    *,
    zone: ZoneInfo,
    budget: float,
    settings: VolumeSettings,
) -> list[VolumeAlarm]:
    def hours_since_1970(moments: pd.Series) -> npt.NDArray[np.int64]:
        return np.asarray(moments.dt.tz_localize(None).to_numpy("datetime64[h]").astype(np.int64))

    found = find_silences(
        hours_since_1970(own["hour"]),
        own["n"].to_numpy(dtype=np.float64),
        end_hour=int(np.datetime64(end.astimezone(UTC).replace(tzinfo=None), "h").astype(np.int64)),
        budget=budget,
        shortest_h=int(settings.shortest_silence.total_seconds() // 3600),
        baseline_days=settings.baseline_days,
        min_baseline_days=settings.min_baseline_days,
    )

    def day_of(hour: int) -> date:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
        return moment.astimezone(zone).date()

    return [
        VolumeAlarm(
            kind="silence",
            source=source,
            direction="down",
            started_at=day_of(silence.last_hour),
            detected_at=day_of(silence.alarm_hour),
            per_day_before=silence.per_day_before,
            per_day_after=0.0,
            n=0,
            n_days=silence.length_h / 24,
            severity=_severity(math.log2(1 + silence.missed / silence.limit)),
            is_over=silence.is_over,
        )
        for silence in found
    ]


def _severity(doublings: float) -> int:
    return int(np.clip(math.ceil(doublings * 2), 1, 10))


def _spikes(
    source: str,
    own: pd.DataFrame,
    end: datetime,
    silent: Set[int],
    *,
    zone: ZoneInfo,
    budget: float,
    settings: VolumeSettings,
) -> list[VolumeAlarm]:
    local = own["hour"].dt.tz_convert(zone).dt.tz_localize(None).dt.normalize()
    by_day = own["n"].groupby(local).sum()
    first = by_day.index[0].date().toordinal()
    # The first day is often cut short, the last has not ended.
    last = end.astimezone(zone).date().toordinal()
    counts = np.zeros(max(last - first, 0))
    for day, n in by_day.items():
        place = pd.Timestamp(str(day)).date().toordinal() - first
        if place < len(counts):
            counts[place] = n
    limit = _NORMAL.inv_cdf(1 - min(_CAUTION * budget / 2 / 365.25, 0.4))
    alarms: list[VolumeAlarm] = []
    ordinary_from = 1
    is_usual = np.ones(len(counts), dtype=bool)
    so_far = np.concatenate(([0.0], np.cumsum(counts)))
    today = settings.min_baseline_days + 1
    while today < len(counts):
        start = max(ordinary_from, today - settings.baseline_days)
        # Most days of a sparse archive of centuries; no weekday has more than all messages.
        crude = 7 * (so_far[today] - so_far[start]) / max(today - start, 1)
        if counts[today] < settings.smallest_ratio and crude < settings.min_expected:
            today += 1
            continue
        days = np.arange(start, today)[is_usual[start:today]]
        if len(days) < settings.min_baseline_days:
            today += 1
            continue
        baseline = DayCounts.learn(counts[days], (first + days + 6) % 7)
        direction = _out_of_the_ordinary(counts[today], first + today, baseline, limit, settings)
        if direction is None or (direction == "down" and first + today in silent):
            is_usual[today] = direction is None
            today += 1
            continue
        ended = _end_of_episode(
            counts, first, today, baseline=baseline, direction=direction, settings=settings
        )
        is_over = ended < len(counts) or ended - today > settings.longest_episode_days
        expected = np.array([baseline.expected(first + day) for day in range(today, ended)])
        held = counts[today:ended]
        ratio = (held.sum() + 0.5) / (expected.sum() + 0.5)
        alarms.append(
            VolumeAlarm(
                kind="volume",
                source=source,
                direction=direction,
                started_at=date.fromordinal(first + today),
                detected_at=date.fromordinal(first + today),
                per_day_before=float(expected.mean()),
                per_day_after=float(held.mean()),
                n=int(held.sum()),
                n_days=ended - today,
                severity=_severity(abs(math.log2(ratio))),
                is_over=is_over,
            )
        )
        if ended - today > settings.longest_episode_days:
            ordinary_from = today  # a new level, which makes its own baseline
        else:
            is_usual[today:ended] = False
        today = ended
    return alarms


def _out_of_the_ordinary(
    count: float, day: int, baseline: DayCounts, limit: float, settings: VolumeSettings
) -> Direction | None:
    expected = baseline.expected(day)
    if count >= settings.smallest_ratio * max(expected, 1.0):
        return "up" if baseline.surprise(count, day) > limit else None
    if expected >= settings.min_expected and count * settings.smallest_ratio <= expected:
        return "down" if baseline.surprise(count, day) < -limit else None
    return None


def _end_of_episode(
    counts: Floats,
    first: int,
    began: int,
    *,
    baseline: DayCounts,
    direction: Direction,
    settings: VolumeSettings,
) -> int:
    """Return the day after the last one that is still out of the ordinary."""
    ended = began + 1
    day = ended
    while day < len(counts) and day - ended < settings.calm_days:
        if day - began > settings.longest_episode_days:
            return day
        ratio = (counts[day] + 0.5) / (baseline.expected(first + day) + 0.5)
        root = math.sqrt(settings.smallest_ratio)
        if (ratio > root) if direction == "up" else (ratio < 1 / root):
            ended = day + 1
        day += 1
    return ended if day - ended >= settings.calm_days else len(counts)
