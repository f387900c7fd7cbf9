"""Drawing with a seed, and the small grammar that frames share."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

from records import Emotion
from training.phrases import words
from training.phrases.words import Subject

T = TypeVar("T")

FELT: Final[tuple[Emotion, ...]] = ("sadness", "joy", "anger", "fear", "surprise")
_CONTRACTED: Final = {
    "is": "isn't", "are": "aren't", "was": "wasn't", "were": "weren't",
    "do": "don't", "does": "doesn't", "have": "haven't", "has": "hasn't",
}  # fmt: skip
_JOINED: Final = {"am": "'m", "is": "'s", "are": "'re"}
_PRONOUNS: Final = frozenset(("I", "he", "she", "we", "they"))


@dataclass(frozen=True, slots=True)
class Draw:
    """A seeded source of choices."""

    order: random.Random

    def one(self, options: Sequence[T]) -> T:
        return self.order.choice(options)

    def chance(self, probability: float) -> bool:
        return self.order.random() < probability

    def feeling(self, emotion: Emotion) -> str:
        return self.one(words.FEELINGS[emotion])

    def subject(self) -> Subject:
        """Mostly the writer, whose mood it is that we score."""
        if self.chance(0.7):
            return words.I
        if self.chance(0.25):
            return words.third(self.one(self.one(words.NAMES)))
        return self.one(words.OTHERS)

    def other(self, emotion: Emotion) -> Emotion:
        return self.one([felt for felt in FELT if felt != emotion])

    def opener(self, probability: float = 0.35) -> str:
        return self.one(words.OPENERS) + " " if self.chance(probability) else ""

    def tail(self, probability: float = 0.75) -> str:
        """Return what the feeling is about, or when; with a space before it, or empty."""
        if not self.chance(probability):
            return ""
        return " " + self.one(words.ABOUT if self.chance(0.7) else words.WHEN)

    def grade(self, feeling: str) -> str:
        """Return the feeling, often with an intensifier it bears."""
        if feeling in words.EXTREMES:
            return self.one((feeling, feeling, f"absolutely {feeling}", f"completely {feeling}"))
        return self.one((feeling, feeling, f"so {feeling}", f"very {feeling}", f"really {feeling}",
                         f"quite {feeling}", f"extremely {feeling}"))  # fmt: skip

    def is_(self, subject: Subject) -> str:
        """Return subject and verb: 'I am', "I'm", 'I feel', 'we are feeling'."""
        if subject.words in _PRONOUNS and self.chance(0.4):
            return subject.words + _JOINED[subject.is_]
        verb = self.one((subject.is_, subject.is_, subject.feels("feel"), f"{subject.is_} feeling"))
        return f"{subject.words} {verb}"

    def is_not(self, subject: Subject, negator: str = "not") -> str:
        """Return subject, verb and negator: 'I am not', "he isn't", "I don't feel"."""
        if negator != "not":
            return f"{subject.words} {subject.is_} {negator}"
        if self.chance(0.3):
            does = _CONTRACTED[subject.does] if self.chance(0.6) else f"{subject.does} not"
            return f"{subject.words} {does} feel"
        if subject is words.I or self.chance(0.4):
            joined = subject.words in _PRONOUNS and self.chance(0.6)
            verb = _JOINED[subject.is_] if joined else f" {subject.is_}"
            return f"{subject.words}{verb} not"
        return f"{subject.words} {_CONTRACTED[subject.is_]}"

    def was_not(self, subject: Subject) -> str:
        verb = _CONTRACTED[subject.was] if self.chance(0.6) else f"{subject.was} not"
        return f"{subject.words} {verb}"


def more(feeling: str) -> str:
    """Return the comparative of a feeling."""
    return words.COMPARATIVES.get(feeling, f"more {feeling}")


def sentence(text: str, end: str = ".") -> str:
    """Return the text with a capital first letter and an end mark."""
    return text[0].upper() + text[1:] + end


def sentences(text: str, end: str = ".") -> str:
    """Return the text with a capital behind every full stop and an end mark."""
    for mark in (". ", "! "):
        text = mark.join(part[0].upper() + part[1:] for part in text.split(mark))
    return sentence(text, end)
