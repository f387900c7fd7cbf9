"""Made sentences are many, distinct, the same by seed, and labelled by how they are made."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from model.labels import DEFAULT_EMOTIONS
from model.text import clean, has_words
from records import Emotion
from training.data import fingerprint
from training.phrases import CAPABILITIES, WRITTEN, generate, negation, plain, words
from training.phrases.draw import Draw, more, sentence
from training.phrases.noise import STYLES, with_smiley
from training.phrases.swaps import swapped


def _draws(n: int = 300) -> list[Draw]:
    return [Draw(random.Random(seed)) for seed in range(n)]


def _felt(text: str) -> set[Emotion]:
    found = set(re.findall(r"[a-z]+", text.lower()))
    return {e for e, feelings in words.FEELINGS.items() if found & set(feelings)}


def test_eight_thousand_sentences_differ_after_cleaning() -> None:
    phrases = generate(8_000, seed=1)
    assert len({fingerprint(phrase.text) for phrase in phrases}) == 8_000
    assert {phrase.capability for phrase in phrases} == {*CAPABILITIES, WRITTEN}
    assert {phrase.style for phrase in phrases} == {*STYLES, "smiley", "tidy"}
    counts = Counter(e for phrase in phrases for e in phrase.emotions)
    assert set(counts) == set(DEFAULT_EMOTIONS)
    assert min(counts.values()) > 200
    assert all(has_words(clean(phrase.text)) for phrase in phrases)
    # Made of parts: no sentence is printed with a gap or a doubled space. (By hand some have them
    # on purpose.)
    made = [phrase.text for phrase in phrases if phrase.capability != WRITTEN]
    assert not [text for text in made if re.search(r"  |\{|\}|^ | ,| \.$", text)]


def test_the_same_seed_gives_the_same_sentences() -> None:
    assert generate(50, seed=1) == generate(50, seed=1)
    assert generate(50, seed=1) != generate(50, seed=2)
    assert generate(50, seed=1) == generate(80, seed=1)[:50]


def test_excluded_texts_do_not_come_out_in_any_style() -> None:
    banned = {fingerprint(phrase.text) for phrase in generate(200, seed=1, noise_share=0)}
    again = generate(400, seed=1, noise_share=0.5, exclude=banned)
    assert not banned & {fingerprint(phrase.text) for phrase in again}
    # Typos aside, not even rewritten.
    assert not banned & {fingerprint(p.text.rstrip("!.").lower() + ".") for p in again}


def test_too_many_sentences_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    one = (1.0, (lambda draw: ("Only this.", ("joy",)),))
    monkeypatch.setattr("training.phrases.sentences.CAPABILITIES", {"one": one})
    monkeypatch.setattr("training.phrases.sentences.WRITTEN_SHARE", 0.0)
    with pytest.raises(ValueError, match="found 1 in them"):
        generate(2, seed=1, noise_share=0)


def test_a_denied_feeling_is_not_the_label() -> None:
    for draw in _draws():
        text, emotions = negation.denied(draw)
        assert not _felt(text) & set(emotions), text
        assert emotions == negation.LEFT[next(iter(_felt(text)))], text


def test_denied_joy_is_sadness_and_denied_anger_or_fear_is_neutral() -> None:
    assert negation.LEFT["joy"] == ("sadness",)
    assert negation.LEFT["anger"] == negation.LEFT["fear"] == ("neutral",)


def test_two_negations_leave_the_feeling() -> None:
    for draw in _draws():
        text, emotions = negation.twice(draw)
        assert _felt(text) == set(emotions), text


def test_litotes_turn_bad_into_joy_and_good_into_disappointment() -> None:
    by_label: dict[bool, set[str]] = {True: set(), False: set()}
    for draw in _draws(600):
        text, emotions = negation.understated(draw)
        by_label["joy" in emotions].add(text)
        is_denied_bad = re.search(r"(n't|not|nothing|not too|half as) \w* ?(bad|dull|awful)", text)
        if is_denied_bad and "could not have been" not in text:
            assert "joy" in emotions, text
        if re.search(r"(wasn't|not exactly|nothing|hardly) (good|great|nice|fun)\b", text):
            assert "sadness" in emotions, text
    assert min(map(len, by_label.values())) > 100


def test_an_unmet_condition_tells_no_mood() -> None:
    n_wishes = n_conditions = 0
    for draw in _draws():
        text, emotions = plain.supposed(draw)
        if text.lower().startswith(("if only", "i wish")):
            assert emotions == ("sadness",), text
            n_wishes += 1
        if " would " in text and "would give" not in text:
            assert emotions == ("neutral",), text
            n_conditions += 1
    assert n_wishes > 10
    assert n_conditions > 10


def test_smileys_fit_the_label() -> None:
    told = {emotion: smileys for emotion, smileys in words.SMILEYS.items() if smileys}
    assert len(told) > 4
    for emotion, smileys in told.items():
        for draw in _draws(20):
            added = with_smiley(draw, "So it goes.", (emotion,)).removeprefix("So it goes. ")
            assert added.startswith(smileys)
    assert with_smiley(_draws(1)[0], "x", ("joy", "neutral")) == "x"


@pytest.mark.parametrize("style", STYLES)
def test_a_style_keeps_negators_and_most_of_the_text(style: str) -> None:
    text = "I've never been really happy about the wedding plans, nothing helped."
    changed = 0
    for draw in _draws(60):
        written = STYLES[style](draw, text)
        changed += written != text
        plain_text = re.sub(r"(.)\1+", r"\1", clean(written).lower())
        assert "never" in plain_text.replace("neever", "never")
        assert len(plain_text) > 50
    assert changed > 50


def test_comparatives() -> None:
    assert more("happy") == "happier"
    assert more("furious") == "more furious"
    assert sentence("i came") == "I came."


@pytest.mark.parametrize(
    ("text", "twin"),
    [
        ("He told her that she won.", "She told him that he won."),
        ("I saw her yesterday", "I saw him yesterday"),
        ("I met her once", "I met him once"),
        ("My mum lost her keys", "My dad lost his keys"),
        ("her brother broke his arm", "his sister broke her arm"),
        ("HE IS HERS", "SHE IS HIS"),
        ("the book is his", "the book is hers"),
        ("she hurt herself", "he hurt himself"),
    ],
)
def test_pronouns_swap_with_their_grammar(text: str, twin: str) -> None:
    assert swapped(_draws(1)[0], text) == twin


def test_names_are_swapped_and_placeholders_filled() -> None:
    draw = _draws(1)[0]
    twin = swapped(draw, "Emma likes [NAME] and Emmanuel")
    assert twin is not None
    first, second = twin.split()[0], twin.split()[2]
    known = {name for group in words.NAMES for name in group}
    assert first in known - {"Emma"}
    assert second in known
    assert twin.endswith("and Emmanuel")
    assert swapped(draw, "I like tea") is None
