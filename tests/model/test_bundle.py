"""Bundles that cannot be trusted are refused, with the reason."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from model.bundle import REQUIRED_FILES, BundleError, load_bundle, write_checksums
from tests.support.tiny import write_bundle


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
        ({"schema": 2}, "schema 1, found 2"),
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
