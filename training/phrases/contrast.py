"""Frames of contrast: what was expected, what was, what others feel, and the clause that counts."""

from __future__ import annotations

from typing import Final

from records import Emotion
from training.phrases import words
from training.phrases.draw import FELT, Draw, sentence
from training.phrases.negation import Labelled

_ALL: Final[tuple[Emotion, ...]] = (*FELT, "love")


def expected(draw: Draw) -> Labelled:
    """An expectation that did not come true; what came counts."""
    thought = draw.one(FELT)
    came = draw.other(thought)
    before, after = draw.feeling(thought), draw.grade(draw.feeling(came))
    when = draw.one(("in the end", "instead", "by the time we left", "once it started"))
    text = draw.one(
        (
            f"I expected to be {before}{draw.tail()}, but {when} I was {after}",
            f"everyone told me I'd feel {before}{draw.tail()}, yet I felt {after}",
            f"I was sure this would leave me {before}; {when} it left me {after}",
            f"I had prepared myself to feel {before}, only to end up {after}{draw.tail()}",
            f"far from being {before}{draw.tail()}, I was {after}",
            f"you would think I'd be {before}{draw.tail()}, but no, I am {after}",
        )
    )
    return sentence(text), (came,)


def expected_thing(draw: Draw) -> Labelled:
    """A thing that was better or worse than feared or hoped."""
    thing, bad, good = draw.one(words.THINGS), draw.one(words.BAD), draw.one(words.GOOD)
    if draw.chance(0.5):
        text = draw.one(
            (
                f"{thing} looked {bad} at first, but it was really {good}",
                f"people had warned me that {thing} was {bad}; it was {good}",
                f"I went in convinced {thing} would be {bad} and came out smiling",
                f"for all its {bad} reviews, {thing} was {good}",
                f"{thing} started out {bad} and then got surprisingly {good}",
                f"I was ready to loathe {thing} and ended up enjoying every minute",
            )
        )
        return sentence(text), ("joy",)
    text = draw.one(
        (
            f"{thing} looked {good} at first, but it was really {bad}",
            f"people had promised me that {thing} was {good}; it was {bad}",
            f"I went in hoping {thing} would be {good} and came out let down",
            f"for all its {good} reviews, {thing} was {bad}",
            f"{thing} started out {good} and then got {bad}",
            f"I was looking forward to {thing} and wish I had stayed home",
        )
    )
    return sentence(text), ("sadness",)


def conceded(draw: Draw) -> Labelled:
    """A clause that is granted and one that holds, in either order."""
    granted: Emotion = draw.one(_ALL)
    holds = draw.one([felt for felt in FELT if felt != granted])
    event = draw.one(words.EVENTS[granted])
    after = draw.grade(draw.feeling(holds))
    link = draw.one(("although", "even though", "though"))
    text = draw.one(
        (
            f"{link} {event}, {draw.is_(words.I)} {after}",
            f"{draw.is_(words.I)} {after}, {link} {event}",
            f"{event}, and still {draw.is_(words.I)} {after}",
            f"never mind that {event}, {draw.is_(words.I)} {after}",
        )
    )
    return sentence(text), (holds,)


def then_and_now(draw: Draw) -> Labelled:
    """A feeling of the past and the one of now."""
    then = draw.one(FELT)
    now = draw.other(then)
    before, after = draw.feeling(then), draw.grade(draw.feeling(now))
    past = draw.one(("last year", "an hour ago", "yesterday", "as a child", "before the move",
                     "when we met", "on Friday", "in spring"))  # fmt: skip
    present = draw.one(("now", "today", "these days", "this morning", "since the weekend"))
    subject = draw.subject()
    text = draw.one(
        (
            f"{past} {subject.words} {subject.was} {before}, {present} {draw.is_(subject)} {after}",
            f"{subject.words} used to feel {before}{draw.tail()}, {draw.is_(subject)} {after} now",
            f"{subject.words} {subject.has} gone from {before} to {after} {draw.one(words.WHEN)}",
            f"{draw.is_(subject)} {after} {present}; {past} {subject.words} {subject.was} {before}",
            f"after weeks of being {before}, {draw.is_(subject)} finally {after}",
            f"{subject.words} {subject.was} {before} until {draw.one(words.EVENTS[now])}",
        )
    )
    return sentence(text), (now,)


def others_feel(draw: Draw) -> Labelled:
    """The others feel one thing, the writer another: the writer's is the text's."""
    theirs = draw.one(FELT)
    mine = draw.other(theirs)
    other = draw.one(words.OTHERS)
    feeling, own = draw.feeling(theirs), draw.grade(draw.feeling(mine))
    text = draw.one(
        (
            f"{other.words} {other.is_} {feeling}{draw.tail()}, but {draw.is_(words.I)} {own}",
            f"while everyone else was {feeling}{draw.tail()}, I was {own}",
            f"{other.words} may be {feeling}; as for me, {draw.is_(words.I)} {own}{draw.tail()}",
            f"unlike {other.words}, {draw.is_(words.I)} {own}{draw.tail()}"
            if other.words not in ("he", "she", "we", "they")
            else f"they were {feeling}, me, I was {own}{draw.tail()}",
        )
    )
    return sentence(text), (mine,)
