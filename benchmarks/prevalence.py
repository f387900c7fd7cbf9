"""How near corrected shares come to the true ones, and how often their intervals hold them.

    python -m benchmarks.prevalence ../shared/data [--bundle bundles/mine] [--runs 2000]

Draws of 500 test texts whose mix is drawn from Dirichlet(1), so that no emotion is rarer than the
others on average. Corrected by confusions of the bundle, which are of validation texts only; those
of a bundle that holds none are measured first. Rivals: counting top labels (what a share is),
adjusted counts, adjusted scores, and EM over every text's probabilities (Saerens et al. 2002).
The truth of errors is the drawn texts' own labels; intervals are asked to hold the mix that they
were drawn by. "Misfits" are draws whose corrected shares a report would not show. With --cache the
texts are scored once (about a minute) and kept there.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.bundle import Bundle, load_bundle
from model.confusions import ConfusionSet
from model.session import open_session
from model.text import prepare_tokenizer
from reporting.prevalence import corrected_shares
from training.bundling.confusions import confusion_set
from training.inputs import parts_of
from training.predict import in_batches, with_graph
from training.sources import load_corpora

FloatArray = NDArray[np.float64]
Ints = NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Scored:
    """A data set's texts: scores (N, K) in the order of EMOTIONS and the true places (N,)."""

    name: str
    validation: FloatArray
    validation_truth: Ints
    test: FloatArray
    test_truth: Ints


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("data", help="what `moodwatch evaluate --data` takes")
    parser.add_argument("--bundle", type=Path, default=None)
    parser.add_argument("--runs", type=int, default=2_000)
    parser.add_argument("--texts", type=int, nargs="+", default=[500])
    parser.add_argument("--cache", type=Path, default=None, help="folder for the scores")
    options = parser.parse_args()
    bundle = load_bundle(options.bundle)
    sets = score(bundle, options.data, options.cache)
    stored = bundle.confusions()
    print(f"{bundle.model_id}, {options.runs:,} draws")
    print("| test texts | texts | method | error | to counting | in interval | width | misfits |")
    print("|---|---|---|---|---|---|---|---|")
    knowns: dict[str, ConfusionSet] = {}
    for scored in sets:
        known = next(
            (each for each in (stored.sets if stored else ()) if each.name == scored.name), None
        ) or confusion_set(scored.name, scored.validation, scored.validation_truth, bundle.emotions)
        if known is None:
            continue
        knowns[scored.name] = known
        for n_texts in options.texts:
            for line in judged(scored, known, bundle.emotions, options.runs, n_texts):
                print(f"| {scored.name} | {n_texts:,} | {line} |", flush=True)
    print_halves(sets, bundle)
    print_transfer(sets, knowns, bundle, options.runs)


def judged(
    scored: Scored, known: ConfusionSet, emotions: tuple[str, ...], runs: int, n_texts: int
) -> list[str]:
    """Return a line a method: mean absolute error, its ratio to counting, coverage and width."""
    draws = Draws(scored, known, emotions, runs, n_texts)
    counting = draws.error(draws.tops[:, draws.columns] / n_texts)
    ours = corrected_shares(draws.sums, draws.tops, known)
    lines = [f"counting top labels | {counting:.4f} | 1 | | | "]
    for name, found in (
        ("adjusted counts", adjusted(known, draws.tops / n_texts, "counts")),
        ("adjusted scores", adjusted(known, draws.sums / n_texts, "scores")),
        ("EM over all texts", draws.each(lambda texts: by_em(texts, known))),
    ):
        lines.append(
            f"{name} | {draws.error(found):.4f} | {draws.error(found) / counting:.2f} | | | "
        )
    holds = (ours.low <= draws.mixes) & (draws.mixes <= ours.high)
    lines.append(
        f"**corrected shares** | {draws.error(ours.shares):.4f} | "
        f"{draws.error(ours.shares) / counting:.2f} | {holds.mean():.1%} "
        f"({holds.mean(axis=0).min():.0%} to {holds.mean(axis=0).max():.0%} by emotion) | "
        f"{(ours.high - ours.low).mean():.3f} | {1 - ours.fits.mean():.1%}"
    )
    against_mix = np.abs(ours.shares - draws.mixes).mean()
    counted_mix = np.abs(draws.tops[:, draws.columns] / n_texts - draws.mixes).mean()
    lines.append(
        f"corrected, against the mix drawn by | {against_mix:.4f} | "
        f"{against_mix / counted_mix:.2f} | | | "
    )
    return lines


class Draws:
    """Test texts drawn by a mix of emotions, with what a roll-up would hold of them."""

    def __init__(
        self,
        scored: Scored,
        known: ConfusionSet,
        emotions: tuple[str, ...],
        runs: int,
        n_texts: int,
    ) -> None:
        rng = np.random.default_rng(0)
        self.columns = [emotions.index(emotion) for emotion in known.emotions]
        self._scores = scored.test
        where = [np.flatnonzero(scored.test_truth == place) for place in self.columns]
        self.mixes = rng.dirichlet(np.ones(len(where)), size=runs)
        counts = np.stack([rng.multinomial(n_texts, mix) for mix in self.mixes])
        self.truth = counts / n_texts
        self.chosen = [
            np.concatenate([rng.choice(of, n) for of, n in zip(where, drawn, strict=True)])
            for drawn in counts
        ]
        tops = np.eye(len(emotions))[scored.test.argmax(axis=1)]
        self.sums = np.stack([scored.test[at].sum(axis=0) for at in self.chosen])
        self.tops = np.stack([tops[at].sum(axis=0) for at in self.chosen])

    def each(self, estimate: Callable[[FloatArray], FloatArray]) -> FloatArray:
        return np.stack([estimate(self._scores[at][:, self.columns]) for at in self.chosen])

    def error(self, shares: FloatArray) -> float:
        """Return the mean absolute error over emotions and draws."""
        return float(np.abs(shares - self.truth).mean())


