"""Augmentation adds and never replaces, by seed; telling words are found where they were put."""

from __future__ import annotations

from pathlib import Path

import nltk
import pytest

from model.labels import BENCHMARK_EMOTIONS
from tests.support.paths import shared_data
from training.augmenting.augment import AugmentConfig, augmented
from training.augmenting.telling import telling_words, words_of
from training.config import TrainConfig
from training.data import Corpus, Example, fingerprint
from training.inputs import training_texts
from training.phrases import generate

EXAMPLES = [
    *(Example(f"he was happy at number {i}", ("joy",)) for i in range(40)),
    *(Example(f"a sad day at number {i}", ("sadness",)) for i in range(10)),
]


def test_nothing_is_added_unasked() -> None:
    assert augmented(EXAMPLES, AugmentConfig(), seed=1) == EXAMPLES


def test_every_kind_adds_its_share_behind_the_examples() -> None:
    noise = augmented(EXAMPLES, AugmentConfig(noise_share=0.5), seed=1)
    swaps = augmented(EXAMPLES, AugmentConfig(swap_share=0.5), seed=1)
    made = augmented(EXAMPLES, AugmentConfig(negation_share=2), seed=1)

    assert noise[:50] == swaps[:50] == made[:50] == EXAMPLES
    assert len(noise[50:]) == 25
    assert len(swaps[50:]) == 20  # half of the forty that name somebody
    assert all(x.text.startswith("she was") for x in swaps[50:])
    assert 30 < len(made[50:]) < 100  # two emotions of seven
    assert {e for x in made[50:] for e in x.emotions} == {"joy", "sadness"}


def test_copies_keep_their_emotion() -> None:
    examples = [Example("she laughed", ("joy",)), Example("he wept there", ("sadness", "fear"))]
    for config in (AugmentConfig(noise_share=1), AugmentConfig(swap_share=1)):
        for example in augmented(examples, config, seed=1)[2:]:
            n_words = len(example.text.split("wept")) if "wept" in example.text.lower() else 0
            assert example.emotions == (("sadness", "fear") if n_words else ("joy",))


def test_the_seed_decides_each_kind_apart_from_the_others() -> None:
    noise = augmented(EXAMPLES, AugmentConfig(noise_share=0.5), seed=1)
    both = augmented(EXAMPLES, AugmentConfig(noise_share=0.5, swap_share=0.5), seed=1)
    assert both[: len(noise)] == noise
    assert noise == augmented(EXAMPLES, AugmentConfig(noise_share=0.5), seed=1)
    assert noise != augmented(EXAMPLES, AugmentConfig(noise_share=0.5), seed=2)


def test_each_epoch_gets_copies_and_sentences_of_its_own() -> None:
    config = AugmentConfig(noise_share=0.2, swap_share=0.5, negation_share=1)
    found = augmented(EXAMPLES, config, seed=1, epochs=3)
    assert found[:50] == EXAMPLES
    of_epoch = [{x.text for x in found if x.epoch == epoch} for epoch in range(3)]
    assert sum(x.epoch is None for x in found) == 50
    assert all(len(texts) > 40 for texts in of_epoch)
    made = [{text for text in texts if "number" not in text.lower()} for texts in of_epoch]
    assert not made[0] & made[1]
    assert not made[0] & made[2]
    assert not made[1] & made[2]
    assert of_epoch[0] - made[0] != of_epoch[1] - made[1]


def test_what_is_added_for_all_epochs_is_for_no_one_alone() -> None:
    config = AugmentConfig(noise_share=0.2, negation_share=1)
    assert {x.epoch for x in augmented(EXAMPLES, config, seed=1)} == {None}


def test_made_sentences_keep_to_the_networks_emotions_and_out_of_tests() -> None:
    config = AugmentConfig(negation_share=4)
    banned = {fingerprint(p.text) for p in generate(100, seed=1, noise_share=0.35)}
    found = augmented(EXAMPLES, config, seed=1, emotions=BENCHMARK_EMOTIONS, exclude=banned)[50:]
    assert {e for x in found for e in x.emotions} <= set(BENCHMARK_EMOTIONS)
    assert 100 < len(found) < 200  # neutral ones were left out
    assert not banned & {fingerprint(x.text) for x in found}


def test_training_gets_no_copy_that_is_a_held_out_text(tmp_path: Path) -> None:
    corpus = Corpus(
        train=(Example("she was glad", ("joy",)), Example("he sat alone", ("sadness",))),
        validation=(),
        test=(Example("He was GLAD", ("joy",)),),
        name="made",
    )
    config = TrainConfig(data=(corpus,), out_dir=tmp_path, augment=AugmentConfig(swap_share=1))
    found = [example.text for example in training_texts(config, [corpus])]
    assert found == ["she was glad", "he sat alone", "she sat alone"]


@pytest.mark.parametrize(
    "config",
    [
        AugmentConfig(synonym_share=1.5),
        AugmentConfig(synonym_rate=-0.1),
        AugmentConfig(noise_share=2),
        AugmentConfig(swap_share=2),
        AugmentConfig(negation_share=-1),
    ],
)
def test_shares_out_of_range_are_refused(config: AugmentConfig) -> None:
    with pytest.raises(ValueError, match=r"expected \w+ (from 0 to 1|of 0 or more), found"):
        augmented(EXAMPLES, config, seed=1)


def test_synonym_copies_keep_protected_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nltk.data, "path", [str(shared_data("nltk_data"))])
    examples = [
        Example("happy to buy a car", ("joy",)),
        Example("not happy to buy a car", ("sadness",)),
    ] * 10
    config = AugmentConfig(synonym_share=1, synonym_rate=1, protected=frozenset(("happy", "not")))

    copies = augmented(examples, config, seed=1)[20:]

    assert len(copies) == 20
    for example in copies:
        assert ("not" in example.text) == (example.emotions == ("sadness",))
        assert "happy to purchase a" in example.text
        assert "car" not in example.text.split()


def test_telling_words_stand_first_with_the_emotion_they_were_put_in() -> None:
    found = telling_words(EXAMPLES)
    assert {entry.word for entry in found["sadness"][:3]} == {"a", "sad", "day"}
    assert {entry.word for entry in found["joy"][:3]} == {"he", "was", "happy"}
    assert found["joy"][0].n_texts == 40
    number = next(entry for entry in found["joy"] if entry.word == "number")
    assert abs(number.z) < 1


def test_words_leave_out_placeholders_links_and_figures() -> None:
    assert words_of("[NAME] don\u2019t see http://x.y 42 [RELIGION] #Happy") == [
        "don't", "see", "happy",
    ]  # fmt: skip
