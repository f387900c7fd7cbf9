"""Measure the shift detector on journals: one author, one entry a day.

    python -m benchmarks.journals

Seven emotions, one entry on nine days of ten, a writer's weekdays differ (standard deviation .25 of
the log odds). The emotion of share .15 becomes likelier at once, by the odds ratio; found is what
named as its rise within 60 days. Judged by days, and by the same days summed to weeks; limits
as shipped, and as `moodwatch shifts calibrate` makes them for such a journal.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from typing import Literal

import numpy as np

from benchmarks.shifts import MANY
from records import EMOTIONS
from reporting.baseline import Floats, Ints
from reporting.calibration import traits_of
from reporting.limits import shipped
from reporting.series import PLANS, Series
from reporting.tuning import tune
from reporting.watch import watch

FOUND_WITHIN = 60
#: Days before the change: a little more than a first verdict by days or by weeks needs.
_BEFORE = 140
_WRITTEN = 0.9

Unit = Literal["daily", "weekly"]
Raised = list[tuple[int, bool]]


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


def alarms_of(counts: Floats, unit: Unit, alarms_a_year: float, extra: float) -> list[Raised]:
    """Return each run's alarms: the day, and whether it names a rise of the first emotion."""
    runs, days, n_emotions = counts.shape
    summed = _summed(counts, unit)
    plan = PLANS[unit]
    limits = shipped().limits(
        resolution=unit, n_emotions=n_emotions, alarms_a_year=alarms_a_year, n_series=runs
    )
    limits = replace(limits, offsets=limits.offsets + extra)
    phases = np.arange(summed.shape[1]) % plan.n_phases
    found: list[Raised] = [[] for _ in range(runs)]
    length = days // summed.shape[1]
    for alarm in watch(summed, phases, limits, plan=plan, names_further=False).alarms:
        rises = any(
            move.emotion == 0 and move.share_after > move.share_before for move in alarm.moves
        )
        found[alarm.run].append(((alarm.bucket + 1) * length - 1, rises))
    return found


def _summed(counts: Floats, unit: Unit) -> Floats:
    runs, days, n_emotions = counts.shape
    length = 7 if unit == "weekly" else 1
    whole = counts[:, : days // length * length]
    return np.asarray(whole.reshape(runs, -1, length, n_emotions).sum(axis=2))


def calibrated(unit: Unit, alarms_a_year: float) -> float:
    """Return what `moodwatch shifts calibrate` adds for such a journal of two years, in nats."""
    quiet = draw_journals(np.random.default_rng([8, 3]), runs=1, days=730)
    one = Series("diary", None, EMOTIONS[: len(MANY)], unit, 738_000, _summed(quiet, unit)[0])
    plan = PLANS[unit]
    return tune(
        traits_of(one, plan), plan, shipped(), resolution=unit, alarms_a_year=alarms_a_year,
        runs=400, odds_ratios=(),
    ).offset  # fmt: skip


def measure(runs: int, n_series: int, unit: Unit, extra: float, name: str) -> None:
    """Print a row: false alarms a year of all series together, found and median delay."""
    verdict = PLANS[unit].first_verdict * (7 if unit == "weekly" else 1)
    quiet = draw_journals(np.random.default_rng([8, 1]), runs=runs, days=verdict + 365)
    raised = sum(len(one) for one in alarms_of(quiet, unit, 1 / n_series, extra))
    cells = [f"{raised / runs * n_series:.2f} ({raised})"]
    for odds_ratio in (2.0, 3.0, 5.0):
        change_on = _BEFORE + np.arange(runs) % 28
        changed = draw_journals(
            np.random.default_rng([8, 2]), runs=runs, days=_BEFORE + 28 + FOUND_WITHIN,
            change_on=change_on, odds_ratio=odds_ratio,
        )  # fmt: skip
        delays = []
        for one, change in zip(
            alarms_of(changed, unit, 1 / n_series, extra), change_on.tolist(), strict=True
        ):
            after = [day - change for day, rises in one if rises and change <= day]
            delays += [delay for delay in after if delay < FOUND_WITHIN][:1]
        median = f"{np.median(delays):.0f}" if delays else "-"
        cells.append(f"{len(delays) / runs:.2f} · {median}")
    print(f"| {n_series} | {name} | {' | '.join(cells)} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=300)
    runs = parser.parse_args().runs
    print("| series | judged by | false alarms a year in all (seen) "
          "| odds 2 | odds 3 | odds 5 |\n|---|---|---|---|---|---|")  # fmt: skip
    units: tuple[Unit, ...] = ("daily", "weekly")
    for n_series in (1, 20):
        for unit in units:
            measure(runs, n_series, unit, 0.0, unit)
            extra = calibrated(unit, 1 / n_series)
            measure(runs, n_series, unit, extra, f"{unit}, calibrated ({extra:+.2f})")


if __name__ == "__main__":
    main()
