"""Measure the false alarms of verdicts by the hour and by the week, with the limits that ship.

    python -m benchmarks.resolutions [--years 200] [--resolutions hourly weekly]

The days of benchmarks/shifts.py: hours share the mood of their day, differ in volume (six times as
many at noon as at midnight) and in emotions (standard deviation .25 of the log odds); weeks are
sums of seven days.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence

import numpy as np

from benchmarks.shifts import MANY, ONE, RHO, draw
from reporting.baseline import Floats
from reporting.limits import shipped
from reporting.series import PLANS, Resolution
from reporting.watch import watch


def draw_hours(
    rng: np.random.Generator, *, runs: int, days: int, a_day: float, shares: Sequence[float]
) -> Floats:
    """Return counts (runs, hours, emotions) of quiet sources that are alike but for chance."""
    usual = np.array(shares)
    weekday = np.arange(days) % 7
    weekly = rng.normal(0, 0.25, (runs, 7, len(usual)))
    hourly = rng.normal(0, 0.25, (runs, 1, 24, len(usual)))
    if len(usual) == 2:
        weekly[..., 1] = 0
        hourly[..., 1] = 0
    moods = usual * np.exp(weekly[:, weekday])
    moods /= moods.sum(axis=2, keepdims=True)
    moods = np.maximum(rng.standard_gamma(moods * (1 / RHO - 1)), 1e-300)
    mixes = moods[:, :, None] * np.exp(hourly)
    mixes /= mixes.sum(axis=3, keepdims=True)
    curve = 1 - 5 / 7 * np.cos(np.arange(24) * math.tau / 24)
    of_day = a_day * np.where(weekday < 5, 1.15, 0.62) * (rng.random((runs, days)) >= 0.1)
    n = rng.poisson(of_day[..., None] * curve / 24)
    return rng.multinomial(n, mixes).reshape(runs, days * 24, -1).astype(np.float64)


def draw_weeks(
    rng: np.random.Generator, *, runs: int, weeks: int, a_day: float, shares: Sequence[float]
) -> Floats:
    days = draw(rng, runs=runs, days=weeks * 7, a_day=a_day, shares=shares)
    return np.asarray(days.reshape(runs, weeks, 7, -1).sum(axis=2))


def false_alarms(resolution: Resolution, a_day: float, shares: Sequence[float], years: int) -> int:
    """Return the alarms of so many quiet years, at a budget of one a year."""
    plan = PLANS[resolution]
    alarms, batch = 0, 25 if resolution == "hourly" else 100
    for start in range(0, years, batch):
        rng = np.random.default_rng([9, int(a_day), len(shares), start])
        if resolution == "hourly":
            days = plan.first_verdict // 24 + 365
            counts = draw_hours(rng, runs=batch, days=days, a_day=a_day, shares=shares)
        else:
            weeks = plan.first_verdict + 52
            counts = draw_weeks(rng, runs=batch, weeks=weeks, a_day=a_day, shares=shares)
        limits = shipped().limits(
            resolution=resolution, n_emotions=len(shares), alarms_a_year=1.0, n_series=batch
        )
        phases = np.arange(counts.shape[1]) % plan.n_phases
        alarms += len(watch(counts, phases, limits, plan=plan, names_further=False).alarms)
    return alarms


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--years", type=int, default=200)
    parser.add_argument("--resolutions", nargs="+", default=["hourly", "weekly"])
    parser.add_argument("--volumes", type=float, nargs="+", default=[8, 50, 1000])
    parser.add_argument("--emotions", type=int, nargs="+", default=[2, 7])
    arguments = parser.parse_args()
    print(
        "| judged by | messages a day | emotions | false alarms a year (seen) |\n|---|---|---|---|"
    )
    for resolution in arguments.resolutions:
        for a_day in arguments.volumes:
            for shares in (ONE, MANY):
                if len(shares) in arguments.emotions:
                    seen = false_alarms(resolution, a_day, shares, arguments.years)
                    told = f"{seen / arguments.years:.2f} ({seen})"
                    print(f"| {resolution} | {a_day:g} | {len(shares)} | {told} |", flush=True)


if __name__ == "__main__":
    main()
