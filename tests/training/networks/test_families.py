"""Any encoder of the field trains, is opened again, and reads a text's own tokens only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from model.network import MoodNetwork
from tests.support.encoders import FAMILIES, write_transformer
from tests.support.tiny import random_texts
from tests.support.training import tiny_train_config
from training.config import TrainConfig, TrainError
from training.data import Corpus, Example
from training.networks.build import new_network
from training.networks.files import EncoderError, find_encoder
from training.networks.stages import freeze, parameter_groups, stages
from training.networks.transformer import layer_stack
from training.predict import load_run, with_network
from training.train import train

TEXTS = random_texts(48, seed=5)
EXAMPLES = tuple(Example(text, ("joy",) if "happy" in text else ("fear",)) for text in TEXTS)
CORPUS = Corpus(EXAMPLES[:32], EXAMPLES[32:40], EXAMPLES[40:], name="ours")


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("encoders")
    return {family: write_transformer(base / family, family) for family in FAMILIES}


def _config(folder: Path, out: Path, **changes: object) -> TrainConfig:
    config = tiny_train_config(Path("unused"), out, encoder=folder, epochs=1)
    return replace(config, data=(CORPUS,), **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("architecture", ["plain", "hybrid"])
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_trains_and_is_opened_again(
    folders: dict[str, Path], family: str, architecture: str, tmp_path: Path
) -> None:
    config = _config(folders[family], tmp_path / "run", architecture=architecture, layers=2)
    run = load_run(train(config))

    assert run.architecture == architecture
    assert run.emotions == ("joy", "fear")
    texts = [example.text for example in CORPUS.test]
    together = run.logits(texts)
    assert together.dtype == np.float32
    alone = np.concatenate([run.logits([text]) for text in texts])
    np.testing.assert_allclose(together, alone, atol=2e-5)
    # Guards the line above: no constant passes it.
    assert (together.std(axis=0) > 1e-4).all()


def test_bert_with_gelu_is_the_shipped_kind_of_hybrid_and_others_are_not(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    kinds = {}
    for family in ("bert", "roberta"):
        config = _config(folders[family], tmp_path)
        kinds[family] = new_network(config, folders[family], n_emotions=2, vocabulary_size=40)
    assert isinstance(kinds["bert"].network, MoodNetwork)
    assert kinds["roberta"].description["kind"] == "transformer-hybrid"


def test_the_shipped_kind_computes_what_transformers_computes(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    """Three layers chosen by index, positions and token types folded: the same hidden states."""
    config = _config(folders["bert"], tmp_path, layers=(0, 2))
    ours = new_network(config, folders["bert"], n_emotions=2, vocabulary_size=40).network.eval()
    plain = replace(config, architecture="plain")
    theirs = new_network(plain, folders["bert"], n_emotions=2, vocabulary_size=40).network.eval()
    ids = torch.randint(4, 30, (2, 9))
    inside = torch.ones(2, 9, dtype=torch.bool)

    with torch.inference_mode():
        x = ours.embeddings(ids)  # type: ignore[operator]
        for layer in ours.encoder:  # type: ignore[union-attr]
            x = layer(x, torch.zeros(2, 9))
        expected = theirs.encoder(ids, inside)  # type: ignore[operator]

    torch.testing.assert_close(x, expected, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("pooling", ["mean", "first"])
def test_pooling_reads_no_padding(folders: dict[str, Path], pooling: str, tmp_path: Path) -> None:
    config = _config(folders["distilbert"], tmp_path, architecture="plain", pooling=pooling)
    built = new_network(config, folders["distilbert"], n_emotions=2, vocabulary_size=40)
    predict = with_network(built.network)
    rows = [(2, 9, 3), (2, 7, 8, 9, 10, 11, 12, 3)]
    np.testing.assert_allclose(predict(rows)[0], predict(rows[:1])[0], atol=1e-5)


def test_layers_learn_slower_towards_the_bottom_and_frozen_ones_not_at_all(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    config = _config(
        folders["mpnet"], tmp_path, architecture="plain", encoder_lr=1.0, layer_lr_decay=0.5,
        freeze_embeddings=True, freeze_layers=1,
    )  # fmt: skip
    network = new_network(config, folders["mpnet"], n_emotions=2, vocabulary_size=40).network
    freeze(network, config)

    rates = [group["lr"] for group in parameter_groups(network, config)]
    shared, first, *rest = stages(network)

    assert not any(p.requires_grad for p in first)
    assert all(p.requires_grad for layer in rest for p in layer)
    # The relative positions that all layers share still learn; the embeddings do not.
    assert sum(p.requires_grad for p in shared) == 1
    assert rates == [0.125, 0.5, 1.0, config.new_layers_lr]


def test_the_hybrids_head_learns_slower_than_other_new_layers(tmp_path: Path) -> None:
    rates = {
        name: TrainConfig(("unused",), tmp_path, architecture=name).new_layers_lr
        for name in ("hybrid", "plain", "ann", "lstm")
    }
    assert rates == {"hybrid": 3e-4, "plain": 1e-3, "ann": 1e-3, "lstm": 1e-3}
    assert TrainConfig(("unused",), tmp_path, head_lr=0.0).to_json()["head_lr"] == 0.0


def test_layers_are_kept_by_place(folders: dict[str, Path], tmp_path: Path) -> None:
    for family in ("distilbert", "roberta", "mobilebert"):
        config = _config(folders[family], tmp_path, architecture="plain", layers=(0, 2))
        full = replace(config, layers=None)
        built, whole = (
            new_network(c, folders[family], n_emotions=2, vocabulary_size=40).network
            for c in (config, full)
        )
        kept, all_layers = (layer_stack(n.encoder.inner) for n in (built, whole))
        assert kept is not None
        assert all_layers is not None
        assert len(kept) == 2
        for name, tensor in kept[1].state_dict().items():
            assert torch.equal(tensor, all_layers[2].state_dict()[name])


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"layers": 9}, "at least 9 layers"),
        ({"architecture": "plain", "layers": (0, 7)}, r"layers out of 0 to 2"),
        ({"encoder": "./nowhere"}, "expected an encoder's folder"),
    ],
)
def test_what_does_not_fit_the_encoder_is_named(
    folders: dict[str, Path], changes: dict[str, object], reason: str, tmp_path: Path
) -> None:
    config = replace(_config(folders["bert"], tmp_path / "run"), **changes)  # type: ignore[arg-type]
    with pytest.raises(EncoderError, match=reason):
        train(config)


def test_texts_longer_than_the_encoder_reads_are_refused(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    config = _config(folders["roberta"], tmp_path / "run", architecture="plain", max_tokens=66)
    with pytest.raises(TrainError, match="at most 65"):
        train(config)


def test_pickled_weights_are_not_read(folders: dict[str, Path], tmp_path: Path) -> None:
    folder = tmp_path / "encoder"
    folder.mkdir()
    for name in ("config.json", "tokenizer.json"):
        (folder / name).write_bytes((folders["bert"] / name).read_bytes())
    torch.save({}, folder / "pytorch_model.bin")
    for architecture in ("hybrid", "plain"):
        config = _config(folder, tmp_path / "run", architecture=architecture)
        with pytest.raises(EncoderError, match="safetensors"):
            train(config)


def test_a_hub_id_is_fetched_without_pickles_or_code(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {}

    def snapshot_download(repo_id: str, allow_patterns: list[str]) -> str:
        asked[repo_id] = allow_patterns
        return str(folders["bert"])

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    assert find_encoder("someone/encoder") == folders["bert"]
    endings = {pattern.rpartition(".")[2] for pattern in asked["someone/encoder"]}
    assert endings == {"json", "safetensors", "txt", "model"}
