"""Does the exported graph say what the network says, whatever batch a text is in? The gate.

Shapes: N texts, E emotions.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field

import numpy as np
from numpy.typing import NDArray

from training.metrics import FloatArray

#: Limits of the gate. They stand in README and design, too.
MAX_P99_DIFFERENCE = 0.02
MIN_SAME_LABEL = 0.995
MAX_ACCURACY_LOSS = 0.002
MAX_BATCH_DIFFERENCE = 0.02
#: A top label may only change with the batch where the first two emotions are this close.
MAX_CHANGED_MARGIN = 0.04


class ParityError(ValueError):
    """The graph strays too far from the network it was made of."""


@dataclass(frozen=True, slots=True)
class Parity:
    """The graph against float32 torch on the same texts; differences are a text's largest."""

    n: int
    median_difference: float
    p99_difference: float
    max_difference: float
    #: Share of texts with the same top label, 0..1.
    same_label: float
    #: How much worse the graph is, by data set; negative where it is better.
    accuracy_loss: dict[str, float]
    #: Texts of each data set, where known.
    n_texts: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class BatchEffect:
    """The same texts alone, in random batches and in sorted ones."""

    n: int
    max_difference: float
    #: Largest margin between the first two emotions among texts whose top label changed.
    max_changed_margin: float

    def to_json(self) -> dict[str, object]:
        return asdict(self)


def compare(
    reference: FloatArray,
    found: FloatArray,
    accuracy_loss: dict[str, float],
    n_texts: dict[str, int] | None = None,
) -> Parity:
    """Compare two (N, E) sets of probabilities."""
    largest = np.abs(reference - found).max(axis=1)
    return Parity(
        n=len(largest),
        median_difference=float(np.median(largest)),
        # Of fewer than 100 texts the largest would stand for one in a hundred.
        p99_difference=float(np.quantile(largest, 0.99, method="lower")),
        max_difference=float(largest.max()),
        same_label=float((reference.argmax(axis=1) == found.argmax(axis=1)).mean()),
        accuracy_loss=accuracy_loss,
        n_texts=n_texts or {},
    )


def batch_effect(
    predict: Callable[[Sequence[Sequence[int]]], FloatArray],
    rows: Sequence[Sequence[int]],
    *,
    batch_size: int = 32,
    seed: int = 0,
) -> BatchEffect:
    """Predict tokenised texts alone, in random and in sorted batches, and compare."""
    alone = np.concatenate([predict([row]) for row in rows])
    shuffled = list(range(len(rows)))
    random.Random(seed).shuffle(shuffled)  # noqa: S311 (a seedable order)
    by_length = sorted(range(len(rows)), key=lambda index: len(rows[index]))
    largest, margin = 0.0, 0.0
    for order in (shuffled, by_length):
        together = np.empty_like(alone)
        for start in range(0, len(order), batch_size):
            batch = order[start : start + batch_size]
            together[batch] = predict([rows[index] for index in batch])
        largest = max(largest, float(np.abs(alone - together).max()))
        changed = alone.argmax(axis=1) != together.argmax(axis=1)
        if changed.any():
            margin = max(margin, float(_margins(alone)[changed].max()))
    return BatchEffect(len(rows), largest, margin)


def check(parity: Parity, effect: BatchEffect) -> None:
    """Let a graph pass or not; one text alone, more than the limits in a small set, is no fault.

    Raises:
        ParityError: naming every figure outside its limit.
    """
    faults = []
    if parity.p99_difference > MAX_P99_DIFFERENCE:
        faults.append(f"p99 difference {parity.p99_difference:.4f} > {MAX_P99_DIFFERENCE}")
    if 1 - parity.same_label > _at_least_one(1 - MIN_SAME_LABEL, parity.n):
        faults.append(f"same top label {parity.same_label:.4f} < {MIN_SAME_LABEL}")
    for name, loss in parity.accuracy_loss.items():
        if loss > _at_least_one(MAX_ACCURACY_LOSS, parity.n_texts.get(name)):
            faults.append(f"accuracy loss on {name} {loss:.4f} > {MAX_ACCURACY_LOSS}")
    if effect.max_difference > MAX_BATCH_DIFFERENCE:
        faults.append(f"batch effect {effect.max_difference:.4f} > {MAX_BATCH_DIFFERENCE}")
    if effect.max_changed_margin > MAX_CHANGED_MARGIN:
        faults.append(f"label changed at margin {effect.max_changed_margin:.4f}")
    if faults:
        raise ParityError(f"expected a graph equal to its network, found {'; '.join(faults)}")


def _at_least_one(share: float, n: int | None) -> float:
    """Return a limit that one text of `n` passes; figures are rounded to five digits."""
    return max(share, 1 / n if n else 0.0) + 1e-5


def _margins(probabilities: FloatArray) -> NDArray[np.floating]:
    ordered = np.sort(probabilities, axis=1)
    return ordered[:, -1] - ordered[:, -2]
