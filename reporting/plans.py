"""How far the detector looks, by resolution, and how much evidence it wants.

Pure words for `reporting.watch`, which gives them out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from reporting.baseline import Floats, Ints


@dataclass(frozen=True, slots=True)
class Plan:
    """How far the detector looks, in buckets."""

    #: Length of the trailing baseline, and the buckets between it and the one judged.
    baseline: int = 84
    gap: int = 14
    #: Buckets of history before the first verdict.
    first_verdict: int = 63
    #: A baseline of fewer buckets with messages, or of fewer messages, gives no verdict.
    min_held: int = 21
    min_messages: int = 40
    #: The same for the new level after an alarm; `min_held_young` alone when messages are few.
    min_held_after: int = 7
    min_messages_after: int = 60
    min_held_young: int = 14
    #: Buckets of the new level that teach rhythm and dispersion anew.
    relearn: int = 42
    #: Further emotions of a change may be named for so long after its alarm.
    naming: int = 7
    #: After so many buckets a new level is as settled as any.
    settled: int = 84
    #: Rhythm and dispersion are learnt anew every so many buckets.
    refresh: int = 7
    n_phases: int = 7
    #: Part of the evidence forgotten with each bucket: small errors of the baseline add up else.
    forgetting: float = 0.005
    #: Buckets that may share one mood (the hours of a day); 1: none.
    block: int = 1
    #: Persistence: an alarm rests on at least so many buckets with messages.
    fewest: int = 2
    buckets_a_year: float = 365.25
    smallest_odds_ratio: float = 1.25


DAILY: Final = Plan()
WEEKLY: Final = Plan(
    baseline=26,
    gap=2,
    first_verdict=16,
    min_held=10,
    min_held_after=4,
    min_held_young=6,
    relearn=16,
    naming=2,
    settled=26,
    refresh=1,
    n_phases=1,
    forgetting=0.02,
    buckets_a_year=365.25 / 7,
)
HOURLY: Final = Plan(
    baseline=84 * 24,
    gap=14 * 24,
    first_verdict=63 * 24,
    min_held=21 * 8,
    min_held_after=7 * 8,
    min_held_young=14 * 8,
    relearn=42 * 24,
    naming=7 * 24,
    settled=84 * 24,
    refresh=7 * 24,
    n_phases=7 * 24,
    forgetting=0.005 / 24,
    block=24,
    fewest=4,
    buckets_a_year=365.25 * 24,
)


@dataclass(frozen=True, slots=True)
class Limits:
    """Evidence needed for an alarm, in nats, by how much a bucket of a series tells.

    An alarm of less evidence than `settled` is provisional: the level it was raised against holds
    on, and further evidence against it is summed. Where alarms are to be frequent most are false,
    and a level learnt anew from each would hide what comes next.
    """

    #: Natural logs of effective messages a bucket, rising, and the limit at each; shape (G,).
    log_messages: Floats
    values: Floats
    #: Added to both limits of each series, shape (R,).
    offsets: Floats
    #: From so much evidence on the level is learnt anew, shape (G,); None: with every alarm.
    settled: Floats | None = None

    @classmethod
    def constant(cls, value: float, runs: int, *, settled: float | None = None) -> Limits:
        level = None if settled is None else np.array([settled])
        return cls(np.zeros(1), np.array([value]), np.zeros(runs), level)

    def at(self, rows: Ints, n_a_bucket: Floats) -> Floats:
        """Return the evidence that makes an alarm, shape (A,)."""
        return self._read(self.values, rows, n_a_bucket)

    def settled_at(self, rows: Ints, n_a_bucket: Floats) -> Floats:
        """Return the evidence with which an alarm's level is learnt anew, shape (A,)."""
        return self._read(self.values if self.settled is None else self.settled, rows, n_a_bucket)

    def _read(self, values: Floats, rows: Ints, n_a_bucket: Floats) -> Floats:
        log_n = np.log(np.maximum(n_a_bucket, 1e-6))
        return np.asarray(np.interp(log_n, self.log_messages, values) + self.offsets[rows])
