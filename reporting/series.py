"""The words of shift detection: settings, one series' buckets, and a shift with its size.

Pure; `reporting.shifts` fills them, `reporting.render` and `reporting.jobs` read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, Self
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from records import Emotion
from reporting.attribution import Move
from reporting.baseline import Floats, Ints
from reporting.trends import scored_emotions, wilson
from reporting.watch import DAILY, HOURLY, WEEKLY, Alarm, Plan

Direction = Literal["up", "down"]
State = Literal["open", "over"]
#: What changed: the mix of emotions, the number of messages, or whether any come at all.
Kind = Literal["mood", "volume", "silence"]
Resolution = Literal["hourly", "daily", "weekly"]

PLANS: Final[dict[Resolution, Plan]] = {"hourly": HOURLY, "daily": DAILY, "weekly": WEEKLY}

#: Buckets that tell whether a level still holds: two weeks.
_RECENT: Final[dict[Resolution, int]] = {"hourly": 14 * 24, "daily": 14, "weekly": 2}


@dataclass(frozen=True, slots=True)
class ShiftSettings:
    """How the detector looks; the defaults are those that docs/shifts.md gives figures for."""

    #: The budget: false alarms a year for everything that is monitored together.
    false_alarms_a_year: float = 1.0
    resolution: Resolution = "daily"
    #: Added to every limit, in nats: above 0 fewer alarms, below 0 more.
    caution: float = 0.0
    #: Series that share the budget; None: as many as the frame holds.
    n_series: int | None = None

    @property
    def plan(self) -> Plan:
        return PLANS[self.resolution]


@dataclass(frozen=True, slots=True)
class Shift:
    """One emotion's share of a source that has changed, and since when."""

    source: str
    emotion: Emotion
    direction: Direction
    #: First day of the new level, as estimated on the day of the alarm.
    started_at: date
    #: Day whose counts raised the alarm.
    detected_at: date
    share_before: float
    share_after: float
    odds_ratio: float
    #: Scored messages from started_at to detected_at, both included.
    n: int
    #: 1 (just worthwhile) to 10: Cohen's h in tenths.
    severity: int
    #: Whether the newest two weeks still lie nearer to share_after than to share_before.
    state: State
    kind: Kind = "mood"
    #: Pseudonym, where one author's entries were watched and not a whole source.
    author: str | None = None
    #: 95 % intervals of the two shares; None where they were not estimated.
    interval_before: tuple[float, float] | None = None
    interval_after: tuple[float, float] | None = None
    #: Days from started_at to the newest day that still lies at the new level; None: not estimated.
    persistence_days: int | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """The buckets of one source, or of one author in it, from its first message to its last."""

    source: str
    author: str | None
    emotions: tuple[Emotion, ...]
    resolution: Resolution
    #: Number of the first bucket; days count as `date.toordinal` does, weeks begin on Mondays.
    first: int
    #: Shape (D, K), zeros where a bucket is empty.
    counts: Floats

    @classmethod
    def of(
        cls,
        source: str,
        frame: pd.DataFrame,
        emotions: tuple[Emotion, ...],
        *,
        resolution: Resolution = "daily",
        author: str | None = None,
    ) -> Self | None:
        """Return the series, or None when it holds no scored message."""
        rows = frame[[f"n_{emotion}" for emotion in emotions]].to_numpy(dtype=np.float64)
        held = rows.sum(axis=1) > 0
        if not held.any():
            return None
        numbers = bucket_numbers(frame["day"], resolution)[held]
        first = int(numbers.min())
        counts = np.zeros((int(numbers.max()) - first + 1, len(emotions)))
        np.add.at(counts, numbers - first, rows[held])
        return cls(source, author, emotions, resolution, first, counts)

    @property
    def phases(self) -> Ints:
        return phases_of(self.first + np.arange(len(self.counts)), self.resolution)

    @property
    def held(self) -> Ints:
        """Return the indices of the buckets that hold messages."""
        return np.flatnonzero(self.counts.sum(axis=1) > 0)

    def day(self, bucket: int, *, last: bool = False) -> date:
        """Return the day of a bucket, of a week its first or last one."""
        number = self.first + bucket
        if self.resolution == "hourly":
            number //= 24
        elif self.resolution == "weekly":
            number = number * 7 + (7 if last else 1)
        return date.fromordinal(number)


