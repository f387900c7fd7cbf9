"""Write a trained network as an ONNX graph whose matmuls run in eight bits.

The graph is built node by node from the weights, not traced: it says exactly what
`model.network.MoodNetwork` computes (change both together), with the fused operators ONNX Runtime
has for it. Initialisers keep the network's parameter names, so that `model.weights` can read them
back.

Eight bits without dependence on the batch: weights are quantised per output, once; activations
per *token*, at run time, by the token's own largest value, and the LSTM's state by its bound of 1.
No value of another row enters a row's scale. docs/decisions tells what was tried and left.

Shapes: B texts, T tokens of the longest, M = B * T rows, H a width, E emotions. Inside the
recurrence time comes first: (T, B, …).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, TensorProto, helper

from model.network import MASKED_SCORE, NetworkConfig
from training.bundling.onnx_nodes import CONTRIB, Graph, Nodes
from training.bundling.quantise import Float32, Float64, gates_for_graph, rows_to_int8


def build_graph(
    state: Mapping[str, Float32],
    config: NetworkConfig,
    moments: Mapping[str, Float64] | None = None,
) -> ModelProto:
    """Return the graph `ids` int64 (B, T), `lengths` int32 (B,) → `logits` float32 (B, E).

    Args:
        state: the network's parameters by name.
        config: its sizes.
        moments: what its layers read (`training.bundling.quantise.input_moments`), for finer
            rounding of the weights; without them each weight goes to its nearest step.
    """
    graph = Graph(state, moments or {})
    x = _embeddings(graph, config)
    for index in range(config.encoder_layers):
        x = _encoder_layer(graph, x, f"encoder.{index}.", config)
    for index in range(config.lstm_layers):
        x = _bilstm(graph, x, f"lstm.{index}.", config.lstm_hidden)
    width = 2 * config.lstm_hidden
    y, bias = _attention(graph, x, "attention.", width, config.attention_heads)
    x = _add_and_norm(graph, (x, y, bias), "attention_norm.", epsilon=1e-5)
    _pool_and_classify(graph, graph.as_batch(x, width))
    return graph.model(config.n_emotions)


def _embeddings(graph: Graph, config: NetworkConfig) -> str:
    values, scales = rows_to_int8(graph.state["embeddings.words.weight"])
    table = graph.constant("embeddings.words.weight.int8", values, np.int8)
    row_scales = graph.constant("embeddings.words.weight.scale", scales[:, None])
    words = graph.add("Cast", [graph.add("Gather", [table, "ids"])], to=TensorProto.FLOAT)
    words = graph.add("Mul", [words, graph.add("Gather", [row_scales, "ids"])])
    n_tokens = graph.add("Slice", [graph.shape, graph.integers(1), graph.integers(2)])
    table = graph.weight("embeddings.positions.weight")
    positions = graph.add("Slice", [table, graph.integers(0), n_tokens])
    x = graph.add(
        "LayerNormalization",
        [
            graph.add("Add", [words, positions]),
            graph.weight("embeddings.norm.weight"),
            graph.weight("embeddings.norm.bias"),
        ],
        epsilon=config.layer_norm_eps,
    )
    return graph.as_rows(x, config.hidden)


def _encoder_layer(graph: Graph, x: str, name: str, config: NetworkConfig) -> str:
    y, bias = _attention(graph, x, f"{name}attention.", config.hidden, config.encoder_heads)
    epsilon = config.layer_norm_eps
    x = _add_and_norm(graph, (x, y, bias), f"{name}attention_norm.", epsilon=epsilon)
    wide = f"{name}wide.weight"
    rows = graph.quantised(x, fine=True)
    y = graph.linear(rows, wide, graph.state[wide], inputs=f"{name}wide")
    y = graph.add("BiasGelu", [y, graph.weight(f"{name}wide.bias")], domain=CONTRIB)
    narrow = f"{name}narrow.weight"
    rows = graph.quantised(y, fine=True)
    y = graph.linear(rows, narrow, graph.state[narrow], inputs=f"{name}narrow")
    bias = graph.weight(f"{name}narrow.bias")
    return _add_and_norm(graph, (x, y, bias), f"{name}output_norm.", epsilon=epsilon)


def _attention(graph: Graph, x: str, name: str, width: int, heads: int) -> tuple[str, str]:
    """Return the output projection of (M, H), and its bias for the operator that follows."""
    rows = graph.quantised(x, fine=True)
    inputs = f"{name}qkv"
    parts = np.split(graph.state[f"{name}qkv.weight"], 3)
    projected = [
        graph.as_batch(graph.linear(rows, f"{name}{part}.weight", matrix, inputs=inputs), width)
        for part, matrix in zip(("query", "key", "value"), parts, strict=True)
    ]
    y = graph.add(
        "MultiHeadAttention",
        [*projected, graph.weight(f"{name}qkv.bias"), "lengths"],
        domain=CONTRIB,
        num_heads=heads,
        mask_filter_value=MASKED_SCORE,
    )
    out = f"{name}out.weight"
    rows = graph.quantised(graph.as_rows(y, width))
    y = graph.linear(rows, out, graph.state[out], inputs=f"{name}out")
    return y, graph.weight(f"{name}out.bias")


def _add_and_norm(
    graph: Graph, summands: tuple[str, str, str], name: str, *, epsilon: float
) -> str:
    """Normalise the sum of the way around a layer, the layer's output and its bias."""
    around, output, bias = summands
    return graph.add(
        "SkipLayerNormalization",
        [around, output, graph.weight(f"{name}weight"), graph.weight(f"{name}bias"), bias],
        domain=CONTRIB,
        epsilon=epsilon,
    )


