"""The networks from scratch learn words from few texts."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from training.networks.scratch import AnnNetwork, LstmNetwork, ScratchConfig

B, T = 32, 12  # texts in a batch, tokens of every text


def _texts(n: int, order: torch.Generator) -> tuple[Tensor, Tensor]:
    """Words of no meaning, one of them in an unknown place one of six that tell the emotion."""
    ids = torch.randint(40, 400, (n, T), generator=order)
    truth = torch.randint(0, 6, (n,), generator=order)
    telling = 4 + truth * 6 + torch.randint(0, 6, (n,), generator=order)
    ids[torch.arange(n), torch.randint(0, T, (n,), generator=order)] = telling
    return ids, truth


@pytest.mark.parametrize("kind", [AnnNetwork, LstmNetwork])
def test_a_word_that_tells_the_emotion_is_learned_in_a_few_passes(
    kind: type[AnnNetwork | LstmNetwork],
) -> None:
    torch.manual_seed(1)
    order = torch.Generator().manual_seed(2)
    sizes = ScratchConfig(
        n_emotions=6,
        vocabulary_size=400,
        max_positions=T,
        embedding=32,
        lstm_hidden=16,
        dense=(16,),
        dropout=0.1,
    )
    network = kind(sizes)
    ids, truth = _texts(47 * B, order)
    unseen_ids, unseen_truth = _texts(300, order)
    optimizer = torch.optim.AdamW(network.parameters(), lr=3e-3)
    for _ in range(5):
        for batch, labels in zip(ids.view(-1, B, T), truth.view(-1, B), strict=True):
            logits = network(batch, torch.full((B,), T))
            cross_entropy(logits, labels).backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            optimizer.zero_grad()

    network.eval()
    with torch.no_grad():
        found = network(unseen_ids, torch.full((300,), T)).argmax(dim=1)
    # Nearly all; from embeddings as torch starts them half at most, by chance a sixth.
    assert (found == unseen_truth).float().mean() > 0.75
