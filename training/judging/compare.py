"""The comparison table: every system trained on the same texts, judged on the same texts.

A row is trained or read once and kept in a file; called again, finished rows are left alone and a
broken training goes on. Rows of models that cannot be fetched are quoted, marked so, and never
made from random weights.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import structlog

from training.data import Corpus, single_label
from training.judging.evaluate import Evaluation, ScoresTexts, TestSet, evaluate_on

log = structlog.get_logger(__name__)

Kind = Literal["trained", "read", "published"]

#: Training texts that the training figures are taken on: all of them would cost more than they say.
N_TRAIN_TEXTS: Final = 2_000
#: Texts and rounds of the speed figure; the best round counts.
N_SPEED_TEXTS: Final = 500
N_SPEED_ROUNDS: Final = 3


@dataclass(frozen=True, slots=True)
class Row:
    """One system's line in the table; None where nobody measured it."""

    name: str
    kind: Kind
    data: str
    n_parameters: int | None = None
    #: Bytes of the weights on disk.
    n_bytes: int | None = None
    training_s: float | None = None
    train_accuracy: float | None = None
    train_loss: float | None = None
    validation_accuracy: float | None = None
    validation_loss: float | None = None
    test_accuracy: float | None = None
    #: 95 % of the bootstrap draws.
    test_interval: tuple[float, float] | None = None
    test_loss: float | None = None
    weighted_f1: float | None = None
    macro_f1: float | None = None
    macro_interval: tuple[float, float] | None = None
    calibration_error: float | None = None
    #: On this machine's processor, one thread.
    messages_per_s: float | None = None
    #: Where a published figure stands.
    source: str = ""
    #: What made the row: it is made anew when this changes.
    recipe: Mapping[str, Any] | None = None


_CARD = "https://huggingface.co/"
#: On the benchmark's 2,000 test texts; quoted, not measured here.
PUBLISHED: Final[tuple[Row, ...]] = (
    Row(
        "DistilBERT-base, fine-tuned",
        "published",
        "benchmark",
        n_parameters=67_000_000,
        test_accuracy=0.927,
        macro_f1=0.8825,
        source=f"{_CARD}bhadresh-savani/distilbert-base-uncased-emotion, verified results",
    ),
    Row(
        "BERT-base, fine-tuned",
        "published",
        "benchmark",
        n_parameters=109_000_000,
        test_accuracy=0.9265,
        source=f"{_CARD}bhadresh-savani/bert-base-uncased-emotion, verified results",
    ),
    Row(
        "RoBERTa-base, fine-tuned",
        "published",
        "benchmark",
        n_parameters=125_000_000,
        test_accuracy=0.931,
        source=f"{_CARD}bhadresh-savani/roberta-base-emotion, verified results",
    ),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A system to put into the table: how to get its scorer, and what that cost."""

    name: str
    kind: Kind
    #: Anything JSON can say that decides the result.
    recipe: Mapping[str, Any]
    #: Returns the scorer, parameters, bytes and seconds of training (None: unknown).
    make: Callable[[], tuple[ScoresTexts, int, int, float | None]]


def fill_row(candidate: Candidate, corpus: Corpus, rows_dir: Path) -> Row:
    """Return the candidate's row: the finished one, or a new one, which is kept."""
    path = rows_dir / f"{file_name(candidate.name, corpus.name)}.json"
    recipe = json.loads(json.dumps({**candidate.recipe, "data": corpus_size(corpus)}))
    if path.exists():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if kept["recipe"] == recipe:
            log.info("row_kept", row=candidate.name, data=corpus.name)
            return _read_row(kept)
    scorer, n_parameters, n_bytes, training_s = candidate.make()
    row = measure_row(candidate, scorer, corpus)
    row = replace(
        row, n_parameters=n_parameters, n_bytes=n_bytes, training_s=training_s, recipe=recipe
    )
    rows_dir.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".new")
    unfinished.write_text(json.dumps(asdict(row), indent=1) + "\n", encoding="utf-8")
    os.replace(unfinished, path)
    log.info("row_filled", row=candidate.name, data=corpus.name, accuracy=row.test_accuracy)
    return row


def measure_row(candidate: Candidate, scorer: ScoresTexts, corpus: Corpus) -> Row:
    """Judge a scorer on the three parts of a corpus, and time it."""
    train = single_label(corpus.train)
    step = max(1, len(train) // N_TRAIN_TEXTS)
    parts = {
        "train": train[::step][:N_TRAIN_TEXTS],
        "validation": corpus.validation,
        "test": corpus.test,
    }
    # The same emotions are judged in all parts: those of the test part.
    found = {
        part: _judge(scorer, TestSet(corpus.name, tuple(examples)))
        for part, examples in parts.items()
    }
    test = found["test"]
    accuracy, macro = test.intervals["accuracy"], test.intervals["macro_f1"]
    return Row(
        name=candidate.name,
        kind=candidate.kind,
        data=corpus.name,
        train_accuracy=found["train"].figures["accuracy"],
        train_loss=found["train"].figures["log_loss"],
        validation_accuracy=found["validation"].figures["accuracy"],
        validation_loss=found["validation"].figures["log_loss"],
        test_accuracy=test.figures["accuracy"],
        test_interval=(accuracy.low, accuracy.high),
        test_loss=test.figures["log_loss"],
        weighted_f1=test.figures["weighted_f1"],
        macro_f1=test.figures["macro_f1"],
        macro_interval=(macro.low, macro.high),
        calibration_error=test.figures["calibration_error"],
        messages_per_s=messages_per_s(scorer, [example.text for example in corpus.test]),
    )


def messages_per_s(scorer: ScoresTexts, texts: Sequence[str]) -> float:
    """Return the speed of the best of some rounds over different texts: none was scored before."""
    texts = [f"{text} {number}" for number, text in enumerate(texts[:N_SPEED_TEXTS])]
    scorer.score([f"warm {text}" for text in texts[:50]])
    fastest = float("inf")
    for round_ in range(N_SPEED_ROUNDS):
        batch = [f"{text} {round_}" for text in texts]  # a bundle's scorer remembers its texts
        started = time.perf_counter()
        scorer.score(batch)
        fastest = min(fastest, time.perf_counter() - started)
    return round(len(texts) / fastest, 1)


def file_name(row: str, data: str) -> str:
    """Return what a row's file and its run's folder are called, without an ending."""
    plain = re.sub(r"[^\w.@-]+", "-", row).strip("-")
    return f"{plain}-{data}"


def corpus_size(corpus: Corpus) -> list[int]:
    """Return the sizes of the parts: another data set of the same name makes rows anew."""
    return [len(corpus.train), len(corpus.validation), len(corpus.test)]


def _judge(scorer: ScoresTexts, part: TestSet) -> Evaluation:
    return evaluate_on(scorer, part, n_draws=1_000)


def _read_row(kept: Mapping[str, Any]) -> Row:
    values = dict(kept)
    for name in ("test_interval", "macro_interval"):
        values[name] = None if values[name] is None else tuple(values[name])
    return Row(**values)
