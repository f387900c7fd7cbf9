"""Every architecture becomes a bundle whose scorer says what its network says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from model.bundle import load_bundle
from moodwatch.logs import configure_logs
from tests.support.encoders import write_transformer
from tests.support.tiny import random_texts
from tests.support.training import tiny_train_config
from training.bundling import export as export_module
from training.bundling.export import ExportConfig, export
from training.bundling.parity import ParityError
from training.config import TrainConfig, TrainError
from training.data import Corpus, Example
from training.predict import load_run
from training.train import train
from worker.onnx_scorer import OnnxScorer

TEXTS = random_texts(60, seed=5)
EXAMPLES = tuple(Example(text, ("joy",) if "happy" in text else ("fear",)) for text in TEXTS)
CORPUS = Corpus(EXAMPLES[:30], EXAMPLES[30:40], EXAMPLES[40:], name="ours")
#: One thread: more wait for each other on a busy machine.
CONFIG = ExportConfig(name="any", threads=1)


def _run(out: Path, **changes: object) -> TrainConfig:
    config = tiny_train_config(Path("unused"), out, epochs=1)
    return replace(config, data=(CORPUS,), **changes)  # type: ignore[arg-type]


def _scores_agree(run: Path, bundle: Path) -> None:
    opened = load_bundle(bundle)
    scorer = OnnxScorer(opened, cache_size=0)
    texts = [example.text for example in CORPUS.test]
    logits = load_run(run).logits(texts)
    expected = opened.calibration.probabilities(logits)
    columns = [1, 4]  # joy, fear
    together = np.array([s.probabilities for s in scorer.score(texts)], dtype=float)[:, columns]
    alone = [scorer.score([text])[0].probabilities for text in texts]
    np.testing.assert_allclose(together, expected, atol=1e-4)
    np.testing.assert_allclose(np.array(alone, dtype=float)[:, columns], expected, atol=1e-4)
    assert expected.std() > 1e-4  # guards the lines above: no constant passes them


@pytest.mark.parametrize(("family", "architecture"), [("mpnet", "plain"), ("distilbert", "hybrid")])
def test_any_encoder_becomes_a_bundle(family: str, architecture: str, tmp_path: Path) -> None:
    """Both heads: a traced LSTM would fit one length only. Seconds each, so not every family."""
    folder = write_transformer(tmp_path / family, family)
    run = train(_run(tmp_path / "run", encoder=folder, architecture=architecture, layers=2))
    bundle = export(run, tmp_path / "bundle", data=(CORPUS,), config=CONFIG)
    _scores_agree(run, bundle)
    assert "32 bits" in (bundle / "MODEL_CARD.md").read_text()


@pytest.mark.parametrize("architecture", ["ann", "lstm"])
def test_networks_from_scratch_become_bundles_with_their_own_words(
    architecture: str, tmp_path: Path
) -> None:
    run = train(_run(tmp_path / "run", architecture=architecture))
    bundle = export(run, tmp_path / "bundle", data=(CORPUS,), config=CONFIG)
    _scores_agree(run, bundle)
    assert not load_bundle(bundle).config.is_rebuildable


def test_confusions_are_of_the_validation_texts(tmp_path: Path) -> None:
    run = train(_run(tmp_path / "run", architecture="ann"))
    many = replace(CORPUS, validation=EXAMPLES * 2)
    bundle = load_bundle(export(run, tmp_path / "bundle", data=(many,), config=CONFIG))
    found = bundle.confusions()
    assert found is not None
    n_joy = sum(example.emotions == ("joy",) for example in many.validation)
    assert found.sets[0].n_texts.tolist() == [n_joy, len(many.validation) - n_joy]
    logits = load_run(run).logits([example.text for example in many.validation])
    tops = bundle.calibration.probabilities(logits).argmax(axis=1)
    assert found.sets[0].top_counts.sum(axis=0).tolist() == np.bincount(tops, minlength=2).tolist()


def test_data_that_is_not_the_runs_is_said_to_be_other(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = train(_run(tmp_path / "run", architecture="ann"))
    configure_logs("warning", "console")
    export(run, tmp_path / "same", data=(CORPUS,), config=CONFIG)
    assert "data_is_not_the_runs" not in capsys.readouterr().err
    other = replace(CORPUS, validation=CORPUS.train[:8])
    export(run, tmp_path / "other", data=(other,), config=CONFIG)
    told = capsys.readouterr().err
    assert "data_is_not_the_runs" in told
    assert "ours (30 + 10 texts)" in told
    assert "ours (30 + 8 texts)" in told


def test_a_network_that_cannot_be_exported_is_said_to_be_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(_run(tmp_path / "run", architecture="ann"))

    def fails(*_: object, **__: object) -> None:
        raise RuntimeError("no translation for that")

    monkeypatch.setattr("torch.onnx.export", fails)
    with pytest.raises(TrainError, match=r"cannot be exported to ONNX .*no translation"):
        export(run, tmp_path / "bundle", data=(CORPUS,), config=CONFIG)
    assert not (tmp_path / "bundle").exists()


def test_a_graph_that_strays_leaves_no_bundle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = train(_run(tmp_path / "run", architecture="ann"))
    monkeypatch.setattr(
        export_module, "with_graph", lambda _: lambda rows: np.tile([3.0, -3.0], (len(rows), 1))
    )
    with pytest.raises(ParityError, match="p99 difference"):
        export(run, tmp_path / "bundle", data=(CORPUS,), config=CONFIG)
    assert list(tmp_path.glob("bundle*")) == []
