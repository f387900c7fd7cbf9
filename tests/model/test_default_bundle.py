"""What the shipped bundle promises: the bars, the parity gate, independence of the batch."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from model.bundle import Bundle, load_bundle
from model.labels import DEFAULT_EMOTIONS
from records import Scores
from tests.support.paths import REPOSITORY, shared_data
from worker.onnx_scorer import OnnxScorer
from worker.torch_scorer import TorchScorer


@pytest.fixture(scope="module")
def bundle() -> Bundle:
    return load_bundle()


def _array(scores: list[Scores]) -> NDArray[np.float64]:
    """Scored texts' probabilities, disgust left out."""
    return np.array([s.probabilities[:6] + s.probabilities[7:] for s in scores], dtype=np.float64)


def _real_texts() -> list[str]:
    """500 natural texts: Reddit comments and tweets where they lie beside the checkout."""
    comments = (shared_data("goemotions") / "test.tsv").read_text(encoding="utf-8").split("\n")
    tweets = shared_data("twitter-us-airline") / "Tweets.csv"
    with tweets.open(encoding="utf-8", newline="") as file:
        texts = [row["text"] for row in csv.DictReader(file)][:300]
    return texts + [line.split("\t")[0] for line in comments[:300]]


def _texts_of_ours() -> list[str]:
    """Sentences of many lengths, for checkouts without the public data."""
    parts = (
        "the train was late again", "i love this place", "my phone died", "what a lovely surprise",
        "nobody answers and i am furious", "see you on monday", "i am scared of the results",
        "thanks for everything", "it rained all day", "we finally won", "i miss my old dog",
    )  # fmt: skip
    return [
        " and ".join(parts[(i + k * (i // 11 + 1)) % 11] for k in range(1 + i % 7)) + f" {i}"
        for i in range(560)
    ]


def _check_batches(bundle: Bundle, texts: list[str]) -> None:
    texts = list(dict.fromkeys(texts))
    scored = OnnxScorer(bundle, cache_size=0).score(texts)
    texts = [t for t, s in zip(texts, scored, strict=True) if s.status == "scored"][:500]
    assert len(texts) == 500
    one_by_one = OnnxScorer(bundle, cache_size=0, token_budget=1)
    batched = OnnxScorer(bundle, cache_size=0)

    alone = _array(one_by_one.score(texts))
    order = np.random.default_rng(0).permutation(len(texts))
    mixed = np.empty_like(alone)
    for start in range(0, len(order), 32):
        batch = order[start : start + 32]
        mixed[batch] = _array(batched.score([texts[i] for i in batch]))

    for together in (mixed, _array(batched.score(texts))):
        assert np.abs(alone - together).max() <= 0.02
        changed = alone.argmax(axis=1) != together.argmax(axis=1)
        ordered = np.sort(alone, axis=1)
        assert not (changed & (ordered[:, -1] - ordered[:, -2] > 0.04)).any()
    assert np.unique(alone.argmax(axis=1)).size >= 5  # the texts are not all of one emotion


def test_scores_of_real_texts_never_depend_on_the_batch(bundle: Bundle) -> None:
    _check_batches(bundle, _real_texts())


def test_scores_of_our_own_texts_never_depend_on_the_batch(bundle: Bundle) -> None:
    _check_batches(bundle, _texts_of_ours())


def test_cpu_and_torch_scorers_agree(bundle: Bundle) -> None:
    texts = _texts_of_ours()[:150]
    by_onnx = _array(OnnxScorer(bundle).score(texts))
    by_torch = _array(TorchScorer(bundle).score(texts))
    assert np.quantile(np.abs(by_onnx - by_torch).max(axis=1), 0.99) <= 0.02


def test_the_figures_hold_the_bars(bundle: Bundle) -> None:
    figures = bundle.metrics()
    assert figures["test"]["benchmark"]["accuracy"] >= 0.928
    assert figures["test"]["goemotions"]["macro_f1"] >= 0.675
    assert all(found["calibration_error"] <= 0.02 for found in figures["test"].values())
    assert figures["parity"]["p99_difference"] <= 0.02
    assert figures["parity"]["same_label"] >= 0.995
    assert max(figures["parity"]["accuracy_loss"].values()) <= 0.002
    assert figures["batch_effect"]["max_difference"] <= 0.02


def test_the_bundle_is_what_the_readme_says(bundle: Bundle) -> None:
    assert bundle.emotions == DEFAULT_EMOTIONS
    assert (bundle.path / "model.onnx").stat().st_size < 28_000_000
    licence = (bundle.path / "LICENSE").read_text()
    for named in (
        "gte-small",
        "dair-ai/emotion",
        "GoEmotions",
        "Sentiment140",
        "for education and research",
    ):
        assert named in licence


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("i feel so sad and alone tonight", "sadness"),
        ("What a wonderful day, thank you all!", "joy"),
        ("This is outrageous, I am furious", "anger"),
        ("i am terrified of the results", "fear"),
        ("The meeting is on Monday at ten.", "neutral"),
        ("Monday again \N{LOUDLY CRYING FACE}", "sadness"),
    ],
)
def test_plain_texts_are_understood(bundle: Bundle, text: str, emotion: str) -> None:
    (score,) = OnnxScorer(bundle).score([text])
    assert score.emotion == emotion


def test_the_default_bundle_is_found_beside_the_package() -> None:
    assert load_bundle().path == Path(REPOSITORY) / "model" / "bundles" / "default"
