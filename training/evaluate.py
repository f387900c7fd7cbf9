"""Judge a model on the test sets through the very scorer that workers use.

What is measured is what users get: eight bits, windows, language check, calibration. The scorer
comes from the roof, because it lives in another room of this floor.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from model.labels import BENCHMARK_EMOTIONS
from records import EMOTIONS, Emotion, Scores
from training.data import Example, load_benchmark, load_goemotions, single_label
from training.metrics import quality


class ScoresTexts(Protocol):
    """As much of `worker.scorer.Scorer` as evaluating needs."""

    model_name: str
    emotions: tuple[Emotion, ...]

    def score(self, texts: Sequence[str]) -> list[Scores]: ...


def evaluate(scorer: ScoresTexts, data_dir: Path) -> dict[str, Any]:
    """Return the quality on both test sets.

    `benchmark`: dair-emotion-split, the best of its six emotions (neutral masked).
    `goemotions`: the test texts of exactly one of the scorer's emotions.

    Raises:
        DataError: when `data_dir` lacks a data set.
    """
    benchmark = load_benchmark(data_dir / "dair-emotion-split").test
    known = set(scorer.emotions)
    natural = tuple(
        example
        for example in single_label(load_goemotions(data_dir / "goemotions").test)
        if known.issuperset(example.emotions)
    )
    return {
        "model": scorer.model_name,
        "benchmark": _judge(scorer, benchmark, among=BENCHMARK_EMOTIONS),
        "goemotions": _judge(scorer, natural, among=scorer.emotions),
    }


def _judge(
    scorer: ScoresTexts, examples: Sequence[Example], *, among: Sequence[Emotion]
) -> dict[str, Any]:
    scores = scorer.score([example.text for example in examples])
    probabilities = np.array(
        [[np.nan if p is None else p for p in text.probabilities] for text in scores]
    )
    found = quality(probabilities, examples, emotions=EMOTIONS, among=among)
    n_unsupported = sum(text.status == "unsupported" for text in scores)
    return {**found.to_json(), "n_unsupported": n_unsupported}
