"""Synonyms from WordNet for words that have one meaning, in the inflection of the word replaced.

A word is replaced only where WordNet's counts leave little doubt of its part of speech and sense;
without a tagger that is the safe half. Irregular forms are left alone. Needs NLTK's WordNet.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final

from training.data import DataError

#: Of a word's occurrences in WordNet's counted texts, the least share with one part of speech …
MIN_POS_SHARE: Final = 0.9
#: … and, of those, with one sense.
MIN_SENSE_SHARE: Final = 0.6

_TOKEN: Final = re.compile(r"(?<![\w#@'])[A-Za-z]+(?!['\w])")
_DOUBTFUL: Final = re.compile(r"[aeiou].*[^aeiou][aeiou][bdfgklmnprt]$")
_SHORT_VERB: Final = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]")


def load_wordnet() -> Any:
    """Return NLTK's WordNet reader.

    Raises:
        DataError: when its database is not installed.
    """
    from nltk.corpus import wordnet

    try:
        wordnet.ensure_loaded()
    except LookupError as error:
        raise DataError(
            "expected NLTK's WordNet for synonyms, found none; fetch it with "
            "'python -m nltk.downloader wordnet', or name the folder that holds "
            "corpora/wordnet.zip in the environment variable NLTK_DATA"
        ) from error
    return wordnet


class Thesaurus:
    """Synonyms of single words, looked up once each."""

    def __init__(self, wordnet: Any, protected: Collection[str]) -> None:
        self._wordnet = wordnet
        self._protected = frozenset(protected)
        self._known: dict[str, tuple[str, ...]] = {}
        self._irregular: Mapping[str, frozenset[str]] = {
            pos: frozenset(lemma for lemmas in forms.values() for lemma in lemmas)
            # Private, but the only place where NLTK keeps the lists of irregular forms.
            for pos, forms in wordnet._exception_map.items()
        }

    def synonyms(self, word: str) -> tuple[str, ...]:
        """Return words that may stand for a lower-case word; none for a protected one."""
        if word not in self._known:
            self._known[word] = self._look_up(word)
        return self._known[word]

    def rewrite(self, text: str, rate: float, order: random.Random) -> str | None:
        """Return the text with a share of its words replaced, at least one; None if none can be.

        Args:
            text: Its case and everything between words stay.
            rate: Share of all words to replace, 0..1.
            order: The source of choices.
        """
        tokens = list(_TOKEN.finditer(text))
        able = [token for token in tokens if self._can_replace(token)]
        if not able:
            return None
        n_wanted = min(len(able), max(1, round(rate * len(tokens))))
        chosen = {token.start(): token for token in order.sample(able, n_wanted)}
        pieces: list[str] = []
        end = 0
        for start in sorted(chosen):
            word = chosen[start][0]
            new = order.choice(self.synonyms(word.lower()))
            before = _with_article(text[end:start], new)
            pieces += [before, new.capitalize() if word[0].isupper() else new]
            end = chosen[start].end()
        return "".join(pieces) + text[end:]

    def _can_replace(self, token: re.Match[str]) -> bool:
        # A capital inside a text marks a name, capitals throughout mark stress.
        is_plain = token[0].islower() or (token.start() == 0 and token[0].istitle())
        return is_plain and bool(self.synonyms(token[0].lower()))

    def _look_up(self, word: str) -> tuple[str, ...]:
        if len(word) < 3 or self._is_protected(word):
            return ()
        reading = self._reading(word)
        if reading is None:
            return ()
        pos, lemma, synset = reading
        found = []
        for entry in synset.lemmas():
            other = entry.name()
            is_usable = other.isalpha() and other.islower() and other != lemma and len(other) > 2
            if is_usable and entry.count() and self._is_first_sense(other, pos, synset):
                form = self._in_form(word, lemma, other, pos)
                if form and not self._is_protected(form):
                    found.append(form)
        return tuple(found)

    def _is_protected(self, word: str) -> bool:
        """Tell whether the word, or one that it may be an inflection of, is protected."""
        lemmas = {self._wordnet.morphy(word, pos) for pos in "nvar"}
        return not self._protected.isdisjoint({word, *lemmas})

    def _is_first_sense(self, word: str, pos: str, synset: Any) -> bool:
        """Tell whether a word mostly has this part of speech, and in it first of all this sense.

        'Machine' is no common word for car, nor 'full' for fully.
        """
        if self._wordnet.synsets(word, pos)[0] != synset:
            return False
        totals = self._totals(word)
        return totals.get((pos, word), 0) * 2 > sum(totals.values())

    def _totals(self, word: str) -> dict[tuple[str, str], int]:
        """Return how often WordNet counted each part of speech and lemma of a word."""
        totals: dict[tuple[str, str], int] = {}
        for pos in "nvar":
            if lemma := self._wordnet.morphy(word, pos):
                totals[pos, lemma] = sum(e.count() for e in self._wordnet.lemmas(lemma, pos))
        return totals

    def _reading(self, word: str) -> tuple[str, str, Any] | None:
        """Return part of speech, lemma and sense of a word that has little choice of them."""
        totals = self._totals(word)
        total = sum(totals.values())
        if not total:
            return None
        (pos, lemma), most = max(totals.items(), key=lambda item: item[1])
        senses = self._wordnet.lemmas(lemma, pos)
        if most / total < MIN_POS_SHARE or senses[0].count() / most < MIN_SENSE_SHARE:
            return None
        return pos, lemma, senses[0].synset()

    def _in_form(self, word: str, lemma: str, other: str, pos: str) -> str | None:
        """Return `other` in the inflection that makes `word` of `lemma`; None if irregular."""
        if word == lemma:
            return other
        form = next((form for form in _FORMS.get(pos, ()) if form(lemma) == word), None)
        is_regular = not {lemma, other} & self._irregular.get(pos, frozenset())
        if form in (_with_ed, _with_ing) and _DOUBTFUL.search(other):
            return None  # 'refer' doubles its last letter, 'offer' does not: stress decides
        # What irregular verbs have of their own is the past: 'buys' and 'buying' are regular.
        return form(other) if form and (is_regular or form in (_with_ing, _with_s_verb)) else None


def _with_s(word: str) -> str:
    if re.search(r"(s|x|z|ch|sh)$", word):
        return f"{word}es"
    return re.sub(r"(?<=[^aeiou])y$", "ie", word) + "s"


def _with_s_verb(word: str) -> str:
    return _with_s(word)


def _with_ed(word: str) -> str:
    if word.endswith("e"):
        return f"{word}d"
    return _before_suffix(re.sub(r"(?<=[^aeiou])y$", "i", word)) + "ed"


def _with_ing(word: str) -> str:
    if word.endswith("ie"):
        return f"{word[:-2]}ying"
    stem = word[:-1] if re.search(r"[^eoy]e$", word) else word
    return (_before_suffix(stem) if stem == word else stem) + "ing"


def _before_suffix(word: str) -> str:
    """Double the last letter of a short word: 'stop' → 'stopp'."""
    return word + word[-1] if _SHORT_VERB.fullmatch(word) else word


_FORMS: Final[Mapping[str, tuple[Callable[[str], str], ...]]] = {
    "n": (_with_s,),
    "v": (_with_s_verb, _with_ed, _with_ing),
}


def _with_article(before: str, word: str) -> str:
    """Make 'a' and 'an' right before a new word."""
    match = re.search(r"\b([Aa])n?(\s+)$", before)
    if match is None:
        return before
    return before[: match.start()] + match[1] + ("n" if word[0] in "aeiou" else "") + match[2]
