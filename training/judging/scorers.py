"""A run's network as a scorer of texts, so that it is judged and explained like a bundle.

Without the bundle's language check and windows: a longer text keeps its beginning, as in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model.calibration import Calibration
from model.text import clean, has_words
from records import EMOTIONS, Emotion, Scores
from training.predict import Run, load_run

#: As in a bundle's config.json where nothing else is said.
_LOW_CONFIDENCE = 0.4


class RunScorer:
    """Score with the network of a finished run; texts without a word are unsupported."""

    def __init__(self, run: Run, *, calibration: Calibration | None = None) -> None:
        self.run = run
        self.calibration = calibration or Calibration(1.0)
        self.model_name = run.folder.resolve().name
        self.emotions: tuple[Emotion, ...] = run.emotions

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> RunScorer:
        """Open a run's folder.

        Raises:
            TrainError: when it is none.
        """
        return cls(load_run(folder, device=device))

    def warm_up(self) -> None:
        """Nothing to do once."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Return one score a text, in order."""
        worded = [index for index, text in enumerate(texts) if has_words(clean(text))]
        scores = [Scores.unsupported()] * len(texts)
        if not worded:
            return scores
        logits = self.run.logits([texts[index] for index in worded])
        for index, row in zip(worded, self.calibration.probabilities(logits), strict=True):
            by_emotion = dict(zip(self.emotions, map(float, row), strict=True))
            probabilities = tuple(by_emotion.get(emotion) for emotion in EMOTIONS)
            low = max(by_emotion.values()) < _LOW_CONFIDENCE
            scores[index] = Scores("scored", probabilities, low_confidence=low)
        return scores
