"""What a labelled data set is made of, before anything is trained on it.

Class balance, lengths, vocabulary, the words that tell an emotion, repeated texts and the labels
they disagree in. Pure counts; `training.exploring.page` draws and writes them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from records import EMOTIONS, Emotion
from training.augmenting.telling import Telling, telling_words, words_of
from training.data import Corpus, Example, fingerprint

#: Words shown for each emotion.
N_TELLING = 25


@dataclass(frozen=True, slots=True)
class Lengths:
    """Words a text: mean, quantiles, and how many texts have each number of words."""

    mean: float
    median: float
    p95: float
    longest: int
    counts: Mapping[int, int]


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a data set by itself."""

    name: str
    n_texts: int
    #: Texts by emotion; a text of several counts for each.
    by_emotion: Mapping[Emotion, int]
    n_several_emotions: int
    lengths: Lengths
    n_distinct_words: int
    #: Share of all words that stand in no training text, 0..1; None for training itself.
    unseen_share: float | None
    #: Texts beyond the first of their spelling.
    n_repeated: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Texts of one part that stand in another, too, and those with other emotions there."""

    part: str
    other: str
    n_texts: int
    n_other_emotions: int


@dataclass(frozen=True, slots=True)
class Exploration:
    """Everything that is shown about a data set."""

    name: str
    parts: tuple[Part, ...]
    #: Commonest emotion over rarest, in training.
    imbalance: float
    telling: Mapping[Emotion, tuple[Telling, ...]]
    #: Words that stand in one training text only, as a share of all distinct ones, 0..1.
    once_share: float
    #: Mean words of a training text by emotion.
    mean_words: Mapping[Emotion, float]
    overlaps: tuple[Overlap, ...]
    #: Distinct texts that occur with different emotions, anywhere.
    n_conflicts: int
    #: Pairs of emotions that the same text was given, the commonest first.
    conflicts: tuple[tuple[Emotion, Emotion, int], ...]


def explore(corpus: Corpus) -> Exploration:
    """Count what a corpus holds; give it with its overlaps, as `keep_overlap` loads it."""
    texts = {"train": corpus.train, "validation": corpus.validation, "test": corpus.test}
    in_training: Counter[str] = Counter()
    for example in corpus.train:
        in_training.update(set(words_of(example.text)))
    parts = tuple(
        _part(name, examples, None if name == "train" else in_training)
        for name, examples in texts.items()
    )
    n_by_emotion = [n for n in parts[0].by_emotion.values() if n]
    pairs, n_conflicts = _conflicts([*corpus.train, *corpus.validation, *corpus.test])
    once = sum(n == 1 for n in in_training.values())
    return Exploration(
        name=corpus.name,
        parts=parts,
        imbalance=max(n_by_emotion, default=0) / min(n_by_emotion, default=1),
        telling={
            emotion: tuple(entry for entry in entries[:N_TELLING] if entry.z > 0)
            for emotion, entries in _in_order(telling_words(corpus.train))
        },
        once_share=once / max(len(in_training), 1),
        mean_words={
            emotion: float(np.mean(lengths))
            for emotion in EMOTIONS
            if (lengths := [len(words_of(x.text)) for x in corpus.train if emotion in x.emotions])
        },
        overlaps=tuple(
            _overlap(part, texts[part], other, texts[other])
            for part, other in (("validation", "train"), ("test", "train"), ("test", "validation"))
        ),
        n_conflicts=n_conflicts,
        conflicts=pairs,
    )


def _part(name: str, examples: Sequence[Example], in_training: Counter[str] | None) -> Part:
    words = [words_of(example.text) for example in examples]
    n_words = sum(map(len, words))
    counts = Counter(emotion for example in examples for emotion in example.emotions)
    unseen = None
    if in_training is not None:
        n_unseen = sum(word not in in_training for text in words for word in text)
        unseen = n_unseen / max(n_words, 1)
    return Part(
        name=name,
        n_texts=len(examples),
        by_emotion={emotion: counts[emotion] for emotion in EMOTIONS if counts[emotion]},
        n_several_emotions=sum(len(example.emotions) > 1 for example in examples),
        lengths=_lengths([len(text) for text in words]),
        n_distinct_words=len({word for text in words for word in text}),
        unseen_share=unseen,
        n_repeated=len(examples) - len({fingerprint(example.text) for example in examples}),
    )


def _lengths(lengths: Sequence[int]) -> Lengths:
    if not lengths:
        return Lengths(0.0, 0.0, 0.0, 0, {})
    median, p95 = np.quantile(lengths, (0.5, 0.95))
    return Lengths(
        float(np.mean(lengths)),
        float(median),
        float(p95),
        max(lengths),
        dict(sorted(Counter(lengths).items())),
    )


def _overlap(
    part: str, examples: Sequence[Example], other: str, others: Sequence[Example]
) -> Overlap:
    labels: dict[str, set[tuple[Emotion, ...]]] = {}
    for example in others:
        labels.setdefault(fingerprint(example.text), set()).add(example.emotions)
    shared = [example for example in examples if fingerprint(example.text) in labels]
    differing = [x for x in shared if labels[fingerprint(x.text)] != {x.emotions}]
    return Overlap(part, other, len(shared), len(differing))


def _conflicts(
    examples: Sequence[Example],
) -> tuple[tuple[tuple[Emotion, Emotion, int], ...], int]:
    """Return the pairs of emotions that different labellings of one text disagree in."""
    labellings: dict[str, set[tuple[Emotion, ...]]] = {}
    for example in examples:
        labellings.setdefault(fingerprint(example.text), set()).add(example.emotions)
    disputed = [found for found in labellings.values() if len(found) > 1]
    pairs: Counter[tuple[Emotion, Emotion]] = Counter()
    for found in disputed:
        common = set.intersection(*map(set, found))
        named = sorted({e for labels in found for e in labels} - common, key=EMOTIONS.index)
        pairs.update(combinations(named, 2))
    ordered = sorted(pairs.items(), key=lambda item: (-item[1], item[0]))
    return tuple((one, two, n) for (one, two), n in ordered), len(disputed)


def _in_order(
    found: Mapping[Emotion, list[Telling]],
) -> Iterator[tuple[Emotion, list[Telling]]]:
    return ((emotion, found[emotion]) for emotion in EMOTIONS if emotion in found)
