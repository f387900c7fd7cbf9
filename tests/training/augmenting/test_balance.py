"""Rare emotions weigh as much as common ones, or are drawn as often."""

from __future__ import annotations

from collections import Counter

import pytest

from records import Emotion
from training.augmenting.balance import WeightName, class_weights, resample
from training.data import Example

WEIGHTS: tuple[WeightName, ...] = ("inverse", "effective")


def _examples(**counts: int) -> list[Example]:
    known: dict[str, Emotion] = {"joy": "joy", "anger": "anger", "fear": "fear"}
    return [Example(f"{name} {i}", (known[name],)) for name, n in counts.items() for i in range(n)]


def test_inverse_weights_give_every_emotion_the_same_total() -> None:
    weights = class_weights(_examples(joy=80, anger=16, fear=4), ("joy", "anger", "fear"))
    assert [80 * weights[0], 16 * weights[1], 4 * weights[2]] == pytest.approx([100 / 3] * 3)


def test_effective_numbers_lie_between_equal_and_inverse() -> None:
    examples = _examples(joy=2_000, fear=20)
    emotions: tuple[Emotion, ...] = ("joy", "fear")
    inverse = class_weights(examples, emotions)
    effective = class_weights(examples, emotions, "effective", beta=0.999)
    # (1 - .999 ** 2000) / (1 - .999 ** 20), by the paper's formula
    assert effective[1] / effective[0] == pytest.approx(0.86480 / 0.019811, rel=1e-3)
    assert inverse[1] / inverse[0] == pytest.approx(100)
    assert class_weights(examples, emotions, "effective", beta=0) == pytest.approx((1, 1))


def test_the_mean_weight_of_the_labels_is_one() -> None:
    examples = _examples(joy=30, fear=3)
    for how in WEIGHTS:
        weights = class_weights(examples, ("joy", "fear"), how)
        assert 30 * weights[0] + 3 * weights[1] == pytest.approx(33)


def test_a_text_of_two_emotions_counts_half_for_each() -> None:
    examples = [*_examples(joy=3), Example("both", ("joy", "fear"))]
    weights = class_weights(examples, ("joy", "fear"))
    assert weights[1] / weights[0] == pytest.approx(7)


def test_an_emotion_without_examples_is_not_weighed() -> None:
    assert class_weights(_examples(joy=5), ("joy", "anger")) == (1.0, 1.0)


def test_emotions_the_network_does_not_score_are_refused() -> None:
    with pytest.raises(ValueError, match="found 'fear'"):
        class_weights(_examples(fear=1), ("joy", "anger"))
    with pytest.raises(ValueError, match="expected beta"):
        class_weights(_examples(joy=1), ("joy", "anger"), "effective", beta=1)


def test_oversampling_keeps_all_and_repeats_evenly() -> None:
    examples = _examples(joy=10, fear=4)
    drawn = resample(examples, "over", seed=1)
    assert drawn[:14] == examples
    assert Counter(x.emotions for x in drawn) == {("joy",): 10, ("fear",): 10}
    assert sorted(Counter(x.text for x in drawn if "fear" in x.emotions).values()) == [2, 2, 3, 3]


def test_undersampling_leaves_each_as_many_as_the_rarest() -> None:
    examples = _examples(joy=10, fear=4)
    drawn = resample(examples, "under", seed=1)
    assert Counter(x.emotions for x in drawn) == {("joy",): 4, ("fear",): 4}
    assert len(set(drawn)) == 8
    assert [examples.index(x) for x in drawn] == sorted(examples.index(x) for x in drawn)


def test_a_text_of_two_emotions_is_drawn_as_the_rarer() -> None:
    examples = [*_examples(joy=6, fear=1), Example("both", ("joy", "fear"))]
    drawn = resample(examples, "under", seed=1)
    assert Counter("fear" in x.emotions for x in drawn) == {True: 2, False: 2}


def test_the_draw_follows_the_seed() -> None:
    examples = _examples(joy=30, fear=4)
    assert resample(examples, "under", seed=1) == resample(examples, "under", seed=1)
    assert resample(examples, "under", seed=1) != resample(examples, "under", seed=2)
    assert resample([], "over", seed=1) == resample([], "under", seed=1) == []
    with pytest.raises(ValueError, match="expected 'over' or 'under'"):
        resample(examples, "sideways", seed=1)  # type: ignore[arg-type]
