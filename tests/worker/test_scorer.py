"""What every scorer does around its network, on a bundle of a tiny random one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from model.bundle import load_bundle
from records import EMOTIONS
from tests.support.tiny import random_texts, tiny_network, write_bundle
from worker.onnx_scorer import OnnxScorer
from worker.scorer import BundleScorer, batches_under_budget


class _Watched(OnnxScorer):
    """Counts what reaches the network."""

    def __init__(self, path: Path, *, token_budget: int = 256, cache_size: int = 100) -> None:
        self.shapes: list[tuple[int, int]] = []
        super().__init__(load_bundle(path), token_budget=token_budget, cache_size=cache_size)
        self.shapes.clear()  # of what the scorer tried at its start

    def _logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> NDArray[np.float32]:
        self.shapes.append((ids.shape[0], ids.shape[1]))
        return super()._logits(ids, lengths)

    @property
    def n_rows(self) -> int:
        return sum(rows for rows, _ in self.shapes)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle"))


def _array(scorer: BundleScorer, texts: Sequence[str]) -> NDArray[np.float64]:
    scores = [score.probabilities[:6] + score.probabilities[7:] for score in scorer.score(texts)]
    return np.array(scores, dtype=np.float64)


def test_scores_follow_the_texts_order_and_sum_to_one(path: Path) -> None:
    texts = random_texts(120, seed=3)
    scorer = OnnxScorer(load_bundle(path), token_budget=128)

    together = _array(scorer, texts)
    alone = np.concatenate(
        [_array(OnnxScorer(load_bundle(path), cache_size=0), [t]) for t in texts[:25]]
    )

    np.testing.assert_allclose(together.sum(axis=1), 1)
    np.testing.assert_allclose(together[:25], alone, atol=1e-5)
    assert len(np.unique(together.round(4), axis=0)) > 80  # answers differ from text to text


def test_a_score_never_depends_on_its_batch(path: Path) -> None:
    texts = list(dict.fromkeys(random_texts(500, seed=5)))
    scorer = OnnxScorer(load_bundle(path), cache_size=0, token_budget=64)
    shuffled = np.random.default_rng(0).permutation(len(texts))

    in_order = _array(scorer, texts)
    mixed = np.empty_like(in_order)
    mixed[shuffled] = _array(
        OnnxScorer(load_bundle(path), cache_size=0, token_budget=900),
        [texts[i] for i in shuffled],
    )

    np.testing.assert_allclose(mixed, in_order, atol=1e-3)


def test_emotions_a_bundle_does_not_score_are_none(path: Path) -> None:
    (score,) = OnnxScorer(load_bundle(path)).score(["i am happy today"])
    assert score.probabilities[EMOTIONS.index("disgust")] is None
    assert score.status == "scored"


def test_own_labels_are_summed_into_emotions_and_others_left_out(tmp_path: Path) -> None:
    network = tiny_network(n_emotions=4)
    plain = write_bundle(tmp_path / "plain", network, emotions=["sadness", "joy", "love", "anger"])
    mapped = write_bundle(
        tmp_path / "mapped",
        network,
        emotions=None,
        label_mapping={"grief": "sadness", "glee": "joy", "pride": "joy", "other": None},
    )
    texts = random_texts(10)

    own = [score.probabilities[:4] for score in OnnxScorer(load_bundle(plain)).score(texts)]
    scorer = OnnxScorer(load_bundle(mapped))

    assert scorer.emotions == ("sadness", "joy")
    for before, after in zip(own, scorer.score(texts), strict=True):
        sadness, first, second, _ = (float(p) for p in before if p is not None)
        total = sadness + first + second
        assert after.probabilities[0] == pytest.approx(sadness / total)
        assert after.probabilities[1] == pytest.approx((first + second) / total)
        assert after.probabilities[2:] == (None,) * 6


@pytest.mark.parametrize(
    "text", ["", "   ", "12:45", "@someone", "\x00", "今日はとても悲しいです。"]
)
def test_texts_without_words_or_in_other_languages_are_unsupported(path: Path, text: str) -> None:
    (score,) = OnnxScorer(load_bundle(path)).score([text])
    assert score.status == "unsupported"
    assert score.probabilities == (None,) * 8


def test_a_text_of_emoji_alone_is_scored(path: Path) -> None:
    (score,) = OnnxScorer(load_bundle(path)).score(["\N{CRYING FACE}\N{CRYING FACE}"])
    assert score.status == "scored"


def test_no_texts_give_no_scores(path: Path) -> None:
    assert OnnxScorer(load_bundle(path)).score([]) == []


def test_repeated_texts_reach_the_network_once(path: Path) -> None:
    scorer = _Watched(path)
    first = scorer.score(["i am sad today", "we are happy", "i am sad today", "I am  sad today"])
    assert scorer.n_rows == 3  # case is kept: only white space is joined in cleaning
    assert first[0] == first[2]

    again = scorer.score(["we are happy"])
    assert scorer.n_rows == 3
    assert again == [first[1]]


def test_the_memory_of_repeats_is_bounded_and_drops_the_oldest(path: Path) -> None:
    scorer = _Watched(path, cache_size=2)
    scorer.score(["i am sad"])
    scorer.score(["we are happy"])
    scorer.score(["i am sad"])  # used again: now the younger of the two
    scorer.score(["the dog sleeps"])
    assert scorer.n_rows == 3

    scorer.score(["i am sad"])
    assert scorer.n_rows == 3
    scorer.score(["we are happy"])
    assert scorer.n_rows == 4


def test_long_texts_are_cut_into_windows_and_pooled_by_their_tokens(path: Path) -> None:
    scorer = _Watched(path, cache_size=0)
    head = " ".join(["happy"] * 22)  # a window of 24 holds 22 words
    tail = " ".join(["angry"] * 40)

    scorer.score([f"{head} {tail}"])
    # Windows start 4 words before the end of the one before: 22 + 18 + 18 + 4 new words.
    assert scorer.n_rows == 4

    pooled = _array(scorer, [f"{head} {tail}"])[0]
    head_only = _array(scorer, [head])[0]
    assert not np.allclose(pooled, head_only, atol=1e-3)  # the end is read, too


def test_a_text_of_one_repeated_window_scores_as_the_window(path: Path) -> None:
    """Pooling is a weighted mean: of equal windows, it is that window."""
    scorer = _Watched(path, cache_size=0)
    alone = _array(scorer, [" ".join(["happy"] * 22)])[0]
    many = _array(scorer, [" ".join(["happy"] * (22 + 18 * 5))])[0]
    np.testing.assert_allclose(many, alone, atol=1e-5)


@given(lengths=st.lists(st.integers(1, 60), max_size=40), budget=st.integers(1, 200))
def test_batches_hold_every_text_once_within_the_budget(lengths: list[int], budget: int) -> None:
    batches = list(batches_under_budget(lengths, budget))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    for batch in batches:
        longest = max(lengths[index] for index in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


def test_batches_respect_the_budget_in_the_network_s_input(path: Path) -> None:
    scorer = _Watched(path, token_budget=100)
    scorer.score(random_texts(60))
    assert max(rows * tokens for rows, tokens in scorer.shapes) <= 100


def test_warm_up_runs_the_network(path: Path) -> None:
    scorer = _Watched(path)
    scorer.warm_up()
    assert scorer.n_rows > 0


@pytest.mark.parametrize(("budget", "cache"), [(0, 1), (1, -1)])
def test_senseless_limits_are_refused(path: Path, budget: int, cache: int) -> None:
    with pytest.raises(ValueError, match="expected a positive token budget"):
        OnnxScorer(load_bundle(path), token_budget=budget, cache_size=cache)
