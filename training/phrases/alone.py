"""Frames of a word or two: what people send who have no time for a sentence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes
from training.phrases.draw import FELT, Draw
from training.phrases.negation import Labelled
from training.phrases.signs import SIGNS

_FRAGMENTS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "joy": (
        "great day", "best day in months", "yay", "woohoo", "good news", "such good news",
        "finally", "finally free", "what a relief", "life is good", "we did it", "I passed",
        "weekend at last", "so much fun", "made my day", "lovely evening", "holidays", "sunshine",
        "best concert", "we won", "no more exams", "pay day", "haha", "good times", "this is bliss",
    ),
    "sadness": (
        "bad day", "rough week", "sad news", "such sad news", "miss you", "miss her so much",
        "miss home", "I give up", "cried again", "crying", "in tears", "what a loss", "empty house",
        "all alone", "bad news from home", "awful week", "feeling low", "nothing helps",
        "lost again", "my poor cat", "rest in peace, old friend", "gone too soon", "low today",
    ),
    "anger": (
        "hate this", "hate them", "so unfair", "how rude", "worst service", "what an idiot",
        "shut up", "liars", "enough", "sick of this", "fed up", "unbelievable nerve", "stop lying",
        "ripped off again", "this makes my blood boil", "what a scam", "get lost", "damn printer",
        "so rude", "fuming", "they lied again", "how dare they",
    ),
    "fear": (
        "so scared", "help", "bad feeling about this", "too scared to look", "shaking",
        "heart racing", "somebody is outside", "not safe here", "panic attack",
        "what if it is cancer", "results tomorrow, dreading it", "can't breathe",
        "nightmares again", "dreading monday", "hands trembling", "what was that noise", "scary",
    ),
    "surprise": (
        "wow", "no way", "what?!", "wait, what", "omg", "oh my", "whoa", "did not see that coming",
        "huh", "seriously?", "plot twist", "out of nowhere", "who knew", "what on earth",
        "speechless", "really?", "can't believe it",
    ),
    "love": (
        "love you", "love her", "love him so much", "adore you", "my one and only", "kisses",
        "hugs and kisses", "so in love", "head over heels", "my sweetheart", "love my kids",
        "love this little one", "forever yours", "madly in love",
    ),
    "neutral": (
        "ok", "noted", "on my way", "see you at six", "lunch", "at work", "monday",
        "same as always", "half past two", "page four", "tea", "bus stop", "will do", "as agreed",
        "laundry", "second floor", "see attached", "groceries", "maybe later", "in a meeting",
        "test", "parking lot b", "usual order", "new number", "hello",
    ),
}  # fmt: skip
_BEFORE: Final = (
    "",
    "",
    "",
    "just ",
    "still ",
    "feeling ",
    "a bit ",
    "kinda ",
    "today: ",
    "mood: ",
)
_BEHIND: Final = ("", "", "", " today", " again", " right now", " rn", " tonight", " this morning")
_ENDS: Final = ("", "", "", ".", ".", "!", "!!", "...")


def alone(draw: Draw) -> Labelled:
    """A feeling by its name, or a scrap that tells one; a sixth of them tell none."""
    if draw.chance(0.5):
        emotion = draw.one(FELT)
        if draw.chance(0.5):
            word = draw.feeling(emotion) if draw.chance(0.5) else scenes.feeling(draw, emotion)
        else:
            word = scenes.graded(draw, emotion)
        text = f"{draw.one(_BEFORE)}{word}{draw.one(_BEHIND)}"
    else:
        emotion = draw.one((*FELT, "love", "neutral", "neutral"))
        text = draw.one(_FRAGMENTS[emotion])
    if emotion != "neutral" and draw.chance(0.2):
        return f"{_cased(draw, text)} {draw.one(SIGNS[emotion])}", (emotion,)
    end = "" if text.endswith(("?", "!")) else draw.one(_ENDS)
    return _cased(draw, text) + end, (emotion,)


def sign(draw: Draw) -> Labelled:
    """Nothing but signs, or with a word that tells nothing by itself."""
    emotion = draw.one(scenes.ALL)
    sign = draw.one(SIGNS[emotion])
    times = 1 if sign.isascii() else draw.one((1, 1, 2, 3, 4))
    beside = draw.one(("", "", "today ", "me ", "monday ", "this ", "mood ", "rn ", "us "))
    return beside + sign * times, (emotion,)


def _cased(draw: Draw, text: str) -> str:
    chance = draw.order.random()
    if chance < 0.12:
        return text.upper()
    return text[0].upper() + text[1:] if chance < 0.5 else text
