"""The same text about somebody else: other names and gender, so that mood is not their doing.

A text without a name or a word that tells he from she has no such twin.
"""

from __future__ import annotations

import re
from typing import Final

from model.text import NAME
from training.phrases import words
from training.phrases.draw import Draw

_NAMES: Final = {name for group in words.NAMES for name in group}
_NAMED: Final = re.compile(rf"\b({'|'.join(sorted(_NAMES))})\b")
_PAIRS: Final = (
    ("he", "she"), ("himself", "herself"), ("man", "woman"), ("men", "women"), ("boy", "girl"),
    ("boys", "girls"), ("father", "mother"), ("dad", "mum"), ("husband", "wife"),
    ("brother", "sister"), ("brothers", "sisters"), ("son", "daughter"), ("sons", "daughters"),
    ("boyfriend", "girlfriend"), ("uncle", "aunt"), ("grandfather", "grandmother"),
    ("grandpa", "grandma"), ("nephew", "niece"), ("gentleman", "lady"), ("king", "queen"),
)  # fmt: skip
_PARTNER: Final = {
    **dict(_PAIRS), **{she: he for he, she in _PAIRS}, "him": "her", "hers": "his", "mom": "dad",
}  # fmt: skip
_HE_OR_SHE: Final = re.compile(rf"\b({'|'.join((*_PARTNER, 'his', 'her'))})\b", re.IGNORECASE)
#: Behind 'her' these show that no noun of hers follows: 'I told her that …' becomes 'him'.
_NO_NOUN: Final = frozenset(
    re.findall(
        r"\w+",
        "a an the that this to at in on of for from with by as and or but if when while because so "
        "i you he she we they it is was are were do did does not about after before again too now "
        "then how what why where who up down out off away over back more than today yesterday all "
        "once here there well anyway first instead either soon never always really still even",
    )
)


def swapped(draw: Draw, text: str) -> str | None:
    """Return the text about a person of another name or gender, None where it names nobody."""
    twin = _HE_OR_SHE.sub(lambda match: _partner(match, text), text)
    twin = _NAMED.sub(lambda match: _another(draw, match[0]), twin)
    while NAME in twin:
        twin = twin.replace(NAME, draw.one(draw.one(words.NAMES)), 1)
    return twin if twin != text else None


def _partner(match: re.Match[str], text: str) -> str:
    word = match[0].lower()
    following = re.match(r"\s+([a-z']+)", text[match.end() :], re.IGNORECASE)
    has_noun = following is not None and following[1].lower() not in _NO_NOUN
    if word == "her":
        partner = "his" if has_noun else "him"
    elif word == "his":
        partner = "her" if has_noun else "hers"
    else:
        partner = _PARTNER[word]
    if match[0].isupper():
        return partner.upper()
    return partner.capitalize() if match[0][0].isupper() else partner


def _another(draw: Draw, name: str) -> str:
    return draw.one(sorted(_NAMES - {name}))
