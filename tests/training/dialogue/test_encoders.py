"""Fixed layers computed once give what the whole encoder gives, and they alone stay fixed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import (
    AlbertConfig,
    AutoModel,
    BertConfig,
    DistilBertConfig,
    MPNetConfig,
    PreTrainedConfig,
    RobertaConfig,
)

from model.network import MASKED_SCORE
from tests.support.tiny import tiny_network, tiny_tokenizer, write_bundle
from training.dialogue.encoders import (
    PretrainedEncoder,
    UtteranceEncoder,
    encoder_of,
    start_encoder,
)
from training.networks.files import EncoderError

SIZES: dict[str, Any] = {
    "vocab_size": 60, "hidden_size": 16, "num_hidden_layers": 3, "num_attention_heads": 2,
    "intermediate_size": 32, "max_position_embeddings": 40,
}  # fmt: skip
FAMILIES: dict[str, PreTrainedConfig] = {
    "bert": BertConfig(**SIZES),
    "roberta": RobertaConfig(**SIZES),
    "mpnet": MPNetConfig(**SIZES),
    "distilbert": DistilBertConfig(
        vocab_size=60, dim=16, n_layers=3, n_heads=2, hidden_dim=32, max_position_embeddings=40
    ),
}


def _encoder(
    folder: Path, config: PreTrainedConfig, trained_layers: int | None
) -> UtteranceEncoder:
    torch.manual_seed(0)
    AutoModel.from_config(config).save_pretrained(folder)  # type: ignore[no-untyped-call]
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    return start_encoder(
        folder, trained_layers=trained_layers, texts=[], tokenizer_file=folder / "copy.json"
    )


def _batch() -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.randint(4, 30, (3, 7), generator=torch.Generator().manual_seed(1))
    return ids, torch.arange(7) < torch.tensor([[7], [4], [2]])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("trained_layers", [0, 2])
def test_upper_of_lower_is_the_whole_encoder(
    tmp_path: Path, family: str, trained_layers: int
) -> None:
    encoder = _encoder(tmp_path, FAMILIES[family], trained_layers).eval()
    ids, inside = _batch()

    with torch.no_grad():
        pieces = encoder.upper(encoder.lower(ids, inside), inside)
        assert isinstance(encoder, PretrainedEncoder)
        whole = encoder.transformer(ids, inside)

    assert torch.allclose(pieces[inside], whole[inside], atol=1e-6)
    assert encoder.width == 16


def test_only_the_top_layers_learn(tmp_path: Path) -> None:
    encoder = _encoder(tmp_path, FAMILIES["bert"], 1).train()
    ids, inside = _batch()

    encoder(ids, inside).sum().backward()

    learned = {name for name, p in encoder.named_parameters() if p.grad is not None}
    assert learned
    assert all(".layer.2." in name for name in learned)


def test_layers_that_are_shared_or_not_there_cannot_be_fixed(tmp_path: Path) -> None:
    shared = AlbertConfig(**SIZES, embedding_size=16)
    with pytest.raises(EncoderError, match="shares"):
        _encoder(tmp_path / "albert", shared, 1)
    with pytest.raises(EncoderError, match="0 to 3 trained layers, found 4"):
        _encoder(tmp_path / "bert", FAMILIES["bert"], 4)
    with pytest.raises(EncoderError, match="without pretraining"):
        start_encoder(None, trained_layers=1, texts=["a a"], tokenizer_file=tmp_path / "t.json")


@pytest.mark.parametrize("trained_layers", [0, 1])
def test_a_bundles_network_is_read_below_its_head(tmp_path: Path, trained_layers: int) -> None:
    network = tiny_network()
    folder = write_bundle(tmp_path / "bundle", network)
    encoder = start_encoder(
        folder, trained_layers=trained_layers, texts=[], tokenizer_file=tmp_path / "t.json"
    ).eval()
    ids, inside = _batch()

    with torch.no_grad():
        states = encoder(ids, inside)
        penalty = torch.where(inside, 0.0, MASKED_SCORE)
        expected = network.encoder[0](network.embeddings(ids), penalty)

    # Eight bits in the bundle, float32 in the network it was written from.
    assert torch.allclose(states[inside], expected[inside], atol=0.2)
    assert {p.requires_grad for p in encoder.layers.parameters()} == {bool(trained_layers)}  # type: ignore[union-attr]


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_an_encoder_is_rebuilt_from_its_sizes(tmp_path: Path, family: str) -> None:
    encoder = _encoder(tmp_path, FAMILIES[family], 1).eval()
    rebuilt = encoder_of(encoder.sizes()).eval()
    rebuilt.load_state_dict(encoder.state_dict())
    ids, inside = _batch()

    with torch.no_grad():
        assert torch.equal(rebuilt(ids, inside)[inside], encoder(ids, inside)[inside])
