"""What a model takes for what, measured on held-out texts: its scores by their true emotion.

Stored in a bundle's confusions.json, made by `training.bundling.confusions` from validation texts
only, and read by `reporting.prevalence`, which takes a model's known mistakes out of shares.

Shapes: T true emotions that a data set knows, K emotions that the model scores.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from model.labels import as_emotions
from records import Emotion

FloatArray = NDArray[np.float64]

#: Raised when a name changes its meaning.
CONFUSIONS_SCHEMA: Final = 1
_N_DIGITS: Final = 8


@dataclass(frozen=True, eq=False, slots=True)
class ConfusionSet:
    """One data set's held-out texts, by their true emotion."""

    name: str
    #: The true emotions, T of them, out of those the model scores and in their order.
    emotions: tuple[Emotion, ...]
    #: (T, K): texts by true emotion and top label; the rows' sums are the texts.
    top_counts: NDArray[np.int64]
    #: (T, K): mean scores.
    score_means: FloatArray
    #: (T, 2K, 2K): covariance of one text's scores and its top label as 0 and 1.
    covariances: FloatArray

    @property
    def n_texts(self) -> NDArray[np.int64]:
        """Texts of each true emotion, (T,): divided by their sum the prior they were met with."""
        counts: NDArray[np.int64] = self.top_counts.sum(axis=1)
        return counts


@dataclass(frozen=True, eq=False, slots=True)
class Confusions:
    """What confusions.json says: the same model on one data set or several."""

    #: The scored emotions, K of them.
    emotions: tuple[Emotion, ...]
    sets: tuple[ConfusionSet, ...] = field(default=())

    def complete(self) -> ConfusionSet | None:
        """Return the set that knows every scored emotion, the largest of several; None: no such.

        Shares of an emotion that no held-out text had could not be told from its mistakes.
        """
        knowing = [each for each in self.sets if each.emotions == self.emotions]
        return max(knowing, key=lambda each: int(each.top_counts.sum()), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return the document of confusions.json."""
        return {
            "schema": CONFUSIONS_SCHEMA,
            "emotions": list(self.emotions),
            "sets": [
                {
                    "name": each.name,
                    "emotions": list(each.emotions),
                    "n_texts": each.n_texts.tolist(),
                    "top_counts": each.top_counts.tolist(),
                    "score_means": np.round(each.score_means, _N_DIGITS).tolist(),
                    "covariances": np.round(each.covariances, _N_DIGITS).tolist(),
                }
                for each in self.sets
            ],
        }


def parse_confusions(text: str | bytes) -> Confusions:
    """Read the document of confusions.json.

    Raises:
        ValueError: naming what is wrong with it.
    """
    document = json.loads(text)
    if not isinstance(document, dict) or document.get("schema") != CONFUSIONS_SCHEMA:
        raise ValueError(f"expected confusions of schema {CONFUSIONS_SCHEMA}, found others")
    try:
        emotions = as_emotions(document["emotions"])
        sets = tuple(_parse_set(each, emotions) for each in document["sets"])
    except (KeyError, TypeError) as error:
        raise ValueError(f"confusions lack a field or have a wrong one: {error!s}") from error
    return Confusions(emotions, sets)


def _parse_set(document: dict[str, Any], scored: tuple[Emotion, ...]) -> ConfusionSet:
    emotions = as_emotions(document["emotions"])
    if emotions != tuple(emotion for emotion in scored if emotion in emotions):
        raise ValueError(f"expected some of {list(scored)!r} in this order, found {emotions!r}")
    n_true, n_scored = len(emotions), len(scored)
    top_counts = np.array(document["top_counts"], dtype=np.int64)
    score_means = np.array(document["score_means"], dtype=np.float64)
    covariances = np.array(document["covariances"], dtype=np.float64)
    for name, found, shape in (
        ("top_counts", top_counts, (n_true, n_scored)),
        ("score_means", score_means, (n_true, n_scored)),
        ("covariances", covariances, (n_true, 2 * n_scored, 2 * n_scored)),
    ):
        if found.shape != shape or not np.isfinite(found).all():
            raise ValueError(f"expected numbers of shape {shape} in {name!r}, found {found.shape}")
    if (top_counts < 0).any() or (top_counts.sum(axis=1) < 2).any():
        raise ValueError("expected two texts or more of each emotion in 'top_counts'")
    return ConfusionSet(str(document["name"]), emotions, top_counts, score_means, covariances)
