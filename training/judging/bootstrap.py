"""How sure a figure on a test set is: intervals, and whether one model beats another.

Texts are drawn again with replacement; every figure of every draw comes from one matrix product,
because each is a function of sums over texts. The same draws serve two models, so that their
difference is judged on the same texts.

Source: Efron & Tibshirani 1993, "An Introduction to the Bootstrap", section 13.3 (percentiles);
Koehn 2004, "Statistical Significance Tests for Machine Translation Evaluation", section 5 (pairs).

Shapes: N texts, A emotions judged, R draws.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from training.metrics import N_BINS, Answers, bin_of

#: Draws: the ends of a 95 % interval are then known to about a twentieth of its width.
N_DRAWS: Final = 2_000
#: Draws whose counts lie in memory together: 100 x N x 8 bytes.
_AT_ONCE: Final = 100
#: The figures of a draw, in this order.
FIGURES: Final = ("accuracy", "macro_f1", "weighted_f1", "log_loss", "calibration_error")

Draws = dict[str, NDArray[np.float64]]


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle 95 % of a figure's draws."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """One model's figure less another's, on the same texts."""

    value: float
    low: float
    high: float
    #: Two-sided: twice the share of draws on the other side of 0, at least 1 / R.
    p: float

    def to_json(self) -> dict[str, float]:
        return {name: round(value, 5) for name, value in asdict(self).items()}


def intervals(judged: Answers, *, n_draws: int = N_DRAWS, seed: int = 0) -> dict[str, Interval]:
    """Return the 95 % interval of each of FIGURES, and of each emotion's F1 by its name.

    That of the calibration error lies high where texts are few: noise alone miscalibrates.
    """
    (draws,) = _draw([judged], n_draws, seed)
    return {
        name: Interval(*(float(q) for q in np.quantile(values, (0.025, 0.975))))
        for name, values in draws.items()
    }


def differences(
    ours: Answers, theirs: Answers, *, n_draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Difference]:
    """Return ours less theirs for each of FIGURES, by the paired bootstrap.

    Raises:
        ValueError: when the two did not answer the same texts among the same emotions.
    """
    if ours.among != theirs.among or not np.array_equal(ours.truth, theirs.truth):
        raise ValueError("expected answers of two models to the same texts, found others")
    first, second = _draw([ours, theirs], n_draws, seed)
    whole = np.ones((1, len(ours.truth)))
    values = [_figures(_Sums(judged), whole) for judged in (ours, theirs)]
    found = {}
    for name in FIGURES:
        drawn = first[name] - second[name]
        low, high = np.quantile(drawn, (0.025, 0.975))
        beyond = min(float((drawn <= 0).mean()), float((drawn >= 0).mean()))
        found[name] = Difference(
            value=float(values[0][name][0] - values[1][name][0]),
            low=float(low),
            high=float(high),
            p=min(1.0, max(2 * beyond, 1 / n_draws)),
        )
    return found


class _Sums:
    """What is summed over the texts of a draw: a matrix (N, columns)."""

    def __init__(self, judged: Answers) -> None:
        n, self.size = judged.probabilities.shape
        self.among = judged.among
        rows = np.arange(n)
        true = np.zeros((n, self.size))
        named = np.zeros((n, self.size))
        true[rows, judged.truth] = 1
        answered = np.flatnonzero(judged.answered)
        named[answered, judged.found[answered]] = 1
        hit = true * named
        at_truth = judged.probabilities[rows, judged.truth]
        loss = -np.log(np.clip(at_truth, np.finfo(np.float64).eps, 1.0))
        confidence = judged.probabilities.max(axis=1)
        gap = np.zeros((n, N_BINS))  # summed: a bin's right answers less its confidence
        gap[answered, bin_of(confidence)[answered]] = (hit.sum(axis=1) - confidence)[answered]
        ones = judged.answered.astype(np.float64)
        self.columns = np.concatenate([hit, true, named, gap, loss[:, None], ones[:, None]], axis=1)


def _figures(sums: _Sums, counts: NDArray[np.float64]) -> Draws:
    """Return each figure (R,) for draws given as counts of each text (R, N)."""
    totals = counts @ sums.columns
    size, n = sums.size, counts.sum(axis=1)
    hit, true, named = (totals[:, i * size : (i + 1) * size] for i in range(3))
    gap = totals[:, 3 * size : 3 * size + N_BINS]
    loss, answered = totals[:, -2], totals[:, -1]
    f1 = 2 * hit / np.maximum(true + named, 1)
    return {
        "accuracy": hit.sum(axis=1) / n,
        "macro_f1": f1.mean(axis=1),
        "weighted_f1": (f1 * true).sum(axis=1) / n,
        "log_loss": loss / n,
        "calibration_error": np.abs(gap).sum(axis=1) / np.maximum(answered, 1),
        **{emotion: f1[:, index] for index, emotion in enumerate(sums.among)},
    }


def _draw(models: Sequence[Answers], n_draws: int, seed: int) -> list[Draws]:
    sums = [_Sums(judged) for judged in models]
    parts: list[list[Draws]] = [[] for _ in models]
    for counts in _counts(len(models[0].truth), n_draws, seed):
        for one, drawn in zip(sums, parts, strict=True):
            drawn.append(_figures(one, counts))
    return [
        {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
        for drawn in parts
    ]


def _counts(n: int, n_draws: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Yield how often each text stands in each of some draws: (at most _AT_ONCE, N)."""
    generator = np.random.default_rng(seed)
    for start in range(0, n_draws, _AT_ONCE):
        rows = min(_AT_ONCE, n_draws - start)
        picks = generator.integers(0, n, size=(rows, n)) + np.arange(rows)[:, None] * n
        yield np.bincount(picks.ravel(), minlength=rows * n).reshape(rows, n).astype(np.float64)