def hourly_counts(hourly: pd.DataFrame, *, time_zone: str = "UTC") -> pd.DataFrame:
    """Return hours as `detect` takes them: local naive `day`, `source`, `n_<emotion>`.

    The hour that summer time repeats holds the messages of both.
    """
    counted = [f"n_{emotion}" for emotion in scored_emotions(hourly)]
    local = hourly["hour"].dt.tz_convert(ZoneInfo(time_zone)).dt.tz_localize(None)
    sums: pd.DataFrame = (
        hourly[counted]
        .fillna(0)
        .astype("int64")
        .groupby([local.dt.floor("h").rename("day"), hourly["source"]], sort=True)
        .sum()
        .reset_index()
    )
    return sums


def bucket_numbers(moments: pd.Series, resolution: Resolution) -> Ints:
    """Return the number of the bucket that each naive moment falls into."""
    days = np.array([moment.toordinal() for moment in moments], dtype=np.int64)
    if resolution == "hourly":
        return np.asarray(days * 24 + moments.dt.hour.to_numpy(dtype=np.int64))
    return (days - 1) // 7 if resolution == "weekly" else days


def phases_of(numbers: Ints, resolution: Resolution) -> Ints:
    """Return the phase of each bucket: 0 = Monday, or Monday's first hour; weeks have none."""
    if resolution == "weekly":
        return np.zeros(len(numbers), dtype=np.int64)
    if resolution == "hourly":
        return np.asarray((numbers // 24 + 6) % 7 * 24 + numbers % 24)
    return np.asarray((numbers + 6) % 7)


def describe_shift(series: Series, move: Move, alarm: Alarm) -> Shift:
    """Tell a change in shares, odds, intervals and days."""
    after, before = move.share_after, move.share_before
    distance = abs(2 * np.arcsin(np.sqrt(after)) - 2 * np.arcsin(np.sqrt(before)))
    window = series.counts[alarm.first : alarm.bucket + 1]
    last_at_level = _last_at_level(series, move, alarm.bucket)
    n_effective = float((window.sum(axis=1) / alarm.before.inflation(window.sum(axis=1))).sum())
    started_at = series.day(alarm.first)
    is_over = last_at_level < len(series.counts) - 1
    return Shift(
        source=series.source,
        emotion=series.emotions[move.emotion],
        direction="up" if after > before else "down",
        started_at=started_at,
        detected_at=series.day(alarm.bucket, last=True),
        share_before=before,
        share_after=after,
        odds_ratio=float(np.exp(_logit(after) - _logit(before))),
        n=int(window.sum()),
        severity=int(np.clip(np.ceil(distance * 10), 1, 10)),
        state="over" if is_over else "open",
        author=series.author,
        interval_before=_interval(before, alarm.before.n_effective),
        interval_after=_interval(after, n_effective),
        persistence_days=(series.day(last_at_level, last=True) - started_at).days + 1,
    )


def _last_at_level(series: Series, move: Move, bucket: int) -> int:
    """Return the last bucket whose two weeks lie nearer to the level after than before."""
    counts = series.counts
    width = _RECENT[series.resolution]
    sums = np.concatenate([np.zeros((1, counts.shape[1])), np.cumsum(counts, axis=0)])
    ends = np.arange(bucket, len(counts))
    recent = sums[ends + 1] - sums[np.maximum(ends + 1 - width, 0)]
    share = (recent[:, move.emotion] + 0.5) / (recent.sum(axis=1) + 1)
    logit = np.log(share / (1 - share))
    back = np.abs(logit - _logit(move.share_before)) < np.abs(logit - _logit(move.share_after))
    # What the alarm itself rests on may be younger than two weeks.
    back[: width // 2] = False
    if len(back) <= width // 2:
        return len(counts) - 1
    over = np.flatnonzero(back)
    return max(bucket, int(ends[over[0]]) - width // 2) if len(over) else len(counts) - 1


def _interval(share: float, n: float) -> tuple[float, float]:
    low, high = wilson(share * n, n)
    return float(low), float(high)


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
