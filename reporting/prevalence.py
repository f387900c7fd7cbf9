"""How many messages *are* of each emotion, rather than are scored so: mistakes taken out of shares.

A model that takes a tenth of all joy for love shows too much love wherever joy is common. How often
it takes what for what is known from held-out texts (`model.confusions`), and what mix of emotions
would have given the scores that a bucket has can be solved for. Needs sums alone, no single text.

Assumes that texts of an emotion look alike here and there, and only their mix differs ("prior
shift"). Pure numpy. Called by `reporting.corrected`; measured by `benchmarks/prevalence.py`.

Shapes: B buckets, K scored emotions (also the true ones here, or fewer: T), D = 2(K - 1) numbers
that tell of a bucket.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from model.confusions import ConfusionSet

FloatArray = NDArray[np.float64]

#: Two-sided 95 % point of the normal distribution.
_Z95: Final = 1.959964
#: How much of an emotion's covariance is that of all emotions: few texts tell little of 12 x 12.
_SHRINKAGE: Final = 0.2
#: Messages of each emotion taken to be there besides, when the noise of a mix is worked out: an
#: estimate of nil is not known without error.
_SMOOTHING: Final = 2.0
#: The confusions' own error counts twice: once for the held-out texts, and once because a reader's
#: texts of an emotion are another draw of the same kind, no nearer to the mean of all.
_CONFUSION_DRAWS: Final = 2.0
_N_ROUNDS: Final = 3
#: One-sided 99.9 % point of the normal distribution: what is further off is another kind of text.
_Z999: Final = 3.090232


@dataclass(frozen=True, eq=False, slots=True)
class CorrectedShares:
    """True shares, float64 (B, T) each, NaN where a bucket holds no scored message."""

    shares: FloatArray
    #: 95 %: chance in the messages, and in the held-out texts that the confusions come from.
    low: FloatArray
    high: FloatArray
    #: (B,): whether some mix of the held-out texts explains the bucket's scores at all. False: its
    #: messages are of another kind, and neither shares nor intervals are to be trusted.
    fits: NDArray[np.bool_]


def corrected_shares(
    score_sums: FloatArray, top_counts: FloatArray, known: ConfusionSet
) -> CorrectedShares:
    """Return the mix of true emotions that explains each bucket's scores best.

    Generalised least squares: the mean scores and the shares of top labels are the confusions'
    means weighted by the mix, up to noise whose covariance follows from the mix itself, so that it
    is solved for in rounds. Shares are kept at nil or above, with sum 1.

    Args:
        score_sums: (B, K), in the order of the confusions' scored emotions.
        top_counts: (B, K), messages by top label.
        known: The confusions.

    Source: Forman (2008), "Quantifying counts and costs via classification" (counts adjusted);
    Bella et al. (2010), "Quantification via probability estimators" (scores adjusted); Firat
    (2016), "Unified framework for quantification" (both as one constrained regression).
    """
    n = top_counts.sum(axis=1)
    full = n > 0
    shape = (len(n), len(known.emotions))
    shares, low, high = (np.full(shape, np.nan) for _ in range(3))
    fits = np.zeros(len(n), dtype=bool)
    if full.any():
        sizes = n[full, None]
        seen = np.hstack([score_sums[full, :-1], top_counts[full, :-1]]) / sizes
        shares[full], low[full], high[full], fits[full] = _solve(seen, sizes[:, 0], known)
    return CorrectedShares(shares, low, high, fits)


def _solve(
    seen: FloatArray, n: FloatArray, known: ConfusionSet
) -> tuple[FloatArray, FloatArray, FloatArray, NDArray[np.bool_]]:
    means, spreads = _by_emotion(known)
    n_true = len(means)
    mix = np.full((len(seen), n_true), 1 / n_true)
    for _ in range(_N_ROUNDS):
        weights = _weights(mix, n, means, spreads, known.n_texts)
        gram = np.einsum("td,bde,ue->btu", means, weights, means)
        pull = np.einsum("td,bde,be->bt", means, weights, seen)
        mix = _on_simplex(gram, pull)
    # Without the bounds the error is normal; the interval is cut at them afterwards.
    free = np.ones_like(mix, dtype=bool)
    centre, variances = _constrained(gram, pull, free)
    half = _Z95 * np.sqrt(variances)
    low = np.minimum(np.clip(centre - half, 0, 1), mix)
    high = np.maximum(np.clip(centre + half, 0, 1), mix)
    weights = _weights(mix, n, means, spreads, known.n_texts)
    return mix, low, high, _fits(seen - mix @ means, weights, n_true)


def _fits(left: FloatArray, weights: FloatArray, n_true: int) -> NDArray[np.bool_]:
    """Tell of each bucket whether what the mix leaves unexplained, (B, D), can be chance.

    Source: Hansen (1982), "Large sample properties of generalized method of moments estimators"
    (the test of overidentifying restrictions); Wilson & Hilferty (1931), "The distribution of
    chi-square" (its limit).
    """
    distance = np.einsum("bd,bde,be->b", left, weights, left)
    freedom = left.shape[1] - n_true + 1
    spread = 2 / (9 * freedom)
    within: NDArray[np.bool_] = distance <= freedom * (1 - spread + _Z999 * np.sqrt(spread)) ** 3
    return within


def _by_emotion(known: ConfusionSet) -> tuple[FloatArray, FloatArray]:
    """Return what texts of each emotion show: means (T, D) and covariances (T, D, D).

    The last score and the last top label are left out: they follow from the others.
    """
    n_scored = known.score_means.shape[1]
    kept = np.r_[: n_scored - 1, n_scored : 2 * n_scored - 1]
    tops = known.top_counts / known.n_texts[:, None]
    means = np.hstack([known.score_means, tops])[:, kept]
    spreads = known.covariances[:, kept[:, None], kept]
    spreads = (1 - _SHRINKAGE) * spreads + _SHRINKAGE * spreads.mean(axis=0)
    return means, spreads


def _weights(
    mix: FloatArray,
    n: FloatArray,
    means: FloatArray,
    spreads: FloatArray,
    n_texts: NDArray[np.int64],
) -> FloatArray:
    """Return the inverse covariance of what is seen of a bucket, (B, D, D).

    Of its messages, and of the confusions it is compared with.
    """
    sizes = n[:, None]
    smooth = (sizes * mix + _SMOOTHING) / (sizes + _SMOOTHING * mix.shape[1])
    mean = smooth @ means
    within = np.einsum("bt,tde->bde", smooth, spreads)
    between = np.einsum("bt,td,te->bde", smooth, means, means) - mean[:, :, None] * mean[:, None, :]
    unsure = np.einsum("bt,tde->bde", _CONFUSION_DRAWS * smooth**2 / n_texts, spreads)
    noise: FloatArray = (within + between) / n[:, None, None] + unsure
    # An output that is never a top label has no variance: a trifle keeps the matrix invertible.
    trace = np.trace(noise, axis1=1, axis2=2)[:, None, None]
    weights: FloatArray = np.linalg.inv(noise + 1e-9 * trace * np.eye(noise.shape[1]))
    return weights


def _on_simplex(gram: FloatArray, pull: FloatArray) -> FloatArray:
    """Minimise mix gram mix - 2 pull mix over mixes (B, T) of sum 1 and no negative part.

    What comes out negative is set to nil and the others are solved for again, all buckets at once.
    """
    free = np.ones_like(pull, dtype=bool)
    for _ in range(pull.shape[1]):
        mix, _ = _constrained(gram, pull, free)
        negative = free & (mix < 0)
        if not negative.any():
            break
        free &= ~negative
    mix = np.clip(mix, 0, None)
    total: FloatArray = mix / mix.sum(axis=1, keepdims=True)
    return total


def _constrained(
    gram: FloatArray, pull: FloatArray, free: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    """Return the least squares of sum 1 with what is not free at nil, and its variances (B, T)."""
    n_true = pull.shape[1]
    # Scaled, so that the row of the sum is of the same size as the others.
    scale = np.trace(gram, axis1=1, axis2=2)[:, None, None] / n_true
    both = free[:, :, None] & free[:, None, :]
    system = np.zeros((len(pull), n_true + 1, n_true + 1))
    system[:, :n_true, :n_true] = np.where(both, gram / scale, 0.0)
    # A trifle again: two emotions that the model never tells apart get what they have in halves.
    system[:, range(n_true), range(n_true)] += np.where(free, 1e-9, 1.0)
    system[:, :n_true, n_true] = system[:, n_true, :n_true] = free
    inverse = np.linalg.inv(system)
    right = np.concatenate(
        [np.where(free, pull / scale[:, :, 0], 0.0), np.ones((len(pull), 1))], axis=1
    )
    mix: FloatArray = np.einsum("btu,bu->bt", inverse, right)[:, :n_true]
    variances: FloatArray = inverse[:, range(n_true), range(n_true)] / scale[:, :, 0]
    return mix, np.clip(variances, 0, None)
