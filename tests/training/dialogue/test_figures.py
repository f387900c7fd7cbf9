"""Figures of known answers, and what a bundle that reads no context is judged by."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from records import EMOTIONS, Emotion, Scores
from training.dialogue.corpus import Dialogue, DialogueCorpus, Utterance
from training.dialogue.figures import judge, judge_single_utterances


class _Told:
    """Scores a text by the emotion it names first; without one it is unsupported."""

    model_name = "told"
    emotions: tuple[Emotion, ...] = ("joy", "love", "anger", "neutral")

    def score(self, texts: Sequence[str]) -> list[Scores]:
        return [self._one(text.split()) for text in texts]

    def _one(self, words: list[str]) -> Scores:
        if not words:
            return Scores.unsupported()
        scored = dict.fromkeys(self.emotions, 0.01)
        scored |= {word: 0.9 - 0.1 * n for n, word in enumerate(words)}  # type: ignore[misc]
        return Scores("scored", tuple(scored.get(emotion) for emotion in EMOTIONS))


def test_figures_of_known_answers() -> None:
    figures = judge(np.array([0, 0, 1, 1, -1]), np.array([0, 1, 1, 1, 0]), ["a", "b", "c"])

    assert figures.n == 4
    assert figures.accuracy == 0.75
    assert figures.f1 == pytest.approx({"a": 2 / 3, "b": 4 / 5, "c": 0})
    assert figures.weighted_f1 == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert figures.macro_f1 == pytest.approx((2 / 3 + 4 / 5) / 3)
    with pytest.raises(ValueError, match="found none"):
        judge(np.array([-1]), np.array([0]), ["a"])


def test_a_bundle_is_judged_among_the_emotions_it_shares_with_the_corpus() -> None:
    spoken = [("love joy", "joy"), ("anger", "mad"), ("neutral", "mad"), ("joy", "disgust"),
              ("", "neutral"), ("joy", "peaceful")]  # fmt: skip
    talk = Dialogue("1", tuple(Utterance("ann", text, label) for text, label in spoken))
    labels = ("disgust", "joy", "mad", "neutral", "peaceful")
    corpus = DialogueCorpus("talks", labels, (), (), (talk,))

    figures = judge_single_utterances(_Told(), corpus)

    # No love in this corpus: the next best is taken. No disgust in the bundle: left out.
    assert figures["shared"]["n"] == 4
    assert figures["shared"]["accuracy"] == 0.5
    assert figures["shared"]["f1"] == pytest.approx(
        {"joy": 1, "anger": 2 / 3, "neutral": 0}, abs=1e-5
    )
    assert figures["all_emotions"]["n"] == 5
    assert figures["all_emotions"]["accuracy"] == 0.4
    assert figures["n_unsupported"] == 1
    assert (figures["n_left_out"], figures["left_out"]) == (1, ["peaceful"])
