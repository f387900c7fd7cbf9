"""A diagram accounts for every parameter of the network it draws."""

from __future__ import annotations

import re

import pytest

from training.describe import diagram_svg
from training.networks.scratch import AnnNetwork, LstmNetwork, ScratchConfig

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
