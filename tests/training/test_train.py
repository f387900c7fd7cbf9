"""Training: a killed run goes on to the very weights of an unbroken one, and learns."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from model.bundle import load_bundle
from tests.support.paths import REPOSITORY
from tests.support.tiny import tiny_network, write_bundle, write_encoder
from tests.support.training import tiny_train_config, write_data
from training.bundling.export import ExportConfig, export
from training.data import Example
from training.judging.evaluate import evaluate_on, load_test_sets
from training.loop import Loop
from training.predict import load_run, open_model
from training.sources import load_corpora
from training.train import TrainConfig, TrainError, train
from worker.onnx_scorer import OnnxScorer


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoders") / "encoder")


@pytest.fixture(scope="module")
def config(data: Path, encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> TrainConfig:
    return tiny_train_config(
        data,
        tmp_path_factory.mktemp("runs") / "unbroken",
        encoder=encoder,
        layers=1,
        epochs=8,
        encoder_lr=3e-3,
        head_lr=3e-3,
        average_decay=0.5,
    )


@pytest.fixture(scope="module")
def trained(config: TrainConfig) -> Path:
    return train(config)


def _same_weights(one: Path, other: Path) -> None:
    expected, found = (load_file(folder / "model.safetensors") for folder in (one, other))
    assert expected.keys() == found.keys()
    for key, tensor in expected.items():
        assert torch.equal(tensor, found[key]), key


def _history(folder: Path) -> list[dict[str, Any]]:
    records = json.loads((folder / "history.json").read_text())
    return [{k: v for k, v in record.items() if k != "seconds"} for record in records]


#: Trains with all that has a state of its own, and kills itself within a step of an epoch.
_KILLED = """
import os, signal, sys
from dataclasses import replace
from pathlib import Path
from tests.support.training import tiny_train_config
from training.loop import Loop
from training.predict import load_run, open_model
from training.train import train

data, encoder, out, kill_at = sys.argv[1:]
step_of, n_steps = Loop._step, 0

def step(loop, batch):
    global n_steps
    n_steps += 1
    if n_steps == int(kill_at):
        os.kill(os.getpid(), signal.SIGKILL)
    step_of(loop, batch)

Loop._step = step
train(tiny_train_config(Path(data), Path(out), encoder=Path(encoder), layers=1,
                        average_decay=0.7, adversary="neftune", save_every_steps=5))
