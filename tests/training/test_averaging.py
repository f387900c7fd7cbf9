"""The mean of networks that began alike is a run; of others it is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from moodwatch.app import app
from moodwatch.errors import UserError
from tests.support.training import tiny_train_config, write_data
from training.averaging import average
from training.bundling.export import export
from training.config import TrainConfig, TrainError
from training.predict import load_run
from training.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on from a first one, with other seeds."""
    made = tmp_path_factory.mktemp("averaging")
    data = write_data(made / "data")
    train(_config(data, made / "first"))
    for seed in (2, 3):
        config = _config(data, made / f"seed-{seed}", start_dir=made / "first", seed=seed)
        train(replace(config, encoder=None))
    return made


def _config(data: Path, out: Path, **changes: object) -> TrainConfig:
    return tiny_train_config(data, out, architecture="ann", epochs=1, **changes)


def test_the_mean_of_two_runs_lies_between_them_by_their_shares(folder: Path) -> None:
    parts = [(folder / "seed-2", 3.0), (folder / "seed-3", 1.0)]

    found = load_run(average(parts, folder / "mean"))

    one, other = (load_run(path).network.state_dict() for path, _ in parts)
    assert any(not torch.equal(one[name], other[name]) for name in one)
    for name, tensor in found.network.state_dict().items():
        torch.testing.assert_close(tensor, 0.75 * one[name] + 0.25 * other[name])
    assert found.config["averaged"] == [
        {"model": "seed-2", "share": 0.75},
        {"model": "seed-3", "share": 0.25},
    ]
    assert found.config["learned_from"] == ["benchmark", "goemotions"]
    assert found.logits(["so glad"]).shape == (1, len(found.emotions))


def test_a_network_of_other_sizes_is_refused(folder: Path) -> None:
    config = _config(folder / "data", folder / "other")
    train(replace(config, scratch=replace(config.scratch, embedding=12)))

    with pytest.raises(TrainError, match="other networks in 'other' than in 'seed-2'"):
        average([(folder / "seed-2", 1.0), (folder / "other", 1.0)], folder / "never")

    assert not (folder / "never").exists()


def test_one_model_or_no_share_or_a_folder_in_use_is_refused(folder: Path) -> None:
    two = [(folder / "seed-2", 1.0), (folder / "seed-3", 1.0)]
    for parts in (two[:1], [two[0], (two[1][0], 0.0)]):
        with pytest.raises(TrainError, match="two or more models, each with a share above 0"):
            average(parts, folder / "never")
    with pytest.raises(TrainError, match="found a run"):
        average(two, folder / "first")


def test_the_command_reads_shares_and_names_what_is_wrong(folder: Path) -> None:
    out = folder / "by-command"
    arguments = ["average", f"{folder / 'seed-2'}=.8", str(folder / "seed-3"), "--out", str(out)]

    result = CliRunner().invoke(app, arguments, catch_exceptions=False)

    assert result.exit_code == 0
    shares = [part["share"] for part in json.loads((out / "train.json").read_text())["averaged"]]
    assert shares == [0.4444, 0.5556]
    bundle = export(out, folder / "bundle", data=[folder / "data"])
    card = " ".join((bundle / "MODEL_CARD.md").read_text().split())
    assert "weights were averaged: 0.44 of seed-2, 0.56 of seed-3." in card
    for wrong in (f"{folder / 'seed-2'}=much", "nowhere"):
        with pytest.raises(UserError, match=r"expected (MODEL|the folder)"):
            CliRunner().invoke(app, ["average", wrong, "--out", "x"], catch_exceptions=False)
