"""The torch scorer rebuilds the same network from the same weights file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from structlog.testing import capture_logs
from torch.utils._python_dispatch import TorchDispatchMode

from model.bundle import BundleError, load_bundle, write_checksums
from model.weights import read_state
from tests.support.tiny import random_texts, tiny_network, write_bundle
from worker.errors import DeviceFullError, describe
from worker.onnx_scorer import OnnxScorer
from worker.scorer import BundleScorer
from worker.torch_scorer import TorchScorer


def _scores(scorer: BundleScorer, texts: list[str]) -> np.ndarray:
    return np.array([[p or 0.0 for p in s.probabilities] for s in scorer.score(texts)])


def test_torch_and_onnx_agree(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "bundle"))
    texts = random_texts(200, longest=60)

    by_onnx, by_torch = _scores(OnnxScorer(bundle), texts), _scores(TorchScorer(bundle), texts)

    assert np.quantile(np.abs(by_onnx - by_torch).max(axis=1), 0.99) <= 0.02
    assert by_onnx.std(axis=0).max() > 0.05  # the answers differ from text to text


def test_every_parameter_comes_back_within_half_a_step_of_its_rounding(tmp_path: Path) -> None:
    network = tiny_network()
    path = write_bundle(tmp_path / "bundle", network)

    state = read_state((path / "model.onnx").read_bytes())

    expected = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    assert set(state) == set(expected)
    for name, array in state.items():
        if "bias_ih" in name or "bias_hh" in name:
            continue  # the graph holds their sum
        step = np.abs(expected[name]).max() / 127
        assert np.abs(array - expected[name]).max() <= step / 2 + 1e-6, name
    both = expected["lstm.0.forwards.bias_ih_l0"] + expected["lstm.0.forwards.bias_hh_l0"]
    found = state["lstm.0.forwards.bias_ih_l0"] + state["lstm.0.forwards.bias_hh_l0"]
    np.testing.assert_allclose(found, both, atol=1e-6)


def test_weights_of_other_sizes_are_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle")
    document = json.loads((path / "config.json").read_text())
    document["network"]["lstm_hidden"] = 8
    (path / "config.json").write_text(json.dumps(document))
    write_checksums(path)

    with pytest.raises(BundleError, match="weights that fit"):
        TorchScorer(load_bundle(path))


def test_bytes_that_are_no_graph_are_refused() -> None:
    with pytest.raises(BundleError, match="expected an ONNX graph"):
        read_state(b"\x08\xff\xff not a graph")


class SmallDevice(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    """A device that has memory for `room` numbers in one tensor, and fails like a full GPU."""

    def __init__(self, room: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.room = room
        self.largest = 0
        self.n_failures = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor):
            if result.numel() > self.room:
                self.n_failures += 1
                raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
            self.largest = max(self.largest, result.numel())
        return result


@pytest.mark.parametrize("room", [60_000, 20_000, 4_000])
def test_a_batch_too_large_for_the_device_is_halved_until_it_fits(
    tmp_path: Path, room: int
) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "bundle"))
    texts = random_texts(64, longest=18)
    expected = _scores(TorchScorer(bundle), texts)
    scorer = TorchScorer(bundle)

    with SmallDevice(room) as device, capture_logs() as lines:
        found = _scores(scorer, texts)

    assert device.n_failures > 0
    assert device.largest > 0
    np.testing.assert_allclose(found, expected, atol=1e-5)
    halved = [line for line in lines if line["event"] == "batch_halved"]
    assert len(halved) == device.n_failures


def test_later_batches_are_cut_small_enough_from_the_start(tmp_path: Path) -> None:
    scorer = TorchScorer(load_bundle(write_bundle(tmp_path / "bundle")))
    with SmallDevice(20_000):
        scorer.score(random_texts(64, longest=18))

    with SmallDevice(20_000) as again:
        scorer.score(random_texts(64, seed=1, longest=18))

    assert again.n_failures == 0
    assert again.largest > 0


def test_a_device_without_room_for_one_text_is_an_error_that_says_so(tmp_path: Path) -> None:
    scorer = TorchScorer(load_bundle(write_bundle(tmp_path / "bundle")))

    with SmallDevice(10), pytest.raises(DeviceFullError, match="for one text of") as caught:
        scorer.score(["i feel so happy today", "i am not sad"])

    assert "--device cpu" in describe(caught.value)
    # With room again it works: nothing of the scorer is spoilt.
    assert scorer.score(["i feel so happy today"])[0].status == "scored"


def test_another_failure_of_the_device_is_not_taken_for_full_memory(tmp_path: Path) -> None:
    class Broken(SmallDevice):  # type: ignore[no-untyped-call]
        def __torch_dispatch__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")

    scorer = TorchScorer(load_bundle(write_bundle(tmp_path / "bundle")))

    with Broken(0), pytest.raises(RuntimeError, match="illegal memory access"):
        scorer.score(["i feel so happy today"])
