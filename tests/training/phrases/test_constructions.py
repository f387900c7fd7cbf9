"""The long frames are labelled by what is felt: at a distance, in the end, now, in truth."""

from __future__ import annotations

import random
import re

import pytest

from model.emoji import words_for_emoji
from training.phrases import (
    alone,
    clauses,
    distance,
    emphatic,
    entries,
    expectation,
    generate,
    scenes,
    signs,
    times,
    unreal,
)
from training.phrases.draw import Draw
from training.phrases.negation import LEFT
from training.phrases.sentences import Frame


def _draws(n: int = 300) -> list[Draw]:
    return [Draw(random.Random(seed)) for seed in range(n)]


def _felt(text: str) -> list[str]:
    """Return the emotions whose words stand in the text, in the order of their places."""
    places = {
        match.start(): emotion
        for emotion, feelings in scenes.FEELINGS.items()
        for feeling in feelings
        for match in re.finditer(rf"\b{feeling}\b", text.lower())
    }
    return [places[place] for place in sorted(places)]


@pytest.mark.parametrize("frame", [distance.denied_cause, distance.denied_self, clauses.rarely])
def test_a_negator_far_from_the_feeling_still_denies_it(frame: Frame) -> None:
    n_told = 0
    for draw in _draws():
        text, emotions = frame(draw)
        for emotion in set(_felt(text)):
            n_told += 1
            assert emotion not in emotions, text
            assert emotions in LEFT.values(), text
    assert n_told > 100


@pytest.mark.parametrize(
    "frame", [distance.affirmed, times.still, emphatic.raised, clauses.seldom_so, unreal.real]
)
def test_what_denies_nothing_leaves_the_feeling(frame: Frame) -> None:
    n_told = 0
    for draw in _draws():
        text, emotions = frame(draw)
        n_told += bool(_felt(text))
        assert set(_felt(text)) <= set(emotions), text
    assert n_told > 100


@pytest.mark.parametrize("frame", [expectation.feeling_changed, times.changed, clauses.turned])
def test_of_two_feelings_the_one_that_holds_is_the_label(frame: Frame) -> None:
    found = set()
    for draw in _draws():
        text, (emotion,) = frame(draw)
        found.add(emotion)
        if text.startswith(("Until last week I was", "I used to", "My guess", "For all that")):
            assert _felt(text)[-1] == emotion, text
        if text.startswith(("Now I am", "I ended up", "On the whole")):
            assert _felt(text)[0] == emotion, text
    assert found == {"sadness", "joy", "anger", "fear", "surprise"}


def test_what_is_imagined_is_not_felt() -> None:
    assert {unreal.fancied(draw)[1] for draw in _draws()} == {("neutral",)}
    assert {unreal.condition(draw)[1] for draw in _draws()} == {
        ("neutral",),
        ("sadness", "neutral"),
    }


def test_every_sign_is_read_in_words_of_its_own_emotion() -> None:
    read: dict[str, set[str]] = {}
    for emotion, group in signs.SIGNS.items():
        for sign in group:
            words = words_for_emoji(f"the letter came {sign}")
            assert sign not in words, sign
            read.setdefault(words, set()).add(emotion)
    assert all(len(emotions) == 1 for emotions in read.values()), read


def test_signs_are_never_rewritten_and_the_same_text_bears_several() -> None:
    made = [p for p in generate(3_000, seed=4, noise_share=1) if p.capability == "signs"]
    assert {phrase.style for phrase in made} == {"tidy"}
    assert len({phrase.emotions for phrase in made}) == 7


def test_a_word_alone_tells_its_own_feeling() -> None:
    for draw in _draws():
        text, emotions = alone.alone(draw)
        assert len(text.split()) <= 10, text
        assert set(_felt(text)) <= set(emotions), text
        assert alone.sign(draw)[1] != ("neutral",)
    assert {alone.alone(draw)[1] for draw in _draws()} == {
        (emotion,) for emotion in (*scenes.ALL, "neutral")
    }


def test_entries_are_long_and_tell_one_feeling() -> None:
    for draw in _draws(200):
        text, emotions = entries.told(draw)
        assert 55 <= len(text.split()) <= 170
        assert set(_felt(text)) <= set(emotions), text
    found = {entries.told(draw)[1] for draw in _draws(200)}
    assert found == {(emotion,) for emotion in (*scenes.ALL, "neutral")}
