"""The changes that are looked for: tilts of a mix of emotions, and the evidence for each.

Pure numpy; used by `reporting.watch`. A tilt multiplies the odds of one emotion, or moves weight
from one emotion to another; the evidence for it is a likelihood ratio of the whole mix.
K is the number of emotions, T of tilts, R of series.
"""

from __future__ import annotations

from functools import cache
from itertools import permutations
from typing import Final

import numpy as np

from reporting.baseline import Floats

#: Odds ratios looked for side by side; many messages make small ones findable, few only large ones.
LADDER: Final = (1.25, 1.6, 2.2)

#: Evidence that a fall needs beyond a rise, in nats.
_FALL_HANDICAP: Final = 1.0

#: Those looked for as an exchange of two emotions too.
_PAIRED: Final = (1.6,)

#: A tilt is looked for where a bucket tells at least this much of it, in units of 1/2 z² a bucket.
_LEAST_INFORMATION: Final = 0.1


@cache
def tilts(n_emotions: int) -> Floats:
    """Return the log weights of every tilt, shape (T, K); a mix p becomes p exp(tilt), rescaled."""
    rows = []
    for odds_ratio in LADDER:
        step = np.log(odds_ratio)
        for emotion in range(n_emotions if n_emotions > 2 else 1):
            for sign in (1.0, -1.0):
                row = np.zeros(n_emotions)
                row[emotion] = sign * step
                rows.append(row)
        if n_emotions > 2 and odds_ratio in _PAIRED:
            for risen, fallen in permutations(range(n_emotions), 2):
                row = np.zeros(n_emotions)
                row[risen], row[fallen] = step * 0.7, -step * 0.7
                rows.append(row)
    made = np.array(rows)
    made.setflags(write=False)
    return made


def evidence(weighted: Floats, n: Floats, shares: Floats, table: Floats) -> Floats:
    """Return the log likelihood ratio of each tilt against the baseline, shape (R, T).

    Args:
        weighted: Effective messages of a bucket by emotion, rhythm removed, shape (R, K).
        n: Their number, shape (R,).
        shares: Baseline shares, shape (R, K).
        table: As `tilts` returns it.

    Source: Page (1954) for the sum of likelihood ratios; multinomial exponential tilting.
    """
    normaliser = np.log(shares @ np.exp(table).T)
    return np.asarray(weighted @ table.T - n[:, None] * normaliser)


@cache
def handicaps(n_emotions: int) -> Floats:
    """Return what each tilt's evidence is lowered by, shape (T,): falls wait for more than rises.

    When an emotion falls, another rises; looking for rises first finds both sooner at the same
    number of false alarms.
    """
    falls = tilts(n_emotions).max(axis=1) <= 0
    made = np.where(falls, _FALL_HANDICAP, 0.0)
    made.setflags(write=False)
    return made


def findable(n_a_bucket: Floats, shares: Floats, table: Floats) -> Floats:
    """Return 1 for each tilt that so many effective messages a bucket can tell, else 0; (R, T)."""
    spread = shares @ (table**2).T - (shares @ table.T) ** 2
    told = n_a_bucket[:, None] * spread >= _LEAST_INFORMATION
    # The largest step of the ladder is always looked for.
    told |= np.abs(table).max(axis=1) >= np.log(LADDER[-1]) - 1e-9
    return np.asarray(told.astype(np.float64))
