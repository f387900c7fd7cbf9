"""What an ONNX graph under way is made of: nodes, constants, and a matmul in eight bits.

Used by `training.bundling.onnx_graph`, which says what the graph computes; here is how to
write it down.

Shapes: B texts, T tokens of the longest, M = B * T rows, H a width, a matmul (M, K) -> (M, N).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from onnx import ModelProto, NodeProto, TensorProto, helper, numpy_helper

from training.bundling.quantise import Float32, Float64, rows_to_int8

#: Where ONNX Runtime keeps its fused operators.
CONTRIB = "com.microsoft"
_OPSET = 17
#: onnx may write a newer version than the oldest ONNX Runtime we allow can read.
_IR_VERSION = 10


class Nodes:
    """A list of nodes under way; names every output itself."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.nodes: list[NodeProto] = []

    def add(self, op: str, inputs: Sequence[str], **attributes: Any) -> str:
        return self.add_many(op, inputs, 1, **attributes)[0]

    def add_many(
        self, op: str, inputs: Sequence[str], n_outputs: int, *, domain: str = "", **attributes: Any
    ) -> list[str]:
        stem = f"{self.prefix}{op}_{len(self.nodes)}"
        outputs = [f"{stem}_{index}" for index in range(n_outputs)]
        self.nodes.append(
            helper.make_node(op, inputs, outputs, name=stem, domain=domain, **attributes)
        )
        return outputs


@dataclass(frozen=True, slots=True)
class Quantised:
    """The names of a matmul's input rows in eight bits."""

    #: uint8 (M, K), zero at 128.
    values: str
    #: The same of what is left over, in steps 254 times finer; None where it is let go.
    rest: str | None
    #: float32 (M, 1).
    scales: str


class Graph(Nodes):
    """The main graph: nodes, initialisers, and the few shapes everything shares."""

    def __init__(self, state: Mapping[str, Float32], moments: Mapping[str, Float64]) -> None:
        super().__init__("")
        self.state = state
        #: What each layer's inputs look like: see `training.bundling.quantise.input_moments`.
        self.moments = moments
        self._initialisers: dict[str, TensorProto] = {}
        self.shape = self.add("Shape", ["ids"])  # (B, T)

    def constant(self, name: str, value: Any, dtype: Any = np.float32) -> str:
        array = np.ascontiguousarray(np.asarray(value, dtype=dtype))
        self._initialisers.setdefault(name, numpy_helper.from_array(array.copy(), name))
        return name

    def weight(self, name: str) -> str:
        return self.constant(name, self.state[name])

    def integers(self, *values: int) -> str:
        return self.constant("integers_" + "_".join(map(str, values)), values, np.int64)

    def scalar(self, value: float) -> str:
        return self.constant(f"scalar_{value!r}", value)

    def as_rows(self, x: str, width: int) -> str:
        """(B, T, H) → (M, H)."""
        return self.add("Reshape", [x, self.integers(-1, width)])

    def as_batch(self, x: str, width: int) -> str:
        """(M, H) → (B, T, H)."""
        shape = self.add("Concat", [self.shape, self.integers(width)], axis=0)
        return self.add("Reshape", [x, shape])

    def zero_points(self) -> tuple[str, str]:
        """Zero of the activations' uint8 and of the weights' int8."""
        return (
            self.constant("activation_zero", 128, np.uint8),
            self.constant("weight_zero", 0, np.int8),
        )

    def int8_weight(self, name: str, matrix: Float32, inputs: str = "") -> tuple[str, str]:
        """Store (N, K) as int8 (K, N) and float32 scales (N,).

        `inputs` names the layer whose inputs it reads, to round with an eye on them.
        """
        values, scales = rows_to_int8(matrix, self.moments.get(inputs))
        return (
            self.constant(f"{name}.int8", values.T, np.int8),
            self.constant(f"{name}.scale", scales),
        )

    def quantised(self, rows: str, *, fine: bool = False) -> Quantised:
        """Return (M, K) in uint8 around 128, each row by its own largest value.

        `fine` adds what the first eight bits leave over in eight more, 254 times finer: for
        layers whose inputs have outliers that make the first step coarse. It doubles the matmul.
        """
        largest = self.add("ReduceMax", [self.add("Abs", [rows])], axes=[-1], keepdims=0)
        scales = self.add("Mul", [largest, self.scalar(1 / 127)])
        scales = self.add("Max", [scales, self.scalar(1e-12)])  # a row of zeros
        zero = helper.make_tensor("zero", TensorProto.UINT8, [1], [128])
        zeros = self.add("ConstantOfShape", [self.add("Shape", [scales])], value=zero)
        values = self.add("QuantizeLinear", [rows, scales, zeros], axis=0)
        rest = None
        if fine:
            known = self.add("DequantizeLinear", [values, scales, zeros], axis=0)
            rest_scales = self.add("Mul", [scales, self.scalar(1 / 254)])
            left = self.add("Sub", [rows, known])
            rest = self.add("QuantizeLinear", [left, rest_scales, zeros], axis=0)
        return Quantised(values, rest, self.add("Unsqueeze", [scales, self.integers(1)]))

    def linear(self, rows: Quantised, name: str, matrix: Float32, *, inputs: str) -> str:
        """Return float32 (M, N), without a bias: the operator after it adds that."""
        weight = self.int8_weight(name, matrix, inputs)
        y = self._matmul(rows.values, weight, 1.0)
        if rows.rest is not None:
            y = self.add("Add", [y, self._matmul(rows.rest, weight, 1 / 254)])
        return self.add("Mul", [y, rows.scales])

    def _matmul(self, values: str, weight: tuple[str, str], scale: float) -> str:
        return self.add(
            "MatMulIntegerToFloat",
            [values, weight[0], self.scalar(scale), weight[1], *self.zero_points()],
            domain=CONTRIB,
        )

    def model(self, n_emotions: int) -> ModelProto:
        graph = helper.make_graph(
            self.nodes,
            "moodwatch",
            [
                helper.make_tensor_value_info("ids", TensorProto.INT64, ["B", "T"]),
                helper.make_tensor_value_info("lengths", TensorProto.INT32, ["B"]),
            ],
            [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", n_emotions])],
            list(self._initialisers.values()),
        )
        return helper.make_model(
            graph,
            producer_name="moodwatch",
            ir_version=_IR_VERSION,
            opset_imports=[
                helper.make_opsetid("", _OPSET),
                helper.make_opsetid(CONTRIB, 1),
            ],
        )
