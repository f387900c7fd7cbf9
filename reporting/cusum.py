"""Page's sums: the evidence for each tilt of many series since it last was nil.

Pure numpy; used by `reporting.watch` and `reporting.probation`.
R is the number of series, T of tilts, A of the series at hand.
"""

from __future__ import annotations

import numpy as np

from reporting.baseline import Floats, Ints


class Cusum:
    """Evidence in nats (R, T), and the bucket after the one on which it last was nil (R, T).

    Source: Page (1954), "Continuous inspection schemes", with a part forgotten each bucket.
    """

    def __init__(self, runs: int, n_tilts: int, forgetting: float) -> None:
        self._kept = 1 - forgetting
        self.values = np.zeros((runs, n_tilts))
        self.since = np.zeros((runs, n_tilts), dtype=np.int32)

    def add(self, rows: Ints, gained: Floats, now: int) -> Floats:
        """Sum on what bucket `now` gained (A, T), -inf for a new start; return the sums (A, T)."""
        values = np.maximum(self.values[rows] * self._kept + gained, 0.0)
        self.values[rows] = values
        self.since[rows] = np.where(values > 0, self.since[rows], now + 1)
        return np.asarray(values)

    def restart(self, run: int, now: int) -> None:
        """Forget what series `run` has gathered up to bucket `now`."""
        self.values[run] = 0.0
        self.since[run] = now + 1

    def take_over(self, run: int, other: Cusum) -> None:
        """Go on with what another sum holds of series `run`."""
        self.values[run] = other.values[run]
        self.since[run] = other.since[run]
