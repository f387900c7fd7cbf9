"""Parts for a corpus that comes without: whole dialogues, by session or stratified by label."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Final

from training.data import DataError
from training.dialogue.corpus import Dialogue, labelled

#: Of all labelled utterances: training, validation, test.
SHARES: Final = (0.8, 0.1, 0.1)


def stratified(
    dialogues: Sequence[Dialogue], shares: Sequence[float] = SHARES, *, seed: int
) -> list[tuple[Dialogue, ...]]:
    """Deal whole dialogues to parts so that each has its share of every label.

    The largest first, each to the part that lacks its labels most, rare labels weighing more.

    Raises:
        DataError: when there are fewer dialogues than parts.
    """
    if len(dialogues) < len(shares):
        raise DataError(f"expected at least {len(shares)} dialogues, found {len(dialogues)}")
    counts = [Counter[str](labelled([d])) for d in dialogues]
    total = sum(counts, Counter[str]())
    order = list(range(len(dialogues)))
    random.Random(seed).shuffle(order)  # noqa: S311 (a seedable order)
    order.sort(key=lambda index: -len(dialogues[index].utterances))
    held = [Counter[str]() for _ in shares]
    parts: list[list[int]] = [[] for _ in shares]

    def lack(part: int, index: int) -> float:
        """Share of its due that the part would still lack, over the labels of the dialogue."""
        due = shares[part]
        return sum(
            n / total[label] * (1 - held[part][label] / (due * total[label]))
            for label, n in counts[index].items()
        )

    for rank, index in enumerate(order):
        empty = [part for part in range(len(shares)) if not parts[part]]
        left = len(order) - rank
        open_parts = empty if len(empty) >= left else range(len(shares))
        best = max(open_parts, key=lambda part: (lack(part, index), shares[part]))
        parts[best].append(index)
        held[best] += counts[index]
    return [tuple(dialogues[index] for index in sorted(part)) for part in parts]


def by_session(
    dialogues: Sequence[Dialogue], test_session: str, *, seed: int
) -> list[tuple[Dialogue, ...]]:
    """Leave one session out: it is the test part, a stratified tenth of the others validation.

    A session's speakers occur in no other, so none of the test part's is known from training.

    Raises:
        DataError: when there is no such session, or no other.
    """
    sessions = sorted({dialogue.session for dialogue in dialogues})
    test = tuple(dialogue for dialogue in dialogues if dialogue.session == test_session)
    rest = [dialogue for dialogue in dialogues if dialogue.session != test_session]
    if not test or not rest:
        raise DataError(f"expected a session out of {sessions!r}, found {test_session!r}")
    train, validation = stratified(rest, (0.9, 0.1), seed=seed)
    return [train, validation, test]
