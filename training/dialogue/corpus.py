"""Conversations with an emotion an utterance, and what of them can be read without context.

A corpus keeps its own labels: MELD's seven are emotions of ours, EmoryNLP's are not all. `LABELS`
says which label means which canonical emotion, for whoever judges a bundle on single utterances.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from records import EMOTIONS, Emotion
from training.data import Corpus, Example

#: Other corpora's labels, in lower case, that name a canonical emotion. EmoryNLP's `peaceful` (it
#: holds contentment, trust, thanks and love) and `powerful` (pride, confidence) have none: left
#: out, not guessed. IEMOCAP counts `excited` as happy by the custom of its four-class task.
LABELS: Final[Mapping[str, Emotion]] = {
    **{emotion: emotion for emotion in EMOTIONS},
    "joyful": "joy",
    "mad": "anger",
    "sad": "sadness",
    "scared": "fear",
    "angry": "anger",
    "happy": "joy",
}


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one speaker says in one turn; without a label it is context and nothing else."""

    speaker: str
    text: str
    label: str | None = None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """A conversation in the order it was held."""

    id: str
    utterances: tuple[Utterance, ...]
    #: The session it was recorded in, where a corpus is split by sessions.
    session: str = ""


@dataclass(frozen=True, slots=True)
class DialogueCorpus:
    """A corpus in its three parts; no dialogue stands in two of them."""

    name: str
    #: Its own, sorted; a network scores them in this order.
    labels: tuple[str, ...]
    train: tuple[Dialogue, ...]
    validation: tuple[Dialogue, ...]
    test: tuple[Dialogue, ...]

    def __post_init__(self) -> None:
        ids = [dialogue.id for dialogue in (*self.train, *self.validation, *self.test)]
        if len(set(ids)) != len(ids):
            raise ValueError(f"{self.name}: expected each dialogue id once over all parts")


def labels_of(dialogues: Iterable[Dialogue]) -> tuple[str, ...]:
    """Return every label that occurs, sorted."""
    return tuple(sorted(set(labelled(dialogues))))


def labelled(dialogues: Iterable[Dialogue]) -> list[str]:
    """Return the labels of the utterances that have one, in their order."""
    return [u.label for d in dialogues for u in d.utterances if u.label is not None]


def without_context(corpus: DialogueCorpus) -> Corpus:
    """Return the utterances one by one, those whose label names a canonical emotion.

    What is left out for its label is left out of all three parts.
    """

    def examples(dialogues: Iterable[Dialogue]) -> tuple[Example, ...]:
        return tuple(
            Example(utterance.text, (LABELS[utterance.label],))
            for dialogue in dialogues
            for utterance in dialogue.utterances
            if utterance.label is not None and utterance.label in LABELS
        )

    return Corpus(
        train=examples(corpus.train),
        validation=examples(corpus.validation),
        test=examples(corpus.test),
    )
