"""The torch scorer rebuilds the same network from the same weights file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from model.bundle import BundleError, load_bundle, write_checksums
from model.weights import read_state
from tests.support.tiny import random_texts, tiny_network, write_bundle
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
