"""Sentences written by hand, pair by pair: what frames cannot make, because no two are built alike.

Files: `written/*.tsv`, a pair a line, `emotions TAB text TAB emotions TAB text`; two emotions
joined by a comma where readers would split evenly. The two texts of a pair tell of one scene and
differ in what the file is about, or are the same in another writing. Like the frames they were
written without looking at the suite of `training.behaviour`; tests hold them apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from records import EMOTIONS, Emotion
from training.phrases.negation import Labelled

_EMOTIONS: Final[Mapping[str, Emotion]] = {str(emotion): emotion for emotion in EMOTIONS}
#: Sentences and their emotions.
WrittenPair = tuple[Labelled, Labelled]


@cache
def written_pairs() -> tuple[WrittenPair, ...]:
    """Return every pair, file by file.

    Raises:
        ValueError: when a line is none; it names file and line.
    """
    folder = files("training.phrases").joinpath("written")
    pairs: list[WrittenPair] = []
    for file in sorted(folder.iterdir(), key=lambda entry: entry.name):
        lines = file.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines, start=1):
            fields = line.split("\t")
            if len(fields) != 4 or not all(field.strip() for field in fields):
                raise ValueError(
                    f"{file.name}, line {number}: expected emotions, text, emotions, text, "
                    f"found {len(fields)} fields"
                )
            first, second = fields[:2], fields[2:]
            try:
                pairs.append((_labelled(*first), _labelled(*second)))
            except KeyError as error:
                raise ValueError(
                    f"{file.name}, line {number}: expected emotions of ours, found {error!s}"
                ) from error
    return tuple(pairs)


@cache
def written_sentences() -> tuple[Labelled, ...]:
    """Return the distinct sentences of all pairs."""
    return tuple(dict.fromkeys(sentence for pair in written_pairs() for sentence in pair))


def _labelled(emotions: str, text: str) -> Labelled:
    return text, tuple(_EMOTIONS[name] for name in emotions.split(","))
