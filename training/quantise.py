"""Weights in eight bits, as the exported graph stores them; `model.weights` is the way back.

Weights are quantised once, at export. What the graph does with activations is
`training.onnx_graph`'s matter.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]


def rows_to_int8(matrix: Float32) -> tuple[NDArray[np.int8], Float32]:
    """Return int8 values (N, K) and float32 scales (N,): `values * scales[:, None] ≈ matrix`."""
    largest = np.abs(matrix).max(axis=-1)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    values = np.rint(matrix / scales[:, None]).astype(np.int8)
    return values, scales


def gates_for_graph(parameter: Float32) -> Float32:
    """Reorder torch's LSTM gates (in, forget, candidate, out) to in, forget, out, candidate.

    The three that go through a sigmoid then lie side by side. Takes weights (4H, K) and
    biases (4H,) alike.
    """
    into, forget, candidate, out = np.split(parameter, 4)
    return np.concatenate([into, forget, out, candidate])
