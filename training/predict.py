"""Logits of many tokenised texts, from the network or from its graph, in the given order.

Shapes: N texts, B texts in a batch, T tokens of the longest, E emotions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime as ort
import torch

from model.network import MoodNetwork
from training.batches import pad
from training.metrics import FloatArray

#: Token ids of one text a row; float32 logits (N, E) out.
Predict = Callable[[Sequence[Sequence[int]]], FloatArray]


def with_network(network: MoodNetwork) -> Predict:
    """Return a predictor that runs the network in float32, without dropout."""

    def run(rows: Sequence[Sequence[int]]) -> FloatArray:
        network.eval()
        with torch.inference_mode():
            logits: FloatArray = network(*pad(rows)).numpy()
        return logits

    return run


def with_graph(session: ort.InferenceSession) -> Predict:
    """Return a predictor that runs an exported graph."""

    def run(rows: Sequence[Sequence[int]]) -> FloatArray:
        ids, lengths = pad(rows)
        inputs = {"ids": ids.numpy(), "lengths": lengths.numpy().astype(np.int32)}
        (logits,) = session.run(["logits"], inputs)
        return np.asarray(logits)

    return run


def in_batches(
    predict: Predict, rows: Sequence[Sequence[int]], *, batch_size: int = 32
) -> FloatArray:
    """Predict texts of like length together; at least one text is expected."""
    order = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    logits = [
        predict([rows[index] for index in order[start : start + batch_size]])
        for start in range(0, len(order), batch_size)
    ]
    result: FloatArray = np.concatenate(logits)[np.argsort(order)]
    return result
