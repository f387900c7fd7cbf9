"""Parts keep dialogues whole, labels in proportion, and a session's speakers to themselves."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from training.data import DataError
from training.dialogue.corpus import Dialogue, Utterance, labelled
from training.dialogue.split import by_session, stratified


def _dialogues(n: int) -> list[Dialogue]:
    order = random.Random(1)
    return [
        Dialogue(
            str(index),
            tuple(
                Utterance("ann", "hm", order.choices(["rare", "some", "many"], [1, 5, 20])[0])
                for _ in range(order.randint(2, 12))
            ),
            session=str(index % 5 + 1),
        )
        for index in range(n)
    ]


def test_every_part_gets_its_share_of_every_label() -> None:
    dialogues = _dialogues(200)
    total = Counter(labelled(dialogues))

    parts = stratified(dialogues, (0.8, 0.1, 0.1), seed=3)

    assert sorted(d.id for part in parts for d in part) == sorted(d.id for d in dialogues)
    for part, share in zip(parts, (0.8, 0.1, 0.1), strict=True):
        for label, n in Counter(labelled(part)).items():
            assert n / total[label] == pytest.approx(share, abs=0.035), label
    assert parts == stratified(dialogues, (0.8, 0.1, 0.1), seed=3)
    assert parts != stratified(dialogues, (0.8, 0.1, 0.1), seed=4)


def test_no_part_stays_empty_however_few_there_are() -> None:
    assert all(stratified(_dialogues(3), seed=0))
    with pytest.raises(DataError, match="at least 3 dialogues, found 2"):
        stratified(_dialogues(2), seed=0)


def test_a_session_left_out_is_the_whole_test_part() -> None:
    dialogues = _dialogues(60)

    train, validation, test = by_session(dialogues, "5", seed=0)

    assert {d.session for d in test} == {"5"}
    assert len(test) == 12
    assert "5" not in {d.session for d in (*train, *validation)}
    assert validation
    with pytest.raises(DataError, match="found '6'"):
        by_session(dialogues, "6", seed=0)
