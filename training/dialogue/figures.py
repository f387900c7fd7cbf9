"""How good a dialogue model's labels are, and what a bundle makes of single utterances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from records import EMOTIONS, Emotion, Scores
from training.dialogue.corpus import LABELS, Dialogue, DialogueCorpus, without_context
from training.metrics import accuracy, macro_f1, weighted_f1


@dataclass(frozen=True, slots=True)
class DialogueFigures:
    """Quality on the labelled utterances of one part."""

    n: int
    accuracy: float
    weighted_f1: float
    macro_f1: float
    #: By label, in the corpus's order.
    f1: dict[str, float]

    def to_json(self) -> dict[str, Any]:
        values = asdict(self)
        rounded = {k: round(v, 5) for k, v in values.items() if isinstance(v, float)}
        return {**values, **rounded, "f1": {k: round(v, 5) for k, v in self.f1.items()}}


class ScoresTexts(Protocol):
    """As much of `worker.scorer.Scorer` as judging single utterances needs."""

    model_name: str
    emotions: tuple[Emotion, ...]

    def score(self, texts: Sequence[str]) -> list[Scores]: ...


def judge(
    truth: NDArray[np.integer], found: NDArray[np.integer], labels: Sequence[str]
) -> DialogueFigures:
    """Compare label numbers (N,) each; where the truth is -1 there is nothing to be right about.

    Raises:
        ValueError: when no utterance has a label.
    """
    known = truth >= 0
    truth, found = truth[known], found[known]
    if not len(truth):
        raise ValueError("expected utterances with labels to judge by, found none")
    n_labels = len(labels)
    f1 = {}
    for number, label in enumerate(labels):
        hits = int(((truth == number) & (found == number)).sum())
        named = int((truth == number).sum() + (found == number).sum())
        f1[label] = 2 * hits / named if named else 0.0
    return DialogueFigures(
        n=len(truth),
        accuracy=accuracy(truth, found),
        weighted_f1=weighted_f1(truth, found, n_labels),
        macro_f1=macro_f1(truth, found, n_labels),
        f1=f1,
    )


def judge_single_utterances(scorer: ScoresTexts, corpus: DialogueCorpus) -> dict[str, Any]:
    """Return what a bundle, which reads no context, makes of the corpus's test part.

    `shared`: utterances whose label names an emotion that the bundle scores, its top label taken
    among those of the corpus alone (neutral joy, not love, where a corpus knows no love).
    `all_emotions`: every utterance whose label names an emotion; one that the bundle does not
    score (disgust) is always missed.
    """
    examples = without_context(corpus).test
    named = tuple(e for e in EMOTIONS if any(e in example.emotions for example in examples))
    among = tuple(emotion for emotion in named if emotion in scorer.emotions)
    columns = [EMOTIONS.index(emotion) for emotion in among]
    scores = scorer.score([example.text for example in examples])
    probabilities = np.array(
        [[-1.0 if p is None else p for p in text.probabilities] for text in scores]
    )
    top = np.array([named.index(among[i]) for i in probabilities[:, columns].argmax(axis=1)])
    answered = np.array([text.status == "scored" for text in scores])
    found = np.where(answered, top, -1)
    truth = np.array([named.index(example.emotions[0]) for example in examples])
    is_shared = np.isin(truth, [named.index(emotion) for emotion in among])
    shared = judge(truth[is_shared], found[is_shared], named).to_json()
    shared["f1"] = {emotion: shared["f1"][emotion] for emotion in among}
    shared["macro_f1"] = round(float(np.mean(list(shared["f1"].values()))), 5)
    n_utterances = sum(len(dialogue.utterances) for dialogue in corpus.test)
    return {
        "model": scorer.model_name,
        "corpus": corpus.name,
        "shared": shared,
        "all_emotions": judge(truth, found, named).to_json(),
        "n_unsupported": int((~answered).sum()),
        "n_left_out": n_utterances - len(examples),
        "left_out": sorted(label for label in corpus.labels if label not in LABELS),
    }


def truth_of(dialogues: Sequence[Dialogue], labels: Sequence[str]) -> NDArray[np.int64]:
    """Return the label numbers (N,) of all utterances in order; -1 for none or an unknown one."""
    numbers = {label: number for number, label in enumerate(labels)}
    return np.array(
        [
            -1 if u.label is None else numbers.get(u.label, -1)
            for dialogue in dialogues
            for u in dialogue.utterances
        ]
    )