"""


def test_a_run_killed_within_an_epoch_ends_with_the_same_weights(
    data: Path, encoder: Path, tmp_path: Path
) -> None:
    """13 steps an epoch, state every 5: killed at step 22, it goes on from step 18."""
    config = tiny_train_config(
        data,
        tmp_path / "killed",
        encoder=encoder,
        layers=1,
        average_decay=0.7,
        adversary="neftune",
        save_every_steps=5,
    )
    ended = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(_KILLED), str(data), str(encoder),
         str(config.out_dir), "22"],
        cwd=REPOSITORY, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    state = torch.load(config.out_dir / "state.pt", weights_only=True)
    assert (len(state["history"]), state["step_in_epoch"]) == (1, 5)

    train(config)
    unbroken = replace(config, out_dir=tmp_path / "unbroken", save_every_steps=None)
    train(unbroken)

    _same_weights(unbroken.out_dir, config.out_dir)
    assert _history(unbroken.out_dir) == _history(config.out_dir)


def test_ctrl_c_keeps_the_state_of_that_very_step(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = tiny_train_config(data, tmp_path / "run", architecture="lstm")
    step_of, taken = Loop._step, 0

    def step(loop: Loop, batch: Any) -> None:
        nonlocal taken
        taken += 1
        if taken == 4:
            signal.raise_signal(signal.SIGINT)
        step_of(loop, batch)

    with monkeypatch.context() as patch:
        patch.setattr(Loop, "_step", step)
        with pytest.raises(KeyboardInterrupt):
            train(config)

    assert taken == 4  # the step under way was finished
    assert torch.load(config.out_dir / "state.pt", weights_only=True)["step_in_epoch"] == 4
    train(config)
    unbroken = replace(config, out_dir=tmp_path / "unbroken")
    train(unbroken)
    _same_weights(unbroken.out_dir, config.out_dir)


def test_a_damaged_state_is_named(data: Path, tmp_path: Path) -> None:
    config = tiny_train_config(data, tmp_path / "run", architecture="ann", epochs=1)
    train(config)
    (config.out_dir / "state.pt").write_bytes(b"half a file")
    with pytest.raises(TrainError, match="damaged"):
        train(config)


def test_another_configuration_does_not_go_on_in_the_same_folder(
    config: TrainConfig, trained: Path
) -> None:
    with pytest.raises(TrainError, match="head_lr"):
        train(replace(config, out_dir=trained, head_lr=1e-4))


def test_other_texts_do_not_go_on_in_the_same_folder(data: Path, tmp_path: Path) -> None:
    config = tiny_train_config(data, tmp_path / "run", architecture="ann", epochs=1)
    train(config)
    (tmp_path / "dair-emotion-split").mkdir()
    for part in ("train", "val", "test"):
        lines = (data / "dair-emotion-split" / f"{part}.txt").read_text()
        (tmp_path / "dair-emotion-split" / f"{part}.txt").write_text(lines)
    with pytest.raises(TrainError, match="texts_sha256"):
        train(replace(config, data=(tmp_path / "dair-emotion-split",)))


def test_the_trained_network_becomes_a_bundle_that_scores_what_it_learned(
    data: Path, trained: Path, tmp_path: Path
) -> None:
    path = export(
        trained,
        tmp_path / "bundle",
        data=(data,),
        config=ExportConfig(name="learned", overlap=4, keep_safetensors=True, threads=1),
    )
    bundle = load_bundle(path)
    benchmark, _ = load_test_sets(str(data))
    found = evaluate_on(OnnxScorer(bundle), benchmark)

    assert bundle.name == "learned"
    assert (path / "model.safetensors").exists()
    assert found.figures["accuracy"] > 0.8
    assert bundle.metrics()["parity"]["same_label"] >= 0.995
    assert "Model card: learned" in (path / "MODEL_CARD.md").read_text()


def test_a_run_can_start_from_another_runs_weights(
    config: TrainConfig, trained: Path, tmp_path: Path
) -> None:
    still = replace(
        config,
        out_dir=tmp_path / "still",
        start_dir=trained,
        encoder=None,
        layers=None,
        epochs=1,
        encoder_lr=0.0,
        head_lr=0.0,
    )
    train(still)
    _same_weights(trained, still.out_dir)


def test_a_run_can_go_on_from_a_bundle_and_be_taught_by_it(data: Path, tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle", tiny_network())
    still = tiny_train_config(
        data, tmp_path / "still", start_dir=bundle, teachers=(bundle,), epochs=1,
        encoder_lr=0.0, head_lr=0.0,
    )  # fmt: skip
    run, start = load_run(train(still)), open_model(bundle)
    assert run.emotions == start.emotions
    texts = ["i am happy", "that is sad and bad"]
    assert np.array_equal(run.logits(texts), start.logits(texts))
    assert json.loads((still.out_dir / "train.json").read_text())["start"] == start.name
    assert start.name == load_bundle(bundle).model_id

    with pytest.raises(TrainError, match="has its own"):
        train(replace(still, out_dir=tmp_path / "other", layers=2))
    with pytest.raises(TrainError, match="scores, found disgust"):
        train(replace(still, out_dir=tmp_path / "other", emotions=("joy", "disgust")))


def test_the_bundle_of_another_network_is_no_start(data: Path, tmp_path: Path) -> None:
    corpora = tuple(load_corpora(str(data)))
    config = replace(tiny_train_config(data, tmp_path / "run", architecture="ann"), data=corpora)
    run = train(replace(config, epochs=1))
    bundle = export(run, tmp_path / "b", data=corpora, config=ExportConfig(name="x", threads=1))
    with pytest.raises(TrainError, match="found 'ann': name the run that it was exported from"):
        open_model(bundle)


def test_what_the_model_to_start_from_does_not_score_is_refused_not_dropped(
    data: Path, tmp_path: Path
) -> None:
    bundle = write_bundle(tmp_path / "bundle", tiny_network())
    corpora = load_corpora(str(data))
    gross = Example("that is gross", ("disgust",))
    with_disgust = replace(corpora[0], train=(*corpora[0].train, gross, gross))
    config = tiny_train_config(data, tmp_path / "run", start_dir=bundle, epochs=1)
    config = replace(config, data=(with_disgust,))

    with pytest.raises(TrainError, match=r"found 2 training texts of disgust: .*--label disgust="):
        train(config)
    assert not (tmp_path / "run").exists()

    run = load_run(train(replace(config, emotions=("sadness", "joy"))))  # asked for, so left out
    assert "disgust" not in run.emotions
    assert run.config["n_texts"] < len(with_disgust.train)


def test_a_run_that_goes_on_takes_the_dropout_it_is_given(
    data: Path, trained: Path, tmp_path: Path
) -> None:
    config = tiny_train_config(data, tmp_path / "run", start_dir=trained, epochs=1)
    run = load_run(train(replace(config, network=replace(config.network, dropout=0.45))))
    assert run.description["network"]["dropout"] == 0.45
    assert [part.p for name, part in run.network.named_children() if name == "dropout"] == [0.45]


def test_an_encoder_of_fewer_layers_than_the_default_is_taken_whole(
    data: Path, tmp_path: Path
) -> None:
    encoder = write_encoder(tmp_path / "encoder")
    run = train(tiny_train_config(data, tmp_path / "run", encoder=encoder, epochs=1))
    assert json.loads((run / "network.json").read_text())["network"]["encoder_layers"] == 1


def test_training_ends_early_when_nothing_gets_better(data: Path, tmp_path: Path) -> None:
    config = tiny_train_config(
        data, tmp_path / "run", architecture="ann", epochs=9, head_lr=0.0, patience=2
    )
    assert [record["epoch"] for record in _history(train(config))] == [1, 2, 3]
