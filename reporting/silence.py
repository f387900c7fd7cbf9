"""Find gaps in a source's messages that are longer than its own gaps would ever be.

Pure; for `reporting.volume`. A gap is measured in messages that would have been expected in it, by
weekday and hour of the day, so that nights and weekends are no silence. It must be longer than the
longest tenth of the source's gaps foretells, and than slow days in a row would explain.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.day_counts import DayCounts, Floats, Ints

#: Part of the gaps that tells about long ones, and the least and most of them.
_TAIL: Final = 0.1
_LEAST_TAIL: Final = 10
_MOST_TAIL: Final = 60
#: A baseline of fewer gaps gives no verdict.
_LEAST_GAPS: Final = 20
#: Longest stretch whose expected messages are added up, in hours.
_HORIZON_H: Final = 400 * 24
#: Messages that stand against what each hour and weekday has shown.
_PRIOR: Final = 2.0


@dataclass(frozen=True, slots=True)
class Silence:
    """A gap longer than it should be."""

    #: Hours since 1970, UTC: the hour of the last message, and the one that raised the alarm.
    last_hour: int
    alarm_hour: int
    length_h: int
    per_day_before: float
    #: Messages expected in the gap, and until the alarm was raised.
    missed: float
    limit: float
    is_over: bool


def find_silences(
    hours: Ints,
    counts: Floats,
    *,
    end_hour: int,
    budget: float,
    shortest_h: int,
    baseline_days: int,
    min_baseline_days: int,
) -> list[Silence]:
    """Return the silences of one source, oldest first.

    Args:
        hours: Hours since 1970 that hold messages, ascending, shape (H,).
        counts: Their messages, shape (H,).
        end_hour: What has not come by then has not come.
        budget: False alarms expected in a year.
        shortest_h: Shorter gaps are never judged.
        baseline_days: Length of the trailing baseline.
        min_baseline_days: The least of it that gives a verdict.
    """
    nexts = np.append(hours[1:], end_hour)
    found: list[Silence] = []
    for place in np.flatnonzero(nexts - hours - 1 >= shortest_h):
        last, following = int(hours[place]), int(nexts[place])
        from_hour = max(last - baseline_days * 24, int(hours[0]))
        if last - from_hour < min_baseline_days * 24:
            continue
        known = slice(int(np.searchsorted(hours, from_hour)), place + 1)
        own_hours, own_counts = hours[known], counts[known]
        if len(own_hours) <= _LEAST_GAPS:
            continue
        n_hours = min(following, last + _HORIZON_H) - from_hour
        expected = _expected(own_hours, own_counts, from_hour, n_hours)
        # expected[i]: messages expected before the hour from_hour + i.
        gaps = expected[own_hours[1:] - from_hour] - expected[own_hours[:-1] + 1 - from_hour]
        gaps_a_year = len(gaps) / (last - from_hour) * 24 * 365.25
        limit = longest_gap(gaps, chance=budget / gaps_a_year)
        silent = expected[last + 1 - from_hour :] - expected[last + 1 - from_hour]
        too_long = int(np.searchsorted(silent, limit, side="right"))
        rarity = _rarity(silent, last + 1, _size(own_hours, own_counts, from_hour, last))
        too_rare = int(np.searchsorted(rarity, -np.log(budget / gaps_a_year), side="right"))
        too_long = max(too_long, too_rare)
        alarm = last + max(too_long, shortest_h) + 1
        if too_long >= len(silent) or alarm > following:
            continue
        found.append(
            Silence(
                last_hour=last,
                alarm_hour=alarm,
                length_h=following - last - 1,
                per_day_before=float(own_counts.sum()) / (last + 1 - from_hour) * 24,
                missed=float(silent[-1]),
                # At least half a message: a source may have no gap at all.
                limit=max(float(silent[alarm - last - 1]), 0.5),
                is_over=bool(place + 1 < len(hours)),
            )
        )
    return found


def longest_gap(gaps: Floats, *, chance: float) -> float:
    """Return the length that a gap exceeds with probability `chance`.

    Beyond a high threshold gaps are taken for exponential; that the mean excess is known from m of
    them only makes the tail (1 + x / sum)^-m. Never less than the longest gap seen.

    Source: Davison & Smith (1990), "Models for exceedances over high thresholds", section 2; the
    predictive tail is that of an exponential mean with Jeffreys' prior.
    """
    ordered = np.sort(gaps)
    m = int(np.clip(_TAIL * len(gaps), _LEAST_TAIL, _MOST_TAIL))
    threshold = float(ordered[-m - 1])
    excess = float((ordered[-m:] - threshold).sum())
    if chance >= m / len(gaps):
        return float(ordered[-1])
    beyond = excess * (float(chance * len(gaps) / m) ** (-1 / m) - 1)
    return float(max(threshold + beyond, float(ordered[-1])))


def _size(hours: Ints, counts: Floats, from_hour: int, last: int) -> float:
    """Return the size of the negative binomial that the days before follow, rather too small."""
    first_day, last_day = from_hour // 24 + 1, last // 24
    n_days = last_day - first_day
    # What lies before the first whole day is counted in the place before it.
    place = np.clip(hours // 24 - first_day + 1, 0, None)
    counted = np.bincount(place, weights=counts, minlength=n_days + 1)
    by_day: Floats = np.asarray(counted[1 : n_days + 1], dtype=np.float64)
    weekdays: Ints = (first_day + np.arange(len(by_day), dtype=np.int64) + 3) % 7
    learned = DayCounts.learn(by_day, weekdays)
    # One standard error of a variance to the careful side.
    return float(learned.size) / (1 + math.sqrt(2 / max(len(by_day) - 7, 1)))


def _rarity(silent: Floats, first_hour: int, size: float) -> Floats:
    """Return minus the log of the chance of no message until each hour.

    Days differ: on a slow one many hours pass without any. The chance of none in a day of m
    expected messages is (1 + m / size)^-size, and days are taken for independent.
    """
    if math.isinf(size):
        return silent
    day = (first_hour + np.arange(len(silent))) // 24
    begins = np.flatnonzero(np.diff(day, prepend=day[0] - 1))
    at_begin = silent[begins]
    whole = size * np.log1p(np.diff(at_begin) / size)
    before = np.concatenate(([0.0], np.cumsum(whole)))
    place = day - day[0]
    rarity: Floats = before[place] + size * np.log1p((silent - at_begin[place]) / size)
    return rarity


def _expected(hours: Ints, counts: Floats, from_hour: int, n_hours: int) -> Floats:
    """Return the messages expected before each hour from `from_hour` on, shape (n_hours + 1,)."""
    span = int(hours[-1]) + 1 - from_hour
    total = float(counts.sum())
    # 1 January 1970 was a Thursday.
    weekday = np.bincount((hours // 24 + 3) % 7, weights=counts, minlength=7)
    of_day = np.bincount(hours % 24, weights=counts, minlength=24)
    weekday_factor = (weekday + _PRIOR) / (total / 7 + _PRIOR)
    hour_factor = (of_day + _PRIOR) / (total / 24 + _PRIOR)
    all_hours = from_hour + np.arange(n_hours)
    rate = weekday_factor[(all_hours // 24 + 3) % 7] * hour_factor[all_hours % 24]
    own_span = rate[: min(span, n_hours)].sum()
    return np.concatenate(([0.0], np.cumsum(rate * (total / own_span))))
