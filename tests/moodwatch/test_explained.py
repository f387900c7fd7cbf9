"""A prediction is explained in the words of the cleaned text, by effect and by attention."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.attribution import CAVEAT
from model.bundle import load_bundle
from moodwatch.app import app
from moodwatch.explained import Explainer
from tests.support.tiny import write_bundle
from worker.onnx_scorer import OnnxScorer


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle") / "tiny")


def test_each_word_has_its_effect_and_its_attention(bundle: Path) -> None:
    explainer = Explainer(OnnxScorer(load_bundle(bundle)), bundle)
    found = explainer.explain("I am  not happy, @you today")
    assert found is not None
    assert [word.text for word in found.words] == ["I", "am", "not", "happy", "NAME", "today"]
    assert all(found.text[word.start : word.end] == word.text for word in found.words)
    shares = [word.attention or 0 for word in found.words]
    assert 0 < sum(shares) <= 1.001
    assert explainer.explain("...") is None


def test_the_command_says_the_words_and_the_caveat(bundle: Path) -> None:
    asked = ["predict", "--explain", "--bundle", str(bundle)]
    said = CliRunner().invoke(app, [*asked, "i am not happy"]).output
    assert "without it" in said
    assert "looked at" in said
    assert CAVEAT in said.replace("\n", " ")

    document = json.loads(CliRunner().invoke(app, [*asked, "--json", "i am sad"]).output)
    assert [word["text"] for word in document["explanation"]["words"]] == ["i", "am", "sad"]
    assert document["explanation"]["emotion"] == document["emotion"]
