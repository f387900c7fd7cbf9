"""Nothing that training makes of texts comes near the suite: no sentence, no template."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import training
from training.behaviour.apart import is_near_suite, skeleton
from training.behaviour.sentences import load_capabilities, load_names
from training.phrases import CAPABILITIES, WRITTEN, generate
from training.phrases.written import written_sentences

#: Modules that judge; of those that make or read training texts one may ask what to keep out.
JUDGES = {"evaluate.py", "verdict.py", "compare.py"}
KEEPS_OUT = ("sentences.py", "training.behaviour.apart.is_near_suite")


def words(text: str) -> str:
    return " ".join(re.findall(r"[a-z]+", text.lower().replace("\u2019", "'").replace("'", "")))


@pytest.fixture(scope="module")
def made() -> list[str]:
    return [phrase.text for phrase in generate(6_000, seed=11, noise_share=0.2)]


def test_no_sentence_is_in_both(made: list[str]) -> None:
    held = {words(text) for capability in load_capabilities() for text in capability.texts}

    # One filling of these would be another's template.
    assert not {words(text) for text in made} & (held - {""})


def test_no_template_is_in_both(made: list[str]) -> None:
    assert [text for text in made if is_near_suite(text)] == []


def test_what_was_written_by_hand_is_far_from_the_suite() -> None:
    assert [text for text, _ in written_sentences() if is_near_suite(text)] == []


def test_a_text_of_signs_alone_is_in_both_only_once() -> None:
    signs = [t for c in load_capabilities() for t in c.texts if t.strip() and not words(t)]
    assert len(signs) > 5
    assert all(map(is_near_suite, signs))


def test_every_text_of_the_suite_is_near_it_itself() -> None:
    texts = [text for capability in load_capabilities() for text in capability.texts]
    named = [text for f in load_names() for group in f.texts.values() for text in group[:1]]

    far = [text for text in (*texts, *named) if len(skeleton(text)) > 2 and not is_near_suite(text)]

    # Names that the word lists do not hold are not masked.
    assert [text for text in far if text in texts] == []
    assert len(far) < len(named)


@pytest.mark.parametrize(
    "text",
    [
        "I am NOT miserable about moving to Leeds!!!",  # another feeling
        "The parcel arrives on Tuesday.",  # other punctuation
        "his parents are happier, I wish I could be as gloomy as my friends are",  # within another
        "my sister was furious when the letter came",  # another person
        "Everyone says the bridge is safe, but I am thrilled of crossing that one",  # cut short
    ],
)
def test_a_template_in_other_words_is_found(text: str) -> None:
    assert is_near_suite(text)


@pytest.mark.parametrize(
    "text", ["I am not happy.", "Nobody likes rain", "I was not sad about anything at all today"]
)
def test_plain_grammar_belongs_to_everybody(text: str) -> None:
    assert not is_near_suite(text)


def test_every_kind_of_sentence_is_still_made() -> None:
    kinds = {phrase.capability for phrase in generate(1_000, seed=2)}

    assert kinds == {*CAPABILITIES, WRITTEN}


def test_nothing_that_trains_reads_the_suite() -> None:
    readers = set()
    for path in Path(training.__file__).parent.rglob("*.py"):
        if "behaviour" in path.parts:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            readers |= {(path.name, n) for n in names if n.startswith("training.behaviour")}
    assert KEEPS_OUT in readers
    assert {name for name, _ in readers - {KEEPS_OUT}} <= JUDGES
