"""The pooling weights read out of the graph are those of the network that was exported."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model.bundle import load_bundle
from model.pooling import pooling_weights
from tests.support.tiny import random_texts, tiny_network, tiny_tokenizer, write_bundle


def test_weights_are_the_networks_own(tmp_path: Path) -> None:
    network = tiny_network()
    seen: list[torch.Tensor] = []
    network.pool.register_forward_hook(lambda _m, _i, output: seen.append(output))
    bundle = load_bundle(write_bundle(tmp_path / "bundle", network))
    text = "i am so very happy today"
    ids = tiny_tokenizer().encode(text).ids
    with torch.inference_mode():
        network(torch.tensor([ids]), torch.tensor([len(ids)]))
    expected = torch.softmax(seen[0][0, :, 0], dim=0)[1:-1]

    (found,) = pooling_weights(bundle, [text]) or [[]]

    assert [text[token.start : token.end] for token in found] == text.split()
    assert [token.weight for token in found] == pytest.approx(expected.tolist(), abs=0.02)


def test_the_windows_of_a_long_text_share_the_weight(tmp_path: Path) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "bundle"))  # windows of 24 tokens
    text = " ".join(random_texts(8, seed=1))
    (found,) = pooling_weights(bundle, [text]) or [[]]
    assert len(found) > 30
    assert all(token.weight > 0 for token in found)
    assert 0.5 < sum(token.weight for token in found) <= 1  # the rest lies on the marks


def test_a_graph_without_attention_pooling_has_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = load_bundle(write_bundle(tmp_path / "bundle"))
    monkeypatch.setattr("model.pooling._softmax_name", lambda graph: None)
    assert pooling_weights(bundle, ["happy"]) is None
