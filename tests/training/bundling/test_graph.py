"""Rounding, the graph and its gate: a graph says what its network says, or is refused."""

from __future__ import annotations

import numpy as np
import pytest

from model.labels import DEFAULT_EMOTIONS
from model.session import open_session
from tests.support.tiny import random_texts, tiny_network, tiny_tokenizer
from training.batches import encode
from training.bundling.onnx_graph import build_graph
from training.bundling.parity import BatchEffect, Parity, ParityError, batch_effect, check, compare
from training.bundling.quantise import input_moments, rows_to_int8
from training.data import Example
from training.metrics import softmax
from training.predict import Predict, in_batches, with_graph, with_network


def test_rounding_with_moments_errs_less_on_such_inputs() -> None:
    generator = np.random.default_rng(0)
    mixing = generator.normal(size=(24, 24)) * np.linspace(0.05, 4, 24)
    inputs = generator.normal(size=(4_000, 24)) @ mixing
    weight = generator.normal(size=(16, 24)).astype(np.float32)

    def error(moments: np.ndarray | None) -> float:
        values, scales = rows_to_int8(weight, moments)
        return float(np.square(inputs @ (values * scales[:, None] - weight).T).mean())

    assert error(inputs.T @ inputs) < 0.8 * error(None)


def test_a_row_of_zeros_stays_zero() -> None:
    values, scales = rows_to_int8(np.zeros((2, 3), dtype=np.float32))
    assert not values.any()
    assert (scales > 0).all()


@pytest.fixture(scope="module")
def rows() -> list[tuple[int, ...]]:
    examples = [Example(text, ("joy",)) for text in random_texts(300, seed=2)]
    encoded = encode(examples, tiny_tokenizer(), emotions=DEFAULT_EMOTIONS, max_tokens=24)
    return [example.ids for example in encoded]


@pytest.fixture(scope="module")
def predictors(rows: list[tuple[int, ...]]) -> tuple[Predict, Predict]:
    network = tiny_network()
    state = {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    graph = build_graph(state, network.config, input_moments(network, rows[:50]))
    return with_network(network), with_graph(open_session(graph.SerializeToString()))


def test_the_graph_computes_what_the_network_computes(
    predictors: tuple[Predict, Predict], rows: list[tuple[int, ...]]
) -> None:
    by_network, by_graph = (softmax(in_batches(predict, rows)) for predict in predictors)
    parity = compare(by_network, by_graph, {})
    assert parity.p99_difference <= 0.02
    ordered = np.sort(by_network, axis=1)
    clear = ordered[:, -1] - ordered[:, -2] > 0.04  # random weights leave many near-ties
    top = by_network.argmax(axis=1)
    assert (top == by_graph.argmax(axis=1))[clear].all()
    assert np.unique(top[clear]).size >= 5  # not one answer for all


def test_the_graph_does_not_see_the_batch(
    predictors: tuple[Predict, Predict], rows: list[tuple[int, ...]]
) -> None:
    effect = batch_effect(lambda batch: softmax(predictors[1](batch)), rows)
    assert effect.max_difference <= 1e-3


def test_batch_effect_notices_a_batch_that_matters() -> None:
    def by_neighbours(batch: object) -> np.ndarray:
        n = len(batch)  # type: ignore[arg-type]
        return np.tile([0.5 + 0.4 * (n == 1), 0.5 - 0.4 * (n == 1)], (n, 1))

    effect = batch_effect(by_neighbours, [(2, 3)] * 64)
    assert effect.max_difference == pytest.approx(0.4)


GOOD = Parity(100, 0.001, 0.01, 0.05, 1.0, {"benchmark": 0.0})
STILL = BatchEffect(100, 0.0, 0.0)


def test_the_gate_lets_equal_graphs_pass() -> None:
    check(GOOD, STILL)


@pytest.mark.parametrize(
    ("parity", "effect", "reason"),
    [
        (Parity(100, 0.001, 0.021, 0.05, 1.0, {}), STILL, "p99 difference 0.0210"),
        (Parity(2_000, 0.001, 0.01, 0.05, 0.994, {}), STILL, "same top label 0.9940"),
        (Parity(100, 0, 0, 0, 1.0, {"goemotions": 0.003}), STILL, "accuracy loss on goemotions"),
        (GOOD, BatchEffect(100, 0.03, 0.0), "batch effect 0.0300"),
        (GOOD, BatchEffect(100, 0.01, 0.05), "margin 0.0500"),
    ],
)
def test_the_gate_names_what_it_refuses(parity: Parity, effect: BatchEffect, reason: str) -> None:
    with pytest.raises(ParityError, match=reason):
        check(parity, effect)


@pytest.mark.parametrize(("n_lost", "passes"), [(1, True), (2, False)])
def test_one_text_of_a_small_set_is_no_fault_of_the_graph(n_lost: int, passes: bool) -> None:
    reference = np.tile([0.9, 0.1], (40, 1))
    found = reference.copy()
    found[:n_lost] = [0.4, 0.6]
    parity = compare(reference, found, {"mine": round(n_lost / 40, 5)}, {"mine": 40})
    if passes:
        check(parity, STILL)
        return
    with pytest.raises(ParityError, match=r"p99 .*same top label 0\.9500 .*accuracy loss on mine"):
        check(parity, STILL)
