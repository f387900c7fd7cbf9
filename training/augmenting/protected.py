"""The words that synonym augmentation must leave alone: those that carry the label.

Three kinds: words of feeling as WordNet files them, words that tell an emotion in the training
texts themselves, and function words, negators and intensifiers, which are listed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from records import EMOTIONS
from training.augmenting.telling import telling_words, words_of
from training.data import DataError, Example

#: A word this many standard deviations more frequent with one emotion carries its label.
MIN_Z: Final = 3.0

NEGATORS: Final = frozenset(
    words_of(
        "no not never none nobody nothing nowhere neither nor without hardly barely scarcely "
        "seldom rarely cannot cant dont doesnt didnt wont wouldnt couldnt shouldnt isnt arent "
        "wasnt werent havent hasnt hadnt aint lack lacking fail failed less least un"
    )
)
INTENSIFIERS: Final = frozenset(
    words_of(
        "very so too really quite rather pretty extremely incredibly totally absolutely completely "
        "utterly deeply truly super more most much such just even only almost slightly somewhat "
        "little bit kinda sorta fairly highly terribly awfully damn fucking bloody"
    )
)
FUNCTION_WORDS: Final = frozenset(
    words_of(
        "i me my mine myself you your yours yourself he him his himself she her hers herself it "
        "its itself we us our ours ourselves they them their theirs themselves who whom whose "
        "which what that this these those a an the and but or if because as until while although "
        "though unless since of at by for with about against between into through during before "
        "after above below to from up down in out on off over under again further then once here "
        "there when where why how all any both each few other some own same than will would can "
        "could should shall may might must am is are was were be been being have has had having "
        "do does did doing done get got go going make made let im ive id ill youre hes shes theyre "
        "someone somebody anyone anybody everyone everybody something anything everything away"
    )
)


def protected_words(examples: Iterable[Example], wordnet: Any) -> frozenset[str]:
    """Return every word that is not to be replaced, in lower case.

    Args:
        examples: The training texts, from which the telling words are taken.
        wordnet: As `training.augmenting.synonyms.load_wordnet` returns it.
    """
    telling = {
        entry.word
        for entries in telling_words(examples).values()
        for entry in entries
        if entry.z >= MIN_Z
    }
    return feeling_words(wordnet) | telling | NEGATORS | INTENSIFIERS | FUNCTION_WORDS


def feeling_words(wordnet: Any) -> frozenset[str]:
    """Return the words of feeling in WordNet, and those derived from them.

    All nouns filed under feelings, verbs under emotion, what is formally derived from either
    ('fear' → 'fearful' → 'fearfully'), and adjectives like those. The starting points of
    WordNet-Affect, taken from the lexicographers' files instead of its hand-made list.

    Source: Strapparava and Valitutti 2004, "WordNet-Affect: an Affective Extension of WordNet".
    """
    feeling = wordnet.synset("feeling.n.01")
    synsets = {feeling, *feeling.closure(lambda synset: synset.hyponyms())}
    for name in EMOTIONS:
        synsets |= {s for s in wordnet.synsets(name) if s.lexname() in _FILES}
    nouns = {lemma for synset in synsets for lemma in synset.lemmas()}
    derived = {other for lemma in nouns for other in lemma.derivationally_related_forms()}
    # From verbs and adjectives once more: 'enjoyment' → 'enjoy' → 'enjoyable'.
    derived |= {other for lemma in derived for other in lemma.derivationally_related_forms()}
    alike = {
        lemma
        for derivation in derived
        if derivation.synset().pos() in "as"
        for synset in (derivation.synset(), *derivation.synset().similar_tos())
        for lemma in synset.lemmas()
    }
    found = {lemma.name().lower() for lemma in nouns | derived | alike}
    if "fear" not in found:
        raise DataError("expected WordNet to file 'fear' under feelings, found another database")
    return frozenset(word for word in found if word.isalpha())


_FILES: Final = ("noun.feeling", "verb.emotion")
