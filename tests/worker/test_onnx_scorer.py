"""The CPU scorer refuses graphs that are not the bundle's, and loads no torch."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from model.bundle import BundleError, load_bundle, write_checksums
from tests.support.tiny import tiny_network, write_bundle
from worker.onnx_scorer import OnnxScorer


def test_a_graph_of_other_labels_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle")
    six = write_bundle(tmp_path / "six", tiny_network(n_emotions=6))
    (path / "model.onnx").write_bytes((six / "model.onnx").read_bytes())
    write_checksums(path)

    with pytest.raises(BundleError, match=r"7 outputs, found .* with 6"):
        OnnxScorer(load_bundle(path))


def test_a_broken_graph_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle")
    (path / "model.onnx").write_bytes((path / "model.onnx").read_bytes()[:5_000])
    write_checksums(path)

    with pytest.raises(BundleError, match="ONNX Runtime can run"):
        OnnxScorer(load_bundle(path))


def test_a_file_changed_after_loading_is_refused(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "bundle"))
    with (bundle.path / "model.onnx").open("ab") as file:
        file.write(b"x")

    with pytest.raises(BundleError, match="changed or cut off"):
        OnnxScorer(bundle)


def test_scoring_loads_no_torch(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle")
    script = (
        "import json, pathlib, sys\n"
        "from model.bundle import load_bundle\n"
        "from worker.onnx_scorer import OnnxScorer\n"
        f"scorer = OnnxScorer(load_bundle(pathlib.Path({str(path)!r})))\n"
        "scorer.warm_up()\n"
        "assert scorer.score(['i am happy today'])[0].status == 'scored'\n"
        "heavy = {'torch', 'transformers', 'pandas', 'onnx', 'safetensors', 'sklearn'}\n"
        "print(json.dumps(sorted(heavy & set(sys.modules))), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=120
    )
    assert json.loads(done.stderr.splitlines()[-1]) == []
