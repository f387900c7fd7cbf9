"""The behaviour suite: frozen, fair in form, and judged pair by pair."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from importlib.resources import files

import pytest
from typer.testing import CliRunner

import training.behaviour
from moodwatch.app import app
from records import EMOTIONS, Emotion, Scores
from tests.support.scorer import LengthScorer
from training.behaviour.bias import measure_bias
from training.behaviour.sentences import (
    SUITE_FILES,
    Filled,
    Pair,
    load_capabilities,
    load_names,
    load_pronouns,
)
from training.behaviour.suite import Failure, run_suite, wilson

FOLDER = files(training.behaviour)


def certain(emotion: Emotion, confidence: float = 1.0) -> Scores:
    """All but `confidence` goes to neutral."""
    by_emotion = dict.fromkeys(EMOTIONS, 0.0)
    by_emotion["neutral"] = 1.0 - confidence
    by_emotion[emotion] += confidence
    return Scores("scored", tuple(by_emotion.values()))


class Reader:
    """Answers what the suite itself expects of a text, except where told otherwise."""

    def __init__(self, instead: dict[str, Scores] | None = None) -> None:
        self.answers: dict[str, Scores] = {}
        for capability in load_capabilities():
            for case in capability.cases:
                halves = (case.first, case.second) if isinstance(case, Pair) else ()
                if isinstance(case, Pair):
                    towards = set(case.change.emotions)
                    for half, wanted in zip(
                        halves, (case.change.by < 0, case.change.by > 0), strict=True
                    ):
                        ranked = sorted(half.top, key=lambda e: ((e in towards) != wanted, e))
                        self.answers[half.text] = certain(ranked[0])
        self.answers |= instead or {}

    def __call__(self, texts: Sequence[str]) -> list[Scores]:
        return [self.answers.get(text, certain("neutral")) for text in texts]


def test_the_sentences_are_those_that_were_frozen() -> None:
    recorded: dict[str, str] = {}
    for line in (FOLDER / "SHA256SUMS").read_text().splitlines():
        sum_, name = line.split("  ")
        recorded[name] = sum_

    found = {name: hashlib.sha256((FOLDER / name).read_bytes()).hexdigest() for name in SUITE_FILES}

    assert found == recorded


def test_there_are_enough_pairs_of_negation_and_contrast_and_no_text_stands_twice() -> None:
    pairs = [c for group in load_capabilities() if group.kind == "negation" for c in group.cases]
    texts = [text for group in load_capabilities() for text in group.texts]

    assert len(pairs) >= 320
    assert all(isinstance(pair, Pair) for pair in pairs)
    assert len(set(texts)) == len(texts)


def test_an_answer_that_every_reader_gives_passes_every_pair() -> None:
    report = run_suite(Reader())

    negation = report.of_kind("negation")
    assert (negation.n_passed, negation.failures) == (negation.n, ())
    assert negation.rate == 1.0


def test_a_model_deaf_to_negation_passes_no_pair() -> None:
    report = run_suite(lambda texts: [certain("joy") for _ in texts])

    assert report.of_kind("negation").n_passed == 0
    assert {"negated_joy", "litotes", "contrast"} <= set(report.below_bar)


def test_a_pair_passes_only_if_both_halves_do_and_the_score_moves_far_enough() -> None:
    pair = load_capabilities()[0].cases[0]
    assert isinstance(pair, Pair)
    first, second = pair.first.text, pair.second.text
    wrong_second = Reader({second: certain("joy")})
    wrong_first = Reader({first: certain("sadness")})
    too_close = Reader({first: certain("joy", 0.6), second: certain("joy", 0.45)})

    reasons = [run_suite(reader).of_kind("negation") for reader in (wrong_second, wrong_first)]
    close = run_suite(too_close).of_kind("negation")

    assert [result.n - result.n_passed for result in reasons] == [1, 1]
    assert reasons[0].failures[0].reason.startswith("second: expected")
    assert reasons[1].failures[0].reason.startswith("first: expected")
    assert close.failures == (
        Failure(
            (first, second),
            ("joy", "neutral"),
            "expected joy+love to move by -0.30 or more, found -0.15",
        ),
    )


def test_disgust_passes_for_anger() -> None:
    text = "He always shouts at me when I'm late."

    report = run_suite(Reader({text: certain("disgust")}))

    assert report.of_kind("negation").failures == ()


def test_a_variant_read_otherwise_than_its_plain_text_fails() -> None:
    def shouting_is_anger(texts: Sequence[str]) -> list[Scores]:
        return [certain("anger" if text.isupper() else "joy") for text in texts]

    report = run_suite(shouting_is_anger)

    (upper,) = [r for r in report.capabilities if r.capability == "upper_case"]
    assert "expected joy for both, found anger in the second" in [f.reason for f in upper.failures]


def test_a_wordless_text_must_keep_its_status() -> None:
    report = run_suite(lambda texts: [certain("joy") for _ in texts])

    (wordless,) = [r for r in report.capabilities if r.capability == "wordless"]
    assert "expected status unsupported, found scored" in {f.reason for f in wordless.failures}


def test_too_few_answers_are_an_error() -> None:
    with pytest.raises(ValueError, match="expected scores for"):
        run_suite(lambda texts: [certain("joy")] * (len(texts) - 1))


def test_a_move_by_name_is_measured_against_all_other_fillings() -> None:
    templates = [Filled("{name} is here", {"a": ("A is here",), "b": ("B is here",)})]

    report = measure_bias(
        templates,
        lambda texts: [certain("joy", 0.9 if text.startswith("A") else 0.6) for text in texts],
    )

    # joy moves by .3 and neutral takes it up; nothing else is scored at all.
    assert report.mean_move == pytest.approx(0.3)
    assert report.mean_move_of_top == pytest.approx(0.3)
    assert report.share_flipped == 0
    assert report.widest_gap[1] == "joy"
    assert abs(report.widest_gap[2]) == pytest.approx(0.15)
    assert not report.is_within_bar


def test_names_and_pronouns_fill_every_template_without_a_gap() -> None:
    for filled in (*load_names(), *load_pronouns()):
        assert len({len(texts) for texts in filled.texts.values()}) == 1
        assert not any("{" in text for texts in filled.texts.values() for text in texts)
    assert len(load_names()[0].texts) >= 20


def test_the_interval_of_a_rate_holds_the_rate_and_stays_within_0_and_1() -> None:
    low, high = wilson(9, 10)

    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
    assert wilson(0, 10)[0] == 0.0
    assert wilson(10, 10)[1] == pytest.approx(1.0)


def test_the_command_says_what_passed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("moodwatch.scorers.load_scorer", lambda _settings: LengthScorer())

    table = CliRunner().invoke(app, ["behaviour", "--failures"])
    as_json = CliRunner().invoke(app, ["behaviour", "--json"])

    assert (table.exit_code, as_json.exit_code) == (0, 0)
    assert "negated_joy" in table.output
    assert "expected sadness" in table.output
    assert "does not score neutral: what is about them cannot pass" in " ".join(
        table.output.split()
    )
    document = json.loads(as_json.stdout)
    assert document["negation"]["n"] >= 320
    assert document["model"] == LengthScorer.model_name
