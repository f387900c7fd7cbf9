"""Cut a data set that came in one piece, or without one of its parts, by seed.

Every emotion gives every tenth of its texts to validation and to test; one with fewer than ten
stays in training whole. Spellings of one text stay together, so that no part holds another's.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

from records import Emotion
from training.data import DataError, Example, fingerprint

#: One text in so many goes to each part that is cut off.
ONE_IN = 10


def cut_parts(
    examples: Sequence[Example], n_parts: int, *, seed: int, where: str
) -> list[tuple[Example, ...]]:
    """Return what is left, then `n_parts` stratified parts of a tenth each, in file order.

    Raises:
        DataError: when there are too few texts to leave something in each part.
    """
    groups: dict[str, list[int]] = {}
    for index, example in enumerate(examples):
        groups.setdefault(fingerprint(example.text), []).append(index)
    order = list(groups.values())
    random.Random(seed).shuffle(order)  # noqa: S311 (a seedable order)
    counts = Counter(emotion for example in examples for emotion in example.emotions)
    seen: Counter[Emotion] = Counter()
    part_of = [0] * len(examples)
    for indices in order:
        # A text of several emotions counts for its rarest: combinations would all be too rare.
        stratum = min(examples[indices[0]].emotions, key=lambda emotion: counts[emotion])
        part = max(0, seen[stratum] % ONE_IN - (ONE_IN - 1 - n_parts))
        seen[stratum] += 1
        for index in indices:
            part_of[index] = part
    if n_parts and max(part_of, default=0) < n_parts:
        raise DataError(
            f"{where}: expected an emotion with {ONE_IN} different texts or more, to cut "
            f"validation and test from, found {max(seen.values(), default=0)} at most"
        )
    return [
        tuple(example for example, own in zip(examples, part_of, strict=True) if own == part)
        for part in range(n_parts + 1)
    ]
