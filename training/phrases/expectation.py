"""Frames of changed expectation: one thing was hoped, feared or assumed, another came."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes, words
from training.phrases.draw import Draw, sentences
from training.phrases.negation import Labelled
from training.phrases.scenes import feeling, graded, pair

NOUNS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": ("sadness", "sorrow", "grief", "misery", "heartache", "disappointment"),
    "joy": ("joy", "happiness", "delight", "pride", "pure bliss", "relief"),
    "love": ("love", "affection", "tenderness"),
    "anger": ("anger", "rage", "fury", "irritation", "resentment"),
    "fear": ("fear", "dread", "terror", "panic", "anxiety"),
    "surprise": ("astonishment", "amazement", "surprise", "disbelief"),
}
_BETTER: Final = (
    "far better", "so much better", "a lot nicer", "way more fun", "ten times better",
    "much more pleasant",
)  # fmt: skip
_WORSE: Final = (
    "far worse", "so much worse", "a lot duller", "way more boring", "ten times worse",
    "much more depressing",
)  # fmt: skip
_TO_MY: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "sadness": ("disappointment", "great sorrow", "dismay", "regret"),
    "joy": ("delight", "great joy", "immense relief", "relief"),
    "anger": ("annoyance", "great irritation", "fury"),
    "fear": ("horror", "terror", "alarm"),
    "surprise": ("surprise", "utter amazement", "astonishment", "bewilderment"),
}


def feeling_changed(draw: Draw) -> Labelled:
    """One feeling expected, another found: the second is the label."""
    before, after = pair(draw)
    a, b = feeling(draw, before), graded(draw, after)
    cause, occasion = draw.one(scenes.CAUSES), draw.one(scenes.OCCASIONS)
    who = draw.one(scenes.WHO)
    text = draw.one(
        (
            f"I thought {cause} would make me feel {a}, but it turned out I was {b}",
            f"I thought I'd be {a} after {occasion}. turns out I'm {b}",
            f"I assumed that {occasion} would leave me {a}; instead I came home {b}",
            f"I had prepared myself to be {a} about {cause}, and in the end I was {b}",
            f"I was so sure I would feel {a} at {occasion}, and then I was {b}",
            f"{who} expected me to be {a} about {cause}. instead, I was {b}",
            f"my guess was that I'd be {a} by the end of {occasion}; I ended up {b}",
            f"I was {b} in the end, although I had been certain that {cause} would leave me {a}",
            f"I ended up {b} at {occasion}, where I had expected to be {a}",
            f"having expected to be {a}, I was {b} when I heard about {cause}",
            f"rather than {a}, as I had assumed I would be, I was {b} after {occasion}",
            f"instead of feeling {a} about {cause}, I am {b}",
            f"anyone would have thought that I'd be {a} about {cause}. I am {b}",
            f"going in, I figured I would be {a}. coming out, I was {b}",
            f"what was meant to make me {a} left me {b} instead",
            f"I went to {occasion} thinking I'd feel {a} and drove home {b}",
        )
    )  # fmt: skip
    return sentences(text), (after,)


def noun_changed(draw: Draw) -> Labelled:
    """The same with nouns: 'Where I had expected anger, I found only tenderness.'"""
    before = draw.one(scenes.ALL)
    after = draw.one([emotion for emotion in scenes.ALL if emotion != before])
    a, b = draw.one(NOUNS[before]), draw.one(NOUNS[after])
    occasion, cause = draw.one(scenes.OCCASIONS), draw.one(scenes.CAUSES)
    text = draw.one(
        (
            f"I had braced myself for {a} at {occasion}; what I felt was {b}",
            f"where I had expected {a}, I felt only {b}",
            f"not the {a} I had counted on but {b} is what I got from {cause}",
            f"I was prepared for {a}. what came over me at {occasion} was {b}",
            f"{cause} was supposed to fill me with {a}, but it filled me with {b}",
            f"{b} was the last thing I expected to feel at {occasion}, and it is all I felt",
            f"I waited for the {a} to come during {occasion}, and {b} came instead",
        )
    )
    return sentences(text), (after,)


def thing_changed(draw: Draw) -> Labelled:
    """Better than feared is a joy, worse than hoped a disappointment."""
    occasion = draw.one(scenes.OCCASIONS)
    is_good = draw.chance(0.5)
    than = draw.one(_BETTER if is_good else _WORSE)
    bad, good = draw.one(words.BAD), draw.one(words.GOOD)
    if is_good:
        text = draw.one(
            (
                f"{occasion} turned out {than} than I had feared",
                f"I had been dreading {occasion} for weeks, and it was {than} than I thought",
                f"I was afraid {occasion} would be {bad}; in the end it was {good}",
                f"{occasion} was {than} than anyone had led me to believe",
                f"I almost stayed at home, and then {occasion} turned out to be {good}",
                f"to think that I was dreading {occasion}! it was {good}",
                f"I expected {occasion} to be {bad}, and what I got was one of my best days",
                f"for weeks I lost sleep over {occasion}, and then it was nothing but {good}",
                f"I feared the worst about {occasion}, and in the end all went well",
            )
        )  # fmt: skip
        return sentences(text), ("joy",)
    text = draw.one(
        (
            f"{occasion} turned out {than} than I had hoped",
            f"I had been looking forward to {occasion} for weeks, and it was {than} than I thought",
            f"I was hoping {occasion} would be {good}; in the end it was {bad}",
            f"{occasion} was {than} than anyone had led me to believe",
            f"I had such high hopes, and then {occasion} turned out to be {bad}",
            f"I had so wanted {occasion} to be {good}, and it was {bad}",
            f"I expected {occasion} to be {good}, and what I got was a big letdown",
            f"for weeks I dreamed of {occasion}, and then it was simply {bad}",
            f"I hoped for the best from {occasion}, and nothing came of it",
        )
    )  # fmt: skip
    return sentences(text), ("sadness",)


def event_changed(draw: Draw) -> Labelled:
    """An event that was not expected; its feeling is the label, halved where surprise is told."""
    after = draw.one(scenes.ALL)
    event = draw.one(scenes.EVENTS[after])
    occasion, who = draw.one(scenes.OCCASIONS), draw.one(scenes.WHO)
    if draw.chance(0.3):
        text = draw.one(
            (
                f"to my complete surprise, {event}",
                f"I did not see it coming at all: {event}",
                f"nobody saw it coming, least of all me, but {event}",
                f"I still can't believe that {event}",
            )
        )
        return sentences(text), ("surprise",) if after == "surprise" else (after, "surprise")
    if after != "love" and draw.chance(0.4):
        text = f"{draw.one(('in the end,', 'and then,'))} to my {draw.one(_TO_MY[after])}, {event}"
        return sentences(text), (after,)
    text = draw.one(
        (
            f"I thought {occasion} would be like any other day, but {event}",
            f"I expected nothing special, and then {event}",
            f"{who} had told me to expect something quite different; in the end {event}",
            f"I had assumed it would all go the other way. instead, {event}",
            f"it was meant to be an ordinary week, and then {event}",
        )
    )
    return sentences(text), (after,)
