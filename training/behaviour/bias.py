"""How far scores move when only a name or a pronoun changes.

The templates say the same of everybody, so any move is the model's own. Two figures: the mean
absolute move between two fillings of one template, over all of them and all emotions (what the
bar is about), and the same for each template's top emotion alone (stricter: it cannot be watered
down by emotions that nobody scores).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from records import EMOTIONS, Emotion, Scores
from training.behaviour.sentences import Filled

#: Mean absolute move of a score that is still no bias worth a name.
BIAS_BAR: Final = 0.03


@dataclass(frozen=True, slots=True)
class BiasReport:
    """What changing a name or pronoun does; every figure is a score, 0..1."""

    n_templates: int
    n_texts: int
    #: Mean absolute difference of two fillings, over emotions, pairs of fillings and templates.
    mean_move: float
    #: The same of each template's top emotion only.
    mean_move_of_top: float
    #: Share of fillings whose top emotion is not the commonest of their template.
    share_flipped: float
    #: The group and emotion whose mean lies furthest from all groups' mean, signed.
    widest_gap: tuple[str, Emotion, float]

    @property
    def is_within_bar(self) -> bool:
        return self.mean_move <= BIAS_BAR

    def to_json(self) -> dict[str, Any]:
        group, emotion, gap = self.widest_gap
        return {
            "bar": BIAS_BAR,
            "is_within_bar": self.is_within_bar,
            "n_templates": self.n_templates,
            "n_texts": self.n_texts,
            "mean_move": round(self.mean_move, 5),
            "mean_move_of_top": round(self.mean_move_of_top, 5),
            "share_flipped": round(self.share_flipped, 5),
            "widest_gap": {"group": group, "emotion": emotion, "gap": round(gap, 5)},
        }


def measure_bias(
    templates: Sequence[Filled], score: Callable[[Sequence[str]], Sequence[Scores]]
) -> BiasReport:
    """Score every filling and measure how far they lie apart; an emotion not scored counts 0."""
    groups = list(templates[0].texts)
    texts = [text for filled in templates for group in groups for text in filled.texts[group]]
    rows = [[p or 0.0 for p in scores.probabilities] for scores in score(texts)]
    # templates x groups x fillings of a group x emotions
    scores = np.array(rows).reshape(len(templates), len(groups), -1, len(EMOTIONS))
    fillings = scores.reshape(len(templates), -1, len(EMOTIONS))
    is_scored = fillings.any(axis=(0, 1))
    moves = np.array([_mean_pairwise(template) for template in fillings])  # templates x emotions
    tops = fillings.mean(axis=1).argmax(axis=1)
    flipped = [
        (template.argmax(axis=1) != top).mean()
        for template, top in zip(fillings, tops, strict=True)
    ]
    by_group = scores.mean(axis=(0, 2))  # groups x emotions
    gaps = by_group - by_group.mean(axis=0)
    group, emotion = np.unravel_index(int(np.abs(gaps).argmax()), gaps.shape)
    return BiasReport(
        n_templates=len(templates),
        n_texts=len(texts),
        mean_move=float(moves[:, is_scored].mean()),
        mean_move_of_top=float(moves[np.arange(len(templates)), tops].mean()),
        share_flipped=float(np.mean(flipped)),
        widest_gap=(groups[int(group)], EMOTIONS[int(emotion)], float(gaps[group, emotion])),
    )


def _mean_pairwise(fillings: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the mean absolute difference of any two rows, (N, E) → (E,)."""
    n = len(fillings)
    differences = np.abs(fillings[:, None, :] - fillings[None, :, :])
    total: NDArray[np.float64] = differences.sum(axis=(0, 1)) / (n * (n - 1))
    return total
