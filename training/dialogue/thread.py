"""Conversations that stand in no corpus: a file of lines `speaker: text`, a thread's messages."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from training.data import DataError
from training.dialogue.corpus import LABELS, Dialogue, Utterance
from training.dialogue.run import DialogueRun

#: Who speaks where nobody says so: always the same one.
UNKNOWN_SPEAKER = ""


class Posted(Protocol):
    """As much of a stored message as its place in a conversation needs."""

    @property
    def author(self) -> str | None: ...
    @property
    def text(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Labelled:
    """What the model makes of one utterance, read in its context."""

    speaker: str
    text: str
    label: str
    probability: float
    #: All labels, in the network's order; they sum to 1.
    probabilities: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        return {
            "speaker": self.speaker,
            "text": self.text,
            "label": self.label,
            #: The canonical emotion it names; None where it names none.
            "emotion": LABELS.get(self.label),
            "probability": round(self.probability, 4),
            "probabilities": {k: round(v, 4) for k, v in self.probabilities.items()},
        }


def read_lines(path: Path) -> Dialogue:
    """Read a conversation of lines `speaker: text`; a line without a colon goes on with the last.

    Raises:
        DataError: when the file cannot be read or holds no utterance.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(
            f"expected a UTF-8 file of lines 'speaker: text' at {path.name!r}"
        ) from error
    spoken: list[Utterance] = []
    for line in filter(str.strip, lines):
        speaker, colon, text = line.partition(":")
        if colon:
            spoken.append(Utterance(speaker.strip(), text.strip()))
        elif spoken:
            last = spoken[-1]
            spoken[-1] = Utterance(last.speaker, f"{last.text} {line.strip()}")
        else:
            raise DataError(f"{path.name}:1: expected a line 'speaker: text', found no colon")
    if not spoken:
        raise DataError(f"{path.name}: expected lines 'speaker: text', found none")
    return Dialogue(path.name, tuple(spoken))


def of_messages(thread: str, messages: Iterable[Posted]) -> Dialogue:
    """Make a conversation of a thread's messages, the oldest first."""
    return Dialogue(thread, tuple(Utterance(m.author or UNKNOWN_SPEAKER, m.text) for m in messages))


def label_last(run: DialogueRun, dialogue: Dialogue, n: int | None = None) -> list[Labelled]:
    """Label the last `n` utterances, all of them by default, each in its context."""
    (scores,) = run.probabilities([dialogue])
    start = 0 if n is None else max(0, len(dialogue.utterances) - n)
    found = []
    for utterance, row in list(zip(dialogue.utterances, scores, strict=True))[start:]:
        by_label = dict(zip(run.labels, map(float, row), strict=True))
        label = max(by_label, key=by_label.__getitem__)
        found.append(Labelled(utterance.speaker, utterance.text, label, by_label[label], by_label))
    return found


def n_needed(run: DialogueRun, n: int) -> int:
    """Return how many last messages of a thread decide the labels of its last `n`."""
    config = run.network.config
    return n + (config.window - 1 if config.context == "past" else 0)


def sources_said(thread: str, sources: Sequence[str]) -> str:
    """Say that a thread's name is not enough."""
    names = ", ".join(map(repr, sources))
    return f"a thread {thread!r} stands in several sources ({names}): name one with --source"
