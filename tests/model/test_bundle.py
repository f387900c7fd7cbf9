"""Bundles that cannot be trusted are refused, with the reason."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file

from model.bundle import REQUIRED_FILES, BundleError, load_bundle, write_checksums
from model.network import MoodNetwork
from tests.support.tiny import tiny_config, tiny_network, write_bundle
from training.bundling.onnx_graph import build_graph
from worker.onnx_scorer import OnnxScorer
from worker.torch_scorer import TorchScorer


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def _change(path: Path, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Change a JSON file of a bundle and list its new checksum."""
    document = json.loads((path / name).read_text())
    change(document)
    (path / name).write_text(json.dumps(document))
    write_checksums(path)


def test_a_sound_bundle_loads(path: Path) -> None:
    bundle = load_bundle(path)
    assert bundle.model_id == f"tiny@{bundle.version}"
    assert len(bundle.version) == 12
    assert bundle.emotions == ("sadness", "joy", "love", "anger", "fear", "surprise", "neutral")


def test_any_change_makes_another_version(path: Path) -> None:
    before = load_bundle(path).version
    _change(path, "calibration.json", lambda document: document.update(temperature=1.6))
    assert load_bundle(path).version != before


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_changed_file_is_refused(path: Path, name: str) -> None:
    with (path / name).open("ab") as file:
        file.write(b" ")
    with pytest.raises(BundleError, match=f"SHA-256 .*{name}.*changed or cut off"):
        load_bundle(path)


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_truncated_file_is_refused(path: Path, name: str) -> None:
    contents = (path / name).read_bytes()
    (path / name).write_bytes(contents[:-1])
    with pytest.raises(BundleError, match="changed or cut off"):
        load_bundle(path)


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_missing_file_is_refused(path: Path, name: str) -> None:
    (path / name).unlink()
    with pytest.raises(BundleError, match=f"expected '{name}'"):
        load_bundle(path)


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_a_file_the_checksums_do_not_name_is_refused(path: Path, name: str) -> None:
    _change(path, "checksums.json", lambda document: None)
    sums = json.loads((path / "checksums.json").read_text())
    del sums[name]
    (path / "checksums.json").write_text(json.dumps(sums))
    with pytest.raises(BundleError, match=f"to list '{name}'"):
        load_bundle(path)


def test_a_pickle_beside_the_weights_is_refused(path: Path) -> None:
    (path / "model.pkl").write_bytes(pickle.dumps({"weights": [1]}))
    with pytest.raises(BundleError, match=r"found 'model.pkl'"):
        load_bundle(path)


def test_a_listed_pickle_is_refused(path: Path) -> None:
    (path / "model.pt").write_bytes(pickle.dumps({}))
    sums = json.loads((path / "checksums.json").read_text()) | {"model.pt": "0" * 64}
    (path / "checksums.json").write_text(json.dumps(sums))
    with pytest.raises(BundleError, match=r"found 'model.pt' listed"):
        load_bundle(path)


def test_a_pickle_called_onnx_is_refused(path: Path) -> None:
    (path / "model.onnx").write_bytes(pickle.dumps({"weights": [1]}))
    write_checksums(path)
    with pytest.raises(BundleError, match="found another format"):
        load_bundle(path)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"emotions": None}, "neither or both"),
        ({"label_mapping": {"a": "joy", "b": "anger"}}, "neither or both"),
        ({"emotions": ["joy", "rage"]}, "found \\['rage'\\]"),
        ({"emotions": ["joy", "anger"]}, "7 outputs, found 2"),
        ({"emotions": None, "label_mapping": {"a": "joy", "b": "glee"}}, "found \\['glee'\\]"),
        ({"emotions": None, "label_mapping": {"a": "joy", "b": None}}, "at least two"),
        ({"schema": 3}, "schema 1 or 2, found 3"),
        ({"max_tokens": 100}, "max_tokens <= 64"),
        ({"overlap": 22}, "overlap < max_tokens"),
        ({"languages": None}, "lacks a field"),
    ],
)
def test_a_config_that_does_not_fit_is_refused(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    path = write_bundle(tmp_path / "bundle", **change)
    with pytest.raises(BundleError, match=reason):
        load_bundle(path)


def test_a_calibration_of_other_labels_is_refused(path: Path) -> None:
    _change(path, "calibration.json", lambda document: document["labels"].reverse())
    with pytest.raises(BundleError, match="expected a calibration of"):
        load_bundle(path)


@pytest.mark.parametrize("temperature", [0, -1, "1", None, 1000])
def test_a_senseless_temperature_is_refused(path: Path, temperature: object) -> None:
    _change(path, "calibration.json", lambda document: document.update(temperature=temperature))
    with pytest.raises(BundleError, match="temperature"):
        load_bundle(path)


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="expected a bundle folder"):
        load_bundle(tmp_path / "nowhere")


