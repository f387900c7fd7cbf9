"""Measure false alarms and detection of the shift detector and its rivals on simulated sources.

    python -m benchmarks.shifts ours     # the budget kept, and what is found
    python -m benchmarks.shifts rivals   # each at its own false-alarm rate, ours set to the same

Draws daily counts as DESIGN does: base share .15, an odds ratio at the change, over-dispersion
(intra-class correlation) .01, a weekday effect on volume and shares (standard deviation .25 of the
log odds), 10 % empty days. The limits are those that ship; nothing here is fitted.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.shift_rivals import FIRST, Floats, Rival, rivals
from reporting.baseline import Ints
from reporting.limits import shipped
from reporting.watch import DAILY, Limits, watch

#: anger, sadness, joy, love, fear, surprise, neutral; the first is the one that changes.
MANY = (0.15, 0.10, 0.25, 0.06, 0.04, 0.10, 0.30)
#: One emotion against all others: one series.
ONE = (0.15, 0.85)
RHO = 0.01
FOUND_WITHIN = 28
#: Odds ratio, and days over which it comes about.
CHANGES = tuple((odds_ratio, ramp) for ramp in (1, 14) for odds_ratio in (1.25, 1.5, 2.0, 3.0))
#: Series walked through at once.
_BATCH = 200
#: False alarms after which a rival's rate is known well enough.
_ENOUGH = 200


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
    return replace(found, offsets=found.offsets + extra)


def ours(counts: Floats, alarms_a_year: float) -> list[list[int]]:
    """Return the days of our alarms, by run."""
    runs, days, n_emotions = counts.shape
    found: list[list[int]] = [[] for _ in range(runs)]
    for start in range(0, runs, _BATCH):
        part = counts[start : start + _BATCH]
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


def measure_ours(runs: int, volumes: Sequence[float], budget: float) -> None:
    """Print a row for each kind of source: false alarms, and what is found of each change."""
    heads = _heads()
    print(f"| series | messages a day | false alarms a year in all (seen) | {heads} |")
    print("|---|---|---|" + "---|" * len(CHANGES), flush=True)
    days = FIRST + 365
    cases = (("one", ONE, 1), ("twenty", ONE, 20), ("one source of 7 emotions", MANY, 1))
    for name, shares, n_series in cases:
        for a_day in volumes:
            rng = np.random.default_rng([3, int(a_day)])
            alarms: list[list[int]] = []
            # As many alarms are waited for: one of twenty gives a twentieth of them.
            for _ in range(0, runs * (8 if n_series > 1 else 2), _BATCH):
                quiet = draw(rng, runs=_BATCH, days=days, a_day=a_day, shares=shares)
                alarms.extend(ours(quiet, budget / n_series))
            rate, total = a_year(alarms, days)
            cells = []
            for odds_ratio, ramp in CHANGES:
                change_on = change_days(runs)
                changed = draw(
                    np.random.default_rng([4, int(a_day)]), runs=runs, days=146, a_day=a_day,
                    shares=shares, change_on=change_on, odds_ratio=odds_ratio, ramp=ramp,
                )  # fmt: skip
                cells.append(_told(*found(ours(changed, budget / n_series), change_on)))
            told = f"| {name} | {a_day:g} | {rate * n_series:.2f} ({total}) "
            print(f"{told}| {' | '.join(cells)} |", flush=True)


def _heads() -> str:
    return " | ".join(
        f"{odds_ratio:g}{', 14 days' if ramp > 1 else ''}" for odds_ratio, ramp in CHANGES
    )


@dataclass(frozen=True, slots=True)
class _Changed:
    """Simulated series of which each changes once."""

    counts: Floats
    change_on: Ints


def measure_rivals(runs: int, volumes: Sequence[float], only: str, years: float) -> None:
    """Print a row a rival: its false alarms, and what it and ours find at that rate."""
    heads = _heads()
    print(f"| messages a day | detector | false alarms a year (seen, in years) | {heads} |")
    print("|---|---|---|" + "---|" * len(CHANGES), flush=True)
    for a_day in volumes:
        changed = []
        for odds_ratio, ramp in CHANGES:
            change_on = change_days(runs)
            counts = draw(
                np.random.default_rng([6, int(a_day)]), runs=runs, days=146, a_day=a_day,
                shares=ONE, change_on=change_on, odds_ratio=odds_ratio, ramp=ramp,
            )  # fmt: skip
            changed.append(_Changed(counts, change_on))
        realised = _realised(a_day, runs)
        for name, (rival, at_50) in rivals().items():
            if only not in name:
                continue
            cost = max(at_50 * a_day / 50 if "per message" in name else at_50, 1.0)
            seen, simulated = _until_enough(rival, a_day, years / cost)
            some = max(int(runs / cost), min(runs, 50))
            rate = seen / simulated
            budget = float(np.exp(np.interp(np.log(max(rate, 0.02)), *realised)))
            told = f"{rate:.2f} ({seen} in {simulated:.0f})"
            if seen < 10:
                told = f"under {_most(seen) / simulated:.2f} ({seen} in {simulated:.0f})"
            cells = []
            for part in changed:
                theirs = found(rival(part.counts[:some]), part.change_on[:some])
                own = found(ours(part.counts, budget), part.change_on)
                cells.append(f"{_told(*theirs)} / {_told(*own)}")
            print(f"| {a_day:g} | {name} | {told} | {' | '.join(cells)} |", flush=True)


def _told(share: float, delay: float) -> str:
    return f"{share:.2f}".removeprefix("0") + (f" · {delay:g}" if share > 0 else "")


def _until_enough(rival: Rival, a_day: float, years: float) -> tuple[int, float]:
    """Return alarms seen on quiet series and the years watched: 200 alarms, or so many years."""
    days = FIRST + 365
    seen, simulated, batch = 0, 0.0, 0
    while seen < _ENOUGH and simulated < years:
        size = int(min(100, np.ceil(years)))
        rng = np.random.default_rng([5, int(a_day), batch])
        _, total = a_year(rival(draw(rng, runs=size, days=days, a_day=a_day, shares=ONE)), days)
        seen, simulated, batch = seen + total, simulated + size, batch + 1
    return seen, simulated


def _most(seen: int) -> float:
    """Return the number of alarms that is exceeded in 95 % when no more are seen than so many."""
    expected = np.linspace(0, 40, 4001)
    chance = sum(np.exp(-expected) * expected**n / math.factorial(n) for n in range(seen + 1))
    return float(expected[np.argmax(chance <= 0.05)])


def _realised(a_day: float, runs: int) -> tuple[Floats, Floats]:
    """Return our realised false alarms a year, rising, and the budget behind each; both as logs."""
    days = FIRST + 365
    quiet = draw(
        np.random.default_rng([7, int(a_day)]), runs=runs, days=days, a_day=a_day, shares=ONE
    )
    budgets = np.geomspace(0.01, 60, 12)
    rates = np.array([a_year(ours(quiet, float(budget)), days)[0] for budget in budgets])
    rates = np.maximum.accumulate(np.maximum(rates, 1e-3))
    return np.log(rates) + np.arange(len(rates)) * 1e-9, np.log(budgets)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["ours", "rivals"])
    parser.add_argument("--runs", type=int, default=500)
    parser.add_argument("--volumes", type=float, nargs="+", default=[8, 50, 1000])
    parser.add_argument("--years", type=float, default=2000, help="most years a rival is watched")
    parser.add_argument("--budget", type=float, default=1, help="false alarms a year, for ours")
    parser.add_argument("--only", default="", help="rivals whose name holds this")
    arguments = parser.parse_args()
    started = time.monotonic()
    if arguments.what == "ours":
        measure_ours(arguments.runs, arguments.volumes, arguments.budget)
    else:
        measure_rivals(arguments.runs, arguments.volumes, arguments.only, arguments.years)
    print(f"\n{arguments.runs} runs, {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
