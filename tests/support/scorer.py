"""The one fake in the tests: a scorer whose answers are a function of the text's length."""

from __future__ import annotations

import time
from collections.abc import Sequence

from records import EMOTIONS, Emotion, Scores


class LengthScorer:
    """Scores by length: the top emotion is EMOTIONS[length mod 6], its probability 0.5 or more.

    Covers what a bundle of six labels does: the last two emotions are None, texts without a letter
    are unsupported.
    """

    model_name = "length@000000000001"
    emotions: tuple[Emotion, ...] = EMOTIONS[:6]

    def __init__(self, *, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        #: Texts per call, for tests that ask what was scored.
        self.calls: list[list[str]] = []

    def warm_up(self) -> None:
        """Nothing to load."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        self.calls.append(list(texts))
        if self.pause_s:
            time.sleep(self.pause_s)
        return [score_by_length(text) for text in texts]


def score_by_length(text: str) -> Scores:
    """Return the scores LengthScorer gives to `text`; they sum to 1."""
    if not any(character.isalpha() for character in text):
        return Scores.unsupported()
    top = len(text) % 6
    confidence = 0.5 + (len(text) % 50) / 100
    rest = (1.0 - confidence) / 5
    probabilities = tuple(
        None if position >= 6 else confidence if position == top else rest
        for position in range(len(EMOTIONS))
    )
    return Scores("scored", probabilities, low_confidence=confidence < 0.55)
