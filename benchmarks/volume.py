"""Measure the alarms on the number of messages: how many are false, what is found, how soon.

    python -m benchmarks.volume [YEARS]

Draws messages by hour with a day pattern, a weekday pattern and over-dispersed days (negative
binomial of the stated size), and runs `reporting.volume.watch_volume` at its defaults, one alarm a
year. The tables stand in docs/schedules.md.
"""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from reporting.volume import VolumeAlarm, watch_volume

FIRST: Final = datetime(2024, 1, 1, tzinfo=UTC)
LATER: Final = datetime(2090, 1, 1, tzinfo=UTC)
#: Days until the first verdict on a whole baseline.
WARM_UP: Final = 57
_BY_HOUR: Final = 1 + 0.8 * np.sin((np.arange(24) - 8) / 24 * 2 * np.pi)
_BY_WEEKDAY: Final = np.array([1.1, 1.1, 1.1, 1.1, 1.0, 0.8, 0.8])


def draw(
    rng: np.random.Generator,
    a_day: float,
    days: int,
    size: float,
    *,
    source: str = "posts",
    factor: dict[int, float] | None = None,
) -> pd.DataFrame:
    """Draw `days` days; `factor` multiplies what is expected of single ones."""
    level = a_day * (_BY_WEEKDAY / _BY_WEEKDAY.mean())[np.arange(days) % 7]
    for day, times in (factor or {}).items():
        level[day] *= times
    if np.isfinite(size):
        level = level * rng.gamma(size, 1 / size, days)
    counts = rng.poisson(level[:, None] * (_BY_HOUR / _BY_HOUR.sum()))
    day_of, hour = np.nonzero(counts)
    return pd.DataFrame(
        {
            "hour": pd.Timestamp(FIRST) + pd.to_timedelta(day_of * 24 + hour, unit="h"),
            "source": source,
            "n": counts[day_of, hour],
        }
    )


def false_alarms(years: int) -> None:
    print("| messages a day | size | spikes and drops a year | silences a year |")
    print("|---|---|---|---|")
    for a_day in (1, 8, 50, 1000):
        for size in (np.inf, 10, 3):
            rng = np.random.default_rng(1)
            found: Counter[str] = Counter()
            for _ in range(years):
                frame = draw(rng, a_day, 365 + WARM_UP, size)
                found.update(alarm.kind for alarm in watch_volume(frame, until=LATER))
            shown = "Poisson" if np.isinf(size) else f"{size:g}"
            volume, silence = found["volume"] / years, found["silence"] / years
            print(f"| {a_day:,} | {shown} | {volume:.2f} | {silence:.2f} |", flush=True)
    rng = np.random.default_rng(2)
    n, rounds = 0, max(years // 20, 1)
    for _ in range(rounds):
        frames = [draw(rng, 20, 365 + WARM_UP, 10, source=f"s{k}") for k in range(20)]
        n += len(watch_volume(pd.concat(frames), until=LATER))
    print(f"\nTwenty sources of 20 a day, size 10: {n / rounds:.2f} alarms a year in all\n")


def found(runs: int) -> None:
    print("| what | 1 a day | 8 a day | 50 a day | 1,000 a day |")
    print("|---|---|---|---|---|")
    for name, factor in (("a day of 3 times", 3.0), ("a day of 5 times", 5.0), ("a tenth", 0.1)):
        cells = []
        for a_day in (1, 8, 50, 1000):
            rng = np.random.default_rng(3)
            hits = 0
            for _ in range(runs):
                frame = draw(rng, a_day, 102, 10, factor={100: factor})
                day = (FIRST + timedelta(days=100)).date()
                hits += any(_is_of(alarm, day) for alarm in watch_volume(frame, until=LATER))
            cells.append(f"{hits / runs:.2f}")
        print(f"| {name}: found the same day | {' | '.join(cells)} |", flush=True)
    cells = []
    for a_day in (1, 8, 50, 1000):
        rng = np.random.default_rng(4)
        waits = []
        for _ in range(runs):
            frame = draw(rng, a_day, 100, 10)
            last = frame["hour"].max().to_pydatetime()
            alarms = watch_volume(
                frame, until=LATER, silent_until={"posts": last + timedelta(days=60)}
            )
            waits += [
                (alarm.detected_at - alarm.started_at).days
                for alarm in alarms
                if alarm.kind == "silence" and not alarm.is_over
            ]
        part = len(waits) / runs
        cells.append(f"{np.median(waits):.0f} ({part:.2f})" if waits else "-")
    print(f"| no more messages: median days until told (part found) | {' | '.join(cells)} |")


def _is_of(alarm: VolumeAlarm, day: object) -> bool:
    return alarm.kind == "volume" and alarm.started_at == day


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    false_alarms(wanted)
    found(wanted)
