"""Are the words that `predict --explain` names those that carried the score? Remove them and see.

    python benchmarks/faithfulness.py ../shared/data --texts 300

For each text of six words and more, the top k words by attribution, the top k by attention
pooling and k random words are removed; what is printed is the mean loss of the explained
emotion's probability, with the middle 95 % of 2,000 bootstrap draws over texts. (The
"comprehensiveness" of DeYoung et al. 2020, "ERASER", section 4, against random words.)
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from model.attribution import Attribution, Word, attribute, probability, without
from model.bundle import Bundle, load_bundle
from model.pooling import pooling_weights
from model.text import clean
from training.data import load_benchmark, load_goemotions
from worker.onnx_scorer import OnnxScorer

#: Random choices a text, averaged.
N_RANDOM = 5


def real_texts(folder: Path, n: int, seed: int) -> list[str]:
    """Return `n` cleaned test texts, half of each data set, of six words and more."""
    order = random.Random(seed)
    found = []
    for corpus in (
        load_goemotions(folder / "goemotions"),
        load_benchmark(folder / "dair-emotion-split"),
    ):
        texts = [clean(example.text) for example in corpus.test]
        long = sorted({text for text in texts if len(text.split()) >= 6})
        found += order.sample(long, n // 2)
    return found


def measure(bundle: Bundle, texts: Sequence[str], *, most: int, seed: int) -> None:
    """Print a row for each k and way to choose words."""
    scorer = OnnxScorer(bundle, threads=1)
    explained = [one for one in attribute(texts, scorer.score) if one is not None]
    weights = pooling_weights(bundle, [one.text for one in explained])
    order = random.Random(seed)
    by_effect = [[word.word for word in one.strongest(most)] for one in explained]
    chosen: dict[str, list[list[list[Word]]]] = {"attribution": [[words] for words in by_effect]}
    if weights is not None:
        looked = [
            sorted(
                (word.word for word in one.words),
                key=lambda word: -sum(t.weight for t in tokens if word.start <= t.start < word.end),
            )
            for one, tokens in zip(explained, weights, strict=True)
        ]
        chosen["attention pooling"] = [[words[:most]] for words in looked]
    chosen["random"] = [
        [order.sample([w.word for w in one.words], most) for _ in range(N_RANDOM)]
        for one in explained
    ]
    print(f"{bundle.model_id}, {len(explained)} texts with a score, seed {seed}")
    print(f"{'words removed':<14}{'chosen by':<20}{'probability lost':<18}95 %")
    for k in range(1, most + 1):
        for name, picks in chosen.items():
            lost = _lost(scorer, explained, picks, k)
            low, high = _interval(lost, seed)
            print(f"{k:<14}{name:<20}{lost.mean():<18.3f}{low:.3f} to {high:.3f}")


def _lost(
    scorer: OnnxScorer,
    explained: Sequence[Attribution],
    picks: Sequence[Sequence[Sequence[Word]]],
    k: int,
) -> NDArray[np.float64]:
    """Return each text's mean loss over its choices when the first k words of each go."""
    variants = [
        without(one.text, words[:k])
        for one, choices in zip(explained, picks, strict=True)
        for words in choices
    ]
    left = iter(scorer.score(variants))
    even = 1 / len(scorer.emotions)
    means = []
    for one, choices in zip(explained, picks, strict=True):
        found = [probability(next(left), one.emotion) for _ in choices]
        means.append(one.probability - np.mean([even if p is None else p for p in found]))
    return np.array(means)


def _interval(values: NDArray[np.float64], seed: int) -> tuple[float, float]:
    draws = np.random.default_rng(seed).integers(0, len(values), (2_000, len(values)))
    low, high = np.quantile(values[draws].mean(axis=1), (0.025, 0.975))
    return float(low), float(high)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with dair-emotion-split/ and goemotions/")
    parser.add_argument("--bundle", type=Path, default=None)
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--most", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    texts = real_texts(options.data, options.texts, options.seed)
    measure(load_bundle(options.bundle), texts, most=options.most, seed=options.seed)


if __name__ == "__main__":
    main()
