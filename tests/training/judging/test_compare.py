"""The comparison: rows filled once, kept, and told in three formats."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from moodwatch.judged import compare_systems
from tests.support.tiny import write_encoder
from tests.support.training import tiny_train_config, write_data
from training.config import TrainError
from training.data import Corpus
from training.judging import candidates, compare
from training.judging.compare import PUBLISHED, Row, fill_row
from training.judging.linear import LinearModel
from training.judging.scorers import RunScorer
from training.judging.tables import COLUMNS, as_markdown, cells
from training.sources import load_corpora


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data")) / "dair-emotion-split"


@pytest.fixture(scope="module")
def corpus(data: Path) -> Corpus:
    (found,) = load_corpora(str(data))
    return found


def test_a_linear_model_comes_back_from_its_files_the_same(corpus: Corpus, tmp_path: Path) -> None:
    model = LinearModel.fit(corpus.train)
    texts = [example.text for example in corpus.test] + ["..."]
    n_bytes = model.save(tmp_path)
    again = LinearModel.load(tmp_path)
    assert n_bytes == sum(path.stat().st_size for path in tmp_path.iterdir())
    expected, found = model.score(texts), again.score(texts)
    assert found[-1].status == "unsupported"
    for one, other in zip(expected[:-1], found[:-1], strict=True):
        assert one.probabilities[:6] == pytest.approx(other.probabilities[:6], abs=1e-5)
    right = [s.emotion == e.emotions[0] for s, e in zip(found, corpus.test, strict=False)]
    assert np.mean(right) > 0.9  # one word tells the emotion


def test_a_finished_row_is_kept_until_its_recipe_changes(corpus: Corpus, tmp_path: Path) -> None:
    made = []

    def make() -> Any:
        made.append(1)
        model = LinearModel.fit(corpus.train)
        return model, model.n_parameters, 10, 0.5

    candidate = compare.Candidate("tfidf", "trained", {"seed": 1}, make)
    first = fill_row(candidate, corpus, tmp_path)
    assert fill_row(candidate, corpus, tmp_path) == first
    assert len(made) == 1
    fill_row(replace(candidate, recipe={"seed": 2}), corpus, tmp_path)
    assert len(made) == 2
    assert first.test_accuracy is not None
    assert first.test_interval is not None
    assert first.test_interval[0] <= first.test_accuracy <= first.test_interval[1]
    assert first.messages_per_s is not None
    assert first.messages_per_s > 0


def test_published_rows_are_marked_have_a_source_and_nothing_measured() -> None:
    for row in PUBLISHED:
        assert row.source.startswith("https://")
        assert (row.kind, row.recipe, row.messages_per_s) == ("published", None, None)
        assert cells(row)[0].endswith("(published)")


def test_markdown_has_a_cell_for_each_column_and_the_best_last() -> None:
    rows = [Row("a|b", "trained", "set", test_accuracy=0.9), *PUBLISHED[:1],
            Row("c", "read", "set", test_accuracy=0.2)]  # fmt: skip
    text = as_markdown(rows)
    lines = [line for line in text.splitlines() if line.startswith("| ")]
    assert all(line.replace("\\|", "").count("|") == len(COLUMNS) + 1 for line in lines)
    assert text.index("| c |") < text.index("| a\\|b |")
    assert PUBLISHED[0].source in text


def test_systems_are_trained_and_bundles_read_into_one_table(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tiny_train_config(data, tmp_path / "unused")
    changes = {"scratch": small.scratch, "epochs": 2, "max_tokens": 24, "threads": 1}
    monkeypatch.setattr(compare, "N_SPEED_ROUNDS", 1)
    rows, page = compare_systems(
        [str(data)],
        tmp_path,
        systems=["tfidf", "ann", "lstm"],
        existing=[],
        changes=changes,
        published=True,
    )
    assert [row.name for row in rows[:3]] == ["tfidf", "ann", "lstm"]
    assert len(rows) == 3 + len(PUBLISHED)
    for row in rows[:3]:
        assert all(
            getattr(row, name) is not None
            for name in Row.__slots__
            if name not in {"source", "recipe"}
        ), row
    assert page.read_text().count("data:image/png;base64,") == 2
    assert (tmp_path / "ann.png").read_bytes().startswith(b"\x89PNG")
    assert len(json.loads((tmp_path / "comparison.json").read_text())) == len(rows)

    def must_not_train(config: object) -> Path:
        raise AssertionError("a finished row was trained again")

    monkeypatch.setattr(candidates, "train", must_not_train)
    again, _ = compare_systems(
        [str(data)],
        tmp_path,
        systems=["ann"],
        existing=[],
        changes=changes,
        published=False,
    )
    assert again == [rows[1]]


def test_each_encoder_has_a_row_of_its_own_and_the_others_one(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = tiny_train_config(data, tmp_path / "unused")
    changes = {"network": small.network, "epochs": 1, "max_tokens": 24, "threads": 1}
    monkeypatch.setattr(compare, "N_SPEED_ROUNDS", 1)
    encoders = [str(write_encoder(tmp_path / name)) for name in ("first", "second")]
    arguments: dict[str, Any] = {"layers": 1, "changes": changes, "published": False}
    rows, _ = compare_systems(
        [str(data)],
        tmp_path / "out",
        systems=["tfidf", "plain", "hybrid"],
        existing=[],
        encoders=encoders,
        **arguments,
    )
    assert [row.name for row in rows] == [
        "tfidf",
        "plain (first, 1 layer)",
        "plain (second, 1 layer)",
        "hybrid (first, 1 layer)",
        "hybrid (second, 1 layer)",
    ]
    runs = {path.name for path in (tmp_path / "out" / "runs").iterdir()}
    assert "plain-second-1-layer-benchmark" in runs
    assert len(runs) == len(rows)

    one, _ = compare_systems(
        [str(data)],
        tmp_path / "out",
        systems=["plain"],
        existing=[],
        encoders=encoders[1:],
        **arguments,
    )
    assert one == [rows[2]]  # kept, not trained again for want of the other encoder

    run = tmp_path / "out" / "runs" / "plain-first-1-layer-benchmark"
    torch.set_num_threads(2)
    made = candidates.existing(run, RunScorer.load(run)).make()
    assert torch.get_num_threads() == 1  # as of those trained in the same table
    assert made[1:] == (rows[1].n_parameters, rows[1].n_bytes, rows[1].training_s)


def test_two_encoders_of_one_name_are_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainError, match="'model' twice"):
        compare_systems(
            [str(data)],
            tmp_path,
            systems=["plain"],
            existing=[],
            encoders=["a/model", "b/model"],
            changes={},
            published=False,
        )