def _bilstm(graph: Graph, x: str, name: str, hidden: int) -> str:
    """One layer, both directions, (M, H) → (M, 2 * hidden).

    The projection of the inputs runs for all tokens at once; only the recurrence is in the loop.
    ONNX's own LSTM operator has neither in eight bits and took 45 % of the time.
    """
    rows = graph.quantised(x)
    lengths = graph.add("Cast", ["lengths"], to=TensorProto.INT64)
    directions = []
    for direction in ("forwards", "backwards"):
        stem = f"{name}{direction}."
        weight = f"{stem}weight_ih_l0"
        matrix = gates_for_graph(graph.state[weight])
        y = graph.linear(rows, weight, matrix, inputs=stem.removesuffix("."))
        y = graph.add("Transpose", [graph.as_batch(y, 4 * hidden)], perm=[1, 0, 2])
        if direction == "backwards":  # reverses each row within its own length
            y = graph.add("ReverseSequence", [y, lengths], time_axis=0, batch_axis=1)
        y = _recurrence(graph, y, stem, hidden)
        if direction == "backwards":
            y = graph.add("ReverseSequence", [y, lengths], time_axis=0, batch_axis=1)
        directions.append(y)
    y = graph.add("Transpose", [graph.add("Concat", directions, axis=2)], perm=[1, 0, 2])
    return graph.as_rows(y, 2 * hidden)


def _recurrence(graph: Graph, projected: str, stem: str, hidden: int) -> str:
    """Run the gates over (T, B, 4 * hidden) inputs; return the outputs (T, B, hidden)."""
    weight, scales = graph.int8_weight(
        f"{stem}weight_hh_l0", gates_for_graph(graph.state[f"{stem}weight_hh_l0"])
    )
    both = graph.state[f"{stem}bias_ih_l0"] + graph.state[f"{stem}bias_hh_l0"]
    bias = graph.constant(f"{stem}bias_ih_l0", gates_for_graph(both))
    zeros = graph.zero_points()
    bound = graph.scalar(1 / 127)  # the state is a product of a sigmoid and a tanh
    sizes = (graph.integers(3 * hidden, hidden), graph.integers(hidden, hidden, hidden))
    batch = graph.add("Slice", [graph.shape, graph.integers(0), graph.integers(1)])
    start = graph.add(
        "ConstantOfShape",
        [graph.add("Concat", [batch, graph.integers(hidden)], axis=0)],
        value=helper.make_tensor("zero", TensorProto.FLOAT, [1], [0.0]),
    )

    step = Nodes(stem)
    state_in, cell_in, x = f"{stem}state_in", f"{stem}cell_in", f"{stem}x"
    quantised = step.add("QuantizeLinear", [state_in, bound, zeros[0]])
    y = step.add(
        "MatMulIntegerToFloat",
        [quantised, weight, bound, scales, *zeros, bias],
        domain=CONTRIB,
    )
    sigmoids, candidate = step.add_many("Split", [step.add("Add", [y, x]), sizes[0]], 2, axis=1)
    gates = step.add_many("Split", [step.add("Sigmoid", [sigmoids]), sizes[1]], 3, axis=1)
    kept = step.add("Mul", [gates[1], cell_in])
    new = step.add("Mul", [gates[0], step.add("Tanh", [candidate])])
    cell = step.add("Add", [kept, new])
    state = step.add("Mul", [gates[2], step.add("Tanh", [cell])])
    outputs = [step.add("Identity", [value]) for value in (state, cell, state)]

    outer = graph.add_many(
        "Scan",
        [start, start, projected],
        3,
        body=_body(step.nodes, stem, (state_in, cell_in, x), outputs, hidden),
        num_scan_inputs=1,
    )
    return outer[2]


def _body(
    nodes: Sequence[NodeProto],
    stem: str,
    inputs: tuple[str, str, str],
    outputs: Sequence[str],
    hidden: int,
) -> GraphProto:
    def value(name: str, width: int) -> Any:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", width])

    return helper.make_graph(
        list(nodes),
        f"{stem}step",
        [value(inputs[0], hidden), value(inputs[1], hidden), value(inputs[2], 4 * hidden)],
        [value(name, hidden) for name in outputs],
    )


def _pool_and_classify(graph: Graph, x: str) -> None:
    """Weigh the tokens of (B, T, H), padding by nothing, and write `logits`."""
    column = graph.add("Transpose", [graph.weight("pool.weight")], perm=[1, 0])
    scores = graph.add("Add", [graph.add("MatMul", [x, column]), graph.weight("pool.bias")])
    scores = graph.add("Squeeze", [scores, graph.integers(-1)])
    n_tokens = graph.add("Gather", [graph.shape, graph.constant("integer_1", 1, np.int64)])
    steps = graph.add(
        "Range",
        [
            graph.constant("integer_0", 0, np.int64),
            n_tokens,
            graph.constant("integer_1", 1, np.int64),
        ],
    )
    steps = graph.add("Cast", [steps], to=TensorProto.INT32)
    lengths = graph.add("Unsqueeze", ["lengths", graph.integers(1)])
    inside = graph.add("Less", [steps, lengths])
    penalty = graph.add("Where", [inside, graph.scalar(0.0), graph.scalar(MASKED_SCORE)])
    weights = graph.add("Softmax", [graph.add("Add", [scores, penalty])], axis=-1)
    pooled = graph.add("MatMul", [graph.add("Unsqueeze", [weights, graph.integers(1)]), x])
    pooled = graph.add("Squeeze", [pooled, graph.integers(1)])
    graph.nodes.append(
        helper.make_node(
            "Gemm",
            [pooled, graph.weight("classifier.weight"), graph.weight("classifier.bias")],
            ["logits"],
            name="classify",
            transB=1,
        )
    )
