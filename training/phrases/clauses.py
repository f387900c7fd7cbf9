"""Frames of two clauses, of which one is granted and one holds; and rarer forms of denial."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes
from training.phrases.draw import FELT, Draw, sentence
from training.phrases.expectation import NOUNS
from training.phrases.negation import LEFT, Labelled
from training.phrases.scenes import feeling, graded, made, make

#: What something is in spite of, behind 'despite', by the feeling it would bring.
_IN_SPITE: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "joy": ("the lovely weather", "all the presents", "the praise from my boss", "the good food",
            "the applause", "the funny speeches", "my big win", "the pay rise"),
    "sadness": ("the bad news", "the goodbye at the station", "losing the match", "the rejection",
                "an empty house", "my failed exam", "the break-up", "the cancelled holiday"),
    "anger": ("the rude waiter", "his stupid remarks", "the endless queue", "the unfair decision",
              "their lies", "the noise from upstairs", "the broken promise", "the huge bill"),
    "fear": ("the storm outside", "the threats", "the steep cliffs", "the dark cellar",
             "the turbulence", "the warnings", "the spider in the bath", "the strange noises"),
    "surprise": ("the unexpected visit", "the strange coincidence", "the sudden turn",
                 "the twist at the end", "the unannounced guests"),
    "love": ("his kiss", "her tender letter", "the hug she gave me", "all his love"),
}  # fmt: skip


def granted(draw: Draw) -> Labelled:
    """'In spite of the applause I felt lonely': the main clause is the label."""
    gives = draw.one(scenes.ALL)
    is_nice = gives in ("joy", "love")
    holds: Emotion = "joy" if not is_nice and draw.chance(0.5) else draw.one(FELT)
    if holds == gives or (is_nice and holds == "joy"):
        holds = draw.one(("sadness", "anger", "fear") if is_nice else ("joy", "surprise"))
    if holds == gives:
        holds = "joy"
    b, event, thing = (
        graded(draw, holds),
        draw.one(scenes.EVENTS[gives]),
        draw.one(_IN_SPITE[gives]),
    )
    says = draw.one((f"I am {b}", f"I'm {b}", f"I feel {b}", f"I'm feeling {b}"))
    was = draw.one((f"I was {b}", f"I felt {b}", f"it all left me {b}"))
    text = draw.one(
        (
            f"despite {thing}, {was}",
            f"{was}, despite {thing}",
            f"in spite of {thing} {was}",
            f"{was} in spite of {thing}",
            f"even with {thing}, {was}",
            f"regardless of {thing}, {was}",
            f"yes, {event}. However, {says}",
            f"{event}. Even so, {says}",
            f"{event}. Still, {says}",
            f"{event}, yet {says}",
            f"{event}, but {says} all the same",
            f"{event}; {says}, however",
            f"{says}, even though {event}",
            f"even though {event}, {says}",
            f"{says}, despite the fact that {event}",
            f"while it is true that {event}, {says}",
            f"it may well be that {event}, but {says}",
            f"{event}, which would be reason enough to feel {feeling(draw, gives)}, but {says}",
            f"although {event}, what I feel is {draw.one(NOUNS[holds])}",
            f"{says}. Never mind that {event}",
        )
    )  # fmt: skip
    return sentence(text), (holds,)


def turned(draw: Draw) -> Labelled:
    """Two causes, joined by a contrast: the clause that holds is the label."""
    first = draw.one(FELT)
    last = draw.other(first)
    one, two = draw.order.sample(scenes.CAUSES, 2)
    text = draw.one(
        (
            f"{one} {made(draw, first)}, but then {two} {made(draw, last)}",
            f"although {one} {made(draw, first)}, on the whole I was {graded(draw, last)}",
            f"on the whole I was {graded(draw, last)}, although {one} {made(draw, first)}",
            f"{one} {made(draw, first)} for a minute, yet all in all {two} {made(draw, last)}",
            f"for all that {one} {made(draw, first)}, in the end I felt {graded(draw, last)}",
            f"{one} made me {feeling(draw, first)}, but I fell asleep {graded(draw, last)}",
            (
                f"I was {feeling(draw, first)} for a moment; however, what stayed with me is how "
                f"{feeling(draw, last)} {two} left me"
            ),
            (
                f"{draw.one(scenes.WHO)} was {feeling(draw, first)} about {one}. I, however, was "
                f"{graded(draw, last)}"
            ),
            f"the others were {feeling(draw, first)}, yet I was nothing but {feeling(draw, last)}",
        )
    )
    return sentence(text), (last,)


def loving(draw: Draw) -> Labelled:
    """Love granted, and love that holds."""
    after: Emotion = draw.one(("anger", "sadness", "fear"))
    cause: Emotion = draw.one(("anger", "sadness"))
    him = draw.one(
        ("you", "these kids", "my brother", "my wife", "my husband", "my mum", "my best friend")
    )
    x, why = feeling(draw, after), draw.one(scenes.EVENTS[cause])
    love: tuple[Emotion, ...] = ("love",)
    text, emotions = draw.one(
        (
            (f"I love {him}, but today I am {x}: {draw.one(scenes.EVENTS[after])}", (after,)),
            (f"even though I love {him}, I'm {x} right now", (after,)),
            (f"I am {x}, however much I love {him}", (after,)),
            (f"{why}, but I love {him} more than anything", love),
            (f"despite everything, despite {draw.one(_IN_SPITE[after])}, I adore {him}", love),
            (f"I love {him} with all my heart, although {why}", love),
            (f"{why}. And yet I have never loved {him} more", love),
        )
    )
    return sentence(text), emotions


def rarely(draw: Draw) -> Labelled:
    """Never, nobody, hardly, without: in front, where they turn the word order, or far off."""
    emotion = draw.one(FELT)
    x, cause, occasion = feeling(draw, emotion), draw.one(scenes.CAUSES), draw.one(scenes.OCCASIONS)
    noun, make_me = draw.one(NOUNS[emotion]), make(draw, emotion)
    text = draw.one(
        (
            f"hardly anyone at {occasion} was {x}, and I wasn't either",
            f"never did {cause} {make_me}",
            f"at no moment did {cause} {make_me}",
            f"nobody in {draw.one(scenes.PLACES)} has ever managed to {make_me}",
            f"I sat through {occasion} without once feeling {x}",
            f"I got through {occasion} without the slightest {noun}",
            f"without being {x} in the least, I listened to {draw.one(scenes.WHO)} until the end",
            f"scarcely a soul in {draw.one(scenes.PLACES)} seemed {x}",
            f"I could hardly call myself {x} about {cause}",
            f"{cause} hardly {made(draw, emotion)}",
            f"{cause} barely {made(draw, emotion)}, to tell the truth",
            f"{cause} did little to {make_me}",
            f"there was hardly any {noun} in me after {occasion}",
            f"in no way was I {x} about {cause}",
            f"{draw.one(scenes.WHO)} never succeeded in trying to {make_me}",
            f"I went to bed with no {noun} whatsoever about {cause}",
            f"nobody could have called me {x} that day",
            f"{cause} failed to {make_me}",
            f"{noun} was nowhere to be found at {occasion}",
            f"not for one second of {occasion} was I {x}",
        )
    )  # fmt: skip
    return sentence(draw.opener(0.15) + text), LEFT[emotion]


def seldom_so(draw: Draw) -> Labelled:
    """The same words, where the feeling stands: 'Seldom have I been so glad.'"""
    emotion = draw.one(FELT)
    x = draw.one([word for word in scenes.FEELINGS[emotion] if " " not in word])
    cause = draw.one(scenes.CAUSES)
    text = draw.one(
        (
            f"seldom have I been as {x} as after {draw.one(scenes.OCCASIONS)}",
            f"rarely has anything made me feel as {x} as {cause}",
            f"hardly had I heard about {cause} when I felt {x}",
            f"there's hardly a person who is not {x} about {cause}, me included",
            f"nobody needs to explain to me why I am {x} about {cause}",
            f"I cannot think about {cause} without feeling {x}",
            f"without warning I felt {x}, and it was because of {cause}",
            f"never mind the others; I am {x} about {cause}",
            f"no sooner had they left than I felt {x}",
        )
    )
    return sentence(text), (emotion,)
