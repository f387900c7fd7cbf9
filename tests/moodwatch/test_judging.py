"""`moodwatch evaluate` as a person runs it: one model, several, one against another, mistakes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from moodwatch.app import app
from moodwatch.commands.judging import parse_labels
from moodwatch.errors import ExitCode, UserError
from tests.support.tiny import random_texts, tiny_network, write_bundle


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bundles and a file of labelled texts."""
    folder = tmp_path_factory.mktemp("judging")
    for name, seed in (("one", 0), ("two", 1)):
        write_bundle(folder / name, tiny_network(seed), name=name)
    labels = ("glad", "cross", "blue")
    rows = [f"{text} {i},{labels[i % 3]}" for i, text in enumerate(random_texts(60))]
    (folder / "texts.csv").write_text("\n".join(["entry,verdict", *rows]) + "\n")
    return folder


def _evaluate(folder: Path, *arguments: str) -> str:
    named = ["--text-column", "entry", "--label-column", "verdict", "--label", "glad=joy",
             "--label", "cross=anger", "--label", "blue="]  # fmt: skip
    command = ["evaluate", *arguments, "--data", str(folder / "texts.csv"), *named]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert done.exit_code == ExitCode.OK
    return done.stdout


def test_a_bundle_is_judged_on_a_file_of_ones_own(folder: Path, tmp_path: Path) -> None:
    said = _evaluate(folder, str(folder / "one"), "--out", str(tmp_path / "out"))
    assert "Top label among joy, anger." in said
    assert "macro F1" in said
    assert (tmp_path / "out" / "index.html").exists()
    assert (tmp_path / "out" / "reliability.png").exists()


def test_json_names_the_model_and_each_test_set(folder: Path) -> None:
    document = json.loads(_evaluate(folder, "--bundle", str(folder / "one"), "--json"))
    assert document["model"].startswith("one@")
    figures = document["texts"]
    assert figures["n"] == 40
    low, high = figures["intervals"]["accuracy"]
    assert low <= figures["accuracy"] <= high


def test_two_models_are_subtracted_and_averaged(folder: Path) -> None:
    one, two = str(folder / "one"), str(folder / "two")
    alone = json.loads(_evaluate(folder, one, "--against", two, "--json"))
    assert alone["against"]["texts"]["model"].startswith("two@")
    both = json.loads(_evaluate(folder, one, two, "--json"))
    accuracies = [model["texts"]["accuracy"] for model in both["models"]]
    assert both["spread"]["texts"]["accuracy"]["mean"] == pytest.approx(
        sum(accuracies) / 2, abs=1e-4
    )
    difference = alone["against"]["texts"]["accuracy"]["value"]
    assert difference == pytest.approx(accuracies[0] - accuracies[1], abs=1e-4)
    assert "p" in _evaluate(folder, one, "--against", two)


@pytest.mark.parametrize("pair", ["calm", "=joy", "calm=happiness"])
def test_a_label_that_means_nothing_is_refused(pair: str) -> None:
    with pytest.raises(UserError, match="NAME=EMOTION"):
        parse_labels([pair])


def test_data_that_is_not_there_is_told_in_a_line(folder: Path) -> None:
    done = CliRunner().invoke(app, ["evaluate", "--data", str(folder / "absent.csv")])
    assert isinstance(done.exception, UserError)
    assert done.exception.code == ExitCode.INPUT
