"""Which words carried a score: how much of it is lost when each word is left out.

Pure: works on any function from texts to scores, so that the command, the report and the
benchmark share it. Occlusion asks the model itself and knows nothing of its inside, hence serves
every bundle; what it costs is one more scoring for each word, all in one call.

What it does not say: words that repeat each other (either would do) both look weak, and that a
word moved the score is no proof that its writer felt so.

Source: Zeiler & Fergus 2014, "Visualizing and Understanding Convolutional Networks", section 4.2
(occlusion); Li, Monroe & Jurafsky 2016, "Understanding Neural Networks through Representation
Erasure", section 3 (of words).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from records import EMOTIONS, Emotion, Scores

Score = Callable[[Sequence[str]], Sequence[Scores]]

#: Said wherever the words of a score are shown.
CAVEAT: Final = (
    "The words show what moved the model, not what the writer felt: each figure is the "
    "probability lost when that word alone is left out, and words that say the same thing twice "
    "hide one another."
)

#: Stretches of a text that are left out one by one; longer texts are cut into this many.
MOST_PIECES: Final = 64

_RUN: Final = re.compile(r"\S+")
_EDGE: Final = ".,;:!?\"'()[]{}\u2026\u2018\u2019\u201c\u201d\u00ab\u00bb\u2013\u2014-"


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text; `text[start:end]` is it, without punctuation at its edges."""

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class WordEffect:
    """A word and what it did for the emotion explained."""

    word: Word
    #: Probability lost without it, -1..1; below 0 the word spoke against the emotion.
    effect: float


@dataclass(frozen=True, slots=True)
class Attribution:
    """The words of one text, in its order, and the emotion whose score they explain."""

    text: str
    emotion: Emotion
    #: Of the whole text, 0..1.
    probability: float
    words: tuple[WordEffect, ...]

    def strongest(self, n: int) -> tuple[WordEffect, ...]:
        """Return the `n` words that carried the score most, most first."""
        return tuple(sorted(self.words, key=lambda word: -word.effect)[:n])


def words_of(text: str) -> tuple[Word, ...]:
    """Cut a text at white space; punctuation around a word is no part of it, emoticons are."""
    return tuple(_words(text))


def attribute(
    texts: Sequence[str],
    score: Score,
    *,
    emotion: Emotion | None = None,
    most_pieces: int = MOST_PIECES,
) -> list[Attribution | None]:
    """Explain `emotion` (None: each text's top one) of each text by its words.

    `score` is called twice, whatever the number of texts: with the texts, and with all their
    versions of one word less. Of a text of more than `most_pieces` words, neighbours are left
    out together and share the effect evenly.

    Returns:
        One explanation a text, None where the text or the emotion has no score.
    """
    whole = score(texts)
    explained: list[Emotion | None] = []
    pieces: list[list[list[Word]]] = []
    variants: list[str] = []
    for text, scores in zip(texts, whole, strict=True):
        about = emotion or scores.emotion
        explained.append(None if about is None or probability(scores, about) is None else about)
        cut = _pieces(words_of(text), most_pieces) if explained[-1] else []
        pieces.append(cut)
        variants += [without(text, piece) for piece in cut]
    left = iter(score(variants) if variants else ())
    found: list[Attribution | None] = []
    for text, scores, about, cut in zip(texts, whole, explained, pieces, strict=True):
        if about is None:
            found.append(None)
            continue
        reached = _probability(scores, about, even=0.0)
        # A text that lost its last word, and so its scores, is one that says nothing.
        even = 1 / sum(p is not None for p in scores.probabilities)
        effects = [
            WordEffect(word, lost / len(piece))
            for piece in cut
            for lost in [reached - _probability(next(left), about, even=even)]
            for word in piece
        ]
        found.append(Attribution(text, about, reached, tuple(effects)))
    return found


def without(text: str, words: Sequence[Word]) -> str:
    """Return the text with some of its words cut out; punctuation around them stays."""
    kept, end = [], 0
    for word in sorted(words, key=lambda word: word.start):
        kept.append(text[end : word.start])
        end = word.end
    return "".join((*kept, text[end:]))


def probability(scores: Scores, emotion: Emotion) -> float | None:
    """Return one emotion's probability; None where it has no score."""
    return scores.probabilities[EMOTIONS.index(emotion)]


def _probability(scores: Scores, emotion: Emotion, *, even: float) -> float:
    found = probability(scores, emotion)
    return even if found is None else found


def _words(text: str) -> Iterator[Word]:
    for run in _RUN.finditer(text):
        core = run.group().strip(_EDGE)
        if not core:  # an emoticon or punctuation alone
            yield Word(run.group(), *run.span())
            continue
        start = run.start() + run.group().index(core)
        yield Word(core, start, start + len(core))


def _pieces(words: Sequence[Word], most: int) -> list[list[Word]]:
    """Cut words into at most `most` pieces of neighbours, of like size."""
    n = min(len(words), most)
    bounds = [round(index * len(words) / n) for index in range(n + 1)] if n else [0]
    return [list(words[a:b]) for a, b in pairwise(bounds)]
