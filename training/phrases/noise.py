"""The ways people write: capitals, hashtags, long-drawn letters, emoji, slips of the finger.

Each takes a text and returns it written otherwise; what it means, and so its emotion, stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from records import Emotion
from training.phrases import words
from training.phrases.draw import Draw

_FELT_WORDS: Final = frozenset(
    word for lists in (words.FEELINGS, words.NOUNS) for group in lists.values() for word in group
)
_DRAWN_OUT: Final = frozenset(("so", "really", "very", "love", "never", "absolutely"))
_WORD: Final = re.compile(r"[A-Za-z']+")
#: A slip here would turn the meaning, or leave none.
_KEPT: Final = frozenset(("never", "without", "neither", "hardly", "scarcely", "nothing", "nobody"))
_NEAR: Final = {
    "a": "s", "b": "v", "c": "x", "d": "f", "e": "r", "f": "g", "g": "h", "h": "j", "i": "o",
    "j": "k", "k": "l", "l": "k", "m": "n", "n": "m", "o": "p", "p": "o", "q": "w", "r": "t",
    "s": "a", "t": "r", "u": "i", "v": "b", "w": "e", "x": "z", "y": "u", "z": "x",
}  # fmt: skip
#: Contractions and what they stand for; 's and 'd are left alone: they stand for two words each.
_LONG_OF: Final = {
    "don't": "do not", "doesn't": "does not", "didn't": "did not", "isn't": "is not",
    "aren't": "are not", "wasn't": "was not", "weren't": "were not", "can't": "cannot",
    "couldn't": "could not", "won't": "will not", "wouldn't": "would not",
    "shouldn't": "should not", "haven't": "have not", "hasn't": "has not", "hadn't": "had not",
    "i'm": "I am", "i've": "I have", "i'll": "I will", "you're": "you are", "we're": "we are",
    "they're": "they are", "you've": "you have", "we've": "we have", "they've": "they have",
    "you'll": "you will", "we'll": "we will", "they'll": "they will",
}  # fmt: skip
_SHORT_OF: Final = {
    **{long.lower(): short for short, long in _LONG_OF.items()},
    "can not": "can't",
    "i am": "I'm", "i have": "I've", "i will": "I'll",
}  # fmt: skip
_SHORT: Final = re.compile(
    r"\b(?:" + "|".join(_LONG_OF).replace("'", "['\u2019]") + r")\b", re.IGNORECASE
)
_LONG: Final = re.compile(r"\b(?:" + "|".join(_SHORT_OF) + r")\b(?=\s\w)", re.IGNORECASE)


def in_capitals(draw: Draw, text: str) -> str:
    """Return the whole text in capitals, or its words of feeling alone."""
    if draw.chance(0.5):
        return text.upper().rstrip(".") + draw.one(("", ".", "!", "!!"))
    return _WORD.sub(lambda m: m[0].upper() if m[0].lower() in _FELT_WORDS else m[0], text)


def with_hashtags(draw: Draw, text: str) -> str:
    """Return the text with its words of feeling as hashtags, or with harmless ones behind it."""
    if draw.chance(0.6):
        return _WORD.sub(lambda m: f"#{m[0]}" if m[0].lower() in _FELT_WORDS else m[0], text)
    return f"{text} {draw.one(('#monday', '#life', '#justsaying', '#thoughts', '#mood', '#today'))}"


def drawn_out(draw: Draw, text: str) -> str:
    """Return the text with one letter of a telling word repeated: 'sooo', 'happyyyy'."""
    found = [m for m in _WORD.finditer(text) if m[0].lower() in _FELT_WORDS | _DRAWN_OUT]
    if not found:
        return text.rstrip(".") + "!" * draw.order.randint(2, 5)
    chosen = draw.one(found)
    word = chosen[0]
    places = [i for i, letter in enumerate(word) if letter in "aeiouyAEIOUY"] or [len(word) - 1]
    place = places[-1]
    longer = word[:place] + word[place] * draw.order.randint(3, 6) + word[place + 1 :]
    return text[: chosen.start()] + longer + text[chosen.end() :]


def slipped(draw: Draw, text: str) -> str:
    """Return the text with one or two slips: letters swapped, lost, doubled, or the key beside."""
    for _ in range(draw.order.randint(1, 2)):
        found = [
            m
            for m in _WORD.finditer(text)
            if len(m[0]) > 4 and "'" not in m[0] and m[0].lower() not in _KEPT
        ]
        if not found:
            return text
        chosen = draw.one(found)
        word = chosen[0]
        i = draw.order.randint(1, len(word) - 3)
        slip = draw.one(
            (
                word[:i] + word[i + 1] + word[i] + word[i + 2 :],
                word[:i] + word[i + 1 :],
                word[:i] + word[i] + word[i:],
                word[:i] + _NEAR.get(word[i].lower(), word[i]) + word[i + 1 :],
            )
        )
        text = text[: chosen.start()] + slip + text[chosen.end() :]
    return text


def careless(draw: Draw, text: str) -> str:
    """Return the text in lower case, without end mark, often without apostrophes."""
    plain = text.lower().rstrip(".!")
    return plain.replace("'", "") if draw.chance(0.6) else plain


def addressed(draw: Draw, text: str) -> str:
    """Return the text with a mention before it or a link behind it."""
    if draw.chance(0.5):
        return f"@{draw.one(draw.one(words.NAMES)).lower()}{draw.order.randint(1, 99)} {text}"
    return f"{text} https://t.co/{draw.order.randrange(16**6):06x}"


def contracted(draw: Draw, text: str) -> str:
    """Return the text with its contractions written out, or with contractions where it has none."""
    if _SHORT.search(text):
        return _SHORT.sub(
            lambda m: _as_written(m[0], _LONG_OF[m[0].lower().replace("\u2019", "'")]), text
        )
    apostrophe = draw.one(("'", "'", "\u2019", ""))
    return _LONG.sub(
        lambda m: _as_written(m[0], _SHORT_OF[m[0].lower()].replace("'", apostrophe)), text
    )


def _as_written(found: str, instead: str) -> str:
    """Return the words with the capital of what they stand for."""
    return instead[0].upper() + instead[1:] if found[0].isupper() else instead


STYLES: Final[Mapping[str, Callable[[Draw, str], str]]] = {
    "capitals": in_capitals,
    "hashtags": with_hashtags,
    "drawn_out": drawn_out,
    "slips": slipped,
    "careless": careless,
    "addressed": addressed,
    "contracted": contracted,
}


def with_smiley(draw: Draw, text: str, emotions: tuple[Emotion, ...]) -> str:
    """Return the text with a smiley of its emotion; unchanged where none would fit."""
    fitting = words.SMILEYS.get(emotions[0], ()) if len(emotions) == 1 else ()
    if not fitting:
        return text
    smiley = draw.one(fitting)
    # Emoticons are read as such only once and apart.
    repeated = smiley * draw.one((1, 1, 2, 3)) if not smiley.isascii() else smiley
    return f"{text} {repeated}"
