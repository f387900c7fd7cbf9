"""Figures, intervals and differences: known by construction, or by a library's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import sklearn.metrics as sk

from records import Emotion
from training.data import Example
from training.judging.bootstrap import differences, intervals
from training.metrics import (
    Answers,
    answers,
    by_emotion,
    calibration_error,
    confusion,
    log_loss,
    reliability,
    weighted_f1,
)

AMONG: tuple[Emotion, ...] = ("sadness", "joy", "anger")


def _answers(n: int, right: float, *, seed: int = 0, sure: float = 0.7) -> Answers:
    """A model that is right about a share of the texts, and says so with `sure`."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 3, n)
    is_right = generator.random(n) < right
    found = np.where(is_right, truth, (truth + generator.integers(1, 3, n)) % 3)
    probabilities = np.full((n, 3), (1 - sure) / 2)
    probabilities[np.arange(n), found] = sure
    return Answers(AMONG, truth, found, probabilities)


def test_figures_by_emotion_of_known_answers() -> None:
    truth, found = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, -1])
    sadness, joy, anger = by_emotion(Answers(AMONG, truth, found, np.full((5, 3), 1 / 3)))
    assert (sadness.precision, sadness.recall, sadness.support) == (1.0, 0.5, 2)
    assert joy.precision == pytest.approx(2 / 3)
    assert joy.recall == 1.0
    assert (anger.precision, anger.recall, anger.f1, anger.support) == (0, 0, 0, 1)
    assert weighted_f1(truth, found, 3) == pytest.approx((2 * 2 / 3 + 2 * 4 / 5) / 5)


def test_confusion_counts_texts_without_an_answer_apart() -> None:
    truth, found = np.array([0, 0, 1, 2]), np.array([0, 1, -1, 2])
    counts = confusion(Answers(AMONG, truth, found, np.full((4, 3), 1 / 3)))
    assert counts.tolist() == [[1, 1, 0, 0], [0, 0, 0, 1], [0, 0, 1, 0]]


def test_a_text_without_an_answer_is_wrong_and_an_even_guess() -> None:
    judged = answers(
        np.array([[np.nan] * 3, [0.1, 0.8, 0.1]]),
        [Example("a", ("sadness",)), Example("b", ("joy",))],
        emotions=AMONG,
        among=AMONG,
    )
    assert judged.found.tolist() == [-1, 1]
    assert log_loss(judged) == pytest.approx((math.log(3) - math.log(0.8)) / 2)


def test_a_text_outside_the_emotions_judged_is_refused() -> None:
    with pytest.raises(ValueError, match="exactly one"):
        answers(np.ones((1, 3)), [Example("a", ("anger",))], emotions=AMONG, among=AMONG[:2])


def test_reliability_bins_hold_every_text_and_make_the_calibration_error() -> None:
    judged = _answers(3_000, right=0.5, sure=0.7)
    bins = reliability(judged.probabilities, judged.truth, n_bins=10)
    assert sum(b.n for b in bins) == 3_000
    (filled,) = (b for b in bins if b.n)
    assert filled.low <= 0.7 <= filled.high
    assert filled.confidence == pytest.approx(0.7)
    error = calibration_error(judged.probabilities, judged.truth, n_bins=10)
    assert error == pytest.approx(0.7 - filled.accuracy)


def test_the_interval_of_an_accuracy_is_the_binomial_one() -> None:
    judged = _answers(2_000, right=0.8)
    value = float((judged.truth == judged.found).mean())
    found = intervals(judged, n_draws=2_000)["accuracy"]
    half = 1.96 * math.sqrt(value * (1 - value) / 2_000)
    assert found.low == pytest.approx(value - half, abs=0.003)
    assert found.high == pytest.approx(value + half, abs=0.003)


def test_every_point_figure_lies_in_its_interval_and_agrees_with_the_library() -> None:
    judged = _answers(400, right=0.75)
    found = intervals(judged, n_draws=300)
    expected = {
        "macro_f1": sk.f1_score(judged.truth, judged.found, average="macro"),
        "weighted_f1": sk.f1_score(judged.truth, judged.found, average="weighted"),
        "log_loss": sk.log_loss(judged.truth, judged.probabilities),
        "joy": sk.f1_score(judged.truth, judged.found, average=None)[1],
    }
    for name, value in expected.items():
        assert found[name].low < value < found[name].high, name
    same = differences(judged, judged, n_draws=50)
    assert all(d.value == 0 and d.p == 1 for d in same.values())


def test_the_same_seed_draws_the_same_texts() -> None:
    judged = _answers(300, right=0.75)
    assert intervals(judged, n_draws=120, seed=4) == intervals(judged, n_draws=120, seed=4)
    assert intervals(judged, n_draws=120, seed=4) != intervals(judged, n_draws=120, seed=5)


def test_pairs_find_a_difference_that_the_two_intervals_hide() -> None:
    worse = _answers(600, right=0.80)
    found = worse.found.copy()
    wrong = np.flatnonzero(found != worse.truth)[:12]  # 2 points of accuracy, on the same texts
    found[wrong] = worse.truth[wrong]
    better = Answers(AMONG, worse.truth, found, worse.probabilities)

    apart = [intervals(model, n_draws=400)["accuracy"] for model in (worse, better)]
    together = differences(better, worse, n_draws=400)["accuracy"]

    assert apart[0].high > apart[1].low
    assert together.value == pytest.approx(0.02)
    assert together.low > 0
    assert together.p < 0.05


def test_answers_to_other_texts_are_not_compared() -> None:
    with pytest.raises(ValueError, match="same texts"):
        differences(_answers(50, right=0.8), _answers(50, right=0.8, seed=1))
