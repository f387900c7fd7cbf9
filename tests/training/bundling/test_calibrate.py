"""Calibration finds what was done to the logits, and never answers more than the texts allow."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.calibration import Calibration, gap_features, read_calibration
from training.bundling.calibrate import LabelledLogits, fit_calibration, fit_kind
from training.metrics import calibration_error


def _drawn(
    n: int, truth: Calibration, *, seed: int, columns: tuple[int, ...] = (0, 1, 2)
) -> LabelledLogits:
    """Logits whose labels are drawn by what `truth` makes of them, among `columns`."""
    generator = np.random.default_rng(seed)
    logits = generator.normal(size=(n, 3)) * 3
    allowed = truth.probabilities(logits)[:, columns]
    allowed = allowed / allowed.sum(axis=1, keepdims=True)
    drawn = (allowed.cumsum(axis=1) > generator.random((n, 1))).argmax(axis=1)
    return LabelledLogits(logits, np.array(columns)[drawn], columns)


def _error(part: LabelledLogits, calibration: Calibration) -> float:
    found = calibration.probabilities(part.logits)[:, part.columns]
    place = np.searchsorted(np.array(part.columns), part.truth)
    return calibration_error(found / found.sum(axis=1, keepdims=True), place)


def test_a_temperature_alone_is_found_again() -> None:
    found = fit_calibration([_drawn(4_000, Calibration(1.7), seed=0)])
    assert found.temperature == pytest.approx(1.7, abs=0.1)
    assert found.scales == ()


def test_biases_are_found_again_where_one_set_lacks_a_label() -> None:
    truth = Calibration(1.5, (1.0, 1.0, 1.0), (0.0, 0.4, -1.2))
    whole = _drawn(4_000, truth, seed=1)
    part = _drawn(2_000, truth, seed=2, columns=(0, 1))

    found = fit_calibration([whole, part])

    biases = np.array(found.biases)
    np.testing.assert_allclose(biases - biases[0], [0.0, 0.4, -1.2], atol=0.2)
    for drawn in (_drawn(4_000, truth, seed=3), _drawn(4_000, truth, seed=4, columns=(0, 1))):
        assert _error(drawn, found) < 0.02
        assert _error(drawn, found) < _error(drawn, fit_kind([whole, part], "temperature"))


def test_few_texts_get_a_temperature_alone() -> None:
    truth = Calibration(1.0, (1.0, 1.0, 1.0), (0.0, 2.0, -2.0))
    assert fit_calibration([_drawn(200, truth, seed=5)]).biases == ()


def test_few_texts_without_a_mistake_do_not_make_a_model_sure() -> None:
    logits = np.tile([2.0, 0.0, -1.0], (30, 1))
    right = LabelledLogits(logits, np.zeros(30, dtype=int), (0, 1, 2))
    found = fit_calibration([right])
    assert 0.3 < found.temperature < 1.0
    assert found.probabilities(logits).max() < 0.999


def test_sharpness_follows_the_gaps() -> None:
    truth = Calibration(1.0, gap_weights=(-1.5, 1.0, 0.0, 0.0, 0.0))
    found = fit_calibration([_drawn(3_000, truth, seed=6)])
    drawn = _drawn(3_000, truth, seed=7)
    assert found.gap_weights
    assert _error(drawn, found) < _error(drawn, fit_kind([drawn], "temperature"))


def test_probabilities_sum_to_one_and_do_not_see_other_rows() -> None:
    calibration = Calibration(1.3, (1.0, 0.9, 1.1), (0.1, 0.0, -0.1), (0.2, -0.1, 0.3, 0.0, 0.1))
    logits: NDArray[np.float64] = np.random.default_rng(0).normal(size=(50, 3)) * 40
    found = calibration.probabilities(logits)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    np.testing.assert_array_equal(found[7:8], calibration.probabilities(logits[7:8]))
    assert gap_features(logits).shape == (50, 5)


def test_what_is_written_is_read_again() -> None:
    calibration = Calibration(1.3, (1.0, 0.9, 1.1), (0.1, 0.0, -0.1), (0.2, -0.1, 0.3, 0.0, 0.1))
    assert read_calibration(calibration.to_json(), 3) == calibration
    assert read_calibration({"temperature": 2}, 3) == Calibration(2.0)


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"temperature": True}, "temperature"),
        ({"temperature": 1, "scales": [1.0]}, "expected 3 scales"),
        ({"temperature": 1, "scales": [1.0, -1.0, 1.0]}, "scales of 0.05 to 20"),
        ({"temperature": 1, "biases": [1.0, "x", 1.0]}, "biases of -10 to 10"),
        ({"temperature": 1, "biases": [0.0, float("nan"), 0.0]}, "biases of -10 to 10"),
        ({"temperature": 1, "gap_weights": [0.0] * 4}, "expected 5 gap_weights"),
    ],
)
def test_a_senseless_calibration_is_named(document: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_calibration(document, 3)
