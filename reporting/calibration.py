"""Simulate quiet and changed series like a user's own, and run the whole detector in them.

Pure: no frames, no files, no clock. Called by `moodwatch shifts calibrate` and by the benchmark
that makes `limits.json`. Baseline, rhythm and dispersion are re-estimated in the simulation as
they are live; limits for known parameters would let through several times the budget.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Final

import numpy as np

from reporting.baseline import Floats, Ints, learn_rhythm
from reporting.limits import Curve
from reporting.series import Series
from reporting.watch import Limits, Plan, watch

#: A series is taken for one of single messages where so many of its buckets with any hold one.
_SINGLE: Final = 0.9

#: Days of simulation beyond the first verdict: a run must reach far into the long term.
_RUN_BUCKETS: Final = 365

Progress = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class Traits:
    """What a simulated series shares with a real one."""

    #: Share of each emotion, adding to 1.
    shares: tuple[float, ...]
    #: Mean messages in each phase's buckets that hold any.
    messages: tuple[float, ...]
    rho: float
    #: Part of the buckets that are empty though messages were to be expected.
    empty: float
    #: Standard deviation of the log pattern: how much emotions' odds differ between phases.
    rhythm: float
    #: Variance of a bucket's volume over its mean, minus 1, over the mean: 0 for Poisson.
    bursts: float = 0.0
    #: Whether a bucket holds one message or none, as a journal's days do; `messages` is how often.
    single: bool = False

    def rounded(self) -> Traits:
        """Return them as coarse as the limits are: near traits share one simulation."""
        shares = np.round(np.array(self.shares), 2).clip(0.01)
        return Traits(
            tuple((shares / shares.sum()).round(3).tolist()),
            tuple(float(_on_log_grid(value)) for value in self.messages),
            round(self.rho * 200) / 200,
            round(self.empty * 10) / 10,
            round(self.rhythm * 10) / 10,
            round(self.bursts * 5) / 5,
            self.single,
        )

    def key(self, plan: Plan) -> str:
        """Return a name under which limits of such a series are kept."""
        told = json.dumps([asdict(self.rounded()), asdict(plan)], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]

    def effective_messages(self, plan: Plan) -> float:
        """Return the mean effective messages of a bucket."""
        n = np.array(self.messages)
        blocks = n.reshape(-1, plan.block).sum(axis=1)
        mean = (blocks / (1 + np.maximum(blocks - 1, 0) * self.rho)).mean()
        return float(mean / plan.block * (1 - self.empty))


def _on_log_grid(value: float) -> float:
    """Round to a grid of four steps an octave... of 19 % each."""
    return 0.0 if value <= 0 else round(float(2 ** (round(np.log2(value) * 4) / 4)), 3)


def traits_of(series: Series, plan: Plan) -> Traits:
    """Estimate the traits of a stored series from its newest year."""
    counts = series.counts[-int(plan.buckets_a_year) :]
    phases = series.phases[-int(plan.buckets_a_year) :]
    n = counts.sum(axis=1)
    rhythm = learn_rhythm(counts[None], phases, n_phases=plan.n_phases, block=plan.block)
    held = n > 0
    single = bool((n[held] == 1).mean() >= _SINGLE)
    counted = np.ones(len(n), dtype=np.bool_) if single else held
    means = np.array(
        [n[counted & (phases == phase)].mean() if (held & (phases == phase)).any() else 0.0
         for phase in range(plan.n_phases)]
    )  # fmt: skip
    if not single:
        means = _before_truncation(means)
    usual = means[phases]
    likely_empty = np.exp(-usual)
    empty = 0.0 if single else float(np.clip((~held).mean() - likely_empty.mean(), 0.0, 0.9))
    expected = np.maximum(usual[held], 1e-9)
    burst = ((n[held] - expected) ** 2 / expected - 1) / expected
    weights = rhythm.pattern[0][means > 0]
    shares = (counts.sum(axis=0) + 0.5) / (n.sum() + 0.5 * counts.shape[1])
    return Traits(
        tuple(shares.tolist()),
        tuple(means.tolist()),
        float(rhythm.rho[0]),
        empty,
        float(np.log(np.maximum(weights, 0.05)).std()),
        0.0 if single else float(np.clip(np.median(burst) * 2, 0.0, 4.0)),
        single,
    )


def _before_truncation(means: Floats) -> Floats:
    """Return the means of Poisson numbers whose means without the zeros are known."""
    found = means
    for _ in range(50):
        found = means * (1 - np.exp(-found))
    return np.asarray(found)


def simulate(
    traits: Traits,
    rng: np.random.Generator,
    *,
    runs: int,
    buckets: int,
    plan: Plan,
    change_on: Ints | None = None,
    odds_ratio: float = 1.0,
    emotion: int = 0,
    ramp: int = 1,
) -> Floats:
    """Draw over-dispersed counts of series that are alike in all but chance, shape (R, D, K).

    Args:
        traits: What they are like.
        rng: Source of chance.
        runs: R.
        buckets: D.
        plan: For the phases.
        change_on: Bucket on which one emotion's odds change, shape (R,); None: never.
        odds_ratio: By how much.
        emotion: Which.
        ramp: Buckets over which they do; 1: at once.

    Source: Dirichlet-multinomial, Mosimann (1962): intra-class correlation 1 / (1 + concentration).
    """
    shares = np.array(traits.shares)
    phases = np.arange(buckets) % plan.n_phases
    weekly = rng.normal(0, traits.rhythm, (runs, plan.n_phases, len(shares)))
    mean = np.broadcast_to(np.array(traits.messages)[phases], (runs, buckets))
    if traits.bursts > 0:
        mean = mean * rng.gamma(1 / traits.bursts, traits.bursts, (runs, buckets))
    n = (rng.random(mean.shape) < mean).astype(np.int64) if traits.single else rng.poisson(mean)
    n[rng.random((runs, buckets)) < traits.empty] = 0
    mixes = shares * np.exp(weekly[:, phases])
    if change_on is not None:
        progress = np.clip((np.arange(buckets) - change_on[:, None] + 1) / ramp, 0, 1)
        mixes[..., emotion] *= np.exp(progress * np.log(odds_ratio))
    mixes /= mixes.sum(axis=2, keepdims=True)
    if plan.block > 1 and traits.rho > 0:
        # Buckets of one block share its mood, and are alike for no other reason.
        shape = (runs, -(-buckets // plan.block), len(shares))
        moods = rng.standard_gamma(np.broadcast_to(shares * (1 / traits.rho - 1), shape))
        moods = np.maximum(moods, 1e-300) / shares
        mixes *= np.repeat(moods, plan.block, axis=1)[:, :buckets]
        mixes /= mixes.sum(axis=2, keepdims=True)
    elif traits.rho > 0:
        drawn = rng.standard_gamma(mixes * (1 / traits.rho - 1))
        drawn = np.maximum(drawn, 1e-300)
        mixes = drawn / drawn.sum(axis=2, keepdims=True)
    return np.asarray(rng.multinomial(n, mixes), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Counted:
    """False alarms seen at each limit, in so many years."""

    limits: tuple[float, ...]
    alarms: tuple[float, ...]
    years: float


def alarm_counts(
    traits: Traits,
    plan: Plan,
    *,
    limits: Sequence[float],
    runs: int,
    seed: int = 0,
    batch: int = 400,
    around: Limits | None = None,
    settled: float | None = None,
    progress: Progress | None = None,
) -> Counted:
    """Count the alarms of quiet series at several limits.

    Args:
        traits: Of the series.
        plan: How far the detector looks.
        limits: In nats; what is added to `around` where that is given.
        runs: Series, each of the time to the first verdict and a year.
        seed: Of the simulation.
        batch: Series at once.
        around: Limits that differ by volume.
        settled: Evidence in nats from which an alarm's level is learnt anew; None: always.
        progress: Called with the part done, 0 to 1.
    """
    buckets = plan.first_verdict + min(_RUN_BUCKETS, int(plan.buckets_a_year * 7))
    if plan.block > 1:
        batch = min(batch, 100)
        buckets = plan.first_verdict + 182 * plan.block
    phases = np.arange(buckets) % plan.n_phases
    alarms = np.zeros(len(limits))
    judged = 0
    steps = range(0, runs, batch)
    for number, start in enumerate(steps):
        size = min(batch, runs - start)
        rng = np.random.default_rng([seed, start])
        counts = simulate(traits, rng, runs=size, buckets=buckets, plan=plan)
        for at, limit in enumerate(limits):
            chosen = (
                Limits.constant(limit, size, settled=settled)
                if around is None
                else replace(around, offsets=np.full(size, limit))
            )
            seen = watch(counts, phases, chosen, plan=plan, names_further=False)
            alarms[at] += len(seen.alarms)
            if progress is not None:
                progress((number + (at + 1) / len(limits)) / len(steps))
        judged += size * (buckets - plan.first_verdict)
    return Counted(tuple(limits), tuple(alarms.tolist()), judged / plan.buckets_a_year)


def joined(*counted: Counted) -> Curve:
    """Return the rates as a smooth function of the limit, so that few alarms do not mislead.

    The log rate is a polynomial fitted by the number of alarms (their log has variance 1 / n): a
    cubic where many limits were tried, else a parabola, a straight line where that would not fall
    all the way, or where it bends up.
    """
    x = np.array([limit for part in counted for limit in part.limits])
    n = np.array([alarms for part in counted for alarms in part.alarms])
    years = np.array([part.years for part in counted for _ in part.limits])
    held = n >= 3
    if held.sum() < 2:
        held = np.arange(len(x)) < 2
    y = np.log(np.maximum(n[held], 0.5) / years[held])
    weights = np.sqrt(np.maximum(n[held], 0.5))
    many = int(held.sum())
    fitted = np.polyval(np.polyfit(x[held], y, 1, w=weights), x)
    for degree in (3, 2):
        if many < 2 * degree:
            continue
        bent = np.polyfit(x[held], y, degree, w=weights)
        tried = np.polyval(bent, x)
        if (np.diff(tried) < 0).all() and (degree > 2 or bent[0] <= 0):
            fitted = tried
            break
    return Curve(tuple(x.tolist()), tuple(np.exp(np.minimum.accumulate(fitted)).tolist()))


@dataclass(frozen=True, slots=True)
class Power:
    """How surely and fast a change of one size is found."""

    odds_ratio: float
    found: float
    #: Buckets from the change to the alarm, half of those found sooner; None: none found.
    median_delay: float | None


def power(
    traits: Traits,
    plan: Plan,
    *,
    limits: Limits,
    odds_ratios: Sequence[float],
    emotion: int,
    within: int,
    runs: int,
    seed: int = 1,
    ramp: int = 1,
) -> list[Power]:
    """Measure how many changes of each size are found within so many buckets."""
    before = plan.first_verdict + 27 * max(plan.block, 1)
    change_on = before + np.arange(runs) % (28 if plan.block == 1 else 28 * plan.block)
    buckets = int(change_on.max()) + within
    phases = np.arange(buckets) % plan.n_phases
    results = []
    for odds_ratio in odds_ratios:
        counts = simulate(
            traits,
            np.random.default_rng([seed, 7]),
            runs=runs,
            buckets=buckets,
            plan=plan,
            change_on=change_on,
            odds_ratio=odds_ratio,
            emotion=emotion,
            ramp=ramp,
        )
        seen = watch(
            counts,
            phases,
            replace(limits, offsets=np.full(runs, limits.offsets[0])),
            plan=plan,
            names_further=False,
        )
        delays: dict[int, int] = {}
        for alarm in seen.alarms:
            delay = alarm.bucket - int(change_on[alarm.run])
            if 0 <= delay < within:
                delays.setdefault(alarm.run, delay)
        median = float(np.median(list(delays.values()))) if delays else None
        results.append(Power(odds_ratio, len(delays) / runs, median))
    return results
