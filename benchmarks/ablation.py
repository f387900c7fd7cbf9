"""What each means against imbalance, and synonyms, are worth: one network trained with each.

    python -m benchmarks.ablation ../shared/data/dair-emotion-split --out runs/ablation \
        --architecture lstm --epochs 8 --seeds 13 14 15
    python -m benchmarks.ablation ../shared/data/dair-emotion-split --out runs/ablation \
        --encoder all-MiniLM-L6-v2 --layers 2 --epochs 2 --recipes base focal weights

All else is at `moodwatch train`'s defaults. Finished and broken runs go on where they stopped.
Figures are of the test texts, the mean of the seeds and their standard deviation; the rarest
emotion is the one with the fewest training texts. Synonyms need WordNet (NLTK_DATA).
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import mean, stdev
from typing import Final

from records import Emotion
from training.augmenting.augment import AugmentConfig
from training.config import TrainConfig
from training.data import single_label
from training.inputs import load_data
from training.judging.evaluate import Evaluation, evaluate_on, load_test_sets
from training.judging.scorers import RunScorer
from training.train import train

RECIPES: Final[dict[str, Callable[[TrainConfig], TrainConfig]]] = {
    "base": lambda config: config,
    "focal": lambda config: replace(config, loss="focal"),
    "weights": lambda config: replace(config, class_weights=True),
    "over": lambda config: replace(config, resample="over"),
    "under": lambda config: replace(config, resample="under"),
    "synonyms": lambda config: replace(config, augment=AugmentConfig(synonym_share=0.3)),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("data", help="one data set with a test part")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--architecture", choices=["hybrid", "plain", "ann", "lstm"],
                        default="hybrid")  # fmt: skip
    parser.add_argument("--encoder", type=Path)
    parser.add_argument("--layers", type=int)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[13])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=list(RECIPES))
    chosen = parser.parse_args()
    rarest = _rarest(chosen.data)
    (test,) = load_test_sets(chosen.data)
    print(f"| recipe | accuracy | macro-F1 | F1 of {rarest} |\n|---|---|---|---|", flush=True)
    for name in chosen.recipes:
        found: list[Evaluation] = []
        for seed in chosen.seeds:
            usual = TrainConfig(
                (chosen.data,),
                chosen.out / f"{chosen.architecture}-{name}-{seed}",
                architecture=chosen.architecture,
                encoder=chosen.encoder,
                layers=chosen.layers,
                epochs=chosen.epochs,
                seed=seed,
                threads=chosen.threads,
            )
            run = train(RECIPES[name](usual))
            found.append(evaluate_on(RunScorer.load(run), test, n_draws=1))
        told = [
            _told([one.figures["accuracy"] for one in found]),
            _told([one.figures["macro_f1"] for one in found]),
            _told([_f1(one, rarest) for one in found]),
        ]
        print(f"| {name} | {' | '.join(told)} |", flush=True)


def _rarest(data: str) -> Emotion:
    (corpus,), _ = load_data((data,), None, seed=13)
    counted = Counter(example.emotions[0] for example in single_label(corpus.train))
    return min(counted, key=lambda emotion: counted[emotion])


def _f1(found: Evaluation, emotion: Emotion) -> float:
    return next(one.f1 for one in found.by_emotion if one.emotion == emotion)


def _told(values: list[float]) -> str:
    spread = f" ± {stdev(values):.4f}" if len(values) > 1 else ""
    return f"{mean(values):.4f}{spread}"


if __name__ == "__main__":
    main()
