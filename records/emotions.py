"""The eight canonical emotions and the scores of one text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

Emotion = Literal["sadness", "joy", "love", "anger", "fear", "surprise", "disgust", "neutral"]
Status = Literal["scored", "unsupported"]

#: Fixed columns of every table and order of every score vector.
EMOTIONS: Final[tuple[Emotion, ...]] = (
    "sadness",
    "joy",
    "love",
    "anger",
    "fear",
    "surprise",
    "disgust",
    "neutral",
)


@dataclass(frozen=True, slots=True)
class Scores:
    """The emotions of one text, as a bundle saw them.

    `probabilities` follows EMOTIONS; those the bundle scores lie in 0..1 and sum to 1, the others
    are None. A text in an unsupported language or without words has status `unsupported` and
    all of them None.
    """

    status: Status
    probabilities: tuple[float | None, ...]
    #: True when the top score is under the bundle's own threshold.
    low_confidence: bool = False

    def __post_init__(self) -> None:
        if len(self.probabilities) != len(EMOTIONS):
            raise ValueError(
                f"expected {len(EMOTIONS)} probabilities, found {len(self.probabilities)}"
            )

    @classmethod
    def unsupported(cls) -> Scores:
        return cls("unsupported", (None,) * len(EMOTIONS))

    @property
    def emotion(self) -> Emotion | None:
        """The top emotion; the first in EMOTIONS on a tie; None when unsupported."""
        best: Emotion | None = None
        confidence = -1.0
        for emotion, probability in zip(EMOTIONS, self.probabilities, strict=True):
            if probability is not None and probability > confidence:
                best, confidence = emotion, probability
        return best

    @property
    def confidence(self) -> float | None:
        """The top emotion's probability, 0..1; None when unsupported."""
        return max((p for p in self.probabilities if p is not None), default=None)
