"""TF-IDF and logistic regression: the peer that costs seconds, in a comparison beside networks.

Kept without pickle: vocabulary as JSON, weights as arrays.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from model.labels import as_emotions
from model.text import clean, has_words
from records import EMOTIONS, Emotion, Scores
from training.data import Example, single_label
from training.metrics import softmax

_WEIGHTS, _WORDS = "linear.npz", "linear.json"


class LinearModel:
    """Words and pairs of words, weighted by rarity, one linear score an emotion."""

    def __init__(
        self,
        emotions: tuple[Emotion, ...],
        vocabulary: dict[str, int],
        rarity: NDArray[np.float64],
        weights: NDArray[np.float64],
        bias: NDArray[np.float64],
    ) -> None:
        self.model_name = "tfidf"
        self.emotions = emotions
        #: (V, E) and (E,).
        self.weights, self.bias = weights, bias
        self._vocabulary = vocabulary
        self._vectorizer = _vectorizer(vocabulary)
        self._vectorizer.idf_ = rarity

    @property
    def n_parameters(self) -> int:
        return int(self.weights.size + self.bias.size + len(self._vocabulary))

    @classmethod
    def fit(cls, examples: Sequence[Example], *, seed: int = 13) -> LinearModel:
        """Learn from the texts of exactly one emotion."""
        single = single_label(examples)
        labels = [example.emotions[0] for example in single]
        emotions = tuple(emotion for emotion in EMOTIONS if emotion in set(labels))
        vectorizer = _vectorizer(None)
        rows = vectorizer.fit_transform([clean(example.text) for example in single])
        model = LogisticRegression(C=10, max_iter=1_000, random_state=seed)
        model.fit(rows, [emotions.index(label) for label in labels])
        coefficients, bias = np.asarray(model.coef_), np.asarray(model.intercept_)
        if len(emotions) == 2:  # one row for both
            coefficients, bias = (
                np.vstack([-coefficients, coefficients]) / 2,
                np.r_[-bias, bias] / 2,
            )
        vocabulary = {word: int(index) for word, index in vectorizer.vocabulary_.items()}
        return cls(emotions, vocabulary, np.asarray(vectorizer.idf_), coefficients.T, bias)

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Return one score a text; texts without a word are unsupported."""
        cleaned = [clean(text) for text in texts]
        if not cleaned:
            return []
        logits = self._vectorizer.transform(cleaned) @ self.weights + self.bias
        found = []
        for text, row in zip(cleaned, softmax(np.asarray(logits)), strict=True):
            by_emotion = dict(zip(self.emotions, map(float, row), strict=True))
            scored = Scores("scored", tuple(by_emotion.get(emotion) for emotion in EMOTIONS))
            found.append(scored if has_words(text) else Scores.unsupported())
        return found

    def save(self, folder: Path) -> int:
        """Write the model and return its size in bytes."""
        folder.mkdir(parents=True, exist_ok=True)
        document = {"emotions": list(self.emotions), "vocabulary": self._vocabulary}
        (folder / _WORDS).write_text(json.dumps(document), encoding="utf-8")
        np.savez_compressed(
            folder / _WEIGHTS,
            weights=self.weights.astype(np.float32),
            bias=self.bias,
            rarity=np.asarray(self._vectorizer.idf_),
        )
        return sum((folder / name).stat().st_size for name in (_WORDS, _WEIGHTS))

    @classmethod
    def load(cls, folder: Path) -> LinearModel:
        """Read what `save` wrote."""
        document = json.loads((folder / _WORDS).read_text(encoding="utf-8"))
        with np.load(folder / _WEIGHTS, allow_pickle=False) as arrays:
            return cls(
                as_emotions(document["emotions"]),
                document["vocabulary"],
                arrays["rarity"],
                arrays["weights"],
                arrays["bias"],
            )


def _vectorizer(vocabulary: dict[str, int] | None) -> TfidfVectorizer:
    return TfidfVectorizer(
        vocabulary=vocabulary,
        ngram_range=(1, 2),
        min_df=1 if vocabulary else 2,
        sublinear_tf=True,
        strip_accents="unicode",
        token_pattern=r"(?u)\b\w[\w']*\b",  # noqa: S106 (a pattern, no password)
    )
