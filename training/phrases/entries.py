"""Diary entries: many everyday sentences around two or three that carry one feeling."""

from __future__ import annotations

from typing import Final

from training.phrases import scenes
from training.phrases.draw import Draw, sentence
from training.phrases.negation import Labelled
from training.phrases.scenes import graded, made

_LEADS: Final = (
    "Dear diary,", "Not much time to write tonight.", "Another day.", "A few lines before bed.",
    "It is late already.", "Catching up on the week.", "Let me note how the day went.",
)  # fmt: skip
_LEAST_WORDS, _MOST_WORDS = 60, 165


def told(draw: Draw) -> Labelled:
    """A day of 60 to 170 words; two or three of its sentences tell how the writer feels."""
    emotion = draw.one((*scenes.ALL, "neutral"))
    length = draw.order.randint(_LEAST_WORDS, _MOST_WORDS - 40)
    days = draw.order.sample(scenes.EVERYDAY, len(scenes.EVERYDAY))
    sentences = [draw.one(_LEADS)] if draw.chance(0.4) else []
    n_leads = len(sentences)
    n_words = sum(len(text.split()) for text in sentences)
    for day in days:
        if n_words >= length:
            break
        sentences.append(f"{day}.")
        n_words += len(day.split())
    if emotion == "neutral":
        return " ".join(sentences), ("neutral",)
    place = draw.order.randint(n_leads, len(sentences))
    sentences.insert(place, sentence(draw.one(scenes.EVENTS[emotion])))
    if emotion == "love":
        him = draw.one(("him", "her", "them"))
        felt = [f"I love {him} more than I can say.", f"My heart is so full of love for {him}.",
                f"I want to hold {him} close and never let go.", f"I adore {him}.",
                f"There is nobody dearer to me, and I hope to grow old beside {him}."]  # fmt: skip
    else:
        felt = [
            sentence(f"I am {graded(draw, emotion)}"),
            sentence(f"I have been {graded(draw, emotion)} ever since"),
            sentence(f"all evening I felt {graded(draw, emotion)}"),
            sentence(f"{draw.one(scenes.CAUSES)} {made(draw, emotion)}"),
            sentence(f"I keep thinking about it, and I feel {graded(draw, emotion)} every time"),
        ]
    for text in draw.order.sample(felt, draw.order.randint(1, 2)):
        place = draw.order.randint(place + 1, len(sentences))
        sentences.insert(place, text)
    return " ".join(sentences), (emotion,)
