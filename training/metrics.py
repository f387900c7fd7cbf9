"""How good a set of predicted probabilities is: accuracy, F1, loss, calibration, by emotion.

Point figures only; `training.judging.bootstrap` says how sure they are. scikit-learn computes what
it has. Called by `training.judging.evaluate`, `training.train` and the checks of an export.

Shapes: N texts, E emotions in a bundle's own order, A of them judged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import sklearn.metrics as sk
from numpy.typing import NDArray

from records import Emotion
from training.data import Example

FloatArray = NDArray[np.floating]
IntArray = NDArray[np.integer]

#: Equal-width bins of confidence, as in most published calibration errors.
N_BINS = 15


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


@dataclass(frozen=True, slots=True)
class Answers:
    """What a model said of texts of exactly one emotion, and what was true."""

    #: The emotions judged; `truth` and `found` index them.
    among: tuple[Emotion, ...]
    #: (N,), 0..A-1.
    truth: NDArray[np.int64]
    #: (N,), the top label; -1 for a text without an answer.
    found: NDArray[np.int64]
    #: float64 (N, A), rows sum to 1; uniform for a text without an answer.
    probabilities: NDArray[np.float64]

    @property
    def answered(self) -> NDArray[np.bool_]:
        return np.asarray(self.found >= 0)


@dataclass(frozen=True, slots=True)
class EmotionFigures:
    """One emotion's precision, recall and F1, 0..1, and the number of its texts."""

    emotion: Emotion
    precision: float
    recall: float
    f1: float
    support: int


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The texts whose top probability lies in `low`..`high`."""

    low: float
    high: float
    n: int
    #: Mean top probability and share of right answers; both 0 in an empty bin.
    confidence: float
    accuracy: float


def answers(
    probabilities: FloatArray,
    examples: Sequence[Example],
    *,
    emotions: Sequence[Emotion],
    among: Sequence[Emotion],
) -> Answers:
    """Take top labels `among` some of the bundle's emotions, from (N, E) probabilities.

    A row of NaN is a text without an answer: wrong, and no part of the calibration error.

    Raises:
        ValueError: when a text has several emotions or one outside `among`.
    """
    columns = [emotions.index(emotion) for emotion in among]
    masked = np.asarray(probabilities, dtype=np.float64)[:, columns]
    try:
        truth = np.array([among.index(emotion) for (emotion,) in (e.emotions for e in examples)])
    except ValueError as error:
        raise ValueError("expected texts of exactly one of the emotions judged") from error
    answered = np.asarray(~np.isnan(masked).any(axis=1))
    masked = np.where(answered[:, None], masked, 1.0)
    masked /= masked.sum(axis=1, keepdims=True)
    found = np.where(answered, masked.argmax(axis=1), -1)
    return Answers(tuple(among), truth.astype(np.int64), found.astype(np.int64), masked)


def quality(
    probabilities: FloatArray,
    examples: Sequence[Example],
    *,
    emotions: Sequence[Emotion],
    among: Sequence[Emotion],
) -> Quality:
    """Judge (N, E) probabilities in three figures; see `answers`."""
    judged = answers(probabilities, examples, emotions=emotions, among=among)
    return Quality(
        n=len(judged.truth),
        accuracy=accuracy(judged.truth, judged.found),
        macro_f1=macro_f1(judged.truth, judged.found, len(among)),
        calibration_error=calibration_error(
            judged.probabilities[judged.answered], judged.truth[judged.answered]
        ),
    )


def accuracy(truth: IntArray, found: IntArray) -> float:
    """Return the share of texts whose top label is the true one."""
    return float(sk.accuracy_score(truth, found))


def macro_f1(truth: IntArray, found: IntArray, n_labels: int) -> float:
    """Return the unweighted mean of the labels' F1; a label neither true nor found counts 0."""
    return _f1(truth, found, n_labels, "macro")


def weighted_f1(truth: IntArray, found: IntArray, n_labels: int) -> float:
    """Return the labels' F1, each weighted by its number of texts."""
    return _f1(truth, found, n_labels, "weighted")


def by_emotion(judged: Answers) -> tuple[EmotionFigures, ...]:
    """Return precision, recall, F1 and support of each emotion judged; 0 where undefined."""
    columns = sk.precision_recall_fscore_support(
        judged.truth, judged.found, labels=range(len(judged.among)), zero_division=0
    )
    return tuple(
        EmotionFigures(emotion, float(precision), float(recall), float(f1), int(support))
        for emotion, precision, recall, f1, support in zip(judged.among, *columns, strict=True)
    )


def confusion(judged: Answers) -> NDArray[np.int64]:
    """Return counts (A, A + 1): true emotion by top label, last column without an answer."""
    size = len(judged.among)
    found = np.where(judged.answered, judged.found, size)
    counts = sk.confusion_matrix(judged.truth, found, labels=range(size + 1))
    return np.asarray(counts[:size], dtype=np.int64)


def log_loss(judged: Answers) -> float:
    """Return the mean negative log probability of the true emotion, in nats.

    A text without an answer counts as the even guess, log A.
    """
    labels = range(len(judged.among))
    return float(sk.log_loss(judged.truth, judged.probabilities, labels=labels))


def calibration_error(probabilities: FloatArray, truth: IntArray, *, n_bins: int = N_BINS) -> float:
    """Return the expected calibration error of the top label; 0 for no texts.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", equation 3.
    """
    bins = reliability(probabilities, truth, n_bins=n_bins)
    total = sum(b.n for b in bins)
    return sum(b.n * abs(b.accuracy - b.confidence) for b in bins) / max(total, 1)


def reliability(
    probabilities: FloatArray, truth: IntArray, *, n_bins: int = N_BINS
) -> tuple[ReliabilityBin, ...]:
    """Return accuracy against confidence of the top label, in equal-width bins of confidence."""
    confidence = probabilities.max(axis=1)
    hit = probabilities.argmax(axis=1) == truth
    inside = bin_of(confidence, n_bins)
    n = np.bincount(inside, minlength=n_bins)
    sums = [np.bincount(inside, weights, n_bins) for weights in (confidence, hit)]
    means = [total / np.maximum(n, 1) for total in sums]
    return tuple(
        ReliabilityBin(i / n_bins, (i + 1) / n_bins, int(n[i]), float(means[0][i]), float(m))
        for i, m in enumerate(means[1])
    )


def bin_of(confidence: FloatArray, n_bins: int = N_BINS) -> NDArray[np.int64]:
    """Return each confidence's bin, 0..n_bins-1; the last one holds 1."""
    return np.minimum((confidence * n_bins).astype(np.int64), n_bins - 1)


def softmax(logits: FloatArray, temperature: float = 1.0) -> NDArray[np.float64]:
    """Return probabilities (N, E) for logits (N, E)."""
    scaled = np.asarray(logits, dtype=np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=1, keepdims=True))
    result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
    return result


def _f1(truth: IntArray, found: IntArray, n_labels: int, average: str) -> float:
    options: dict[str, Any] = {"labels": range(n_labels), "zero_division": 0}
    return float(sk.f1_score(truth, found, average=average, **options))
