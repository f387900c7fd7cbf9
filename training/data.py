"""The two data sets a default bundle is trained on, read, mapped, and kept apart.

Any other data set comes through `training.sources`, into the same `Corpus`. Whatever text stands
in any validation or test part is dropped from the training part, compared after cleaning and in
lower case, so that no test text was seen under any spelling of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from model.labels import BENCHMARK_EMOTIONS, map_goemotions
from model.text import clean
from records import Emotion


@dataclass(frozen=True, slots=True)
class Example:
    """A text with one emotion or several."""

    text: str
    emotions: tuple[Emotion, ...]
    #: The one epoch that reads it, from 0; None: every one.
    epoch: int | None = None
    #: A copy or a made sentence, whose label was given to it: no teacher is asked about it.
    is_added: bool = False


@dataclass(frozen=True, slots=True)
class Corpus:
    """One data set in its three parts."""

    train: tuple[Example, ...]
    validation: tuple[Example, ...]
    test: tuple[Example, ...]
    #: What figures and messages call it.
    name: str = ""


class DataError(ValueError):
    """A data file is missing or holds a line that is not what its format says."""


class AbsentLabelsError(DataError):
    """A label map names labels that a data set does not have."""

    def __init__(self, message: str, absent: frozenset[str]) -> None:
        super().__init__(message)
        #: As the map spells them.
        self.absent = absent


def load_benchmark(folder: Path) -> Corpus:
    """Read dair-ai/emotion "split": lines `text;label`, six emotions, one a text."""
    return Corpus(
        train=_read_benchmark(folder / "train.txt"),
        validation=_read_benchmark(folder / "val.txt"),
        test=_read_benchmark(folder / "test.txt"),
        name="benchmark",
    )


def load_goemotions(folder: Path) -> Corpus:
    """Read GoEmotions in our seven emotions; rows of disgust alone are left out."""
    names = tuple(_lines(folder / "emotions.txt"))
    return Corpus(
        train=_read_goemotions(folder / "train.tsv", names),
        validation=_read_goemotions(folder / "dev.tsv", names),
        test=_read_goemotions(folder / "test.tsv", names),
        name="goemotions",
    )


def single_label(examples: Iterable[Example]) -> tuple[Example, ...]:
    """Keep the texts with exactly one emotion: those a top label can be right or wrong on."""
    return tuple(example for example in examples if len(example.emotions) == 1)


@lru_cache(maxsize=250_000)  # a text is compared again by each caller; cleaning is the cost
def fingerprint(text: str) -> str:
    """Return what two spellings of one text have in common: cleaned, in lower case."""
    return clean(text).lower()


def only_emotions(examples: Iterable[Example], emotions: Sequence[Emotion]) -> tuple[Example, ...]:
    """Take away the emotions a network does not score, and the texts left without any.

    A data set may know disgust where the network does not.
    """
    kept = []
    for example in examples:
        scored = tuple(emotion for emotion in example.emotions if emotion in emotions)
        if scored:
            kept.append(example if scored == example.emotions else Example(example.text, scored))
    return tuple(kept)


def training_examples(corpora: Sequence[Corpus]) -> tuple[Example, ...]:
    """Join the training parts, without any text that stands in a validation or test part."""
    held_out = {
        fingerprint(example.text)
        for corpus in corpora
        for example in (*corpus.validation, *corpus.test)
    }
    return tuple(
        example
        for corpus in corpora
        for example in corpus.train
        if fingerprint(example.text) not in held_out
    )


def _read_benchmark(path: Path) -> tuple[Example, ...]:
    known = {str(emotion): emotion for emotion in BENCHMARK_EMOTIONS}
    examples = []
    for number, line in enumerate(_lines(path), start=1):
        text, separator, label = line.rpartition(";")
        if not separator or label not in known:
            raise DataError(f"{path.name}:{number}: expected 'text;label' with a known label")
        examples.append(Example(text, (known[label],)))
    return tuple(examples)


def _read_goemotions(path: Path, names: Sequence[str]) -> tuple[Example, ...]:
    examples = []
    for number, line in enumerate(_lines(path), start=1):
        fields = line.split("\t")  # no quoting: texts hold bare double quotes
        if len(fields) != 3:
            raise DataError(f"{path.name}:{number}: expected 3 fields, found {len(fields)}")
        try:
            labels = [names[int(index)] for index in fields[1].split(",")]
        except (ValueError, IndexError) as error:
            raise DataError(f"{path.name}:{number}: expected label ids, found other") from error
        emotions = map_goemotions(labels)
        if emotions:
            examples.append(Example(fields[0], emotions))
    return tuple(examples)


def _lines(path: Path) -> list[str]:
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"expected the data file {path.name!r} in {path.parent.name!r}") from error
    return [line for line in text.split("\n") if line]