def adjusted(known: ConfusionSet, seen: FloatArray, kind: str) -> FloatArray:
    """Solve seen = mix x confusions by plain least squares, cut at nil."""
    means = known.score_means if kind == "scores" else known.top_counts / known.n_texts[:, None]
    mix = np.clip(seen @ np.linalg.pinv(means), 0, None)
    shares: FloatArray = mix / mix.sum(axis=1, keepdims=True)
    return shares


def by_em(texts: FloatArray, known: ConfusionSet, *, rounds: int = 100) -> FloatArray:
    """Return the mix of greatest likelihood if the probabilities were exact.

    Source: Saerens et al. (2002), "Adjusting the outputs of a classifier to new a priori
    probabilities".
    """
    prior = known.n_texts / known.n_texts.sum()
    mix: FloatArray = prior
    for _ in range(rounds):
        weighed = texts * (mix / prior)
        before, mix = mix, (weighed / weighed.sum(axis=1, keepdims=True)).mean(axis=0)
        if np.abs(before - mix).max() < 1e-5:
            break
    return mix


def print_halves(sets: list[Scored], bundle: Bundle, *, splits: int = 40, runs: int = 50) -> None:
    """Tell how intervals do on validation texts alone: one half corrected by the other."""
    for scored in sets:
        rng = np.random.default_rng(0)
        held = []
        for _ in range(splits):
            known_half = np.zeros(len(scored.validation_truth), dtype=bool)
            for place in range(len(bundle.emotions)):
                where = rng.permutation(np.flatnonzero(scored.validation_truth == place))
                known_half[where[: len(where) // 2]] = True
            scores, truth = scored.validation, scored.validation_truth
            known = confusion_set(
                scored.name, scores[known_half], truth[known_half], bundle.emotions
            )
            if known is None:
                return
            other = replace(scored, test=scores[~known_half], test_truth=truth[~known_half])
            draws = Draws(other, known, bundle.emotions, runs, 500)
            ours = corrected_shares(draws.sums, draws.tops, known)
            held.append(((ours.low <= draws.mixes) & (draws.mixes <= ours.high)).mean())
        print(f"{scored.name}, halves of validation: {np.mean(held):.1%} in interval")


def print_transfer(
    sets: list[Scored], knowns: dict[str, ConfusionSet], bundle: Bundle, runs: int
) -> None:
    """Tell what confusions of one data set do to another: where the assumption does not hold."""
    for scored in sets:
        for name, known in knowns.items():
            if name == scored.name:
                continue
            shared = [e for e in known.emotions if e in knowns[scored.name].emotions]
            kept = [known.emotions.index(emotion) for emotion in shared]
            cut = replace(
                known,
                emotions=tuple(shared),
                top_counts=known.top_counts[kept],
                score_means=known.score_means[kept],
                covariances=known.covariances[kept],
            )
            draws = Draws(scored, cut, bundle.emotions, runs, 500)
            ours = corrected_shares(draws.sums, draws.tops, cut)
            counting = draws.error(draws.tops[:, draws.columns] / 500)
            holds = (ours.low <= draws.mixes) & (draws.mixes <= ours.high)
            print(
                f"{scored.name} texts, confusions of {name}, {len(shared)} emotions: error "
                f"{draws.error(ours.shares):.4f} against {counting:.4f} of counting, "
                f"{holds.mean():.1%} in interval; misfits: "
                f"{1 - ours.fits.mean():.1%} of draws"
            )


def score(bundle: Bundle, data: str, cache: Path | None) -> list[Scored]:
    """Score the validation and test texts of one emotion each by the bundle's graph."""
    labels = [e for e in bundle.config.label_emotions if e is not None]
    if len(labels) != len(bundle.config.labels):
        raise SystemExit("expected a bundle whose outputs all are emotions")
    order = [labels.index(emotion) for emotion in bundle.emotions]
    kept = None if cache is None else cache / f"prevalence-{bundle.version}.npz"
    if kept is not None and kept.exists():
        arrays = np.load(kept)
        return [
            Scored(str(name), *(arrays[f"{name}_{place}"] for place in range(4)))
            for name in arrays["names"]
        ]
    tokenizer = prepare_tokenizer(Tokenizer.from_str(bundle.read("tokenizer.json").decode()))
    predict = with_graph(open_session(bundle.read("model.onnx")))
    corpora = load_corpora(data)
    found: dict[str, list[NDArray[np.generic]]] = {}
    for part in ("validation", "test"):
        for texts in parts_of(corpora, part, tokenizer, tuple(labels), bundle.config.max_tokens):
            scores = bundle.calibration.probabilities(in_batches(predict, texts.rows))[:, order]
            truth = [bundle.emotions.index(example.emotions[0]) for example in texts.examples]
            found.setdefault(texts.name, []).extend([scores, np.array(truth)])
    whole = {name: arrays for name, arrays in found.items() if len(arrays) == 4}
    if kept is not None:
        flat = {f"{n}_{place}": a for n, each in whole.items() for place, a in enumerate(each)}
        np.savez(kept, names=np.array(list(whole)), **flat)  # type: ignore[arg-type]
    return [Scored(name, *arrays) for name, arrays in whole.items()]  # type: ignore[arg-type]


if __name__ == "__main__":
    main()
