"""Training: a broken run goes on to the very weights of an unbroken one, and learns."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from model.bundle import load_bundle
from tests.support.tiny import WORDS, write_encoder
from training import train as train_module
from training.evaluate import evaluate
from training.export import ExportConfig, export
from training.train import TrainConfig, TrainError, train
from worker.onnx_scorer import OnnxScorer

TRIGGERS = {"sad": "sadness", "happy": "joy", "loved": "love", "angry": "anger",
            "afraid": "fear", "surprised": "surprise"}  # fmt: skip
GOEMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise", "neutral")


def _write_data(folder: Path) -> Path:
    """Both data sets in small, in which one word tells the emotion."""
    order = random.Random(0)
    plain = [word for word in dict.fromkeys(WORDS) if word not in TRIGGERS]

    def text(trigger: str | None, part: str, index: int) -> str:
        words = order.choices(plain, k=order.randint(3, 9))
        if trigger:
            words.insert(order.randint(0, 3), trigger)
        return f"{' '.join(words)} {part} {index}"

    benchmark, natural = folder / "dair-emotion-split", folder / "goemotions"
    benchmark.mkdir(parents=True)
    natural.mkdir()
    (natural / "emotions.txt").write_text("\n".join(GOEMOTIONS) + "\n")
    for part, other, n in (("train", "train", 30), ("val", "dev", 4), ("test", "test", 4)):
        triggers = [trigger for trigger in TRIGGERS for _ in range(n)]
        (benchmark / f"{part}.txt").write_text(
            "".join(f"{text(t, part, i)};{TRIGGERS[t]}\n" for i, t in enumerate(triggers))
        )
        labelled = [(t, GOEMOTIONS.index(TRIGGERS[t])) for t in triggers] + [(None, 6)] * n
        (natural / f"{other}.tsv").write_text(
            "".join(f"{text(t, other, i)}\t{k}\tid{i}\n" for i, (t, k) in enumerate(labelled))
        )
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    folder = tmp_path_factory.mktemp("training")
    base = TrainConfig(
        data_dir=_write_data(folder / "data"),
        encoder_dir=write_encoder(folder / "encoder"),
        out_dir=folder / "unbroken",
        epochs=14,
        encoder_lr=3e-3,
        head_lr=3e-3,
        max_tokens=24,
        average_decay=0.5,
        threads=1,
    )
    small = replace(base.network, encoder_layers=1, lstm_hidden=16, attention_heads=2, dropout=0.1)
    return replace(base, network=small)


@pytest.fixture(scope="module")
def trained(config: TrainConfig) -> Path:
    return train(config)


def test_a_killed_run_goes_on_to_the_same_weights(
    config: TrainConfig, trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = replace(config, out_dir=tmp_path / "broken")
    epoch_of = train_module._Run.train_epoch

    def killed(run: train_module._Run, epoch: int) -> float:
        if epoch == 1:
            raise KeyboardInterrupt
        return epoch_of(run, epoch)

    with monkeypatch.context() as patch:
        patch.setattr(train_module._Run, "train_epoch", killed)
        with pytest.raises(KeyboardInterrupt):
            train(broken)
    train(broken)

    expected = load_file(trained / "model.safetensors")
    found = load_file(broken.out_dir / "model.safetensors")
    for key, tensor in expected.items():
        assert torch.equal(tensor, found[key]), key
    assert (trained / "history.json").read_text() == (broken.out_dir / "history.json").read_text()


def test_another_configuration_does_not_go_on_in_the_same_folder(
    config: TrainConfig, trained: Path
) -> None:
    with pytest.raises(TrainError, match="head_lr"):
        train(replace(config, out_dir=trained, head_lr=1e-4))


def test_the_trained_network_becomes_a_bundle_that_scores_what_it_learned(
    config: TrainConfig, trained: Path, tmp_path: Path
) -> None:
    path = export(
        trained,
        tmp_path / "bundle",
        data_dir=config.data_dir,
        config=ExportConfig(name="learned", max_tokens=24, overlap=4, keep_safetensors=True),
    )
    bundle = load_bundle(path)
    figures = evaluate(OnnxScorer(bundle), config.data_dir)

    assert bundle.name == "learned"
    assert (path / "model.safetensors").exists()
    assert figures["benchmark"]["accuracy"] > 0.8
    assert bundle.metrics()["parity"]["same_label"] >= 0.995
    assert "Model card: learned" in (path / "MODEL_CARD.md").read_text()


def test_a_run_can_start_from_another_runs_weights(
    config: TrainConfig, trained: Path, tmp_path: Path
) -> None:
    still = replace(
        config,
        out_dir=tmp_path / "still",
        start_dir=trained,
        epochs=1,
        encoder_lr=0.0,
        head_lr=0.0,
    )
    train(still)

    expected = load_file(trained / "model.safetensors")
    for key, tensor in load_file(still.out_dir / "model.safetensors").items():
        assert torch.equal(tensor, expected[key]), key
