"""Dialogues made for tests: the answer to a question is told by the question alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

from training.dialogue.corpus import Dialogue, DialogueCorpus, Utterance

#: Said first; the reply to it is always `so`, and only what came before tells its label.
QUESTIONS = {"happy": "joy", "angry": "anger", "sad": "sadness"}
REPLY = "so it is"


def dialogue(name: str, moods: Sequence[str]) -> Dialogue:
    """Two speakers: a question that holds its mood (labelled neutral), a reply that does not."""
    spoken = []
    for mood in moods:
        spoken += [
            Utterance("ann", f"are you {mood} today", "neutral"),
            Utterance("bob", REPLY, QUESTIONS[mood]),
        ]
    return Dialogue(name, tuple(spoken))


def corpus(n_train: int = 60, *, seed: int = 0) -> DialogueCorpus:
    order = random.Random(seed)

    def part(name: str, n: int) -> tuple[Dialogue, ...]:
        return tuple(
            dialogue(f"{name}-{i}", order.choices(list(QUESTIONS), k=order.randint(1, 3)))
            for i in range(n)
        )

    labels = ("anger", "joy", "neutral", "sadness")
    return DialogueCorpus("made", labels, part("train", n_train), part("val", 12), part("test", 20))
