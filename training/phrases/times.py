"""Frames of past and present: how it was, and how it is now, which is the label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes
from training.phrases.draw import FELT, Draw, sentences
from training.phrases.negation import Labelled
from training.phrases.scenes import feeling, graded, pair

#: What the end of a feeling leaves, where nothing else is told.
ENDED: Final[Mapping[Emotion, tuple[Emotion, ...]]] = {
    "joy": ("sadness",),
    "love": ("sadness", "neutral"),
    "sadness": ("joy", "neutral"),
    "anger": ("neutral",),
    "fear": ("joy", "neutral"),
    "surprise": ("neutral",),
}
_PAST: Final = (
    "back then", "a year ago", "in those days", "ten years ago", "as a student", "last winter",
    "when I was younger", "before we moved", "in the beginning", "only a month ago", "at school",
)  # fmt: skip
_NOW: Final = (
    "today", "these days", "nowadays", "now", "this year", "now",
)  # fmt: skip
_SINCE: Final = (
    "since I changed jobs", "since we moved to the country", "since the new doctor came",
    "since I started writing this diary", "since my brother explained it to me", "since January",
    "since the kids started school", "since I turned forty", "since we last talked",
)  # fmt: skip


def changed(draw: Draw) -> Labelled:
    """One feeling then, another now, in either order."""
    before, after = pair(draw)
    a, b = feeling(draw, before), graded(draw, after)
    past, now, topic = draw.one(_PAST), draw.one(_NOW), draw.one(scenes.TOPICS)
    text = draw.one(
        (
            f"I used to be {a} about {topic}, but {now} I'm {b}",
            f"I used to feel {a} whenever someone mentioned {topic}; {now} I feel {b}",
            f"{past} I was {a} about {topic}. {now} I am {b}",
            f"{now} I am {b} about {topic}; {past} I was {a}",
            f"I'm {b} about {topic} {now}, which is odd, because until last week I was {a}",
            f"{past} I couldn't think of {topic} without feeling {a}. {now} it makes me feel {b}",
            f"{topic} makes me feel {b} {now}, whereas {past} it made me feel {a}",
            f"until last week I was {a} about {topic}, and now I'm {b}",
            f"for years I was {a} about {topic}; {draw.one(_SINCE)} I have been {b}",
            f"I am {b} about {topic}, I who used to be so {a}"
            if " " not in a else f"I am {b} about {topic}, and yet I used to be {a}",
            f"I have gone from being {a} about {topic} to being {b}",
            f"what once made me feel {a} now makes me feel {b}",
            f"{draw.one(_SINCE)}, I have been {b} about {topic}, not {a} as I was before",
            f"gone are the days when I was {a} about {topic}; {now} I'm {b}",
            f"it feels strange to be {b} about {topic} when {past} I was {a}",
            f"I feel {b} {now}. hard to believe that {past} {topic} made me {a}"
            if " " not in a else f"I feel {b} {now}. {past} I was {a}",
        )
    )  # fmt: skip
    return sentences(text), (after,)


def over(draw: Draw) -> Labelled:
    """Only the past is told, as over."""
    emotion = draw.one(FELT)
    a, topic = feeling(draw, emotion), draw.one(scenes.TOPICS)
    past = draw.one(_PAST)
    text = draw.one(
        (
            f"I was {a} about {topic}, but that is long gone",
            f"I used to be {a} about {topic}. not any more",
            f"I am no longer {a} about {topic}, and it has been like this for weeks",
            f"{draw.one(_SINCE)} I have stopped being {a} about {topic}",
            f"{past} I was {a} about {topic}, but those days are over",
            f"there was a time when {topic} made me feel {a}; that time has passed",
            f"the days when I felt {a} about {topic} are behind me",
            f"until last week I would have been {a} about {topic}. that has stopped",
            f"whatever it was that made me feel {a} {past}, it has gone",
            f"I don't feel {a} about {topic} any more, the way I did {past}",
            f"{topic} no longer makes me feel {a}, as it did {past}",
            f"I can't remember the last time I was {a} about {topic}, though {past} I often was",
        )
    )  # fmt: skip
    return sentences(text), ENDED[emotion]


def still(draw: Draw) -> Labelled:
    """What has not changed, however long ago it began."""
    emotion = draw.one(FELT)
    a, topic, past = feeling(draw, emotion), draw.one(scenes.TOPICS), draw.one(_PAST)
    text = draw.one(
        (
            f"{past} I was {a} about {topic}, and I still am",
            f"I'm still {a} about {topic}, just as I was {past}",
            f"nothing has changed: I was {a} about {topic} {past} and I am {a} now",
            f"{past} I was calm about {topic}. {draw.one(_NOW)} I'm {a}",
            f"I never used to be {a} about {topic}, but {draw.one(_NOW)} I am",
            f"I didn't care about {topic} {past}; {draw.one(_SINCE)} I have been {a}",
            f"it has been months, and I have not stopped being {a} about {topic}",
        )
    )
    return sentences(text), (emotion,)


def love_changed(draw: Draw) -> Labelled:
    """Love that came, stayed, or went."""
    (he, him), past = draw.one((("he", "him"), ("she", "her"))), draw.one(_PAST)
    now, since = draw.one(_NOW), draw.one(_SINCE)
    after: Emotion = draw.one(("anger", "fear", "sadness"))
    x = feeling(draw, after)
    came: tuple[Emotion, ...] = ("love",)
    text, emotions = draw.one(
        (
            (f"{past} I could not stand {him}; {now} I love {him} dearly", came),
            (f"{past} {he} was a stranger to me, and {now} I can't live without {him}", came),
            (f"I adore {him} {now}, though {past} I hardly noticed {him}", came),
            (f"I loved {him} {past} and I love {him} still", came),
            (f"I didn't care for {him} {past}, but {since} I have loved {him}", came),
            (f"I used to love {him}, but {now} there is nothing left", ENDED["love"]),
            (f"{past} I was in love with {him}. I no longer am", ENDED["love"]),
            (f"{since} I have stopped loving {him}", ENDED["love"]),
            (f"I was crazy about {him} {past}; {now} {he} makes me feel {x}", (after,)),
        )
    )  # fmt: skip
    return sentences(text), emotions