def test_a_tokenizer_of_more_tokens_than_the_network_is_refused(path: Path) -> None:
    def add_a_token(document: dict[str, Any]) -> None:
        vocabulary = document["model"]["vocab"]
        vocabulary["onemore"] = len(vocabulary)

    _change(path, "tokenizer.json", add_a_token)
    with pytest.raises(BundleError, match="ids go up to"):
        load_bundle(path)


@pytest.mark.parametrize("content", [b"{}", b"[1]", b"not JSON", b"\xff\xfe"])
def test_a_file_that_is_no_tokenizer_is_refused(path: Path, content: bytes) -> None:
    (path / "tokenizer.json").write_bytes(content)
    write_checksums(path)
    with pytest.raises(BundleError, match="expected a tokenizer"):
        load_bundle(path)


def test_labels_in_another_order_than_those_calibrated_are_refused(path: Path) -> None:
    _change(path, "config.json", lambda document: document["emotions"].reverse())
    with pytest.raises(BundleError, match="expected a calibration of"):
        load_bundle(path)


def test_a_pickle_called_safetensors_is_refused(path: Path) -> None:
    (path / "model.safetensors").write_bytes(pickle.dumps({"weights": [1]}))
    write_checksums(path)
    with pytest.raises(BundleError, match="expected safetensors"):
        load_bundle(path)


def test_safetensors_beside_the_graph_load(path: Path) -> None:
    state = {name: tensor.contiguous() for name, tensor in tiny_network().state_dict().items()}
    save_file(state, path / "model.safetensors")
    write_checksums(path)
    assert "model.safetensors" in load_bundle(path).checksums


def test_a_graph_of_fewer_outputs_than_labels_is_refused_by_both_scorers(
    path: Path, tmp_path: Path
) -> None:
    other = write_bundle(tmp_path / "other", tiny_network(n_emotions=6))
    (path / "model.onnx").write_bytes((other / "model.onnx").read_bytes())
    write_checksums(path)
    with pytest.raises(BundleError, match="with 7 outputs, found"):
        OnnxScorer(load_bundle(path))
    with pytest.raises(BundleError, match="weights that fit"):
        TorchScorer(load_bundle(path))


@pytest.mark.parametrize("change", [{"vocabulary_size": 20}, {"max_positions": 12}])
def test_a_graph_with_room_for_less_than_config_says_is_refused_by_both_scorers(
    path: Path, tmp_path: Path, change: dict[str, int]
) -> None:
    smaller = MoodNetwork(tiny_config(**change))
    state = {name: tensor.numpy() for name, tensor in smaller.state_dict().items()}
    graph = build_graph(state, smaller.config).SerializeToString()
    (path / "model.onnx").write_bytes(graph)
    write_checksums(path)
    with pytest.raises(BundleError, match="found one that fails on them"):
        OnnxScorer(load_bundle(path))
    with pytest.raises(BundleError, match="weights that fit"):
        TorchScorer(load_bundle(path))


def test_a_graph_cut_short_is_refused_although_its_checksum_is_listed(path: Path) -> None:
    contents = (path / "model.onnx").read_bytes()
    (path / "model.onnx").write_bytes(contents[: len(contents) // 2])
    write_checksums(path)
    with pytest.raises(BundleError, match="ONNX Runtime can run"):
        OnnxScorer(load_bundle(path))
    with pytest.raises(BundleError, match="expected an ONNX graph"):
        TorchScorer(load_bundle(path))


def _confusions(emotions: Sequence[str]) -> dict[str, Any]:
    n = len(emotions)
    only = {
        "name": "ours",
        "emotions": list(emotions),
        "top_counts": [[20] * n] * n,
        "score_means": [[1 / n] * n] * n,
        "covariances": [[[0.0] * 2 * n] * 2 * n] * n,
    }
    return {"schema": 1, "emotions": list(emotions), "sets": [only]}


def test_confusions_are_read_where_there_are_any(path: Path) -> None:
    assert load_bundle(path).confusions() is None
    emotions = load_bundle(path).emotions
    (path / "confusions.json").write_text(json.dumps(_confusions(emotions)))
    with pytest.raises(BundleError, match=r"only files that .* lists"):
        load_bundle(path)
    write_checksums(path)
    found = load_bundle(path).confusions()
    assert found is not None
    assert found.sets[0].n_texts.tolist() == [140] * 7


@pytest.mark.parametrize("text", ["{", "{}", json.dumps(_confusions(["joy", "fear"]))])
def test_confusions_that_do_not_fit_are_refused(path: Path, text: str) -> None:
    (path / "confusions.json").write_text(text)
    write_checksums(path)
    with pytest.raises(BundleError, match="confusions"):
        load_bundle(path)
