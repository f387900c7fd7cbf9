"""Frames with emoji and emoticons: sentences of little evidence, to which a sign gives a feeling.

`model.emoji` turns signs into words before the network reads them. These sentences are not
written noisily: in lower case ':D' would be read as another sign, or none.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from records import Emotion
from training.phrases import scenes
from training.phrases.draw import Draw, sentence
from training.phrases.negation import Labelled
from training.phrases.scenes import graded

SIGNS: Final[Mapping[Emotion, tuple[str, ...]]] = {
    "joy": ("🙂", "😊", "😀", "😁", "😄", "😃", "😂", "🤣", "🎉", "🥳", "☺️", "😆", ":)", ":-)",
            ":D", ":-D", "xD", "XD", ";)", ";-)", "=)", "^_^", ":))"),
    "sadness": ("😢", "😭", "😞", "😔", "🙁", "☹️", "💔", "🥺", ":(", ":-(", ":'(", "=(", ":(("),
    "anger": ("😠", "😡", "🤬", "😤", ">:(", ">:-(", "😾", "💢"),
    "fear": ("😱", "😨", "😰", "😧"),
    "surprise": ("😮", "😲", "😯", "😳", "🤯", ":O", ":-O", ":o", "=O"),
    "love": ("😍", "❤️", "🥰", "💕", "💖", "😘", "💗", "🧡", "💙", "<3", "<33", "😻"),
}  # fmt: skip
_TEXTS: Final = (
    "so the results are in",
    "guess who called",
    "mum is coming over",
    "Monday tomorrow",
    "home again",
    "and then she said it",
    "look at this",
    "ten minutes left",
    "that was the bell",
    "she is online",
    "we are next",
    "exam at nine",
    "first day at the new job",
    "on my way to the airport",
    "back in the office",
    "he is at the door",
    "my brother is in town",
    "it is snowing",
    "the train is in the tunnel",
    "that face of hers",
    "new haircut",
    "lights off in the hall",
    "seen the news?",
    "me after the meeting",
    "my cat on the sofa",
    "what a day",
    "that ending",
    "last page of the book",
    "the bill for March",
    "read this",
    "it is official",
    "waiting for the dentist",
    "our old street",
    "your message",
    "three missed calls",
    "somebody is in the garden",
    "this photo of us",
    "the neighbours have a drum kit",
    "so this is it",
    "the score after ninety minutes",
    "well, that happened",
    "my sister's reply",
    "the last bus",
    "the new timetable",
    "those eyes",
    "oh",
    "ok then",
    "hm, and now",
    "tonight is the night",
    "did you see that?",
    "my phone at 3 am",
    "the view from here",
    "page two",
    "that voice",
    "my turn now",
    "your turn",
    "he said what?",
    "half past six",
)
_WHO: Final = (
    *scenes.WHO, "he", "she", "they", "somebody", "mum", "my ex", "the bank", "our group",
    "the school", "the woman from the flat", "grandpa", "everybody",
)  # fmt: skip
_DID: Final = (
    "called", "texted back", "sent a photo", "came by", "left a note", "read my message",
    "was on TV", "knocked", "asked about the flat", "posted the list", "replied",
    "changed the date", "picked the song", "said my name", "sat right behind us",
)  # fmt: skip
_LEADS: Final = ("so,", "well,", "ok,", "guys,", "and", "oh,", "right,", "update:")
_TAILS: Final = (
    "today", "tonight", "this morning", "again", "just now", "after lunch", "last night",
    "yesterday", "at noon", "an hour ago", "on Friday", "while I was out",
)  # fmt: skip


def decided(draw: Draw) -> Labelled:
    """A text of little evidence, with a sign that decides; a few without one stay neutral."""
    kind = draw.order.random()
    if kind < 0.4:
        text = draw.one(_TEXTS)
    elif kind < 0.8:
        text = f"{draw.one(_WHO)} {draw.one(_DID)}"
        text += f" {draw.one(_TAILS)}" if draw.chance(0.6) else ""
    else:
        text = draw.one(scenes.EVERYDAY)
        text = text if text.startswith("I ") else text[0].lower() + text[1:]
    if draw.chance(0.25) and not text.startswith(("so ", "and ", "well,", "oh", "ok", "hm")):
        text = f"{draw.one(_LEADS)} {text}"
    if draw.chance(0.4):
        text = text[0].upper() + text[1:]
    if draw.chance(0.15):
        return text if text.endswith("?") else f"{text}.", ("neutral",)
    emotion = draw.one(scenes.ALL)
    return _signed(draw, text, emotion), (emotion,)


def matched(draw: Draw) -> Labelled:
    """A feeling in words, with a sign that fits."""
    emotion = draw.one(scenes.ALL)
    event, cause = draw.one(scenes.EVENTS[emotion]), draw.one(scenes.CAUSES)
    if emotion == "love":
        him = draw.one(("him", "her", "you", "you two", "my family", "this little one"))
        text = draw.one(
            (event, f"I love {him} so much", f"so in love with {him}", f"{event} today")
        )
    else:
        word = graded(draw, emotion)
        text = draw.one(
            (event, f"I'm {word} about {cause}",
             f"feeling {word} after {draw.one(scenes.OCCASIONS)}",
             f"{event} and I am {word}", f"{draw.one(scenes.TIMES)} {event}")
        )  # fmt: skip
    return _signed(draw, sentence(text, ""), emotion), (emotion,)


def _signed(draw: Draw, text: str, emotion: Emotion) -> str:
    sign = draw.one(SIGNS[emotion])
    if not sign.isascii():
        sign *= draw.one((1, 1, 1, 2, 3))
        if draw.chance(0.12):
            return f"{sign} {text}"
    end = "" if text.endswith("?") else draw.one(("", "", ".", "!", "..."))
    return f"{text}{end} {sign}"
