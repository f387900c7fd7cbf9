"""A network is described with every parameter, layer and look that it has."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from moodwatch.judged import describe_model
from records import EMOTIONS
from tests.support.tiny import tiny_network, tiny_tokenizer, write_bundle
from training.drawing.attention_maps import attention_map
from training.drawing.describe import diagram_svg, layer_summary
from training.networks.scratch import AnnNetwork, LstmNetwork, ScratchConfig
from training.networks.transformer import PlainTransformer, TransformerEncoder
from training.predict import Run, open_model

SIZES = ScratchConfig(
    vocabulary_size=30, max_positions=24, embedding=8, lstm_hidden=4, dense=(16, 8)
)


@pytest.mark.parametrize("kind", [AnnNetwork, LstmNetwork])
def test_the_boxes_of_a_diagram_hold_all_parameters(kind: type[AnnNetwork | LstmNetwork]) -> None:
    network = kind(SIZES)
    svg = diagram_svg("small", network)
    boxes = [int(n.replace(",", "")) for n in re.findall(r'fill="#555">([\d,]+)</text>', svg)]
    assert sum(boxes) == sum(p.numel() for p in network.parameters())
    assert "_Dense" not in svg


def test_flattening_stands_between_words_and_dense_layers() -> None:
    svg = diagram_svg("small", AnnNetwork(SIZES))
    parts = [">words<", ">flatten and first dense<", ">dense<"]
    assert [svg.index(part) for part in parts] == sorted(svg.index(part) for part in parts)
    assert "output (B, 16)" in svg


def test_a_bundle_is_described_with_its_layers_and_its_attention(tmp_path: Path) -> None:
    bundle = write_bundle(tmp_path / "bundle", tiny_network())
    summary, page = describe_model(bundle, "i am not happy <b>", tmp_path)
    assert page is not None
    assert "SelfAttention" in summary
    html = page.read_text()
    assert "happy &lt;b&gt;" in html
    assert html.count("data:image/png") == 2

    found = attention_map(open_model(bundle), "i am not happy")
    assert found is not None
    assert found.tokens == ("[CLS]", "i", "am", "not", "happy", "[SEP]")
    assert list(found.layers) == ["encoder layer 1", "head's attention"]
    for weights in found.layers.values():
        assert weights.sum(axis=1) == pytest.approx(np.ones(6))


@pytest.mark.parametrize("kind", [AnnNetwork, LstmNetwork])
def test_a_diagram_names_every_part_in_order(kind: type[AnnNetwork | LstmNetwork]) -> None:
    sizes = ScratchConfig(
        vocabulary_size=30, max_positions=24, embedding=8, lstm_hidden=4, dense=(8, 4)
    )
    svg = diagram_svg("<ann>", kind(sizes))
    parts = ["&lt;ann&gt;", ">text<", ">words<", ">dense<", ">softmax<"]
    assert [svg.index(part) for part in parts] == sorted(svg.index(part) for part in parts)


def test_an_encoder_of_transformers_is_described_too(tmp_path: Path) -> None:
    from transformers import DistilBertConfig, DistilBertModel

    torch.manual_seed(0)
    sizes = DistilBertConfig(vocab_size=60, dim=16, n_layers=2, n_heads=2, hidden_dim=32)
    inner = DistilBertModel(sizes)
    encoder = TransformerEncoder(inner)
    network = PlainTransformer(encoder, n_emotions=6, pooling="mean", dropout=0.1)
    run = Run(tmp_path, "plain", network, tiny_tokenizer(), EMOTIONS[:6], 24, {}, {})

    found = attention_map(run, "i am sad")
    assert found is not None
    assert list(found.layers) == ["encoder layer 1", "encoder layer 2"]
    ids = torch.tensor([tiny_tokenizer().encode("i am sad").ids])
    inner.set_attn_implementation("eager")
    expected = inner(input_ids=ids, output_attentions=True).attentions[1]
    assert found.layers["encoder layer 2"] == pytest.approx(
        expected[0].mean(dim=0).detach().numpy(), abs=1e-6
    )
    assert "TransformerEncoder" in layer_summary(network)
    assert "TransformerEncoder, output (B, T, 16)" in diagram_svg("plain", network)
