"""Words that carry a score are found, and leaving them out costs more than leaving out others."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from model.attribution import attribute, without, words_of
from records import EMOTIONS, Scores

#: What each word adds to the joy of a text, in tenths: the truth the attribution must find.
JOY = {"happy": 3.0, "glad": 2.0, "party": 1.0, "rain": -1.5}


def score(texts: Sequence[str]) -> list[Scores]:
    """Score as a sum over words; texts without a letter are unsupported."""
    return [_score(text) for text in texts]


def _score(text: str) -> Scores:
    words = [word.text.lower() for word in words_of(text)]
    if not any(word.isalpha() for word in words):
        return Scores.unsupported()
    joy = min(0.95, max(0.05, 0.3 + sum(JOY.get(word, 0.0) for word in words) / 10))
    rest = (1 - joy) / (len(EMOTIONS) - 1)
    return Scores("scored", tuple(joy if e == "joy" else rest for e in EMOTIONS))


def test_words_are_cut_without_their_punctuation_and_emoticons_whole() -> None:
    text = "Well, (I'm) #happy... :-) don't! 😀"
    assert [word.text for word in words_of(text)] == [
        "Well", "I'm", "#happy", ":-)", "don't", "😀",
    ]  # fmt: skip
    assert all(text[word.start : word.end] == word.text for word in words_of(text))


def test_each_word_has_the_effect_it_was_made_with() -> None:
    (found,) = attribute(["A happy party, despite rain."], score)
    assert found is not None
    assert found.emotion == "joy"
    effects = {word.word.text: word.effect for word in found.words}
    assert effects == pytest.approx(
        {"A": 0, "happy": 0.3, "party": 0.1, "despite": 0, "rain": -0.15}, abs=1e-9
    )
    assert [word.word.text for word in found.strongest(2)] == ["happy", "party"]


def test_another_emotion_than_the_top_one_can_be_explained() -> None:
    (found,) = attribute(["happy rain"], score, emotion="anger")
    assert found is not None
    assert found.emotion == "anger"
    assert found.words[0].effect < 0 < found.words[1].effect


def test_texts_without_a_score_have_no_explanation() -> None:
    assert attribute(["...", ""], score) == [None, None]


def test_the_last_word_of_a_text_stands_against_saying_nothing() -> None:
    (found,) = attribute(["happy"], score)
    assert found is not None
    assert found.words[0].effect == pytest.approx(0.6 - 1 / len(EMOTIONS))


def test_a_long_text_is_explained_in_pieces_within_two_calls() -> None:
    calls = []

    def counted(texts: Sequence[str]) -> list[Scores]:
        calls.append(len(texts))
        return score(texts)

    text = "a " * 400 + "happy " + "b " * 399
    (found,) = attribute([text], counted)
    assert found is not None
    assert calls == [1, 64]
    assert len(found.words) == 800
    (best,) = (word for word in found.words if word.word.text == "happy")
    assert best.effect == max(word.effect for word in found.words) > 0


def test_removing_the_top_words_costs_more_than_removing_others() -> None:
    order = random.Random(0)
    fillers = ["train", "late", "again", "the", "monday", "table"]
    texts = [
        " ".join(order.sample([*fillers, *order.sample(sorted(JOY), 2)], 8)) for _ in range(60)
    ]
    top, other = 0.0, 0.0
    for found in attribute(texts, score, emotion="joy"):
        assert found is not None
        words = [word.word for word in found.words]
        picked = [word.word for word in found.strongest(2)]
        for chosen, is_top in ((picked, True), (order.sample(words, 2), False)):
            (left,) = score([without(found.text, chosen)])
            lost = found.probability - (left.probabilities[1] or 0)
            top, other = (top + lost, other) if is_top else (top, other + lost)
    assert top > 2 * max(other, 0) > 0
