"""A run trains in the precision that is faster on its machine, and stays with it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from training import machine
from training.config import TrainError

CPU = torch.device("cpu")


def _processor(patch: pytest.MonkeyPatch, *, flag: bool, bfloat16: float, float32: float) -> None:
    seconds = {torch.bfloat16: bfloat16, torch.float32: float32}
    patch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True, "avx512_bf16": flag})
    patch.setattr(machine, "_seconds_of_matmul", seconds.__getitem__)


def test_bfloat16_needs_the_instructions_and_to_be_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    _processor(monkeypatch, flag=True, bfloat16=1.0, float32=2.0)
    assert machine.is_faster_in_bfloat16(CPU)
    _processor(monkeypatch, flag=True, bfloat16=2.0, float32=1.0)
    assert not machine.is_faster_in_bfloat16(CPU)
    _processor(monkeypatch, flag=False, bfloat16=1.0, float32=2.0)
    assert not machine.is_faster_in_bfloat16(CPU)


def test_both_precisions_can_be_timed() -> None:
    assert all(machine._seconds_of_matmul(t) > 0 for t in (torch.float32, torch.bfloat16))


def test_a_run_that_goes_on_keeps_the_precision_it_began_with(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _processor(monkeypatch, flag=True, bfloat16=1.0, float32=2.0)
    assert machine.uses_bfloat16(tmp_path, CPU)
    (tmp_path / "train.json").write_text(json.dumps({"matmuls": "float32"}))
    assert not machine.uses_bfloat16(tmp_path, CPU)
    _processor(monkeypatch, flag=True, bfloat16=2.0, float32=1.0)
    (tmp_path / "train.json").write_text(json.dumps({"matmuls": "bfloat16"}))
    assert machine.uses_bfloat16(tmp_path, CPU)


def test_a_gpu_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert machine.pick_device("auto") == CPU
    with pytest.raises(TrainError, match="no CUDA device"):
        machine.pick_device("cuda")
