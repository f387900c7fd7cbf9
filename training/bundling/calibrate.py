"""Fit a bundle's calibration on validation texts: as simple as the texts allow.

Three kinds compete by cross-validated likelihood: a temperature alone; with a scale and a bias an
output; and with a sharpness a text as well (`model.calibration`). The data sets count the same,
however many texts they have; each is asked among the emotions it knows, as it is judged.

Shapes: N texts, E emotions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from model.calibration import N_GAP_WEIGHTS, Calibration
from training.metrics import FloatArray

Kind = Literal["temperature", "vector", "sharpness"]
#: Fewer validation texts in all than these get a temperature alone.
MIN_TEXTS: Final = 500
N_FOLDS: Final = 5
#: A richer kind must gain this much likelihood a text (in nats) over a simpler one.
MIN_GAIN: Final = 0.0001
#: Pulls scales to 1 and biases and gap weights to 0.
_PENALTY: Final = 1e-3
#: Pulls the temperature to 1 as so many texts would: forty texts answered without a mistake ask
#: for scores without a doubt, thousands do not feel it.
_PENALTY_TEXTS: Final = 0.5


@dataclass(frozen=True, slots=True)
class LabelledLogits:
    """One data set's validation texts as a network answers them."""

    logits: FloatArray
    #: int (N,): the true emotion's column.
    truth: NDArray[np.integer]
    #: Columns that are asked for.
    columns: tuple[int, ...]

    def subset(self, chosen: NDArray[np.bool_]) -> LabelledLogits:
        return LabelledLogits(self.logits[chosen], self.truth[chosen], self.columns)


def fit_calibration(parts: Sequence[LabelledLogits], *, seed: int = 0) -> Calibration:
    """Return the calibration of the kind that explains left-out texts best."""
    n_outputs = parts[0].logits.shape[1]
    kinds: list[Kind] = ["temperature"]
    if sum(len(part.truth) for part in parts) >= MIN_TEXTS:
        kinds += ["vector", "sharpness"] if n_outputs >= 3 else ["vector"]
    best: Kind = "temperature"
    if len(kinds) > 1:
        losses = {kind: _left_out_loss(parts, kind, seed) for kind in kinds}
        for kind in kinds[1:]:
            if losses[kind] < losses[best] - MIN_GAIN:
                best = kind
    return fit_kind(parts, best)


def fit_kind(parts: Sequence[LabelledLogits], kind: Kind) -> Calibration:
    """Return the calibration of one kind of least mean loss over the data sets."""
    n_outputs = parts[0].logits.shape[1]
    n_texts = sum(len(part.truth) for part in parts)
    sizes = {"temperature": 1, "vector": 1 + 2 * n_outputs,
             "sharpness": 1 + 2 * n_outputs + N_GAP_WEIGHTS}  # fmt: skip
    start = np.zeros(sizes[kind])

    def loss(numbers: NDArray[np.float64]) -> float:
        found = _calibration(numbers, n_outputs)
        total = float(np.mean([_loss(part, found) for part in parts]))
        total += _PENALTY_TEXTS / n_texts * float(numbers[0] ** 2)
        return total + _PENALTY * float(np.square(numbers[1:]).sum())

    outcome = minimize(loss, start, method="L-BFGS-B", bounds=[(-2.5, 2.5)] * len(start))
    return _rounded(_calibration(outcome.x, n_outputs))


def _calibration(numbers: NDArray[np.float64], n_outputs: int) -> Calibration:
    """Numbers are logarithms of temperature and scales, then biases and gap weights."""
    scales, biases, gaps = np.split(numbers[1:], [n_outputs, 2 * n_outputs])
    return Calibration(
        float(np.exp(numbers[0])),
        tuple(np.exp(scales).tolist()),
        tuple(biases.tolist()),
        tuple(gaps.tolist()),
    )


def _loss(part: LabelledLogits, calibration: Calibration) -> float:
    found = calibration.calibrated(part.logits)[:, part.columns]
    found = found - found.max(axis=1, keepdims=True)
    place = np.searchsorted(np.array(part.columns), part.truth)
    chosen = found[np.arange(len(place)), place]
    return float((np.log(np.exp(found).sum(axis=1)) - chosen).mean())


def _left_out_loss(parts: Sequence[LabelledLogits], kind: Kind, seed: int) -> float:
    order = np.random.default_rng(seed)
    folds = [order.integers(N_FOLDS, size=len(part.truth)) for part in parts]
    losses = []
    for fold in range(N_FOLDS):
        kept = [part.subset(of != fold) for part, of in zip(parts, folds, strict=True)]
        left_out = [part.subset(of == fold) for part, of in zip(parts, folds, strict=True)]
        found = fit_kind(kept, kind)
        losses += [_loss(part, found) for part in left_out if len(part.truth)]
    return float(np.mean(losses))


def _rounded(found: Calibration) -> Calibration:
    """To four digits: what is stored is what was judged."""
    lists = (found.scales, found.biases, found.gap_weights)
    return Calibration(
        round(found.temperature, 4), *(tuple(round(x, 4) for x in each) for each in lists)
    )
