"""Frames of negation: one, two, and understatement; each returns a sentence and its emotions.

What a denied feeling leaves behind: without joy there is sadness, without love sadness or nothing;
no anger, fear or surprise leaves nothing in particular, no sadness leaves a mild joy or nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import EMOTIONS, Emotion
from training.phrases import words
from training.phrases.draw import FELT, Draw, more, sentence
from training.phrases.words import Subject

Labelled = tuple[str, tuple[Emotion, ...]]

LEFT: Final[Mapping[Emotion, tuple[Emotion, ...]]] = {
    "joy": ("sadness",),
    "love": ("sadness", "neutral"),
    "sadness": ("joy", "neutral"),
    "anger": ("neutral",),
    "fear": ("neutral",),
    "surprise": ("neutral",),
}
_NEGATORS: Final = (
    "not", "not", "not", "never", "not at all", "not the least bit", "not even slightly",
    "by no means", "in no way", "hardly", "scarcely", "far from", "anything but", "not exactly",
    "not remotely", "nowhere near",
)  # fmt: skip


def denied(draw: Draw) -> Labelled:
    """A feeling and a negator: 'I'm hardly pleased about tonight.'"""
    emotion = draw.one(FELT)
    subject = draw.subject()
    is_not = draw.is_not(subject, draw.one(_NEGATORS))
    text = f"{draw.opener()}{is_not} {draw.feeling(emotion)}{draw.tail(0.9)}"
    return sentence(text), LEFT[emotion]


def denied_past(draw: Draw) -> Labelled:
    """The same in the past, or inside what someone says."""
    emotion = draw.one(FELT)
    subject = draw.subject()
    feeling = draw.feeling(emotion)
    was_not = draw.was_not(subject)
    text = draw.one(
        (
            f"{was_not} {feeling}{draw.tail(1)}",
            f"{was_not} one bit {feeling}{draw.tail(0.6)}",
            f"I don't think {subject.words} {subject.was} {feeling}{draw.tail(1)}",
            f"it would be wrong to call me {feeling}{draw.tail(0.6)}",
            f"nobody in the room was {feeling}{draw.tail(0.6)}",
            f"you won't see me {feeling}{draw.tail(1)}",
        )
    )
    return sentence(f"{draw.opener()}{text}"), LEFT[emotion]


def denied_noun(draw: Draw) -> Labelled:
    """A feeling as a noun that is absent: 'There is no anger left in my family.'"""
    emotion: Emotion = draw.one((*FELT, "love"))
    noun = draw.one(words.NOUNS[emotion])
    text = draw.one(
        (
            f"there is no {noun} {draw.one(('in this house', 'in my voice', 'left in me'))}",
            f"I feel no {noun}{draw.tail()}",
            f"I went through the whole evening without any {noun}",
            f"there isn't a trace of {noun} in {draw.one(('my heart', 'this letter', 'her eyes'))}",
            f"not a hint of {noun}{draw.tail(1)}",
            f"I have run out of {noun}{draw.tail(1)}",
        )
    )
    return sentence(f"{draw.opener()}{text}"), LEFT[emotion]


def denied_cause(draw: Draw) -> Labelled:
    """What does not make one feel: 'Camping doesn't scare me.'"""
    emotion = draw.one(FELT)
    make, activity = draw.one(words.MAKE[emotion]), draw.one(words.ACTIVITIES)
    if draw.chance(0.25):
        # 'Never fails to' denies nothing.
        text = f"{activity} never {draw.one(('fails', 'ceases'))} to {make}"
        return sentence(f"{draw.opener()}{text}"), (emotion,)
    text = draw.one(
        (
            f"{activity} doesn't {make}",
            f"{activity} did not {make}{draw.tail(0.3)}",
            f"{activity} will never {make}",
            f"{activity} no longer seems to {make}",
            f"nothing about {draw.one(words.THINGS)} could {make}",
        )
    )
    return sentence(f"{draw.opener()}{text}"), LEFT[emotion]


