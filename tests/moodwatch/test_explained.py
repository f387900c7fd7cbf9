"""A prediction is explained in the words of the cleaned text, by effect and by attention."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from model.attribution import CAVEAT, attribute
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


def test_the_shipped_bundles_named_words_matter_more_than_others() -> None:
    scorer = OnnxScorer(load_bundle())
    texts = [
        "the train was late again and i am furious about it",
        "we walked along the river and i felt so lonely",
        "my sister called this morning and i am really happy now",
        "there is a noise in the cellar and i am terrified of it",
        "he left the keys on the table and i miss him badly",
        "the whole office sang for me what a wonderful surprise",
    ]
    top, others = [], []
    for found in attribute(texts, scorer.score):
        assert found is not None
        (first,) = found.strongest(1)
        top.append(first.effect)
        others += [word.effect for word in found.words if word is not first]
    assert sum(top) / len(top) > 4 * sum(others) / len(others)
    assert min(top) > 0.05
