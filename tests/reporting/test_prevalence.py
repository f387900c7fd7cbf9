"""Shares come back as they were drawn, whatever the model takes for what; truth by construction."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from model.confusions import ConfusionSet
from records import Emotion
from reporting.prevalence import corrected_shares
from training.bundling.confusions import confusion_set

EMOTIONS: tuple[Emotion, ...] = ("sadness", "joy", "love", "neutral")
Floats = NDArray[np.float64]


def _scores(truth: NDArray[np.integer], rng: np.random.Generator) -> Floats:
    """Scores of a model that takes much love for joy and pulls everything towards neutral."""
    pull = np.array(
        [[1.6, 0.0, 0.0, 0.6], [0.0, 1.8, 0.2, 0.6], [0.0, 1.3, 0.9, 0.4], [0.2, 0.4, 0.0, 1.4]]
    )
    powers = np.exp(pull[truth] + 0.8 * rng.standard_normal((len(truth), 4)))
    scores: Floats = powers / powers.sum(axis=1, keepdims=True)
    return scores


@pytest.fixture(scope="module")
def known() -> ConfusionSet:
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(4), 1_000)
    found = confusion_set("held-out", _scores(truth, rng), truth, EMOTIONS)
    assert found is not None
    return found


def _bucket(mix: Floats, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
    scores = _scores(rng.choice(4, size=n, p=mix), rng)
    return scores.sum(axis=0), np.bincount(scores.argmax(axis=1), minlength=4).astype(float)


def _buckets(mixes: Floats, n: int, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    sums, tops = zip(*(_bucket(mix, n, rng) for mix in mixes), strict=True)
    return np.array(sums), np.array(tops)


def test_a_mix_unlike_the_held_out_one_is_found(known: ConfusionSet) -> None:
    mix = np.array([[0.05, 0.15, 0.7, 0.1]])
    sums, tops = _buckets(mix, 20_000, seed=2)
    counted = tops[0] / 20_000
    found = corrected_shares(sums, tops, known)
    assert counted[2] < 0.45  # most love is counted as joy
    np.testing.assert_allclose(found.shares, mix, atol=0.05)
    assert abs(found.shares - mix).sum() < abs(counted - mix).sum() / 4


def test_intervals_hold_the_mix_as_often_as_they_say(known: ConfusionSet) -> None:
    # Confusions of few texts err the same way for all buckets: new ones every time.
    rng = np.random.default_rng(3)
    truth = np.repeat(np.arange(4), 150)
    held = []
    for seed in range(250):
        some = confusion_set("few", _scores(truth, rng), truth, EMOTIONS)
        assert some is not None
        mixes = rng.dirichlet(np.ones(4), size=2)
        found = corrected_shares(*_buckets(mixes, 300, seed), some)
        held.append((found.low <= mixes) & (mixes <= found.high))
    # Confusions' error counts twice, so above 95 % where only the held-out texts err.
    assert 0.94 <= np.mean(held) <= 0.99


def test_shares_are_a_mix_and_lie_within_their_intervals(known: ConfusionSet) -> None:
    rng = np.random.default_rng(4)
    found = corrected_shares(*_buckets(rng.dirichlet(np.full(4, 0.2), size=200), 40, 5), known)
    np.testing.assert_allclose(found.shares.sum(axis=1), 1)
    assert (found.shares >= 0).all()
    assert (found.low <= found.shares).all()
    assert (found.shares <= found.high).all()
    assert (found.shares == 0).any()  # so that the bounds were at work


def test_more_messages_and_more_held_out_texts_narrow_the_interval(known: ConfusionSet) -> None:
    mix = np.array([[0.25, 0.25, 0.25, 0.25]])
    few, many, endless = (
        corrected_shares(*_buckets(mix, n, 6), known) for n in (50, 2_000, 200_000)
    )
    widths = [float((each.high - each.low).mean()) for each in (few, many, endless)]
    assert widths[0] > 2 * widths[1] > 2 * widths[2]
    truth = np.repeat(np.arange(4), 10_000)
    better = confusion_set("more", _scores(truth, np.random.default_rng(7)), truth, EMOTIONS)
    assert better is not None
    sure = corrected_shares(*_buckets(mix, 200_000, 6), better)
    assert float((sure.high - sure.low).mean()) < widths[2] / 2


def test_a_bucket_is_solved_alike_alone_and_among_others(known: ConfusionSet) -> None:
    sums, tops = _buckets(np.random.default_rng(8).dirichlet(np.ones(4), size=20), 60, 9)
    together, alone = (
        corrected_shares(sums, tops, known),
        corrected_shares(sums[7:8], tops[7:8], known),
    )
    np.testing.assert_allclose(together.shares[7], alone.shares[0], atol=1e-9)
    np.testing.assert_allclose(together.high[7], alone.high[0], atol=1e-9)


def test_texts_of_another_kind_are_told_from_another_mix(known: ConfusionSet) -> None:
    rng = np.random.default_rng(11)
    mixes = rng.dirichlet(np.ones(4), size=200)
    sums, tops = _buckets(mixes, 1_000, 12)
    assert corrected_shares(sums, tops, known).fits.mean() > 0.98
    # The same mixes, told by people who write more plainly: every score is nearer to 0 or 1.
    sharper = 0.6 * sums + 0.4 * tops
    assert corrected_shares(sharper, tops, known).fits.mean() < 0.02


def test_an_empty_bucket_has_no_shares(known: ConfusionSet) -> None:
    found = corrected_shares(np.zeros((1, 4)), np.zeros((1, 4)), known)
    assert np.isnan(found.shares).all()
    assert np.isnan(found.low).all()
    assert not found.fits.any()


def test_emotions_never_told_apart_leave_wide_intervals_not_wrong_ones() -> None:
    rng = np.random.default_rng(10)
    truth = np.repeat(np.arange(4), 200)
    merged = np.where(truth == 2, 1, truth)  # love is scored exactly as joy is
    blind = confusion_set("blind", _scores(merged, rng), truth, EMOTIONS)
    assert blind is not None
    scores = _scores(rng.choice(4, size=400, p=[0.3, 0.4, 0, 0.3]), rng)
    sums, tops = scores.sum(axis=0), np.bincount(scores.argmax(axis=1), minlength=4)
    found = corrected_shares(sums[None], tops[None].astype(float), blind)
    assert (found.high - found.low)[0, 1] > 0.3
    assert (found.high - found.low)[0, 0] < 0.25
    assert np.isfinite(found.shares).all()
