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

import pytest
import torch
from safetensors.torch import load_file

from model.bundle import load_bundle
from tests.support.paths import REPOSITORY
from tests.support.tiny import write_encoder
from tests.support.training import tiny_train_config, write_data
from training.evaluate import evaluate
from training.export import ExportConfig, export
from training.loop import Loop
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
    figures = evaluate(OnnxScorer(bundle), data)

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
    _same_weights(trained, still.out_dir)


def test_training_ends_early_when_nothing_gets_better(data: Path, tmp_path: Path) -> None:
    config = tiny_train_config(
        data, tmp_path / "run", architecture="ann", epochs=9, head_lr=0.0, patience=2
    )
    assert [record["epoch"] for record in _history(train(config))] == [1, 2, 3]
