"""Losses, metrics and batches: figures known by construction."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch

from model.labels import DEFAULT_EMOTIONS
from tests.support.tiny import tiny_tokenizer
from training.batches import encode, shuffled_batches
from training.data import Example
from training.losses import classification_loss
from training.metrics import calibration_error, macro_f1, quality, softmax


def test_focal_loss_without_focus_is_cross_entropy() -> None:
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.nn.functional.one_hot(torch.tensor([0, 1, 2, 3, 0, 1]), 4).float()
    plain = classification_loss(logits, targets)
    torch.testing.assert_close(
        plain, torch.nn.functional.cross_entropy(logits, targets.argmax(dim=1))
    )
    torch.testing.assert_close(
        plain, classification_loss(logits, targets, name="focal", focal_gamma=0)
    )
    assert classification_loss(logits, targets, name="focal") < plain


def test_label_smoothing_moves_the_best_answer_off_certainty() -> None:
    target = torch.tensor([[1.0, 0.0]])
    sure, less = torch.tensor([[20.0, 0.0]]), torch.tensor([[3.0, 0.0]])
    assert classification_loss(sure, target) < classification_loss(less, target)
    assert classification_loss(sure, target, label_smoothing=0.1) > classification_loss(
        less, target, label_smoothing=0.1
    )


def test_macro_f1_of_known_answers() -> None:
    truth, found = np.array([0, 0, 1, 1, 2]), np.array([0, 1, 1, 1, -1])
    # label 0: 2/3, label 1: 4/5, label 2: never found
    assert macro_f1(truth, found, 3) == pytest.approx((2 / 3 + 4 / 5) / 3)


def test_calibration_error_of_a_boaster() -> None:
    probabilities = np.tile([0.9, 0.1], (10, 1))
    assert calibration_error(probabilities, np.array([0] * 5 + [1] * 5)) == pytest.approx(0.4)


def test_the_top_label_is_taken_among_the_named_emotions() -> None:
    probabilities = np.array([[0.3, 0.1, 0.6], [np.nan] * 3])
    examples = [Example("a", ("joy",)), Example("b", ("joy",))]
    found = quality(
        probabilities, examples, emotions=("joy", "anger", "neutral"), among=("joy", "anger")
    )
    assert found.accuracy == 0.5  # neutral masked; a text without an answer is wrong


def test_batches_hold_every_example_once() -> None:
    lengths = [random.Random(i).randint(1, 40) for i in range(333)]
    batches = shuffled_batches(lengths, 8, random.Random(1))
    assert sorted(index for batch in batches for index in batch) == list(range(333))
    assert batches != shuffled_batches(lengths, 8, random.Random(2))


def test_two_labels_share_the_target_and_long_texts_keep_their_end_mark() -> None:
    (row,) = encode(
        [Example("happy " * 40, ("joy", "anger"))],
        tiny_tokenizer(),
        emotions=DEFAULT_EMOTIONS,
        max_tokens=10,
    )
    assert row.target == (0.0, 0.5, 0.0, 0.5, 0.0, 0.0, 0.0)
    assert len(row.ids) == 10
    assert (row.ids[0], row.ids[-1]) == (2, 3)


def test_probabilities_survive_large_logits() -> None:
    assert not math.isnan(softmax(np.array([[1e4, -1e4]]))[0, 0])
