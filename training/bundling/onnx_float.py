"""Export any network but the shipped hybrid as a float32 ONNX graph that workers can run.

`torch.onnx` traces it with dynamic batch and length. Our LSTM stays whole, as ONNX's operator:
traced, it would be unrolled to the example's length.

Shapes: B texts, T tokens of the longest, I and H the LSTM's input and one direction's width.
"""

from __future__ import annotations

import copy
import logging
import os
import tempfile
import warnings
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model.network import BiLstm
from training.config import TrainError

_OPSET = 18
#: Tell of each weight that stands twice, and that torchvision, which nothing here uses, is absent.
_TALKATIVE = ("onnxscript", "onnx_ir", "torch.onnx._internal.exporter._registration")


def export_float(network: nn.Module) -> bytes:
    """Return the graph `ids` int64 (B, T), `lengths` int32 (B,) → `logits` float32 (B, E).

    Raises:
        TrainError: when torch cannot export the encoder.
    """
    wrapped = _Exported(network).eval()
    example = (torch.full((3, 7), 5), torch.tensor([7, 4, 2], dtype=torch.int32))
    dynamic = torch.export.Dim.DYNAMIC
    try:
        with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
            warnings.simplefilter("ignore")  # the exporter's, about its own code
            for name in _TALKATIVE:
                logging.getLogger(name).setLevel(logging.ERROR)
            program = torch.onnx.export(
                wrapped,
                example,
                dynamo=True,
                dynamic_shapes=({0: dynamic, 1: dynamic}, {0: dynamic}),
                input_names=["ids", "lengths"],
                output_names=["logits"],
                opset_version=_OPSET,
                custom_translation_table={torch.ops.moodwatch.bilstm.default: _onnx_bilstm},
                verbose=False,
            )
            if program is None:
                raise TrainError("torch exported nothing")
            path = Path(folder) / "model.onnx"
            program.save(os.fspath(path), external_data=False)
            return path.read_bytes()
    except Exception as error:  # the exporter's errors share no narrower base
        raise TrainError(
            f"this network cannot be exported to ONNX ({type(error).__name__}: {error!s:.200}); "
            "the run itself can still be evaluated and compared"
        ) from error


class _Exported(nn.Module):
    """The network with int32 lengths, as workers give them, and with whole LSTMs."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        for parent in list(self.network.modules()):
            for name, child in list(parent.named_children()):
                if isinstance(child, BiLstm):
                    setattr(parent, name, _WholeBiLstm(child))

    def forward(self, ids: Tensor, lengths: Tensor) -> Tensor:
        logits: Tensor = self.network(ids, lengths.to(torch.int64))
        return logits


class _WholeBiLstm(nn.Module):
    """`model.network.BiLstm` as one operator, its weights laid out as ONNX's LSTM has them."""

    def __init__(self, lstm: BiLstm) -> None:
        super().__init__()
        both = (lstm.forwards, lstm.backwards)
        inputs = [_gates_for_onnx(each.get_parameter("weight_ih_l0")) for each in both]
        states = [_gates_for_onnx(each.get_parameter("weight_hh_l0")) for each in both]
        biases = [
            torch.cat(
                [*(_gates_for_onnx(each.get_parameter(f"bias_{part}_l0")) for part in ("ih", "hh"))]
            )
            for each in both
        ]
        self.register_buffer("inputs", torch.stack(inputs))  # (2, 4H, I)
        self.register_buffer("states", torch.stack(states))  # (2, 4H, H)
        self.register_buffer("biases", torch.stack(biases))  # (2, 8H)

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        found: Tensor = torch.ops.moodwatch.bilstm(
            x, lengths, self.inputs, self.states, self.biases
        )
        return found


@torch.library.custom_op("moodwatch::bilstm", mutates_args=())
def _bilstm(x: Tensor, lengths: Tensor, inputs: Tensor, states: Tensor, biases: Tensor) -> Tensor:
    """Stand for ONNX's LSTM while tracing; nothing runs it."""
    raise NotImplementedError("only the exported graph computes this")


@_bilstm.register_fake
def _(x: Tensor, lengths: Tensor, inputs: Tensor, states: Tensor, biases: Tensor) -> Tensor:
    return x.new_empty((x.shape[0], x.shape[1], 2 * states.shape[2]))


def _onnx_bilstm(x: Any, lengths: Any, inputs: Any, states: Any, biases: Any) -> Any:
    """Write the operator: (B, T, I) → (B, T, 2H), each row within its own length."""
    from onnx import TensorProto
    from onnxscript import opset18

    op: Any = opset18  # its types know no traced values

    steps = op.Transpose(x, perm=[1, 0, 2])
    own = op.Cast(lengths, to=TensorProto.INT32)
    hidden = int(states.shape[2])
    y, _, _ = op.LSTM(
        steps, inputs, states, biases, own, direction="bidirectional", hidden_size=hidden
    )  # (T, 2, B, H)
    y = op.Transpose(y, perm=[2, 0, 1, 3])
    return op.Reshape(y, op.Constant(value_ints=[0, 0, -1]))


def _gates_for_onnx(parameter: Tensor) -> Tensor:
    """Reorder torch's gates (in, forget, candidate, out) to in, out, forget, candidate."""
    into, forget, candidate, out = parameter.detach().chunk(4)
    return torch.cat([into, out, forget, candidate])