def no_longer(draw: Draw) -> Labelled:
    """A feeling that has ended; the end of a bad one is a relief."""
    emotion = draw.one(FELT)
    subject = draw.subject()
    feeling = draw.feeling(emotion)
    text = draw.one(
        (
            f"{subject.words} {subject.is_} no longer {feeling}{draw.tail()}",
            f"{draw.is_not(subject)} {feeling} any more{draw.tail(0.6)}",
            f"{subject.words} {subject.has} stopped being {feeling}{draw.tail()}",
            f"{subject.words} finally stopped feeling {feeling}{draw.tail(0.6)}",
        )
    )
    ended: dict[Emotion, tuple[Emotion, ...]] = {
        **LEFT, "sadness": ("joy",), "fear": ("joy", "neutral"),
    }  # fmt: skip
    return sentence(f"{draw.opener()}{text}"), ended[emotion]


def unloved(draw: Draw) -> Labelled:
    """Love denied, and love that a negator makes stronger."""
    who = draw.one(words.PEOPLE)
    text, emotions = draw.one(
        (
            (f"I don't love {who} the way I did", ("sadness",)),
            (f"I never really cared for {who}", ("sadness", "neutral")),
            (f"I have fallen out of love with {who}", ("sadness",)),
            (f"{who} never loved me back", ("sadness",)),
            (f"nobody seems to miss me since I moved out{draw.tail(0.3)}", ("sadness",)),
            (f"I could not love {who} more", ("love",)),
            (f"I will never stop adoring {who}", ("love",)),
            (f"there is nobody I would rather hold than {who}", ("love",)),
            (f"not one day passes without me loving {who} more", ("love",)),
            (f"I can't imagine life without {who}", ("love",)),
        )
    )
    return sentence(f"{draw.opener()}{text}{draw.tail(0.4)}"), _as_labels(emotions)


def twice(draw: Draw) -> Labelled:
    """Two negations: the feeling stands."""
    emotion = draw.one(FELT)
    subject = draw.subject()
    feeling, own = draw.feeling(emotion), _objective(subject)
    text = draw.one(
        (
            f"it isn't true that {draw.is_not(subject)} {feeling}{draw.tail()}",
            f"don't think for a second that {draw.is_not(subject)} {feeling}{draw.tail()}",
            f"I can't pretend {draw.is_not(subject)} {feeling}{draw.tail()}",
            f"nobody could claim {draw.is_not(subject)} {feeling}{draw.tail()}",
            f"there hasn't been a day when {draw.was_not(subject)} {feeling}{draw.tail(0.4)}",
            f"I would be lying if I said {draw.is_not(subject)} {feeling}{draw.tail()}",
            f"it's impossible for {own} not to be {feeling}{draw.tail()}",
        )
    )
    return sentence(f"{draw.opener(0.2)}{text}"), (emotion,)


def un_words(draw: Draw) -> Labelled:
    """A negated word of absence or a doubled prefix: mild."""
    subject = draw.subject()
    text, emotions = draw.one(
        (
            (f"{draw.is_not(subject)} unhappy{draw.tail(1)}", ("joy", "neutral")),
            (f"{draw.is_not(subject)} displeased{draw.tail(1)}", ("joy", "neutral")),
            (f"{draw.is_not(subject)} dissatisfied{draw.tail(1)}", ("joy", "neutral")),
            (f"{draw.is_not(subject)} without hope{draw.tail(1)}", ("joy",)),
            (f"{draw.is_not(subject)} unafraid{draw.tail(1)}", ("fear",)),
            (f"{draw.is_not(subject)} unmoved{draw.tail(1)}", ("sadness", "joy")),
        )
    )
    return sentence(f"{draw.opener()}{text}"), _as_labels(emotions)


