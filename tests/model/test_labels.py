"""Labels mean what the issue fixed."""

from __future__ import annotations

import pytest

from model.labels import DEFAULT_EMOTIONS, GOEMOTIONS_MAPPING, as_emotions, map_goemotions
from tests.support.paths import shared_data


def test_every_goemotions_label_but_disgust_is_mapped() -> None:
    names = (shared_data("goemotions") / "emotions.txt").read_text().split()
    assert set(names) - set(GOEMOTIONS_MAPPING) == {"disgust"}
    assert set(GOEMOTIONS_MAPPING) < set(names)


@pytest.mark.parametrize(
    ("labels", "emotions"),
    [
        (["gratitude"], ("joy",)),
        (["caring", "desire"], ("love",)),
        (["annoyance", "disappointment"], ("sadness", "anger")),
        (["realization", "neutral"], ("surprise", "neutral")),
        (["disgust"], ()),
        (["disgust", "nervousness"], ("fear",)),
    ],
)
def test_labels_map_to_canonical_emotions_each_once(
    labels: list[str], emotions: tuple[str, ...]
) -> None:
    assert map_goemotions(labels) == emotions


def test_the_default_bundle_scores_seven() -> None:
    assert len(DEFAULT_EMOTIONS) == 7
    assert "disgust" not in DEFAULT_EMOTIONS


@pytest.mark.parametrize("names", [["joy", "rage"], ["joy", "joy"], ["joy"]])
def test_other_sets_of_emotions_are_refused(names: list[str]) -> None:
    with pytest.raises(ValueError, match="expected"):
        as_emotions(names)
