"""Ways to meet rare emotions: weights for the loss, and random over- and undersampling.

Shapes: E emotions. A text of several emotions counts in equal parts for each; sampled, it belongs
to the rarest of them, so that no rare emotion is thinned out for a common one beside it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from records import Emotion
from training.data import Example

WeightName = Literal["inverse", "effective"]


def class_weights(
    examples: Iterable[Example],
    emotions: Sequence[Emotion],
    how: WeightName = "inverse",
    *,
    beta: float = 0.999,
) -> tuple[float, ...]:
    """Return a weight an emotion, shape (E,); the mean weight of the examples' labels is 1.

    So the loss keeps its size, and learning rates their meaning. An emotion without an example
    has weight 1: nothing is known about how rare it is.

    Args:
        examples: The training texts.
        emotions: Those the network scores, in its order.
        how: `inverse` to the frequency, or to the `effective` number of samples, which grows
            slower than the frequency and so gives the rarest emotions smaller weights.
        beta: Of the effective number, in [0, 1): 0 weighs all alike, towards 1 it is `inverse`.

    Raises:
        ValueError: when an example has none of the emotions, or `beta` is out of its range.

    Source: Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples", equation
    2 and section 4: weight (1 - beta) / (1 - beta ** n). `inverse` is King and Zeng 2001.
    """
    if not 0 <= beta < 1:
        raise ValueError(f"expected beta from 0 to under 1, found {beta!r}")
    counts: dict[Emotion, float] = dict.fromkeys(emotions, 0.0)
    for example in examples:
        for emotion in example.emotions:
            if emotion not in counts:
                raise ValueError(f"expected emotions out of {list(emotions)!r}, found {emotion!r}")
            counts[emotion] += 1 / len(example.emotions)
    raw = {
        emotion: 1 / n if how == "inverse" else (1 - beta) / (1 - beta**n)
        for emotion, n in counts.items()
        if n > 0
    }
    total = sum(counts.values())
    weighed = sum(counts[emotion] * weight for emotion, weight in raw.items())
    return tuple(raw[emotion] * total / weighed if emotion in raw else 1.0 for emotion in emotions)


def resample(
    examples: Sequence[Example], how: Literal["over", "under"], *, seed: int
) -> list[Example]:
    """Return the examples with every emotion as frequent as the commonest, or as the rarest.

    `over` keeps all and repeats texts of the rarer emotions, none of them twice more often than
    another; `under` leaves random texts of the commoner ones out. The order stays; repetitions
    follow at the end.
    """
    if how not in ("over", "under"):
        raise ValueError(f"expected 'over' or 'under', found {how!r}")
    counts = Counter(emotion for example in examples for emotion in example.emotions)
    strata: dict[Emotion, list[int]] = {}
    for index, example in enumerate(examples):
        rarest = min(example.emotions, key=lambda emotion: (counts[emotion], emotion))
        strata.setdefault(rarest, []).append(index)
    draw = random.Random(seed)  # noqa: S311 (a seedable order)
    chosen: list[int] = []
    if how == "under":
        n_each = min(map(len, strata.values()), default=0)
        for _, indices in sorted(strata.items()):
            chosen += draw.sample(indices, n_each)
        chosen.sort()
    else:
        n_each = max(map(len, strata.values()), default=0)
        chosen = list(range(len(examples)))
        for _, indices in sorted(strata.items()):
            n_whole, n_rest = divmod(n_each - len(indices), len(indices))
            chosen += indices * n_whole + draw.sample(indices, n_rest)
    return [examples[index] for index in chosen]