def never_more(draw: Draw) -> Labelled:
    """A comparative that a negator turns into a height, or 'less' into its contrary."""
    emotion = draw.one(FELT)
    feeling = draw.feeling(emotion)
    if draw.chance(0.25):
        text = f"I could not be less {feeling}{draw.tail(1)}"
        return sentence(f"{draw.opener()}{text}"), LEFT[emotion]
    text = draw.one(
        (
            f"I have never been {more(feeling)}{draw.tail(0.6)}",
            f"nobody could be {more(feeling)} than I am{draw.tail(1)}",
            f"I couldn't be {more(feeling)}{draw.tail(1)}",
            f"never before had I felt {more(feeling)}{draw.tail(0.6)}",
            f"I can't stop feeling {feeling}{draw.tail(1)}",
            f"I can't remember ever being this {feeling}{draw.tail()}",
            f"I can't help being {feeling}{draw.tail(1)}",
        )
    )
    return sentence(f"{draw.opener()}{text}"), (emotion,)


def understated(draw: Draw) -> Labelled:
    """Litotes on things: bad denied is good, good denied is a disappointment."""
    thing = draw.one(words.THINGS)
    bad, good = draw.one(words.BAD), draw.one(words.GOOD)
    text, emotions = draw.one(
        (
            (f"{thing} turned out not {bad} in the least", ("joy",)),
            (f"{thing} wasn't half as {bad} as they say", ("joy",)),
            (f"{thing} was not too {bad}, actually", ("joy",)),
            (f"{thing} isn't {bad} at all if you ask me", ("joy",)),
            (f"{thing} did not disappoint", ("joy",)),
            (f"{thing} could hardly have been better", ("joy",)),
            (f"nothing to complain about with {thing}", ("joy",)),
            (f"there was nothing {bad} about {thing}", ("joy",)),
            (f"{thing} was not without its charm", ("joy",)),
            (f"I have had worse than {thing}", ("joy", "neutral")),
            (f"{thing} was not exactly {good}", ("sadness",)),
            (f"{thing} wasn't {good} in any way", ("sadness",)),
            (f"{thing} was anything but {good}", ("sadness", "anger")),
            (f"{thing} could not have been more {bad}", ("sadness", "anger")),
            (f"there was nothing {good} about {thing}", ("sadness",)),
            (f"{thing} failed to be {good}", ("sadness",)),
            (f"{thing} was hardly {good}, let alone {draw.one(words.GOOD)}", ("sadness",)),
            (f"I don't find {thing} {good}", ("sadness",)),
            (f"I don't find {thing} {bad}", ("joy", "neutral")),
        )
    )
    return sentence(f"{draw.opener()}{text}"), _as_labels(emotions)


def neither(draw: Draw) -> Labelled:
    """Two feelings denied, or one for the sake of another."""
    one = draw.one(FELT)
    two = draw.other(one)
    subject = draw.subject()
    first, second = draw.feeling(one), draw.feeling(two)
    if draw.chance(0.3):
        text = f"{subject.words} {subject.is_} neither {first} nor {second}{draw.tail()}"
        return sentence(f"{draw.opener()}{text}"), ("neutral",)
    if draw.chance(0.3):
        same = draw.one([word for word in words.FEELINGS[one] if word != first])
        text = f"{subject.words} {subject.is_} not merely {first} but {same}{draw.tail()}"
        return sentence(f"{draw.opener()}{text}"), (one,)
    text = draw.one(
        (
            f"{draw.is_not(subject)} {first} but {second}{draw.tail()}",
            f"{draw.is_not(subject)} so much {first} as {second}{draw.tail()}",
            f"{draw.is_(subject)} {second} rather than {first}{draw.tail()}",
            f"{draw.is_(subject)} {second}, not {first},{draw.tail(1)}",
        )
    )
    return sentence(f"{draw.opener()}{text}"), (two,)


def _objective(subject: Subject) -> str:
    forms = {"I": "me", "he": "him", "she": "her", "we": "us", "they": "them"}
    return forms.get(subject.words, subject.words)


def _as_labels(emotions: tuple[str, ...]) -> tuple[Emotion, ...]:
    known: dict[str, Emotion] = {str(emotion): emotion for emotion in EMOTIONS}
    return tuple(known[emotion] for emotion in emotions)
