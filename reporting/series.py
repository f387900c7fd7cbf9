"""The words of shift detection: settings, one source's days, and a shift with its size.

Pure; `reporting.shifts` fills them, `reporting.render` and `reporting.jobs` read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, Self

import numpy as np
import pandas as pd

from records import Emotion
from reporting.attribution import Move
from reporting.baseline import Floats, Ints

Direction = Literal["up", "down"]
State = Literal["open", "over"]
#: What changed: the mix of emotions, the number of messages, or whether any come at all.
Kind = Literal["mood", "volume", "silence"]


@dataclass(frozen=True, slots=True)
class Average:
    """An exponentially weighted moving average and the limit that it must not pass."""

    #: Weight of the newest day (lambda of the EWMA).
    smoothing: float
    #: In normal quantiles of the whole residual vector's distance from 0.
    limit: float


@dataclass(frozen=True, slots=True)
class ShiftSettings:
    """How the detector looks; the defaults are those that docs/shifts.md gives figures for."""

    #: Length of the trailing baseline, and the days between it and today.
    baseline_days: int = 56
    gap_days: int = 7
    #: Moving averages run side by side: a fast one for clear shifts, a slow one for few messages.
    averages: tuple[Average, ...] = (Average(0.2, 3.7), Average(0.07, 2.5))
    #: Added to every limit: above 0 fewer alarms, below 0 more.
    caution: float = 0.0
    #: Smallest worthwhile change, as an odds ratio.
    smallest_odds_ratio: float = 1.25
    #: A baseline of fewer days with messages, or fewer messages, gives no verdict.
    min_baseline_days: int = 21
    min_baseline_messages: int = 40
    #: Days of the new level needed after a shift before the next one can be flagged.
    min_days_after_shift: int = 14

    @property
    def first_verdict_after_days(self) -> int:
        return self.baseline_days + self.gap_days


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
    """One source's days that hold scored messages, oldest first."""

    source: str
    emotions: tuple[Emotion, ...]
    #: Proleptic ordinals, shape (D,).
    days: Ints
    #: Shape (D, K).
    counts: Floats

    @classmethod
    def of(cls, source: str, frame: pd.DataFrame, emotions: tuple[Emotion, ...]) -> Self:
        ordered = frame.sort_values("day")
        counts = ordered[[f"n_{e}" for e in emotions]].to_numpy(dtype=np.float64)
        days = np.array([day.toordinal() for day in ordered["day"]], dtype=np.int64)
        held = counts.sum(axis=1) > 0
        return cls(source, emotions, days[held], counts[held])

    @property
    def weekdays(self) -> Ints:
        return np.asarray((self.days + 6) % 7)


def describe_shift(series: Series, move: Move, first: int, today: int) -> Shift:
    after, before = move.share_after, move.share_before
    distance = abs(2 * np.arcsin(np.sqrt(after)) - 2 * np.arcsin(np.sqrt(before)))
    newest = series.counts[series.days > series.days[-1] - 14]
    share_now = (newest[:, move.emotion].sum() + 0.5) / (newest.sum() + 1)
    back = abs(_logit(share_now) - _logit(before)) < abs(_logit(share_now) - _logit(after))
    return Shift(
        source=series.source,
        emotion=series.emotions[move.emotion],
        direction="up" if after > before else "down",
        started_at=date.fromordinal(int(series.days[first])),
        detected_at=date.fromordinal(int(series.days[today])),
        share_before=before,
        share_after=after,
        odds_ratio=float(np.exp(_logit(after) - _logit(before))),
        n=int(series.counts[first : today + 1].sum()),
        severity=int(np.clip(np.ceil(distance * 10), 1, 10)),
        state="over" if back else "open",
    )


def _logit(share: float) -> float:
    return float(np.log(share / (1 - share)))
