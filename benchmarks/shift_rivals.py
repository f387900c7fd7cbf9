"""The usual ways to tell a shift, each fed and set as its authors meant; for benchmarks/shifts.py.

A rival takes counts (R, D, K) of which emotion 0 is the one that changes, and returns for each run
the days of its alarms. It looks at that one emotion only: the easier task.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Rival = Callable[[Floats], list[list[int]]]

#: First day of a verdict, as ours.
FIRST = 63


def _rising(over: npt.NDArray[np.bool_]) -> list[list[int]]:
    """Return the days on which an alarm begins, from FIRST on."""
    new = over.copy()
    new[:, 1:] &= ~over[:, :-1]
    new[:, :FIRST] = False
    return [np.flatnonzero(row).tolist() for row in new]


def week_on_week(counts: Floats) -> list[list[int]]:
    """Alarm when a week's share is 25 % above or below the week before's."""
    runs, days, _ = counts.shape
    weeks = counts[:, : days // 7 * 7].reshape(runs, days // 7, 7, -1).sum(axis=2)
    share = weeks[..., 0] / np.maximum(weeks.sum(axis=2), 1)
    change = share[:, 1:] / np.maximum(share[:, :-1], 1e-9) - 1
    return [[int(w + 1) * 7 + 6 for w in np.flatnonzero(np.abs(row) > 0.25) if w >= 8]
            for row in change]  # fmt: skip


def three_sigma(counts: Floats) -> list[list[int]]:
    """Alarm when a day's share is 3 standard deviations off the 56 days' that ended a week ago."""
    n = counts.sum(axis=2)
    share = np.where(n > 0, counts[..., 0] / np.maximum(n, 1), np.nan)
    over = np.zeros(share.shape, dtype=bool)
    for day in range(FIRST, share.shape[1]):
        past = share[:, day - 63 : day - 7]
        off = np.abs(share[:, day] - np.nanmean(past, axis=1))
        over[:, day] = off > 3 * np.nanstd(past, axis=1, ddof=1)
    return [[int(d) for d in np.flatnonzero(row)] for row in over]


def weekly_count(counts: Floats) -> list[list[int]]:
    """Alarm when a week's count is 2 deviations above, or twice, the mean of 8 weeks before."""
    runs, days, _ = counts.shape
    weeks = counts[:, : days // 7 * 7, 0].reshape(runs, days // 7, 7).sum(axis=2)
    found: list[list[int]] = [[] for _ in range(runs)]
    for week in range(9, weeks.shape[1]):
        past = weeks[:, week - 8 : week]
        mean, spread = past.mean(axis=1), np.maximum(past.std(axis=1, ddof=1), 1e-9)
        over = ((weeks[:, week] - mean) / spread >= 2) | (weeks[:, week] >= 2 * mean)
        for run in np.flatnonzero(over):
            found[run].append(week * 7 + 6)
    return found


def cusum(counts: Floats) -> list[list[int]]:
    """Binomial CUSUM tuned to an odds ratio of 2 either way, h = 4, restarted after an alarm."""
    n = counts.sum(axis=2)
    runs, days = n.shape
    sums = np.zeros((2, runs))
    found: list[list[int]] = [[] for _ in range(runs)]
    for day in range(FIRST, days):
        past = slice(day - 63, day - 7)
        p = (counts[:, past, 0].sum(axis=1) + 0.5) / (n[:, past].sum(axis=1) + 1)
        for side, odds in enumerate((2.0, 0.5)):
            changed = p * odds / (1 - p + p * odds)
            hit, miss = np.log(changed / p), np.log((1 - changed) / (1 - p))
            gained = counts[:, day, 0] * hit + (n[:, day] - counts[:, day, 0]) * miss
            sums[side] = np.maximum(sums[side] + gained, 0)
        for run in np.flatnonzero(sums.max(axis=0) > 4):
            found[run].append(day)
            sums[:, run] = 0
    return found


def bocpd(counts: Floats) -> list[list[int]]:
    """Beta-binomial Bayesian online change point detection, hazard 1/365, Beta(1, 1).

    Alarm when a change within the last 14 days is more likely than not.

    Source: Adams & MacKay (2007).
    """
    from scipy.special import betaln

    n = counts.sum(axis=2)
    runs, days = n.shape
    longest = 200
    log_run = np.full((runs, longest), -np.inf)
    log_run[:, 0] = 0
    a, b = np.ones((runs, longest)), np.ones((runs, longest))
    log_beta = np.zeros((runs, longest))
    hazard = 1 / 365
    over = np.zeros((runs, days), dtype=bool)
    for day in range(days):
        hit, miss = counts[:, day, :1], n[:, day, None] - counts[:, day, :1]
        grown_beta = betaln(a + hit, b + miss)
        grown = log_run + grown_beta - log_beta
        top = grown.max(axis=1, keepdims=True)
        total = top[:, 0] + np.log(np.exp(grown - top).sum(axis=1))
        log_run[:, 1:] = grown[:, :-1] + np.log(1 - hazard)
        log_run[:, -1] = np.logaddexp(log_run[:, -1], grown[:, -1] + np.log(1 - hazard))
        log_run[:, 0] = total + np.log(hazard)
        log_run -= total[:, None]
        a[:, 1:], b[:, 1:] = a[:, :-1] + hit, b[:, :-1] + miss
        log_beta[:, 1:] = grown_beta[:, :-1]
        a[:, 0], b[:, 0], log_beta[:, 0] = 1, 1, 0
        over[:, day] = np.exp(log_run[:, 1:15]).sum(axis=1) > 0.5
    return _rising(over)


def per_message(make: Callable[[], Any]) -> Rival:
    """Feed a detector of river with each message in turn: 1 for the emotion, else 0."""

    def rival(counts: Floats) -> list[list[int]]:
        found = []
        for number, run in enumerate(counts):
            rng = np.random.default_rng(number)
            detector = make()
            alarms = []
            for day, row in enumerate(run):
                n, hits = int(row.sum()), int(row[0])
                stream = rng.permutation(n) < hits
                fired = False
                for message in stream.tolist():
                    detector.update(int(message))
                    fired |= detector.drift_detected
                if fired and day >= FIRST:
                    alarms.append(day)
            found.append(alarms)
        return found

    return rival


def adwin() -> Rival:
    from river.drift import ADWIN

    return per_message(ADWIN)


def page_hinkley() -> Rival:
    from river.drift import PageHinkley

    return per_message(PageHinkley)


def pelt(kernel: str, penalty: Callable[[int], float]) -> Rival:
    """Run PELT on the standardised shares of the newest 112 days, refitted daily.

    KernelCPD is ruptures' PELT in C: the same change points, every day a candidate; the linear
    kernel is the squared error. Alarm when the last change point lies within 14 days and was not
    reported before.

    Args:
        kernel: As KernelCPD names it.
        penalty: Of a change point, by the number of days.
    """

    def rival(counts: Floats) -> list[list[int]]:
        import ruptures

        n = counts.sum(axis=2)
        found = []
        for run in range(len(counts)):
            alarms: list[int] = []
            reported = -99
            for day in range(FIRST, counts.shape[1]):
                first = max(0, day - 111)
                held = np.flatnonzero(n[run, first : day + 1] > 0)
                share = counts[run, first + held, 0] / n[run, first + held]
                scaled = (share - share.mean()) / max(float(share.std()), 1e-9)
                fitted = ruptures.KernelCPD(kernel=kernel, min_size=2).fit(scaled[:, None])
                ends = fitted.predict(pen=penalty(len(scaled)))
                if len(ends) < 2:
                    continue
                last = int(first + held[ends[-2]])
                if day - last < 14 and last - reported > 14:
                    alarms.append(day)
                    reported = last
            found.append(alarms)
        return found

    return rival


def rivals() -> dict[str, tuple[Rival, float]]:
    """Return each rival with what it costs: it is measured on one run in so many (at 50 a day)."""
    return {
        "week on week ±25 %": (week_on_week, 1),
        "daily share, 3 sigma": (three_sigma, 1),
        "weekly count, z ≥ 2 or twice": (weekly_count, 1),
        "binomial CUSUM, h = 4": (cusum, 1),
        "BOCPD, beta-binomial": (bocpd, 2),
        "ADWIN, per message": (adwin(), 1),
        "Page-Hinkley, per message": (page_hinkley(), 1),
        # As in ruptures' own example, and with the BIC of a mean and a place.
        "PELT, rbf, penalty 10": (pelt("rbf", lambda _: 10.0), 20),
        "PELT, squared error, BIC": (pelt("linear", lambda n: 2 * float(np.log(n))), 20),
    }
