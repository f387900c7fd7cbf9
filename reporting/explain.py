"""Which words changed most between two lots of texts, and which words mark an emotion.

Pure: texts in, words out; nothing is kept. Explanation only, never evidence for a shift.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"#?[^\W\d_][\w'\N{RIGHT SINGLE QUOTATION MARK}]*")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|@\w+")

#: Words in fewer texts than this are not shown: one author's typo explains nothing.
_MIN_TEXTS: Final = 3

#: A word marks an emotion from here on: of thousands of words tried, chance lifts many above 1.96.
CLEAR_Z: Final = 3.0


@dataclass(frozen=True, slots=True)
class WordChange:
    """How often a word's texts came before and after, and how sure the change is."""

    word: str
    n_before: int
    n_after: int
    #: Standardised log-odds ratio; above 0 the word is used more in the later texts.
    z: float


def words_of(text: str) -> set[str]:
    """Return a text's words in lower case, each once; addresses and names with @ are left out."""
    plain = text.lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'")
    found = _WORD.findall(_ADDRESS.sub(" ", plain))
    return {word.rstrip("'") for word in found if len(word) > 2}


def changed_words(
    before: Iterable[str], after: Iterable[str], *, limit: int = 10, least_z: float = 1.96
) -> tuple[list[WordChange], list[WordChange]]:
    """Return the words used more and the words used less in `after`, the clearest first.

    A word counts once a text, so that one long rant does not speak for all. The prior is the
    words' use in both lots together, which keeps common words from winning by being common.

    Source: Monroe, Colaresi & Quinn (2008), "Fightin' Words", section 3.5.1, eqs. 16 and 22.
    """
    counts_before: Counter[str] = Counter()
    counts_after: Counter[str] = Counter()
    n_before = n_after = 0
    for text in before:
        counts_before.update(words_of(text))
        n_before += 1
    for text in after:
        counts_after.update(words_of(text))
        n_after += 1
    if n_before == 0 or n_after == 0:
        return [], []
    both = counts_before + counts_after
    total_before, total_after = counts_before.total(), counts_after.total()
    prior_total = both.total()
    changes = []
    for word, prior in both.items():
        if prior < _MIN_TEXTS:
            continue
        z = _standardised(
            (counts_after[word], total_after),
            (counts_before[word], total_before),
            (prior, prior_total),
        )
        changes.append(WordChange(word, counts_before[word], counts_after[word], z))
    changes.sort(key=lambda change: (-change.z, change.word))
    more = [change for change in changes[:limit] if change.z >= least_z]
    less = [change for change in changes[: -limit - 1 : -1] if change.z <= -least_z]
    return more, less


@dataclass(frozen=True, slots=True)
class TypicalWord:
    """A word that marks an emotion: in how many of its texts it stands, and in how many others."""

    word: str
    n_with: int
    n_elsewhere: int
    #: Standardised log-odds ratio against the texts of all other emotions.
    z: float


def typical_words(
    texts: Iterable[tuple[str, str]], *, least_z: float = CLEAR_Z
) -> dict[str, list[TypicalWord]]:
    """Return each label's typical words, the clearest first, from texts and their labels.

    The same measure as in `changed_words`: a label's texts against all the others.

    Args:
        texts: Label and text.
        least_z: Words less clear than this are left out.
    """
    counts: dict[str, Counter[str]] = {}
    for label, text in texts:
        counts.setdefault(label, Counter()).update(words_of(text))
    everywhere: Counter[str] = Counter()
    for counted in counts.values():
        everywhere.update(counted)
    total = everywhere.total()
    typical = {}
    for label, counted in counts.items():
        in_label = counted.total()
        found = []
        for word, n in counted.items():
            prior = everywhere[word]
            if prior < _MIN_TEXTS:
                continue
            z = _standardised((n, in_label), (prior - n, total - in_label), (prior, total))
            if z >= least_z:
                found.append(TypicalWord(word, n, prior - n, z))
        typical[label] = sorted(found, key=lambda item: (-item.z, item.word))
    return typical


def marked(text: str, weights: Mapping[str, float], *, least: float = CLEAR_Z) -> list[str]:
    """Cut a text into pieces, every second of them a word of at least that weight.

    The first piece is plain and may be empty; joined, the pieces are the text.
    """
    pieces, plain_from = [], 0
    for found in _WORD.finditer(text):
        word = found[0].lower().replace("\N{RIGHT SINGLE QUOTATION MARK}", "'").rstrip("'")
        if weights.get(word, 0.0) >= least:
            pieces += [text[plain_from : found.start()], found[0]]
            plain_from = found.end()
    return [*pieces, text[plain_from:]]


def _standardised(one: tuple[int, int], other: tuple[int, int], prior: tuple[int, int]) -> float:
    """Return a word's log-odds ratio, one lot against the other, over its standard deviation.

    Each argument is the word's count and the count of all words.
    """
    n_one, n_other = one[0] + prior[0], other[0] + prior[0]
    log_odds = math.log(n_one / (one[1] + prior[1] - n_one)) - math.log(
        n_other / (other[1] + prior[1] - n_other)
    )
    return log_odds / math.sqrt(1 / n_one + 1 / n_other)
