"""The network reads a text's own tokens and nothing else."""

from __future__ import annotations

import pytest
import torch

from model.network import BiLstm, SelfAttention
from tests.support.tiny import tiny_network


def test_padding_is_never_read() -> None:
    network = tiny_network()
    ids = torch.randint(4, 30, (3, 12))
    lengths = torch.tensor([12, 5, 1])

    with torch.inference_mode():
        before = network(ids, lengths)
        ids[1, 5:] = 7
        ids[2, 1:] = 9
        after = network(torch.cat([ids, torch.full((3, 9), 11)], dim=1), lengths)

    torch.testing.assert_close(before, after, atol=1e-5, rtol=0)


def test_a_text_scores_alone_as_in_a_batch() -> None:
    network = tiny_network()
    ids = torch.randint(4, 30, (6, 15))
    lengths = torch.tensor([15, 2, 9, 4, 11, 7])

    with torch.inference_mode():
        together = network(ids, lengths)
        alone = torch.cat(
            [
                network(ids[i : i + 1, :n], lengths[i : i + 1])
                for i, n in enumerate(lengths.tolist())
            ]
        )

    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)


def test_the_answers_differ_from_text_to_text() -> None:
    """Guards the two tests above: a network that answers a constant would pass them."""
    network = tiny_network()
    with torch.inference_mode():
        logits = network(torch.randint(4, 30, (20, 8)), torch.full((20,), 8))
    assert logits.std(dim=0).min() > 0.1


def test_mirrored_lstm_equals_a_packed_bidirectional_one() -> None:
    torch.manual_seed(0)
    ours = BiLstm(6, 5)
    packed = torch.nn.LSTM(6, 5, batch_first=True, bidirectional=True)
    backwards = {f"{k}_reverse": v for k, v in ours.backwards.state_dict().items()}
    packed.load_state_dict(ours.forwards.state_dict() | backwards)
    x, lengths = torch.randn(4, 9, 6), torch.tensor([9, 3, 6, 1])

    sequence = torch.nn.utils.rnn.pack_padded_sequence(
        x, lengths, batch_first=True, enforce_sorted=False
    )
    expected, _ = torch.nn.utils.rnn.pad_packed_sequence(
        packed(sequence)[0], batch_first=True, total_length=9
    )
    inside = (torch.arange(9) < lengths[:, None])[..., None]

    torch.testing.assert_close(ours(x, lengths) * inside, expected * inside, atol=1e-6, rtol=0)


def test_attention_refuses_heads_that_do_not_divide_its_width() -> None:
    with pytest.raises(ValueError, match="divisible by 3 heads"):
        SelfAttention(8, 3)
