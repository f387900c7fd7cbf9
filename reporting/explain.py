"""Which words changed most between two lots of texts: what a shift is about, in whose words.

Pure: texts in, words out; nothing is kept. Explanation only, never evidence for a shift.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_WORD: Final = re.compile(r"#?[^\W\d_][\w']*")
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|@\w+")

#: Words in fewer texts than this are not shown: one author's typo explains nothing.
_MIN_TEXTS: Final = 3


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
        use_before, use_after = counts_before[word] + prior, counts_after[word] + prior
        log_odds = math.log(use_after / (total_after + prior_total - use_after)) - math.log(
            use_before / (total_before + prior_total - use_before)
        )
        z = log_odds / math.sqrt(1 / use_after + 1 / use_before)
        changes.append(WordChange(word, counts_before[word], counts_after[word], z))
    changes.sort(key=lambda change: (-change.z, change.word))
    more = [change for change in changes[:limit] if change.z >= least_z]
    less = [change for change in changes[: -limit - 1 : -1] if change.z <= -least_z]
    return more, less
