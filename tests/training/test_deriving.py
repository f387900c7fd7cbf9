"""Networks made of others: the mean of those that began alike, one with layers put in."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from moodwatch.app import app
from moodwatch.errors import UserError
from tests.support.tiny import write_encoder
from tests.support.training import tiny_train_config, write_data
from training.bundling.export import export
from training.config import TrainConfig, TrainError
from training.deriving import average, deepen
from training.metrics import softmax
from training.predict import load_run
from training.train import train


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on from a first one, with other seeds."""
    made = tmp_path_factory.mktemp("deriving")
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


@pytest.fixture(scope="module")
def hybrid(folder: Path) -> Path:
    data, encoder = folder / "data", write_encoder(folder / "encoder")
    return train(tiny_train_config(data, folder / "hybrid", encoder=encoder, layers=1, epochs=1))


def test_a_deeper_hybrid_answers_nearly_as_before_and_goes_on(folder: Path, hybrid: Path) -> None:
    before = load_run(hybrid)
    n_layers = before.description["network"]["encoder_layers"]
    texts = ["i am so happy today", "that was not what i wanted", "what a day"]

    deeper = load_run(deepen(hybrid, [n_layers], folder / "deeper"))

    assert deeper.description["network"]["encoder_layers"] == n_layers + 1
    assert deeper.config["deepened"] == {"model": "hybrid", "after": [n_layers]}
    new = deeper.network.state_dict()
    for part in ("attention.out", "narrow"):
        assert not new[f"encoder.{n_layers}.{part}.weight"].any()
    assert torch.equal(
        new[f"encoder.{n_layers}.wide.weight"], new[f"encoder.{n_layers - 1}.wide.weight"]
    )
    apart = abs(softmax(deeper.logits(texts)) - softmax(before.logits(texts))).max()
    assert apart < 0.02
    config = tiny_train_config(
        folder / "data", folder / "on", start_dir=folder / "deeper", encoder=None, epochs=1
    )
    on = load_run(train(config))
    assert on.network.state_dict()[f"encoder.{n_layers}.narrow.weight"].any()
    assert on.config["deepened"] == deeper.config["deepened"]
    bundle = export(on.folder, folder / "deeper-bundle", data=[folder / "data"])
    card = " ".join((bundle / "MODEL_CARD.md").read_text().split())
    assert f"new layers were put behind {n_layers} of hybrid." in card


def test_layers_go_where_they_were_asked_for(folder: Path, hybrid: Path) -> None:
    two = deepen(hybrid, [1], folder / "two")
    old = load_run(two).network.state_dict()

    new = load_run(deepen(two, [2, 1], folder / "four")).network.state_dict()

    for place, layer in ((0, 0), (2, 1)):
        for name in ("wide", "narrow", "output_norm"):
            place_of = f"encoder.{place}.{name}.weight", f"encoder.{layer}.{name}.weight"
            assert torch.equal(new[place_of[0]], old[place_of[1]])
    for place in (1, 3):
        assert not new[f"encoder.{place}.narrow.weight"].any()


def test_no_such_layer_and_no_such_network_are_refused(folder: Path, hybrid: Path) -> None:
    for after in ([], [0], [1, 1], [99]):
        with pytest.raises(TrainError, match="expected layers out of 1 to"):
            deepen(hybrid, after, folder / "never")
    with pytest.raises(TrainError, match="expected a hybrid over a BERT encoder, found 'ann'"):
        deepen(folder / "first", [1], folder / "never")
    with pytest.raises(TrainError, match="found a run"):
        deepen(hybrid, [1], folder / "first")
    assert not (folder / "never").exists()


def test_the_command_deepens_and_says_what_it_expects(folder: Path, hybrid: Path) -> None:
    arguments = ["deepen", str(hybrid), "--out", str(folder / "deep-by-command"), "--after"]

    result = CliRunner().invoke(app, [*arguments, "1"], catch_exceptions=False)

    assert result.exit_code == 0
    assert load_run(folder / "deep-by-command").config["deepened"]["after"] == [1]
    with pytest.raises(UserError, match="expected --after 2,4 or the like, found 'all'"):
        CliRunner().invoke(app, [*arguments, "all"], catch_exceptions=False)
