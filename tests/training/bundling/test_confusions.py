"""Confusions count what was taken for what, travel through JSON, and are refused when broken."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from model.confusions import Confusions, parse_confusions
from records import Emotion
from training.bundling.confusions import MIN_TEXTS, confusion_set, measure_confusions

#: Not in the order of EMOTIONS, as a network of another's making may have them.
OUTPUTS: tuple[Emotion, ...] = ("joy", "sadness", "anger")


def _measured() -> Confusions:
    truth = np.array([0] * 40 + [1] * 30 + [2] * 20)
    scores = np.full((90, 3), 0.1)
    scores[np.arange(90), truth] = 0.8
    scores[:10] = [0.2, 0.1, 0.7]  # ten of joy are taken for anger
    return measure_confusions([("ours", scores, truth)], OUTPUTS)


def test_counts_and_means_are_by_true_emotion() -> None:
    found = _measured()
    assert found.emotions == ("sadness", "joy", "anger")
    only = found.complete()
    assert only is not None
    assert only.n_texts.tolist() == [30, 40, 20]
    assert only.top_counts.tolist() == [[30, 0, 0], [0, 30, 10], [0, 0, 20]]
    np.testing.assert_allclose(only.score_means[1], [0.1, 0.65, 0.25])
    assert only.covariances[1, 1, 1] == pytest.approx(0.36 * 0.25 * 0.75 * 40 / 39)
    assert only.covariances[1, 5, 5] == pytest.approx(0.25 * 0.75 * 40 / 39)


def test_they_are_the_same_after_writing_and_reading() -> None:
    before = _measured()
    after = parse_confusions(json.dumps(before.to_json()))
    assert after.emotions == before.emotions
    for one, other in zip(before.sets, after.sets, strict=True):
        assert (one.name, one.emotions) == (other.name, other.emotions)
        np.testing.assert_array_equal(one.top_counts, other.top_counts)
        np.testing.assert_allclose(one.score_means, other.score_means, atol=1e-8)
        np.testing.assert_allclose(one.covariances, other.covariances, atol=1e-8)


def test_an_emotion_of_too_few_texts_is_not_known() -> None:
    truth = np.array([0] * 40 + [1] * 30 + [2] * (MIN_TEXTS - 1))
    found = confusion_set("ours", np.eye(3)[truth], truth, OUTPUTS)
    assert found is not None
    assert found.emotions == ("sadness", "joy")
    assert Confusions(("sadness", "joy", "anger"), (found,)).complete() is None


def test_too_few_texts_of_all_make_no_set() -> None:
    truth = np.zeros(100, dtype=int)
    assert confusion_set("ours", np.eye(3)[truth], truth, OUTPUTS) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"schema": 2}, "schema 1"),
        ({"emotions": ["joy", "glee"]}, "glee"),
        ({"sets": [{"name": "x"}]}, "lack a field"),
        ({"emotions": ["joy", "sadness", "anger"]}, "in this order"),
        ({"emotions": ["sadness", "joy", "anger", "fear"]}, "shape"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], message: str) -> None:
    document = _measured().to_json() | change
    with pytest.raises(ValueError, match=message):
        parse_confusions(json.dumps(document))
