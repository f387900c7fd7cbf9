"""What this machine trains on: its device, and whether half precision is the faster one there."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import torch

from training.config import TrainError

#: Of a processor's flags, those that promise bfloat16 matmuls in hardware.
_FLAGS = ("avx512_bf16", "amx_bf16", "amx_tile", "bf16")
#: Tokens, inputs and outputs of the matmul that is timed: a batch in a small encoder's layer.
_SIZES = (640, 384, 1_536)
_TRIALS = 5


def pick_device(device: str) -> torch.device:
    """Return the device to train on; `auto` takes a GPU where there is one.

    Raises:
        TrainError: when a GPU is asked for and torch sees none.
    """
    if device == "cuda" and not torch.cuda.is_available():
        raise TrainError("torch sees no CUDA device: use --device cpu")
    is_cuda = device == "cuda" or (device == "auto" and torch.cuda.is_available())
    return torch.device("cuda" if is_cuda else "cpu")


def uses_bfloat16(run: Path, device: torch.device) -> bool:
    """Tell whether a run trains in bfloat16: as it began, or else as is faster here.

    A run that goes on must not change its mind, or it would end with other weights.

    Args:
        run: Folder of the run; its train.json, if there is one, says `matmuls`.
        device: Where it trains.
    """
    file = run / "train.json"
    if file.exists():
        began_with = json.loads(file.read_text(encoding="utf-8")).get("matmuls")
        if began_with is not None:
            return bool(began_with == "bfloat16")
    return is_faster_in_bfloat16(device)


def is_faster_in_bfloat16(device: torch.device) -> bool:
    """Tell whether bfloat16 matmuls run in hardware, and on a CPU whether they are the faster.

    A flag does not say so: with the instructions of AVX-512 alone, without AMX, one processor is
    twice as fast in bfloat16, and another half as fast (docs/experiments.md, 2026-12-01).
    """
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    found = torch.cpu.get_capabilities()
    if not any(found.get(name, False) for name in _FLAGS):
        return False
    full = half = math.inf
    for _ in range(_TRIALS):  # in turn: whatever else runs disturbs both
        full = min(full, _seconds_of_matmul(torch.float32))
        half = min(half, _seconds_of_matmul(torch.bfloat16))
    return half < full


def _seconds_of_matmul(dtype: torch.dtype) -> float:
    n_tokens, n_inputs, n_outputs = _SIZES
    inputs, weights = torch.ones(n_tokens, n_inputs), torch.ones(n_outputs, n_inputs)
    with torch.inference_mode():
        inputs, weights = inputs.to(dtype), weights.to(dtype)
        started = time.perf_counter()
        torch.nn.functional.linear(inputs, weights)
        return time.perf_counter() - started
