"""Weights in eight bits, as the exported graph stores them; `model.weights` is the way back.

Weights are quantised once, at export, either each to its nearest step or, where it is known what
the layer's inputs look like, so that the steps' errors cancel in its outputs. What the graph does
with activations is `training.bundling.onnx_nodes`' matter.

Shapes: a layer's weight (N, K): N outputs, K inputs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.network import MoodNetwork
from training.batches import pad

Float32 = NDArray[np.float32]
Float64 = NDArray[np.float64]

#: Added to the diagonal of the inputs' moments, as a share of its mean: keeps them invertible.
_DAMPING = 0.01
#: Texts whose inputs are kept until they are summed up: some tens of MB.
_TEXTS_A_SUM = 100


def rows_to_int8(
    matrix: Float32, moments: Float64 | None = None
) -> tuple[NDArray[np.int8], Float32]:
    """Return int8 values (N, K) and float32 scales (N,): `values * scales[:, None] ≈ matrix`.

    Args:
        matrix: float32 (N, K).
        moments: the inputs' second moments (K, K), `x.T @ x` over many inputs. With them each
            column's rounding error is made up for by the columns that are still to be rounded.

    Source: Frantar et al. 2023, "GPTQ", algorithm 1, largest moment first.
    """
    largest = np.abs(matrix).max(axis=-1)
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    if moments is None:
        return np.rint(matrix / scales[:, None]).astype(np.int8), scales
    n_inputs = matrix.shape[1]
    order = np.argsort(-np.diag(moments))
    damped = moments + np.eye(n_inputs) * _DAMPING * np.diag(moments).mean()
    inverse = np.linalg.inv(damped[np.ix_(order, order)])
    feedback = np.linalg.cholesky(inverse).T  # upper triangular
    rest = (matrix[:, order] / scales[:, None]).astype(np.float64)
    values = np.empty(matrix.shape, dtype=np.int8)
    for column in range(n_inputs):
        rounded = np.clip(np.rint(rest[:, column]), -127, 127)
        values[:, order[column]] = rounded
        error = (rest[:, column] - rounded) / feedback[column, column]
        rest[:, column + 1 :] -= np.outer(error, feedback[column, column + 1 :])
    return values, scales


def gates_for_graph(parameter: Float32) -> Float32:
    """Reorder torch's LSTM gates (in, forget, candidate, out) to in, forget, out, candidate.

    The three that go through a sigmoid then lie side by side. Takes weights (4H, K) and
    biases (4H,) alike.
    """
    into, forget, candidate, out = np.split(parameter, 4)
    return np.concatenate([into, forget, out, candidate])


def input_moments(network: MoodNetwork, rows: Sequence[Sequence[int]]) -> dict[str, Float64]:
    """Return the second moments (K, K) of what each linear layer and LSTM reads, by its name.

    Each text is run alone, so that no padding counts.
    """
    moments: dict[str, Float64] = {}
    waiting: dict[str, list[Tensor]] = {}
    handles = []

    def flush() -> None:
        """Sum what was read since: one product of many tokens costs far less than many of few."""
        for name, read in waiting.items():
            x = torch.cat(read).double()
            found = (x.T @ x).numpy()
            moments[name] = moments[name] + found if name in moments else found
        waiting.clear()

    def watch(name: str, layer: nn.Module) -> None:
        def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
            waiting.setdefault(name, []).append(inputs[0].reshape(-1, inputs[0].shape[-1]))

        handles.append(layer.register_forward_pre_hook(add))

    for name, layer in network.named_modules():
        if isinstance(layer, nn.Linear | nn.LSTM):
            watch(name, layer)
    try:
        network.eval()
        with torch.inference_mode():
            for n_texts, row in enumerate(rows, start=1):
                network(*pad([row]))
                if n_texts % _TEXTS_A_SUM == 0:
                    flush()
            flush()
    finally:
        for handle in handles:
            handle.remove()
    return moments
