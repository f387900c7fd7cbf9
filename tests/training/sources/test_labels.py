"""Labels of other data sets mean one of the eight emotions, or are asked about."""

from __future__ import annotations

import pytest

from model.labels import GOEMOTIONS_MAPPING
from records import EMOTIONS, Emotion
from training.data import DataError
from training.sources.labels import map_labels


@pytest.mark.parametrize(
    ("name", "emotion"),
    [
        ("happy", "joy"),
        ("Happiness", "joy"),
        ("ANGRY", "anger"),
        ("mad", "anger"),
        ("sad", "sadness"),
        ("scared", "fear"),
        ("surprised", "surprise"),
        (" no emotion ", "neutral"),
        ("No-Emotion", "neutral"),
        ("disgusted", "disgust"),
        ("remorse", "sadness"),
    ],
)
def test_synonyms_are_known_however_they_are_spelt(name: str, emotion: Emotion) -> None:
    assert map_labels([name], where="d") == {name: (emotion,)}


def test_every_canonical_emotion_means_itself() -> None:
    assert map_labels(EMOTIONS, where="d") == {e: (e,) for e in EMOTIONS}


@pytest.mark.parametrize("name", ["joy, anger", "anger|joy", "['joy', 'anger']", "Joy;Anger"])
def test_a_list_in_one_field_is_taken_apart(name: str) -> None:
    assert map_labels([name], where="d") == {name: ("joy", "anger")}


def test_disgust_falls_away_in_the_taxonomy_of_goemotions_only() -> None:
    names = [*GOEMOTIONS_MAPPING, "disgust"]
    assert map_labels(names, where="d")["disgust"] == ()
    assert map_labels(["disgust"], declared=names, where="d")["disgust"] == ()
    assert map_labels(names, {"disgust": "disgust"}, where="d")["disgust"] == ("disgust",)
    assert map_labels(["disgust", "joy"], where="d")["disgust"] == ("disgust",)


def test_the_map_wins_over_what_is_known() -> None:
    assert map_labels(["worry", "3"], {"worry": "sadness", "3": "love"}, where="d") == {
        "worry": ("sadness",),
        "3": ("love",),
    }


def test_a_map_of_labels_that_do_not_occur_is_told() -> None:
    with pytest.raises(DataError, match=r"found 'hapy'; its labels are 'happy'"):
        map_labels(["happy"], {"hapy": "joy"}, where="d")


def test_many_unknown_labels_are_counted_not_listed() -> None:
    with pytest.raises(DataError, match=r"'x10'.* and 8 more"):
        map_labels([f"x{i}" for i in range(20)], where="d")
