"""Measure false alarms and detection of the shift detector on simulated sources.

    python benchmarks/shifts.py [--runs 200] [--days 365]

Draws daily counts as DESIGN does: base share .15, odds ratio 2 at the change, over-dispersion
(intra-class correlation) .01, a weekday effect, 10 % empty days. The same run judges the usual
alternatives, on the one emotion that changes; ours sees all seven.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd

from records import EMOTIONS
from reporting.shifts import ShiftSettings, detect

#: sadness, joy, love, anger, fear, surprise, neutral; anger is the one that changes.
SCORED = tuple(e for e in EMOTIONS if e != "disgust")
SHARES = np.array([0.10, 0.25, 0.06, 0.15, 0.04, 0.10, 0.30])
ANGER = SCORED.index("anger")
FIRST_DAY = date(2024, 1, 1)
RHO = 0.01


def simulate(
    rng: np.random.Generator,
    *,
    days: int,
    a_day: float,
    change_on: int | None = None,
    odds_ratio: float = 2.0,
) -> pd.DataFrame:
    """Return a daily frame as `detect` takes it; one row for each day that holds messages."""
    weekly = rng.normal(0, 0.25, size=(7, len(SHARES)))
    rows = []
    for day in range(days):
        if rng.random() < 0.1:
            continue
        n = int(rng.poisson(a_day * (1.15 if day % 7 < 5 else 0.62)))
        if n == 0:
            continue
        shares = SHARES.copy()
        if change_on is not None and day >= change_on:
            odds = shares[ANGER] / (1 - shares[ANGER]) * odds_ratio
            shares *= (1 - odds / (1 + odds)) / (1 - shares[ANGER])
            shares[ANGER] = odds / (1 + odds)
        shares = shares * np.exp(weekly[day % 7])
        mixed = rng.dirichlet(shares / shares.sum() * (1 / RHO - 1))
        counts = rng.multinomial(n, mixed)
        rows.append([pd.Timestamp(FIRST_DAY + timedelta(days=day)), "simulated", n, *counts])
    return pd.DataFrame(rows, columns=["day", "source", "n", *(f"n_{e}" for e in SCORED)])


Detector = Callable[[pd.DataFrame], list[int]]


def ours(settings: ShiftSettings, only_anger: bool = False) -> Detector:
    def alarms(daily: pd.DataFrame) -> list[int]:
        seen = daily
        if only_anger:
            seen = daily[["day", "source", "n", "n_anger"]].copy()
            seen["n_neutral"] = seen["n"] - seen["n_anger"]
        found = detect(seen, settings=settings).shifts
        return sorted({(shift.detected_at - FIRST_DAY).days for shift in found})

    return alarms


def week_on_week(daily: pd.DataFrame) -> list[int]:
    """Alarm when a week's share is 25 % above or below the week before's."""
    number = (daily["day"] - pd.Timestamp(FIRST_DAY)).dt.days
    weeks = daily[["n", "n_anger"]].groupby(number // 7).sum()
    share = weeks["n_anger"] / weeks["n"]
    change = share / share.shift(1) - 1
    return [int(week) * 7 + 6 for week in share.index[(change.abs() > 0.25)] if week >= 9]


def three_sigma(daily: pd.DataFrame) -> list[int]:
    """Alarm when a day's share is 3 standard deviations off the trailing 56 days' shares."""
    share = (daily["n_anger"] / daily["n"]).to_numpy()
    number = (daily["day"] - pd.Timestamp(FIRST_DAY)).dt.days.to_numpy()
    found = []
    for today in range(len(share)):
        past = share[:today][(number[:today] >= number[today] - 63)]
        past = past[: max(0, len(past) - 7)]
        if number[today] >= 63 and abs(share[today] - past.mean()) > 3 * past.std(ddof=1):
            found.append(int(number[today]))
    return found


def measure(
    detector: Detector, *, a_day: float, runs: int, days: int, odds_ratio: float
) -> tuple[float, float, float]:
    """Return false alarms a year, share found within 28 days, median delay in days."""
    false_alarms, judged = 0, 0
    delays = []
    for run in range(runs):
        quiet = simulate(np.random.default_rng([1, run]), days=days, a_day=a_day)
        false_alarms += sum(day >= 63 for day in detector(quiet))
        judged += days - 63
        change_on = 90 + run % 28
        changed = simulate(
            np.random.default_rng([2, run]),
            days=change_on + 28,
            a_day=a_day,
            change_on=change_on,
            odds_ratio=odds_ratio,
        )
        after = [day for day in detector(changed) if day >= change_on]
        if after:
            delays.append(after[0] - change_on)
    delay = float(np.median(delays)) if delays else float("nan")
    return false_alarms / judged * 365, len(delays) / runs, delay


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=200)
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--odds-ratio", type=float, default=2.0)
    parser.add_argument("--volumes", type=float, nargs="+", default=[8, 50])
    parser.add_argument(
        "--cautions", type=float, nargs="*", default=[], help="try other limits too"
    )
    arguments = parser.parse_args()
    default = ShiftSettings()
    detectors: dict[str, Detector] = {
        "week on week ±25 %": week_on_week,
        "daily share, 3 sigma": three_sigma,
        "ours, seven emotions": ours(default),
        "ours, told to look at the one emotion": ours(default, only_anger=True),
    }
    for caution in arguments.cautions:
        settings = replace(default, caution=caution)
        detectors[f"ours, seven emotions, limits {caution:+g}"] = ours(settings)
    print("| detector | messages a day | false alarms a year | found in 28 days | median delay |")
    print("|---|---|---|---|---|")
    started = time.monotonic()
    for a_day in arguments.volumes:
        for name, detector in detectors.items():
            alarms, found, delay = measure(
                detector,
                a_day=a_day,
                runs=arguments.runs,
                days=arguments.days,
                odds_ratio=arguments.odds_ratio,
            )
            print(f"| {name} | {a_day:g} | {alarms:.2f} | {found:.2f} | {delay:g} |", flush=True)
    print(f"\n{arguments.runs} runs of {arguments.days} days, odds ratio {arguments.odds_ratio}, ")
    print(f"{time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
