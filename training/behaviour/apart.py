"""Tells whether a training text comes near the suite: the same sentence, or the same template.

A template is what is left of a sentence when words of feeling, names and subjects are masked: its
skeleton. Augmentation is written without looking at the suite; what nevertheless falls together
is dropped by this before anything is trained on it. The only file here that training may import.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final

from training.behaviour.sentences import load_capabilities, load_names, load_pronouns

#: Skeleton words in a row that both have; fewer are everybody's grammar ("i am not * about the").
SHARED_RUN: Final = 8
#: Of a sentence of at least MIN_WORDS skeleton words, the part that may stand in another.
MOST_SHARED: Final = 0.8
MIN_WORDS: Final = 6

_WORD: Final = re.compile(r"[a-z']+")
Skeleton = tuple[str, ...]


def is_near_suite(text: str) -> bool:
    """Tell whether a text shares a sentence or a template with the suite.

    Shared is a whole text, signs included, a whole skeleton of at least three words, a run of
    SHARED_RUN words, or a run over more than MOST_SHARED of a sentence of the suite.
    """
    texts, wholes, pieces = _suite()
    own = skeleton(text)
    if own in wholes or _plain(text) in texts:
        return True
    return any(run in found for n, found in pieces.items() for run in runs(own, n))


def skeleton(text: str) -> Skeleton:
    """Return a text's words with feelings as * and people as @; masks in a row are one."""
    felt, people = _masked_words()
    masked: list[str] = []
    for word in _WORD.findall(text.lower().replace("\u2019", "'")):
        mark = "*" if word in felt else "@" if word in people else word
        if not (masked and mark == masked[-1] and mark in "*@"):
            masked.append(mark)
    return tuple(masked)


def runs(words_: Skeleton, length: int) -> Iterator[Skeleton]:
    """Yield every stretch of `length` words."""
    return (words_[i : i + length] for i in range(len(words_) - length + 1))


@cache
def _masked_words() -> tuple[frozenset[str], frozenset[str]]:
    """Return the words of feeling and the names and subjects that frames fill in."""
    from training.phrases import words  # they ask us what to keep out

    felt = {
        word
        for lists in (words.FEELINGS, words.NOUNS)
        for group in lists.values()
        for phrase in group
        for word in _WORD.findall(phrase.lower())
    }
    people = {word for one in words.OTHERS for word in _WORD.findall(one.words.lower())}
    people -= {"my", "our", "the", "of", "two", "new", "best", "both"}
    names = {name.lower() for group in words.NAMES for name in group}
    return frozenset(felt), frozenset({"he", "she", "they", "we", "you"} | people | names)


@cache
def _suite() -> tuple[frozenset[str], frozenset[Skeleton], dict[int, set[Skeleton]]]:
    """Return the suite's plain texts, their skeletons, and the runs by their length."""
    texts = [text for capability in load_capabilities() for text in capability.texts]
    # One filling of a template stands for all: names are masked.
    texts += [next(iter(f.texts.values()))[0] for f in (*load_names(), *load_pronouns())]
    wholes = {own for own in map(skeleton, texts) if len(own) >= 3}
    pieces: dict[int, set[Skeleton]] = {}
    for own in wholes:
        n = int(MOST_SHARED * len(own)) + 1 if len(own) >= MIN_WORDS else SHARED_RUN
        n = min(n, SHARED_RUN)
        pieces.setdefault(n, set()).update(runs(own, n))
    return frozenset(map(_plain, texts)), frozenset(wholes), pieces


def _plain(text: str) -> str:
    """Return a text's letters, or its signs where it has none."""
    found = "".join(text.split()).casefold()
    return "".join(filter(str.isalpha, found)) or found
