"""Read a bundle's ONNX weights back as the parameters of `model.network.MoodNetwork`.

The inverse of how `training.bundling.onnx_graph` stores them (change both together): linear layers
and the LSTM as int8 with one scale an output, transposed; query, key and value apart; LSTM gates
in the order in, forget, out, candidate and both biases in one. Needs the `onnx` package (extra
`gpu`), which CPU workers do without.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from model.bundle import BundleError

Float32 = NDArray[np.float32]


def read_state(graph: bytes) -> dict[str, Float32]:
    """Return float32 arrays by the network's parameter names.

    Raises:
        BundleError: when the bytes are no ONNX graph, or one without our initialisers.
    """
    import onnx
    from google.protobuf.message import DecodeError

    try:
        initialisers = onnx.load_model_from_string(graph).graph.initializer
    except DecodeError as error:
        raise BundleError("expected an ONNX graph, found other bytes") from error
    stored = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in initialisers}
    state: dict[str, Float32] = {}
    for name, array in stored.items():
        if name.endswith(".int8"):
            parameter = name.removesuffix(".int8")
            state[parameter] = _dequantised(parameter, array, stored)
        elif not name.endswith(".scale") and "." in name and not name.startswith("scalar_"):
            state[name] = np.array(array, dtype=np.float32)  # writable, as torch wants it
    try:
        _join_attention(state)
        _split_lstm_biases(state)
    except KeyError as error:
        raise BundleError(f"expected an initialiser named {error!s}, found none") from error
    return {
        name: _gates_for_torch(array) if name.startswith("lstm.") else array
        for name, array in state.items()
    }


def _dequantised(
    parameter: str, values: NDArray[np.int8], stored: dict[str, NDArray[np.generic]]
) -> Float32:
    scales = np.asarray(stored[f"{parameter}.scale"], dtype=np.float32)
    if parameter.startswith("embeddings."):
        return values.astype(np.float32) * scales  # (V, H) and (V, 1): stored as they are
    return np.ascontiguousarray((values.astype(np.float32) * scales).T)


def _join_attention(state: dict[str, Float32]) -> None:
    for name in [name for name in state if name.endswith(".query.weight")]:
        stem = name.removesuffix("query.weight")
        parts = [state.pop(f"{stem}{part}.weight") for part in ("query", "key", "value")]
        state[f"{stem}qkv.weight"] = np.concatenate(parts)


def _split_lstm_biases(state: dict[str, Float32]) -> None:
    for name in [name for name in state if name.endswith("bias_ih_l0")]:
        state[name.replace("bias_ih", "bias_hh")] = np.zeros_like(state[name])


def _gates_for_torch(parameter: Float32) -> Float32:
    into, forget, out, candidate = np.split(parameter, 4)
    return np.concatenate([into, forget, candidate, out])
