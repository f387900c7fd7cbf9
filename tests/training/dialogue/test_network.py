"""A score depends on its context and on nothing else: no batch, no name, no future."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from training.dialogue.encoders import ScratchEncoder
from training.dialogue.network import DialogueConfig, DialogueNetwork, TokenRow
from training.dialogue.views import PAST_WINDOW, Context, make_views

WORDS = 40


def _network(context: Context) -> DialogueNetwork:
    torch.manual_seed(0)
    sizes = {"utterance": 16, "speaker": 4, "hidden": 16, "attention_heads": 2}
    network = DialogueNetwork(
        DialogueConfig(n_labels=3, context=context, **sizes),
        ScratchEncoder(WORDS, 8, 8),
    )
    with torch.no_grad():
        network.classifier.weight.mul_(5)
    return network.eval()


def _rows(n: int, seed: int = 0) -> list[TokenRow]:
    draw = torch.Generator().manual_seed(seed)
    lengths = torch.randint(1, 9, (n,), generator=draw).tolist()
    return [
        TokenRow(tuple(torch.randint(0, WORDS, (length,), generator=draw).tolist()))
        for length in lengths
    ]


def _scores(
    network: DialogueNetwork, dialogues: Sequence[tuple[list[TokenRow], list[str]]]
) -> Tensor:
    views = make_views([speakers for _, speakers in dialogues], network.config.context)
    with torch.no_grad():
        scores: Tensor = network([row for rows, _ in dialogues for row in rows], views)
    return scores


def _speakers(n: int) -> list[str]:
    return ["ann", "bob", "cy"] * (n // 3) + ["ann"] * (n % 3)


@pytest.mark.parametrize("context", ["dialogue", "past", "none"])
def test_a_score_does_not_depend_on_its_batch(context: Context) -> None:
    network = _network(context)
    one = (_rows(7), _speakers(7))
    other = (_rows(40, seed=1), _speakers(40))

    alone = _scores(network, [one])

    assert torch.allclose(_scores(network, [other, one])[-7:], alone, atol=1e-5)


def test_the_past_alone_knows_no_future_and_forgets_what_is_older_than_the_window() -> None:
    network = _network("past")
    rows, speakers = _rows(25), _speakers(25)
    whole = _scores(network, [(rows, speakers)])

    without_future = _scores(network, [(rows[:20], speakers[:20])])
    window = (rows[20 - PAST_WINDOW : 20], speakers[20 - PAST_WINDOW : 20])
    last_ten = _scores(network, [window])
    longer = _scores(network, [(rows[20 - PAST_WINDOW - 1 : 20], speakers[9:20])])

    assert torch.allclose(without_future, whole[:20], atol=1e-5)
    assert torch.allclose(last_ten[-1], whole[19], atol=1e-5)
    assert torch.allclose(longer[-1], last_ten[-1], atol=1e-5)


@pytest.mark.parametrize("context", ["dialogue", "past"])
def test_what_came_before_counts(context: Context) -> None:
    network = _network(context)
    rows = _rows(5)
    changed = [_rows(1, seed=9)[0], *rows[1:]]

    first, second = (_scores(network, [(x, _speakers(5))]) for x in (rows, changed))

    assert not torch.allclose(first[4], second[4], atol=1e-4)


def test_only_the_whole_dialogue_tells_what_comes_after() -> None:
    rows = _rows(5)
    changed = [*rows[:4], _rows(1, seed=9)[0]]
    for context, is_same in (("dialogue", False), ("past", True), ("none", True)):
        network = _network(context)  # type: ignore[arg-type]
        first, second = (_scores(network, [(x, _speakers(5))]) for x in (rows, changed))
        assert torch.allclose(first[0], second[0], atol=1e-5) is is_same


@pytest.mark.parametrize("context", ["dialogue", "past"])
def test_who_speaks_counts_but_not_by_name(context: Context) -> None:
    network = _network(context)
    rows = _rows(4)

    def spoken_by(*names: str) -> Tensor:
        return _scores(network, [(rows, list(names))])[3]

    assert torch.equal(spoken_by("ann", "bob", "ann", "bob"), spoken_by("x", "y", "x", "y"))
    assert not torch.allclose(
        spoken_by("ann", "bob", "ann", "bob"), spoken_by("ann", "ann", "ann", "ann"), atol=1e-4
    )
