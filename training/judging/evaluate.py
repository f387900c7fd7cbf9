"""Judge a model on test sets through the very scorer that workers use.

What is measured is what users get: eight bits, windows, language check, calibration. The scorer
comes from the roof, because it lives in another room of this floor; a run's network, not yet a
bundle, comes as `training.judging.scorers.RunScorer`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from records import EMOTIONS, Emotion, Scores
from training.data import DataError, Example
from training.judging.bootstrap import (
    FIGURES,
    N_DRAWS,
    Difference,
    Interval,
    differences,
    intervals,
)
from training.metrics import (
    Answers,
    EmotionFigures,
    ReliabilityBin,
    accuracy,
    answers,
    by_emotion,
    calibration_error,
    confusion,
    log_loss,
    macro_f1,
    reliability,
    weighted_f1,
)
from training.sources import load_corpora


class ScoresTexts(Protocol):
    """As much of `worker.scorer.Scorer` as evaluating needs."""

    model_name: str
    emotions: tuple[Emotion, ...]

    def score(self, texts: Sequence[str]) -> list[Scores]: ...


@dataclass(frozen=True, slots=True)
class TestSet:
    """Labelled texts that no model judged here may have been trained on."""

    #: pytest would collect a class of this name.
    __test__ = False

    name: str
    examples: tuple[Example, ...]

    @property
    def emotions(self) -> tuple[Emotion, ...]:
        """The emotions that stand in it, in the order of EMOTIONS."""
        named = {emotion for example in self.examples for emotion in example.emotions}
        return tuple(emotion for emotion in EMOTIONS if emotion in named)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A model's figures on one test set."""

    model: str
    data: str
    answers: Answers
    #: accuracy, macro_f1, weighted_f1, log_loss, calibration_error.
    figures: Mapping[str, float]
    #: 95 % of each figure, and of each emotion's F1.
    intervals: Mapping[str, Interval]
    by_emotion: tuple[EmotionFigures, ...]
    bins: tuple[ReliabilityBin, ...]
    #: Texts of several emotions: a top label is neither right nor wrong on them.
    n_several: int
    #: Texts of one emotion that the model does not score.
    n_left_out: int
    #: Judged texts that got no score: counted as wrong.
    n_unsupported: int

    def to_json(self) -> dict[str, Any]:
        judged = self.answers
        return {
            "n": len(judged.truth),
            "among": list(judged.among),
            **{name: round(value, 5) for name, value in self.figures.items()},
            "intervals": {
                name: [round(ends.low, 5), round(ends.high, 5)]
                for name, ends in self.intervals.items()
                if name in FIGURES
            },
            "n_unsupported": self.n_unsupported,
            "n_several": self.n_several,
            "n_left_out": self.n_left_out,
            "by_emotion": {
                one.emotion: {
                    **{k: round(v, 5) for k, v in asdict(one).items() if k != "emotion"},
                    "f1_interval": [
                        round(self.intervals[one.emotion].low, 5),
                        round(self.intervals[one.emotion].high, 5),
                    ],
                }
                for one in self.by_emotion
            },
            "confusion": {
                "true_by_found": confusion(judged).tolist(),
                "columns": [*judged.among, "unsupported"],
            },
            "reliability": [asdict(one) for one in self.bins if one.n],
        }


def load_test_sets(
    spec: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_map: Mapping[str, Emotion | None] | None = None,
) -> list[TestSet]:
    """Return the test parts of what `spec` names; of a single file, all of it.

    Raises:
        DataError: when it cannot be found or read, or holds no text with a label.
    """
    corpora = load_corpora(
        spec, text_column=text_column, label_column=label_column, label_map=label_map
    )
    is_file = Path(spec).expanduser().is_file()
    sets = []
    for corpus in corpora:
        everything = (*corpus.train, *corpus.validation, *corpus.test)
        examples = everything if is_file else corpus.test
        if not examples:
            raise DataError(f"{corpus.name}: expected test texts with labels, found none")
        sets.append(TestSet(corpus.name, tuple(examples)))
    return sets


def evaluate_on(
    scorer: ScoresTexts,
    test: TestSet,
    *,
    among_all: bool = False,
    n_draws: int = N_DRAWS,
    seed: int = 0,
) -> Evaluation:
    """Judge the top label on the texts of exactly one emotion that the model scores.

    The top label is taken among the emotions that stand in the test set, as far as the model
    scores them (the benchmark: the best of its six); with `among_all` among all that it scores.

    Raises:
        DataError: when fewer than two of the model's emotions stand in the test set.
    """
    known = tuple(emotion for emotion in EMOTIONS if emotion in set(scorer.emotions))
    among = known if among_all else tuple(e for e in known if e in test.emotions)
    if len(among) < 2:
        raise DataError(
            f"{test.name}: expected texts of two or more of the emotions {', '.join(known)}, "
            f"found {', '.join(test.emotions)}"
        )
    single = [example for example in test.examples if len(example.emotions) == 1]
    judged_texts = [example for example in single if example.emotions[0] in among]
    scores = scorer.score([example.text for example in judged_texts])
    probabilities = np.array(
        [[np.nan if p is None else p for p in text.probabilities] for text in scores]
    )
    judged = answers(probabilities, judged_texts, emotions=EMOTIONS, among=among)
    size = len(among)
    seen, truth = judged.probabilities[judged.answered], judged.truth[judged.answered]
    return Evaluation(
        model=scorer.model_name,
        data=test.name,
        answers=judged,
        figures={
            "accuracy": accuracy(judged.truth, judged.found),
            "macro_f1": macro_f1(judged.truth, judged.found, size),
            "weighted_f1": weighted_f1(judged.truth, judged.found, size),
            "log_loss": log_loss(judged),
            "calibration_error": calibration_error(seen, truth),
        },
        intervals=intervals(judged, n_draws=n_draws, seed=seed),
        by_emotion=by_emotion(judged),
        bins=reliability(seen, truth),
        n_several=len(test.examples) - len(single),
        n_left_out=len(single) - len(judged_texts),
        n_unsupported=sum(text.status == "unsupported" for text in scores),
    )


def compare_pair(
    ours: Evaluation, theirs: Evaluation, *, n_draws: int = N_DRAWS, seed: int = 0
) -> dict[str, Difference] | None:
    """Return our figures less theirs on the same texts; None where the texts judged differ."""
    same = ours.answers.among == theirs.answers.among
    if not same or not np.array_equal(ours.answers.truth, theirs.answers.truth):
        return None
    return differences(ours.answers, theirs.answers, n_draws=n_draws, seed=seed)


def spread(evaluations: Sequence[Evaluation]) -> dict[str, dict[str, float]]:
    """Return mean and standard deviation of each figure over models: seeds of one recipe.

    Raises:
        ValueError: for fewer than two models.
    """
    if len(evaluations) < 2:
        raise ValueError(f"expected two models or more, found {len(evaluations)}")
    columns = {name: [one.figures[name] for one in evaluations] for name in FIGURES}
    return {
        name: {
            "mean": round(float(np.mean(values)), 5),
            "sd": round(float(np.std(values, ddof=1)), 5),
            "n": len(values),
        }
        for name, values in columns.items()
    }
