"""Measure the shift detector on journals: one author, one entry a day.

    python -m benchmarks.journals

Seven emotions, one entry on nine days of ten, a writer's weekdays differ (standard deviation .25 of
the log odds). The emotion of share .15 becomes likelier at once, by the odds ratio; found is what
was flagged within 60 days. Judged by days, and by the same days summed to weeks; limits as shipped.
"""

from __future__ import annotations

import argparse
from typing import Literal

import numpy as np

from benchmarks.shifts import MANY, Floats
from reporting.baseline import Ints
from reporting.limits import shipped
from reporting.series import PLANS
from reporting.watch import watch

FOUND_WITHIN = 60
#: Days before the change: a little more than a first verdict by days or by weeks needs.
_BEFORE = 140
_WRITTEN = 0.9

Unit = Literal["daily", "weekly"]


def draw_journals(
    rng: np.random.Generator,
    *,
    runs: int,
    days: int,
    change_on: Ints | None = None,
    odds_ratio: float = 1.0,
) -> Floats:
    """Return counts (runs, days, emotions) of journals that are alike but for chance."""
    shares = np.array(MANY)
    mixes = np.exp(rng.normal(0, 0.25, (runs, 7, len(shares))))[:, np.arange(days) % 7] * shares
    if change_on is not None:
        mixes[..., 0] *= np.where(np.arange(days) >= change_on[:, None], odds_ratio, 1.0)
    mixes /= mixes.sum(axis=2, keepdims=True)
    written = (rng.random((runs, days)) < _WRITTEN).astype(np.int64)
    return rng.multinomial(written, mixes).astype(np.float64)


def alarm_days(counts: Floats, unit: Unit, alarms_a_year: float) -> list[list[int]]:
    """Return the days on which alarms were raised, by run."""
    runs, days, n_emotions = counts.shape
    length = 7 if unit == "weekly" else 1
    buckets = days // length
    summed = counts[:, : buckets * length].reshape(runs, buckets, length, n_emotions).sum(axis=2)
    plan = PLANS[unit]
    limits = shipped().limits(
        resolution=unit, n_emotions=n_emotions, alarms_a_year=alarms_a_year, n_series=runs
    )
    phases = np.arange(buckets) % plan.n_phases
    found: list[list[int]] = [[] for _ in range(runs)]
    for alarm in watch(summed, phases, limits, plan=plan, names_further=False).alarms:
        found[alarm.run].append((alarm.bucket + 1) * length - 1)
    return found


def measure(runs: int, n_series: int) -> None:
    """Print a row a unit: false alarms a year of all series together, found and delay."""
    for unit in ("daily", "weekly"):
        verdict = PLANS[unit].first_verdict * (7 if unit == "weekly" else 1)
        days = verdict + 365
        quiet = draw_journals(np.random.default_rng([8, 1]), runs=runs, days=days)
        raised = sum(len(one) for one in alarm_days(quiet, unit, 1 / n_series))
        cells = [f"{raised / runs * n_series * 365.25 / 365:.2f} ({raised})"]
        for odds_ratio in (2.0, 3.0, 5.0):
            change_on = _BEFORE + np.arange(runs) % 28
            changed = draw_journals(
                np.random.default_rng([8, 2]), runs=runs, days=_BEFORE + 28 + FOUND_WITHIN,
                change_on=change_on, odds_ratio=odds_ratio,
            )  # fmt: skip
            delays = []
            for one, change in zip(
                alarm_days(changed, unit, 1 / n_series), change_on.tolist(), strict=True
            ):
                delays += [day - change for day in one if 0 <= day - change < FOUND_WITHIN][:1]
            median = f"{np.median(delays):.0f}" if delays else "-"
            cells.append(f"{len(delays) / runs:.2f} · {median}")
        print(f"| {n_series} | {unit} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print("| series | judged by | false alarms a year in all (seen) "
          "| odds 2 | odds 3 | odds 5 |\n|---|---|---|---|---|---|")  # fmt: skip
    for n_series in (1, 20):
        measure(runs, n_series)


if __name__ == "__main__":
    main()
