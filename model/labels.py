"""Which label of which data set means which canonical emotion, and the sets a bundle may declare.

Pure words, no tensors. Read by training (targets) and by `model.bundle` (what a bundle scores).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from records import EMOTIONS, Emotion

#: The six of the field's benchmark, in the order of EMOTIONS.
BENCHMARK_EMOTIONS: Final[tuple[Emotion, ...]] = (
    "sadness",
    "joy",
    "love",
    "anger",
    "fear",
    "surprise",
)

#: What the default bundle scores: the benchmark's six and neutral. Disgust is left out: 0.8 % of
#: GoEmotions and none of the benchmark is too little to learn it from.
DEFAULT_EMOTIONS: Final[tuple[Emotion, ...]] = (*BENCHMARK_EMOTIONS, "neutral")

#: GoEmotions' label → canonical emotion; `disgust` is left out on purpose. Line order follows the
#: emotion, not the data set's index.
GOEMOTIONS_MAPPING: Final[Mapping[str, Emotion]] = {
    "admiration": "joy",
    "amusement": "joy",
    "approval": "joy",
    "excitement": "joy",
    "gratitude": "joy",
    "joy": "joy",
    "optimism": "joy",
    "pride": "joy",
    "relief": "joy",
    "caring": "love",
    "desire": "love",
    "love": "love",
    "anger": "anger",
    "annoyance": "anger",
    "disapproval": "anger",
    "disappointment": "sadness",
    "embarrassment": "sadness",
    "grief": "sadness",
    "remorse": "sadness",
    "sadness": "sadness",
    "fear": "fear",
    "nervousness": "fear",
    "confusion": "surprise",
    "curiosity": "surprise",
    "realization": "surprise",
    "surprise": "surprise",
    "neutral": "neutral",
}


def map_goemotions(labels: Iterable[str]) -> tuple[Emotion, ...]:
    """Return the canonical emotions of a GoEmotions row, each once, in the order of EMOTIONS.

    Labels without a canonical emotion (disgust) fall away: an empty tuple means the row is left
    out altogether.
    """
    found = {GOEMOTIONS_MAPPING[label] for label in labels if label in GOEMOTIONS_MAPPING}
    return tuple(emotion for emotion in EMOTIONS if emotion in found)


def as_emotions(names: Sequence[str]) -> tuple[Emotion, ...]:
    """Return `names` as canonical emotions, order kept.

    Raises:
        ValueError: when a name is not canonical, stands twice, or fewer than two are given.
    """
    known = {str(emotion): emotion for emotion in EMOTIONS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(f"expected emotions out of {', '.join(EMOTIONS)}, found {unknown!r}")
    if len(set(names)) != len(names) or len(names) < 2:
        raise ValueError(f"expected at least two emotions, each once, found {list(names)!r}")
    return tuple(known[name] for name in names)
