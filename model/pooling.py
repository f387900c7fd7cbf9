"""How the network weighed the tokens of a text: its attention pooling, read out of the graph.

A bundle's graph gives logits alone. The weights are there inside it; this declares them as a
second output by appending a few bytes to the model (protobuf merges what is appended), so that
neither torch nor onnx is needed and the bundle on disk stays as it was checked.

Shapes: B windows, T tokens of the longest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from tokenizers import Tokenizer

from model.bundle import WEIGHTS, Bundle
from model.session import open_session
from model.text import cut_windows, prepare_tokenizer

#: As `training.bundling.onnx_nodes` names a softmax's output; the hybrid has one, over its tokens.
_SOFTMAX: Final = re.compile(rb"(?:pool[a-z_]*weights|Softmax_\d+_0)\b")
#: Fields of onnx.proto: ModelProto.graph, GraphProto.output, ValueInfoProto.name.
_GRAPH, _OUTPUT, _NAME = 7, 12, 1


@dataclass(frozen=True, slots=True)
class TokenWeight:
    """A token of a cleaned text, `text[start:end]`, and its part in the pooled text, 0..1."""

    start: int
    end: int
    weight: float


def pooling_weights(bundle: Bundle, cleaned: Sequence[str]) -> list[list[TokenWeight]] | None:
    """Return each cleaned text's tokens with their weights; the network's own marks are left out.

    A long text's windows count by the tokens that are new in them, as in its score. None where
    the bundle's network does not pool by attention.
    """
    graph = bundle.read(WEIGHTS)
    name = _softmax_name(graph)
    if name is None:
        return None
    session = open_session(graph + _field(_GRAPH, _field(_OUTPUT, _field(_NAME, name))))
    tokenizer = prepare_tokenizer(Tokenizer.from_str(bundle.read("tokenizer.json").decode("utf-8")))
    size, overlap = bundle.config.max_tokens, bundle.config.overlap
    result = []
    for encoding in tokenizer.encode_batch(list(cleaned)):
        summed = np.zeros(len(encoding.ids))
        windows = cut_windows(encoding.ids, max_tokens=size, overlap=overlap)
        total, start = sum(window.n_new for window in windows), 1
        for window in windows:
            ids = np.array([window.ids], dtype=np.int64)
            lengths = np.array([len(window.ids)], dtype=np.int32)
            (weights,) = session.run([name.decode()], {"ids": ids, "lengths": lengths})
            if np.shape(weights) != ids.shape:
                return None  # a softmax over something else
            inner = np.asarray(weights).reshape(-1)[1:-1]
            summed[start : start + len(inner)] += inner * window.n_new / total
            start += len(inner) - overlap
        result.append(
            [
                TokenWeight(*span, float(weight))
                for span, weight in zip(encoding.offsets, summed, strict=True)
                if span[1] > span[0]
            ]
        )
    return result


def _softmax_name(graph: bytes) -> bytes | None:
    names = sorted(set(_SOFTMAX.findall(graph)), key=lambda name: (len(name), name))
    return names[-1] if names else None


def _field(number: int, payload: bytes) -> bytes:
    """Encode a length-delimited protobuf field."""
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes((*encoded, number))
