"""What an export is judged by: a data set's tokenised texts, the figures.

Shapes: N texts, E emotions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from records import Emotion
from training.data import Example
from training.metrics import FloatArray, Quality, quality, softmax
from training.predict import Predict, in_batches


@dataclass(frozen=True, slots=True)
class Part:
    """A data set's validation or test texts, with the labels its top label is taken among."""

    name: str
    examples: tuple[Example, ...]
    rows: list[tuple[int, ...]]
    among: tuple[Emotion, ...]


def fit_temperature(logits: FloatArray, truth: FloatArray) -> float:
    """Return the temperature of least cross-entropy, to two digits.

    Args:
        logits: float32 (N, E).
        truth: one probability an emotion, (N, E).

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """
    candidates = np.arange(0.5, 3.0, 0.01)
    losses = [
        float(-(truth * np.log(softmax(logits, t) + 1e-12)).sum(axis=1).mean()) for t in candidates
    ]
    return round(float(candidates[int(np.argmin(losses))]), 2)


def judge(
    predict: Predict, part: Part, emotions: Sequence[Emotion], temperature: float = 1.0
) -> tuple[FloatArray, Quality]:
    """Return a part's probabilities (N, E) and their quality."""
    probabilities = softmax(in_batches(predict, part.rows), temperature)
    return probabilities, quality(probabilities, part.examples, emotions=emotions, among=part.among)
