"""Synonyms replace words of one meaning, in their inflection, and never a word that tells."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import nltk
import pytest

from tests.support.paths import shared_data
from training.augmenting.protected import NEGATORS, feeling_words, protected_words
from training.augmenting.synonyms import Thesaurus, load_wordnet
from training.data import DataError, Example


@pytest.fixture(scope="module")
def wordnet() -> Iterator[Any]:
    folder = str(shared_data("nltk_data"))
    nltk.data.path.insert(0, folder)
    try:
        # NLTK reads only below its own paths, also later.
        yield load_wordnet()
    finally:
        nltk.data.path.remove(folder)


@pytest.fixture(scope="module")
def thesaurus(wordnet: Any) -> Thesaurus:
    return Thesaurus(wordnet, protected={"cinema", "large"})


@pytest.mark.parametrize(
    ("word", "synonym"),
    [("buy", "purchase"), ("buys", "purchases"), ("buying", "purchasing"), ("car", "automobile"),
     ("cars", "automobiles")],
)  # fmt: skip
def test_synonyms_keep_the_inflection(thesaurus: Thesaurus, word: str, synonym: str) -> None:
    assert synonym in thesaurus.synonyms(word)


@pytest.mark.parametrize(
    "word",
    [
        "bought",  # irregular: 'purchased' would be right, but not every irregular word's is
        "run",  # many senses
        "cinema",  # protected
        "big",  # its synonym is protected
        "fully",  # 'full' is mostly an adjective
        "xyzzy",
        "of",
    ],
)
def test_words_in_doubt_are_left_alone(thesaurus: Thesaurus, word: str) -> None:
    assert thesaurus.synonyms(word) == ()


def test_inflections_of_protected_words_are_protected(wordnet: Any) -> None:
    assert Thesaurus(wordnet, {"buy"}).synonyms("buying") == ()
    assert Thesaurus(wordnet, {"purchase"}).synonyms("buys") == ()


def test_a_car_is_no_machine(thesaurus: Thesaurus) -> None:
    """WordNet files 'machine' with 'car', but its first sense is another."""
    assert "machine" not in thesaurus.synonyms("car")


def test_a_rewritten_text_keeps_case_marks_and_article(thesaurus: Thesaurus) -> None:
    order = random.Random(1)
    assert thesaurus.rewrite("I drove a  car, #car @car CAR Car", 0.1, order) in {
        "I drove an  automobile, #car @car CAR Car",
        "I drove an  auto, #car @car CAR Car",
        "I drove a  motorcar, #car @car CAR Car",
    }
    rewritten = thesaurus.rewrite("Cars!", 1.0, order)
    assert rewritten is not None
    assert rewritten[0].isupper()
    assert rewritten.endswith("s!")
    assert thesaurus.rewrite("so I ran", 1.0, order) is None


def test_the_rate_says_how_many_words_change(thesaurus: Thesaurus) -> None:
    text = "car car car car car car car car car car"
    for rate, n in ((0.0, 1), (0.1, 1), (0.5, 5), (1.0, 10)):
        rewritten = thesaurus.rewrite(text, rate, random.Random(0))
        assert rewritten is not None
        assert rewritten.split().count("car") == 10 - n


def test_words_of_feeling_are_protected_by_derivation(wordnet: Any) -> None:
    found = feeling_words(wordnet)
    assert {
        "fear", "fearful", "angry", "anger", "happy", "happiness", "joyful", "sad", "sadness",
        "love", "loving", "hate", "surprise", "disgust", "anxious", "afraid", "ashamed",
    } <= found  # fmt: skip
    assert not {"car", "buy", "train", "table", "quickly", "city"} & found


def test_telling_words_of_the_texts_are_protected_too(wordnet: Any) -> None:
    examples = [Example("what a concert", ("joy",))] * 30 + [Example("my exam", ("fear",))] * 30
    found = protected_words(examples, wordnet)
    assert {"concert", "exam", "not", "never", "dont", "very", "she"} <= found
    assert found >= NEGATORS
    assert "table" not in found


def test_a_missing_wordnet_is_told_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from nltk.corpus.reader.wordnet import WordNetCorpusReader
    from nltk.corpus.util import LazyCorpusLoader

    missing = LazyCorpusLoader("wordnet-that-is-not", WordNetCorpusReader, None)
    monkeypatch.setattr("nltk.corpus.wordnet", missing)
    with pytest.raises(DataError, match=r"nltk\.downloader wordnet.*NLTK_DATA"):
        load_wordnet()
