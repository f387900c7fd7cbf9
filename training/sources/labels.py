"""Which label of any data set means which canonical emotion.

Only names that mean the emotion are known; where a data set's word is a judgement call (calm,
peaceful, anticipation), its owner decides with a label map.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from model.labels import GOEMOTIONS_MAPPING
from records import EMOTIONS, Emotion
from training.data import AbsentLabelsError, DataError

#: Canonical emotion → what data sets call it beside its own name and GoEmotions' names.
_SYNONYMS: Final[Mapping[Emotion, str]] = {
    "sadness": (
        "sad unhappy unhappiness sorrow sorrowful depressed depression disappointed grieving "
        "guilt guilty shame ashamed remorseful lonely loneliness hurt melancholy"
    ),
    "joy": (
        "happy happiness hap joyful joyous cheerful excited exc enthusiasm enthusiastic amused "
        "fun grateful proud optimistic relieved delight delighted elation enjoyment"
    ),
    "love": "loving affection affectionate romance romantic adoration tenderness",
    "anger": (
        "angry ang mad furious fury rage annoyed irritated irritation frustrated frustration fru "
        "hate hatred hostility resentment"
    ),
    "fear": (
        "fearful fea afraid scared frightened terrified terror anxious anxiety worried worry "
        "nervous panic"
    ),
    "surprise": "surprised sur surprising shock shocked amazed amazement astonished astonishment",
    "disgust": "disgusted dis disgusting revulsion",
    "neutral": "neu none no_emotion neutrality",
}

#: A data set whose labels are nearly all of these and no others is in GoEmotions' taxonomy.
_GOEMOTIONS_NAMES: Final = frozenset(GOEMOTIONS_MAPPING) | {"disgust"}
_MOST_NAMED: Final = 12
_LONGEST_NAMED: Final = 40


def _known() -> dict[str, Emotion]:
    known: dict[str, Emotion] = dict(GOEMOTIONS_MAPPING)
    for emotion, words in _SYNONYMS.items():
        known |= {_plain(word): emotion for word in words.split()}
    return known | {str(emotion): emotion for emotion in EMOTIONS}


def map_labels(
    names: Iterable[str],
    label_map: Mapping[str, Emotion | None] | None = None,
    *,
    declared: Iterable[str] = (),
    where: str,
) -> dict[str, tuple[Emotion, ...]]:
    """Return the emotions of each label name; none for a label that is left out on purpose.

    A name that is itself a list (`joy, love`) is taken apart. A data set of GoEmotions' labels
    leaves disgust out, as `model.labels` does for the default bundle.

    Args:
        names: Labels as the data set spells them.
        label_map: Wins over every known name; None leaves the label's texts out.
        declared: Names the data set knows whether they occur or not: they tell its taxonomy.
        where: The data set's name, for errors.

    Raises:
        DataError: when a label is unknown.
        AbsentLabelsError: when the map names one that does not occur.
    """
    found = sorted(set(names))
    seen = {_plain(name) for name in declared}
    known: dict[str, Emotion | None] = dict(_known())
    if is_goemotions([*found, *seen]):
        known["disgust"] = None
    given = {_plain(name): emotion for name, emotion in (label_map or {}).items()}
    known |= given
    mapped: dict[str, tuple[Emotion, ...]] = {}
    unknown: list[str] = []
    for name in found:
        parts = [_plain(name)]
        if parts[0] not in known:
            parts = [_plain(part) for part in _pieces(name)]
        seen |= set(parts)
        missing = [part for part in parts if part not in known]
        unknown += missing or ([] if parts else [name])
        emotions = {known[part] for part in parts if part in known}
        mapped[name] = tuple(emotion for emotion in EMOTIONS if emotion in emotions)
    if unknown:
        raise DataError(_unknown_labels(unknown, where))
    if absent := sorted(set(given) - seen):
        raise AbsentLabelsError(
            f"{where}: expected the label map to name labels of the data, found {_named(absent)}; "
            f"its labels are {_named(sorted(seen))}",
            frozenset(name for name in label_map or () if _plain(name) in absent),
        )
    return mapped


def is_goemotions(names: Iterable[str]) -> bool:
    """Tell whether label names are GoEmotions' 27 and neutral, or nearly all of them."""
    plain = {_plain(name) for name in names}
    return len(plain & _GOEMOTIONS_NAMES) >= 20 and plain <= _GOEMOTIONS_NAMES


def _unknown_labels(unknown: list[str], where: str) -> str:
    names = sorted(set(unknown))
    first = repr(names[0][:_LONGEST_NAMED])
    return (
        f"{where}: expected labels that name one of {', '.join(EMOTIONS)}, found {_named(names)}; "
        f"say what each means, on the command line with --label {first}=joy, or {first}= to "
        "leave its texts out"
    )


def _named(names: list[str]) -> str:
    shown = ", ".join(repr(name[:_LONGEST_NAMED]) for name in names[:_MOST_NAMED])
    return shown + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")


def _plain(name: str) -> str:
    return re.sub(r"[\s_-]+", " ", name.strip().casefold())


def _pieces(name: str) -> list[str]:
    return [piece.strip() for piece in re.split(r"[,;|/\[\]'\"]+", name) if piece.strip()]
