"""Evaluating through a scorer: the right texts, among the right emotions, written out whole."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from records import EMOTIONS, Emotion, Scores
from training.data import DataError, Example
from training.judging.bootstrap import FIGURES
from training.judging.evaluate import TestSet as Texts
from training.judging.evaluate import compare_pair, evaluate_on, load_test_sets, spread
from training.judging.verdict import figure_table, folder_name, spread_rows, write_verdict

SCORED: tuple[Emotion, ...] = ("sadness", "joy", "anger", "neutral")


class FirstWordScorer:
    """Believes the first word of a text, and that a text without one is unsupported."""

    emotions = SCORED

    def __init__(self, name: str = "first-word", sure: float = 0.7) -> None:
        self.model_name, self.sure = name, sure

    def score(self, texts: Sequence[str]) -> list[Scores]:
        return [self._score(text.split(" ")[0]) for text in texts]

    def _score(self, word: str) -> Scores:
        if word not in SCORED:
            return Scores.unsupported()
        rest = (1 - self.sure) / 3
        return Scores(
            "scored",
            tuple(None if e not in SCORED else self.sure if e == word else rest for e in EMOTIONS),
        )


def _set(*pairs: tuple[str, tuple[Emotion, ...]]) -> Texts:
    return Texts("made", tuple(Example(text, emotions) for text, emotions in pairs))


MADE = _set(
    ("joy a", ("joy",)),
    ("joy b", ("joy",)),
    ("sadness c", ("sadness",)),
    ("joy d", ("sadness",)),
    ("??", ("anger",)),
    ("joy e", ("joy", "anger")),  # of several: not judged
    ("love f", ("love",)),  # of an emotion the scorer lacks: left out
)


def test_what_is_judged_and_what_is_not() -> None:
    found = evaluate_on(FirstWordScorer(), MADE, n_draws=20)
    assert found.answers.among == ("sadness", "joy", "anger")
    assert found.figures["accuracy"] == pytest.approx(3 / 5)
    assert (found.n_several, found.n_left_out, found.n_unsupported) == (1, 1, 1)
    document = json.loads(json.dumps(found.to_json()))
    assert document["n"] == 5
    assert document["by_emotion"]["joy"]["precision"] == pytest.approx(2 / 3, abs=1e-4)
    assert document["confusion"]["true_by_found"] == [[1, 1, 0, 0], [0, 2, 0, 0], [0, 0, 0, 1]]


def test_emotions_that_the_data_lacks_can_be_answers_too() -> None:
    texts = _set(("neutral a", ("joy",)), ("joy b", ("joy",)), ("anger c", ("anger",)))
    masked = evaluate_on(FirstWordScorer(), texts, n_draws=20)
    assert masked.figures["accuracy"] == 1.0  # joy and anger tie under the masked neutral
    among_all = evaluate_on(FirstWordScorer(), texts, among_all=True, n_draws=20)
    assert among_all.figures["accuracy"] == pytest.approx(2 / 3)
    assert "neutral" in among_all.answers.among


def test_texts_of_one_emotion_alone_cannot_be_judged() -> None:
    with pytest.raises(DataError, match="made: expected texts of two or more"):
        evaluate_on(FirstWordScorer(), _set(("joy a", ("joy",)), ("love", ("love",))))


def test_a_file_is_judged_whole_and_labels_can_be_named(tmp_path: Path) -> None:
    rows = [f"text {i},{'glad' if i % 2 else 'furious'}" for i in range(40)]
    path = tmp_path / "own.csv"
    path.write_text("\n".join(["text,emotion", *rows]) + "\n")
    (found,) = load_test_sets(str(path), label_map={"glad": "joy", "furious": "anger"})
    assert len(found.examples) == 40
    assert found.emotions == ("joy", "anger")


def test_two_models_are_compared_on_the_same_texts_only() -> None:
    sure, unsure = (evaluate_on(FirstWordScorer(sure=s), MADE, n_draws=20) for s in (0.9, 0.6))
    found = compare_pair(sure, unsure, n_draws=50)
    assert found is not None
    assert found["accuracy"].value == 0
    assert found["log_loss"].value != 0
    other = evaluate_on(FirstWordScorer(), MADE, among_all=True, n_draws=20)
    assert compare_pair(sure, other) is None


def test_seeds_have_a_mean_and_a_deviation() -> None:
    seeds = [evaluate_on(FirstWordScorer(f"s{s}", s), MADE, n_draws=20) for s in (0.6, 0.9)]
    found = spread(seeds)
    losses = [seed.figures["log_loss"] for seed in seeds]
    assert found["log_loss"]["mean"] == pytest.approx(sum(losses) / 2, abs=1e-4)
    assert found["accuracy"]["sd"] == 0
    rows = spread_rows(seeds)
    assert len(rows) == len(FIGURES)
    assert rows[0] == ["made", "accuracy", 2, found["accuracy"]["mean"], 0]
    with pytest.raises(ValueError, match="two models"):
        spread(seeds[:1])


def test_the_page_holds_its_charts_escapes_names_and_runs_nothing(tmp_path: Path) -> None:
    found = evaluate_on(FirstWordScorer('<script>alert("x")</script>'), MADE, n_draws=20)
    page = write_verdict([found], tmp_path).read_text()
    assert "<script" not in page
    assert "default-src &#39;none&#39;" in page
    assert page.count("data:image/svg+xml;base64,") == 5
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    for stem in ("f1_scores_by_emotion", "emotion_distribution", "precision_recall_f1",
                 "confusion_matrix", "reliability"):  # fmt: skip
        assert (tmp_path / f"{stem}.png").read_bytes().startswith(b"\x89PNG")
    (document,) = json.loads((tmp_path / "evaluation.json").read_text())
    assert document["accuracy"] == pytest.approx(0.6)
    assert "/" not in folder_name(found)


def test_every_figure_of_the_table_has_its_interval() -> None:
    columns, rows = figure_table(evaluate_on(FirstWordScorer(), MADE, n_draws=20))
    assert columns == ["figure", "value", "95 %"]
    assert [row[0] for row in rows][:2] == ["accuracy", "macro F1"]
    assert len(rows) == len(FIGURES)
    assert all(re.fullmatch(r"\d+\.\d{3}-\d+\.\d{3}", str(row[2])) for row in rows)
