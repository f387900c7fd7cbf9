"""What an export is judged by: both data sets tokenised, the temperature, the figures.

Shapes: N texts, E emotions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer

from model.labels import BENCHMARK_EMOTIONS
from records import Emotion
from training.batches import encode
from training.data import Example, load_benchmark, load_goemotions, single_label
from training.metrics import FloatArray, Quality, quality, softmax
from training.parity import BatchEffect, Parity, batch_effect, compare
from training.predict import Predict, in_batches

#: Texts in the check of the batch's influence.
N_BATCH_TEXTS = 500


@dataclass(frozen=True, slots=True)
class Part:
    """A data set's validation or test texts, with the labels its top label is taken among."""

    name: str
    examples: tuple[Example, ...]
    rows: list[tuple[int, ...]]
    among: tuple[Emotion, ...]


def load_parts(
    data_dir: Path, tokenizer: Tokenizer, emotions: tuple[Emotion, ...], max_tokens: int
) -> tuple[list[Part], list[Part]]:
    """Return the validation and the test parts of both data sets, texts of one emotion each."""
    benchmark = load_benchmark(data_dir / "dair-emotion-split")
    goemotions = load_goemotions(data_dir / "goemotions")

    def part(name: str, examples: Sequence[Example], among: tuple[Emotion, ...]) -> Part:
        encoded = encode(examples, tokenizer, emotions=emotions, max_tokens=max_tokens)
        return Part(name, tuple(examples), [example.ids for example in encoded], among)

    return (
        [
            part("benchmark", benchmark.validation, BENCHMARK_EMOTIONS),
            part("goemotions", single_label(goemotions.validation), emotions),
        ],
        [
            part("benchmark", benchmark.test, BENCHMARK_EMOTIONS),
            part("goemotions", single_label(goemotions.test), emotions),
        ],
    )


def temperature_on(predict: Predict, parts: Sequence[Part], emotions: Sequence[Emotion]) -> float:
    """Fit the temperature on the texts of all parts together."""
    logits = np.concatenate([in_batches(predict, part.rows) for part in parts])
    truth = [[float(e in x.emotions) for e in emotions] for part in parts for x in part.examples]
    return fit_temperature(logits, np.array(truth))


def fit_temperature(logits: FloatArray, truth: FloatArray) -> float:
    """Return the temperature of least cross-entropy, to two digits.

    Args:
        logits: float32 (N, E).
        truth: one probability an emotion, (N, E).

    Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2.
    """
    candidates = np.arange(0.5, 3.0, 0.01)
    losses = [
        float(-(truth * np.log(softmax(logits, t) + 1e-12)).sum(axis=1).mean()) for t in candidates
    ]
    return round(float(candidates[int(np.argmin(losses))]), 2)


def judge(
    predict: Predict, part: Part, emotions: Sequence[Emotion], temperature: float = 1.0
) -> tuple[FloatArray, Quality]:
    """Return a part's probabilities (N, E) and their quality."""
    probabilities = softmax(in_batches(predict, part.rows), temperature)
    return probabilities, quality(probabilities, part.examples, emotions=emotions, among=part.among)


def compare_on(
    parts: Sequence[Part],
    network: Predict,
    graph: Predict,
    emotions: Sequence[Emotion],
    temperature: float,
) -> tuple[dict[str, Any], Parity, BatchEffect]:
    """Judge the graph on each part, and against the network it was made of."""
    figures: dict[str, Any] = {}
    accuracy_loss: dict[str, float] = {}
    references, founds = [], []
    for part in parts:
        reference, by_network = judge(network, part, emotions, temperature)
        found, by_graph = judge(graph, part, emotions, temperature)
        references.append(reference)
        founds.append(found)
        accuracy_loss[part.name] = round(by_network.accuracy - by_graph.accuracy, 5)
        figures[part.name] = {**by_graph.to_json(), "float32": by_network.to_json()}
    parity = compare(np.concatenate(references), np.concatenate(founds), accuracy_loss)
    rows = [row for part in parts for row in part.rows[: N_BATCH_TEXTS // len(parts)]]
    effect = batch_effect(lambda batch: softmax(graph(batch), temperature), rows)
    return figures, parity, effect
