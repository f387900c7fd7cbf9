"""Why a text got its score: what its words did and how much the network looked at each.

Brings together what two rooms know: `model.attribution` asks the scorer, `model.pooling` reads
the bundle's graph. The text is explained as the model reads it, cleaned.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from model.pooling import TokenWeight
    from records import Emotion
    from worker.scorer import Scorer


@dataclass(frozen=True, slots=True)
class ExplainedWord:
    """A word of the cleaned text, `text[start:end]` of it."""

    text: str
    start: int
    end: int
    #: Probability lost when it alone is left out; below 0 it spoke against the emotion.
    effect: float
    #: Its part of the attention pooling, 0..1; None where the network pools otherwise.
    attention: float | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The words of one text, in its order."""

    text: str
    emotion: Emotion
    probability: float
    words: tuple[ExplainedWord, ...]
    caveat: str

    @property
    def attention_known(self) -> bool:
        return any(word.attention is not None for word in self.words)

    def to_json(self) -> dict[str, Any]:
        document = asdict(self)
        document["probability"] = round(self.probability, 4)
        for word in document["words"]:
            word["effect"] = round(word["effect"], 4)
            if word["attention"] is not None:
                word["attention"] = round(word["attention"], 4)
        return document


class Explainer:
    """Explains a scorer's scores; the bundle is that of the scorer, None the shipped one."""

    def __init__(self, scorer: Scorer, bundle: Path | None) -> None:
        from model.bundle import load_bundle

        self._scorer = scorer
        self._bundle = load_bundle(bundle)

    def explain(self, text: str) -> Explanation | None:
        """Explain a text's top emotion; None where it has none."""
        from model.attribution import CAVEAT, attribute
        from model.pooling import pooling_weights
        from model.text import clean

        cleaned = clean(text)
        (found,) = attribute([cleaned], self._scorer.score)
        if found is None:
            return None
        weighted = pooling_weights(self._bundle, [cleaned])
        tokens = None if weighted is None else weighted[0]
        words = tuple(
            ExplainedWord(
                text=one.word.text,
                start=one.word.start,
                end=one.word.end,
                effect=one.effect,
                attention=_attention(tokens, one.word.start, one.word.end),
            )
            for one in found.words
        )
        return Explanation(cleaned, found.emotion, found.probability, words, CAVEAT)


def _attention(tokens: Sequence[TokenWeight] | None, start: int, end: int) -> float | None:
    """Sum the weights of the tokens that begin within a word."""
    if tokens is None:
        return None
    return sum(token.weight for token in tokens if start <= token.start < end)
