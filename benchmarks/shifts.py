"""Measure false alarms and detection of the shift detector and its rivals on simulated sources.

    python -m benchmarks.shifts ours     # the budget kept, and what is found
    python -m benchmarks.shifts rivals   # each at its own false-alarm rate, ours set to the same

Draws daily counts as DESIGN does: base share .15, an odds ratio at the change, over-dispersion
(intra-class correlation) .01, a weekday effect on volume and shares (standard deviation .25 of the
log odds), 10 % empty days. The limits are those that ship; nothing here is fitted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np

from benchmarks.shift_rivals import FIRST, Floats, rivals
from reporting.baseline import Ints
from reporting.limits import shipped
from reporting.watch import DAILY, Limits, watch

#: anger, sadness, joy, love, fear, surprise, neutral; the first is the one that changes.
MANY = (0.15, 0.10, 0.25, 0.06, 0.04, 0.10, 0.30)
#: One emotion against all others: one series.
ONE = (0.15, 0.85)
RHO = 0.01
FOUND_WITHIN = 28


def draw(
    rng: np.random.Generator,
    *,
    runs: int,
    days: int,
    a_day: float,
    shares: Sequence[float],
    change_on: Ints | None = None,
    odds_ratio: float = 1.0,
    ramp: int = 1,
) -> Floats:
    """Return counts (runs, days, emotions) of sources that are alike but for chance."""
    usual = np.array(shares)
    weekday = np.arange(days) % 7
    weekly = rng.normal(0, 0.25, (runs, 7, len(usual)))
    if len(usual) == 2:
        weekly[..., 1] = 0
    n = rng.poisson(a_day * np.where(weekday < 5, 1.15, 0.62), (runs, days))
    n[rng.random((runs, days)) < 0.1] = 0
    mixes = np.broadcast_to(usual, (runs, days, len(usual))).copy()
    if change_on is not None:
        part = np.clip((np.arange(days) - change_on[:, None] + 1) / ramp, 0, 1)
        mixes[..., 0] *= odds_ratio**part
    mixes *= np.exp(weekly[:, weekday])
    mixes /= mixes.sum(axis=2, keepdims=True)
    drawn = np.maximum(rng.standard_gamma(mixes * (1 / RHO - 1)), 1e-300)
    return rng.multinomial(n, drawn / drawn.sum(axis=2, keepdims=True)).astype(np.float64)


def limits_for(n_emotions: int, alarms_a_year: float, runs: int, extra: float = 0.0) -> Limits:
    found = shipped().limits(
        resolution="daily", n_emotions=n_emotions, alarms_a_year=alarms_a_year, n_series=runs
    )
    return Limits(found.log_messages, found.values, found.offsets + extra)


def ours(counts: Floats, alarms_a_year: float) -> list[list[int]]:
    """Return the days of our alarms, by run."""
    runs, days, n_emotions = counts.shape
    found: list[list[int]] = [[] for _ in range(runs)]
    for start in range(0, runs, 200):
        part = counts[start : start + 200]
        limits = limits_for(n_emotions, alarms_a_year, len(part))
        seen = watch(part, np.arange(days) % 7, limits, plan=DAILY, names_further=False)
        for alarm in seen.alarms:
            found[start + alarm.run].append(alarm.bucket)
    return found


def a_year(alarms: list[list[int]], days: int) -> tuple[float, int]:
    """Return alarms a year of one series, and how many there were."""
    total = sum(len(run) for run in alarms)
    return total / (len(alarms) * (days - FIRST)) * 365.25, total


def found(alarms: list[list[int]], change_on: Ints) -> tuple[float, float]:
    """Return the part of the changes found within 28 days, and the median delay in days."""
    delays = []
    for run, changed in zip(alarms, change_on.tolist(), strict=True):
        after = [day - changed for day in run if 0 <= day - changed < FOUND_WITHIN]
        delays.extend(after[:1])
    return len(delays) / len(alarms), float(np.median(delays)) if delays else float("nan")


def change_days(runs: int) -> Ints:
    return np.asarray(90 + np.arange(runs) % 28)


def measure_ours(runs: int, volumes: Sequence[float]) -> None:
    print("| series | messages a day | false alarms a year, all series (alarms seen) | change "
          "| found in 28 days | median delay, days |")  # fmt: skip
    print("|---|---|---|---|---|---|")
    days = FIRST + 365
    cases = (("one", ONE, 1), ("twenty", ONE, 20), ("one source of 7 emotions", MANY, 1))
    for name, shares, n_series in cases:
        for a_day in volumes:
            rng = np.random.default_rng([3, int(a_day)])
            alarms: list[list[int]] = []
            for _ in range(0, runs * max(1, n_series // 3), 200):
                quiet = draw(rng, runs=200, days=days, a_day=a_day, shares=shares)
                alarms.extend(ours(quiet, 1 / n_series))
            rate, total = a_year(alarms, days)
            for odds_ratio in (1.25, 1.5, 2.0, 3.0):
                for ramp, how in ((1, "sudden"), (14, "over 14 days")):
                    change_on = change_days(runs)
                    changed = draw(
                        np.random.default_rng([4, int(a_day)]), runs=runs, days=146, a_day=a_day,
                        shares=shares, change_on=change_on, odds_ratio=odds_ratio, ramp=ramp,
                    )  # fmt: skip
                    part, delay = found(ours(changed, 1 / n_series), change_on)
                    told = f"| {name} | {a_day:g} | {rate * n_series:.2f} ({total}) "
                    change = f"| odds {odds_ratio:g} {how} | {part:.2f} | {delay:g} |"
                    print(told + change, flush=True)


def measure_rivals(runs: int, volumes: Sequence[float], only: str) -> None:
    print("| messages a day | detector | false alarms a year | found in 28 days | median delay "
          "| ours at that rate: found | median delay |")  # fmt: skip
    print("|---|---|---|---|---|---|---|")
    days = FIRST + 365
    for a_day in volumes:
        rng = np.random.default_rng([5, int(a_day)])
        quiet = draw(rng, runs=runs, days=days, a_day=a_day, shares=ONE)
        change_on = change_days(runs)
        changed = draw(rng, runs=runs, days=146, a_day=a_day, shares=ONE, change_on=change_on,
                       odds_ratio=2.0)  # fmt: skip
        for name, (rival, part_of) in rivals().items():
            if only not in name:
                continue
            some = max(runs // part_of, 4)
            if a_day >= 1000 and "per message" in name:
                some = max(runs // 10, 4)
            rate, total = a_year(rival(quiet[:some]), days)
            share, delay = found(rival(changed[:some]), change_on[:some])
            budget = _budget_for(max(rate, 0.02), quiet)
            own, own_delay = found(ours(changed, budget), change_on)
            print(f"| {a_day:g} | {name} | {rate:.2f} ({total}) | {share:.2f} | {delay:g} "
                  f"| {own:.2f} | {own_delay:g} |", flush=True)  # fmt: skip


def _budget_for(rate: float, quiet: Floats) -> float:
    """Return the budget at which our realised false alarms are as many as the rival's."""
    low, high = rate / 8, rate * 8
    for _ in range(6):
        middle = float(np.sqrt(low * high))
        realised, _ = a_year(ours(quiet, middle), quiet.shape[1])
        low, high = (middle, high) if realised < rate else (low, middle)
    return float(np.sqrt(low * high))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ours", "rivals"])
    parser.add_argument("--runs", type=int, default=600)
    parser.add_argument("--volumes", type=float, nargs="+", default=[8, 50, 1000])
    parser.add_argument("--only", default="", help="rivals whose name holds this")
    arguments = parser.parse_args()
    started = time.monotonic()
    if arguments.what == "ours":
        measure_ours(arguments.runs, arguments.volumes)
    else:
        measure_rivals(arguments.runs, arguments.volumes, arguments.only)
    print(f"\n{arguments.runs} runs, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
