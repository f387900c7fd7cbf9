"""Which words tell an emotion from all others, by weighted log-odds with a prior.

Counts the texts a word stands in, of one emotion each. Used to protect such words from being
replaced (`training.augmenting.protected`) and to show them (`training.exploring.explore`).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from records import Emotion
from training.data import Example, fingerprint, single_label

#: Texts that the prior weighs as much as: words are pulled towards their overall frequency.
PRIOR_TEXTS: Final = 100.0

_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
#: The placeholders of GoEmotions, in lower case as `fingerprint` leaves them.
_PLACEHOLDER: Final = re.compile(r"\[(?:name|religion)\]")


@dataclass(frozen=True, slots=True)
class Telling:
    """A word, how strongly it tells the emotion, and in how many of its texts it stands."""

    word: str
    #: Standard deviations from being as frequent here as elsewhere; above 0 is more frequent.
    z: float
    n_texts: int


def words_of(text: str) -> list[str]:
    """Return the words of a text after cleaning, in lower case."""
    return _WORD.findall(_PLACEHOLDER.sub(" ", fingerprint(text)))


def telling_words(examples: Iterable[Example]) -> dict[Emotion, list[Telling]]:
    """Return each emotion's words, the most telling first.

    Source: Monroe, Colaresi and Quinn 2008, "Fightin' Words", equations 16 and 22, with the
    informative prior of section 3.5.1.
    """
    counts: dict[Emotion, Counter[str]] = {}
    for example in single_label(examples):
        counts.setdefault(example.emotions[0], Counter()).update(set(words_of(example.text)))
    overall: Counter[str] = sum(counts.values(), Counter())
    if len(overall) < 2:
        return {}  # what is always said tells nothing
    n_all = overall.total()
    found: dict[Emotion, list[Telling]] = {}
    for emotion, own in counts.items():
        n_own, n_rest = own.total(), n_all - own.total()
        telling = []
        for word, y_own in own.items():
            y_rest = overall[word] - y_own
            prior = PRIOR_TEXTS * overall[word] / n_all
            here, there = y_own + prior, y_rest + prior
            delta = math.log(here / (n_own + PRIOR_TEXTS - here)) - math.log(
                there / (n_rest + PRIOR_TEXTS - there)
            )
            telling.append(Telling(word, delta / math.sqrt(1 / here + 1 / there), y_own))
        found[emotion] = sorted(telling, key=lambda entry: (-entry.z, entry.word))
    return found
