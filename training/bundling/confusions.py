"""What a model takes for what, from the held-out texts that calibrated it.

Called by `training.bundling.export`.

Shapes: N texts, T true emotions in a data set, K emotions that the model scores.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from model.confusions import Confusions, ConfusionSet
from records import EMOTIONS, Emotion
from training.metrics import FloatArray

#: An emotion of fewer held-out texts is not known well enough to correct anything by.
MIN_TEXTS = 20


def confusion_set(
    name: str,
    scores: FloatArray,
    truth: NDArray[np.integer],
    emotions: Sequence[Emotion],
) -> ConfusionSet | None:
    """Return how the texts of each true emotion were scored; None if too few emotions are known.

    Args:
        name: Of the data set.
        scores: (N, K), calibrated.
        truth: (N,), the true emotion's place in `emotions`.
        emotions: The scored ones, in the order of the scores' columns; stored in that of EMOTIONS.
    """
    order = [emotions.index(emotion) for emotion in EMOTIONS if emotion in emotions]
    ordered = np.asarray(scores, dtype=np.float64)[:, order]
    tops = np.eye(len(order))[ordered.argmax(axis=1)]
    known = [place for place in order if int((truth == place).sum()) >= MIN_TEXTS]
    if len(known) < 2:
        return None
    chosen = [truth == place for place in known]
    return ConfusionSet(
        name=name,
        emotions=tuple(emotions[place] for place in known),
        top_counts=np.stack([tops[of].sum(axis=0) for of in chosen]).astype(np.int64),
        score_means=np.stack([ordered[of].mean(axis=0) for of in chosen]),
        covariances=np.stack([np.cov(np.hstack([ordered, tops])[of].T) for of in chosen]),
    )


def measure_confusions(
    sets: Sequence[tuple[str, FloatArray, NDArray[np.integer]]], emotions: Sequence[Emotion]
) -> Confusions:
    """Return the confusions on each data set: its name, scores (N, K) and true places (N,)."""
    found = [confusion_set(name, scores, truth, emotions) for name, scores, truth in sets]
    return Confusions(
        tuple(emotion for emotion in EMOTIONS if emotion in emotions),
        tuple(each for each in found if each is not None),
    )
