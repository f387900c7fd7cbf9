"""From a network's logits to probabilities that mean what they say; the same for every scorer.

Fitted by `training.bundling.calibrate` on validation texts, stored in a bundle's calibration.json.

Shapes: N texts, E outputs of the bundle.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeGuard

import numpy as np
from numpy.typing import NDArray

#: Weights of `gap_features`.
N_GAP_WEIGHTS: Final = 5
#: A text's own sharpness stays within a factor of e squared.
_MAX_LOG_SHARPNESS: Final = 2.0
#: What a temperature and a scale may be: beyond, something went wrong when they were fitted.
_MIN_SCALE: Final = 0.05
_MAX_SCALE: Final = 20.0
_MAX_BIAS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Calibration:
    """Softmax of `logits / temperature * scales * sharpness + biases`.

    Scales and biases are one an output. Sharpness is one a text: how far its first three logits
    lie apart tells a text that fits one emotion or two from one that fits many.

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2 (temperature
    and vector scaling); Tomani et al. 2022, "Parameterized Temperature Scaling", section 3 (a
    temperature from the sorted logits), here a quadratic and no network.
    """

    temperature: float
    #: (E,); empty: all 1.
    scales: tuple[float, ...] = ()
    #: (E,); empty: all 0.
    biases: tuple[float, ...] = ()
    #: (N_GAP_WEIGHTS,); empty: no text is sharper than another.
    gap_weights: tuple[float, ...] = ()

    def calibrated(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return calibrated logits, float64 (N, E)."""
        found = np.asarray(logits, dtype=np.float64) / self.temperature
        sharpness = 1.0
        if self.gap_weights:
            power = gap_features(found) @ np.array(self.gap_weights)
            sharpness = np.exp(np.clip(power, -_MAX_LOG_SHARPNESS, _MAX_LOG_SHARPNESS))[:, None]
        if self.scales:
            found = found * np.array(self.scales)
        found = found * sharpness
        return found + np.array(self.biases) if self.biases else found

    def probabilities(self, logits: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return probabilities (N, E), each row of sum 1."""
        found = self.calibrated(logits)
        powers = np.exp(found - found.max(axis=1, keepdims=True))
        result: NDArray[np.float64] = powers / powers.sum(axis=1, keepdims=True)
        return result

    def to_json(self) -> dict[str, Any]:
        """Return the numbers that are there."""
        lists = {"scales": self.scales, "biases": self.biases, "gap_weights": self.gap_weights}
        return {"temperature": self.temperature} | {k: list(v) for k, v in lists.items() if v}


def gap_features(scaled: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return what a text's sharpness is made of, (N, N_GAP_WEIGHTS), E of 3 or more.

    The gaps between the first and the second, and the second and the third of its logits, in
    units of four, their squares and their product.
    """
    first = -np.sort(-np.asarray(scaled, dtype=np.float64), axis=1)[:, :3] / 4
    one, two = first[:, 0] - first[:, 1], first[:, 1] - first[:, 2]
    return np.stack([one, two, one * one, one * two, two * two], axis=1)


def read_calibration(document: dict[str, Any], n_outputs: int) -> Calibration:
    """Return what calibration.json says.

    Raises:
        ValueError: naming the field that is wrong.
    """
    temperature = document.get("temperature")
    if not _is_number(temperature) or not _MIN_SCALE <= temperature <= _MAX_SCALE:
        raise ValueError(f"expected a temperature of 0.05 to 20, found {temperature!r:.40}")
    numbers: dict[str, tuple[float, ...]] = {}
    for name, size, least, most in (
        ("scales", n_outputs, _MIN_SCALE, _MAX_SCALE),
        ("biases", n_outputs, -_MAX_BIAS, _MAX_BIAS),
        ("gap_weights", N_GAP_WEIGHTS if n_outputs >= 3 else 0, -_MAX_BIAS, _MAX_BIAS),
    ):
        found = document.get(name, [])
        if not isinstance(found, list) or len(found) not in {0, size}:
            raise ValueError(f"expected {size} {name} or none, found {found!r:.40}")
        if not all(_is_number(value) and least <= value <= most for value in found):
            raise ValueError(f"expected {name} of {least:g} to {most:g}, found others")
        numbers[name] = tuple(float(value) for value in found)
    return Calibration(float(temperature), **numbers)


def _is_number(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
