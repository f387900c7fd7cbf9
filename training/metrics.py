"""How good a set of predicted probabilities is: accuracy, macro-F1, calibration.

Pure numpy. Shapes: N texts, E emotions in a bundle's own order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from records import Emotion
from training.data import Example

FloatArray = NDArray[np.floating]


@dataclass(frozen=True, slots=True)
class Quality:
    """Top-label quality on texts of exactly one emotion."""

    n: int
    accuracy: float
    macro_f1: float
    #: Expected calibration error over 15 equal-width bins of confidence, 0..1.
    calibration_error: float

    def to_json(self) -> dict[str, float]:
        return {
            "n": self.n,
            "accuracy": round(self.accuracy, 5),
            "macro_f1": round(self.macro_f1, 5),
            "calibration_error": round(self.calibration_error, 5),
        }


def quality(
    probabilities: FloatArray,
    examples: Sequence[Example],
    *,
    emotions: Sequence[Emotion],
    among: Sequence[Emotion],
) -> Quality:
    """Judge (N, E) probabilities; the top label is taken `among` some of the bundle's emotions.

    A row of NaN is a text without an answer: wrong, and no part of the calibration error.

    Raises:
        ValueError: when a text has several emotions or one outside `among`.
    """
    columns = [emotions.index(emotion) for emotion in among]
    masked = np.asarray(probabilities, dtype=np.float64)[:, columns]
    masked = masked / masked.sum(axis=1, keepdims=True)
    try:
        truth = np.array([among.index(emotion) for (emotion,) in (e.emotions for e in examples)])
    except ValueError as error:
        raise ValueError("expected texts of exactly one of the emotions judged") from error
    answered = ~np.isnan(masked).any(axis=1)
    found = np.full(len(truth), -1)
    found[answered] = masked[answered].argmax(axis=1)
    return Quality(
        n=len(truth),
        accuracy=float((found == truth).mean()),
        macro_f1=macro_f1(truth, found, len(among)),
        calibration_error=calibration_error(masked[answered], truth[answered]),
    )


def macro_f1(truth: NDArray[np.integer], found: NDArray[np.integer], n_labels: int) -> float:
    """Return the unweighted mean of the labels' F1; a label neither true nor found counts 0."""
    scores = []
    for label in range(n_labels):
        hits = int(((truth == label) & (found == label)).sum())
        named = int((truth == label).sum() + (found == label).sum())
        scores.append(2 * hits / named if named else 0.0)
    return float(np.mean(scores))


def calibration_error(
    probabilities: FloatArray, truth: NDArray[np.integer], *, n_bins: int = 15
) -> float:
    """Return the expected calibration error of the top label.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == truth
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    error = 0.0
    for index in range(n_bins):
        inside = bins == index
        if inside.any():
            error += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    return float(error)


def softmax(logits: FloatArray, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities (N, E) for logits (N, E)."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result
