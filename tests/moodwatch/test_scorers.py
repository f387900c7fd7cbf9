"""`--device` picks the scorer; a CPU stands in for the GPU here."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from moodwatch.app import app
from moodwatch.errors import ExitCode, UserError
from moodwatch.scorers import load_scorer
from moodwatch.settings import load_settings
from tests.support.tiny import write_bundle
from worker.onnx_scorer import OnnxScorer
from worker.torch_scorer import TorchScorer


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


@pytest.fixture
def asked_for(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A machine with a GPU, whose work the CPU does; what was asked of it."""
    devices: list[str] = []

    class OnCpu(TorchScorer):
        def __init__(self, *arguments: Any, device: str, **options: Any) -> None:
            devices.append(device)
            super().__init__(*arguments, device="cpu", **options)

    monkeypatch.setattr("torch.cuda.is_available", lambda: True)
    monkeypatch.setattr("moodwatch.scorers._nvidia_driver_is_there", lambda: True)
    monkeypatch.setattr("worker.torch_scorer.TorchScorer", OnCpu)
    return devices


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    monkeypatch.setattr("moodwatch.scorers._nvidia_driver_is_there", lambda: False)


@pytest.mark.parametrize("device", ["auto", "cuda"])
def test_where_there_is_a_gpu_it_scores(bundle: Path, asked_for: list[str], device: str) -> None:
    scorer = load_scorer(load_settings(bundle=bundle, device=device))

    assert isinstance(scorer, TorchScorer)
    assert asked_for == ["cuda"]
    assert scorer.score(["i feel so happy today"])[0].status == "scored"


def test_the_cpu_scores_when_asked_to_although_there_is_a_gpu(
    bundle: Path, asked_for: list[str]
) -> None:
    assert isinstance(load_scorer(load_settings(bundle=bundle, device="cpu")), OnnxScorer)
    assert asked_for == []


@pytest.mark.usefixtures("no_gpu")
def test_without_a_gpu_auto_takes_the_cpu_and_cuda_is_refused(bundle: Path) -> None:
    assert isinstance(load_scorer(load_settings(bundle=bundle, device="auto")), OnnxScorer)
    with pytest.raises(UserError, match="torch sees no CUDA device") as caught:
        load_scorer(load_settings(bundle=bundle, device="cuda"))
    assert caught.value.code == ExitCode.BUNDLE


def test_the_cpu_worker_loads_no_torch(bundle: Path) -> None:
    program = (
        "import sys; from moodwatch.scorers import load_scorer;"
        "from moodwatch.settings import load_settings;"
        f"load_scorer(load_settings(bundle={str(bundle)!r}, device='cpu')).score(['so happy']);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_worker_hands_its_device_on_and_refuses_others(
    bundle: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []

    def work(settings: Any, **_: Any) -> int:
        seen.append(settings.device)
        return 0

    monkeypatch.setattr("moodwatch.processes.work", work)
    for device in ("auto", "cpu", "cuda"):
        assert CliRunner().invoke(app, ["worker", "--device", device]).exit_code == 0
    refused = CliRunner().invoke(app, ["worker", "--device", "tpu"])

    assert seen == ["auto", "cpu", "cuda"]
    assert isinstance(refused.exception, UserError)
