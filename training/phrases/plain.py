"""Frames without contrast: feelings said outright, wishes, conditions, questions, plain facts."""

from __future__ import annotations

from typing import Final

from records import Emotion
from training.phrases import words
from training.phrases.draw import FELT, Draw, sentence
from training.phrases.negation import Labelled


def said(draw: Draw) -> Labelled:
    """The feeling itself, or the event that goes with it: the other half of every negation."""
    emotion: Emotion = draw.one((*FELT, "love", "love"))
    event = draw.one(words.EVENTS[emotion])
    if emotion == "love":
        who = draw.one(words.PEOPLE)
        text = draw.one(
            (
                f"{event}{draw.one((' and my heart melted', ' last night', ' and I melted'))}",
                f"I adore {who} more than words can say",
                f"I love {who} with all my heart, {event}",
                f"{event}, I feel so loved",
                f"I am hopelessly devoted to {who}{draw.tail(0.3)}",
            )
        )
        return sentence(draw.opener() + text), (emotion,)
    subject = draw.subject()
    feeling = draw.grade(draw.feeling(emotion))
    text = draw.one(
        (
            f"{draw.is_(subject)} {feeling}{draw.tail(0.9)}",
            f"{event} and {draw.is_(words.I)} {feeling}",
            f"{draw.is_(words.I)} {feeling} because {event}",
            f"{event}{draw.one((' today', ' last night', ' this morning'))}",
            f"{draw.one(words.ACTIVITIES)} {draw.one(words.MAKES[emotion])}",
            f"so much {draw.one(words.NOUNS[emotion])} in me{draw.tail(1)}",
        )
    )
    return sentence(draw.opener() + text), (emotion,)


def supposed(draw: Draw) -> Labelled:
    """A condition that is not met tells no mood; a wish for joy tells its absence."""
    emotion = draw.one(FELT)
    subject = draw.subject()
    feeling = draw.feeling(emotion)
    event = draw.one(words.EVENTS[emotion])
    choice = draw.order.random()
    if choice < 0.2:
        glad = draw.feeling("joy")
        text = draw.one(
            (
                f"if only I could feel {glad}{draw.tail(1)}",
                f"I wish I were {glad}{draw.tail(1)}",
                f"I would give a lot to be {glad} again{draw.tail(0.4)}",
                f"how I long for a day when I am {glad}{draw.tail(0.4)}",
                f"I should be {glad}{draw.tail(1)}, but I can't",
            )
        )
        return sentence(text), ("sadness",)
    if choice < 0.3:
        text = draw.one(
            (
                f"I hope to be {draw.feeling('joy')}{draw.tail(1)}",
                f"I can't wait to feel {draw.feeling('joy')}{draw.tail(1)}",
            )
        )
        return sentence(text), ("joy",)
    text = draw.one(
        (
            f"if {event}, {subject.words} would be {feeling}",
            f"{subject.words} would be {feeling} if {event}",
            f"suppose {event}: would anyone be {feeling}",
            f"{subject.words} might feel {feeling} one day{draw.tail()}, who knows",
            f"had it rained, {subject.words} would have been {feeling}",
            f"in case {subject.words} {subject.is_} {feeling} later, here is the number to call",
            f"whether {subject.words} {subject.is_} {feeling} or not makes no odds{draw.tail(1)}",
        )
    )
    return sentence(draw.opener(0.2) + text, "?" if text.startswith("suppose") else "."), (
        "neutral",
    )


def asked(draw: Draw) -> Labelled:
    """A question about a feeling: curious, or plain."""
    subject = draw.one(words.OTHERS)
    feeling = draw.feeling(draw.one(FELT))
    text = draw.one(
        (
            f"why {subject.is_} {subject.words} {feeling}{draw.tail()}",
            f"{subject.is_} {subject.words} {feeling}{draw.tail(1)}",
            f"does anyone know whether {subject.words} {subject.is_} {feeling}{draw.tail()}",
            f"what makes a person {feeling}{draw.tail(1)}",
        )
    )
    return sentence(text, "?"), ("surprise", "neutral")


_WHO: Final = (
    "the bus", "our train", "the library", "the plumber", "the new shop", "the committee",
    "the parcel", "the class", "the bakery", "the ferry", "my dentist", "the bank", "the market",
)  # fmt: skip
_DOES: Final = (
    "opens", "closes", "leaves", "arrives", "starts", "is due", "stops here", "begins", "ends",
)  # fmt: skip
_AT: Final = (
    "at nine", "at half past six", "at noon", "on Tuesday", "every other Friday", "next month",
    "after the holidays", "at the usual time", "on the second floor", "in March", "at 4 pm",
)  # fmt: skip
_DID: Final = (
    "bought two kilos of potatoes", "moved the chair to the window", "printed the form twice",
    "read the manual", "walked to the station", "changed the bulb in the hall", "took the stairs",
    "filled in the second page", "parked behind the school", "put the keys on the shelf",
    "sent the file to accounting", "ordered paper for the printer", "watered the plants",
    "made a list of addresses", "charged the phone", "turned left at the bridge",
)  # fmt: skip
_FACTS: Final = (
    "the room measures four by five metres", "the form has three pages", "the code is on the back",
    "the map hangs beside the door", "the table seats six", "version two came out in May",
    "the lid is made of steel", "the recipe calls for two eggs", "the path follows the river",
    "the file is about ten megabytes", "the road is closed for works", "tickets cost eight euros",
)  # fmt: skip
_MENTIONS: Final = (
    "question {1} of the quiz asks us to spell '{0}'", "the dictionary lists '{0}' on page {1}",
    "chapter {1} of the grammar explains how '{0}' is used", "'{0}' is word number {1} on the list",
    "in the crossword, {1} across was '{0}'", "the song '{0}' runs for {1} minutes",
)  # fmt: skip


def stated(draw: Draw) -> Labelled:
    """A plain fact, an errand, or a word for a feeling that is only mentioned."""
    did, fact = draw.one(_DID), draw.one(_FACTS)
    if draw.chance(0.3):
        feeling = draw.feeling(draw.one(FELT))
        text = draw.one(_MENTIONS).format(feeling, draw.order.randint(3, 40))
        return sentence(text), ("neutral",)
    text = draw.one(
        (
            f"{draw.one(_WHO)} {draw.one(_DOES)} {draw.one(_AT)}",
            f"I {did} {draw.one(words.WHEN)}",
            f"{draw.one(words.OTHERS).words} {did} and then {draw.one(_DID)}",
            f"{fact}, and {draw.one(_WHO)} {draw.one(_DOES)} {draw.one(_AT)}",
            f"as far as I know, {fact}",
            f"please note that {fact}",
            f"I {did}, then I {draw.one(_DID)}",
        )
    )
    return sentence(text), ("neutral",)
