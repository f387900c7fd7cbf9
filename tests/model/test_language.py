"""The language check catches other languages and leaves English alone."""

from __future__ import annotations

import csv

import pytest

from model.language import is_supported
from model.text import clean, has_words
from tests.support.paths import shared_data

FOREIGN = [
    "Ich bin heute sehr traurig, weil mein Zug schon wieder ausgefallen ist.",
    "so ein mist, mein handy ist kaputt",
    "Je suis tellement heureux de te revoir demain.",
    "quelle belle surprise ce matin au bureau",
    "Estoy muy triste porque mi perro se fue ayer.",
    "mi vuelo se canceló y estoy furioso",
    "Che brutta giornata, piove sempre",
    "Que dia lindo, vamos para a praia",
    "Waarom geeft niemand antwoord op mijn vraag",
    "Jag är så glad att du kommer imorgon",
    "今日はとても悲しいです。電車がまた遅れました。",
    "我今天非常高兴见到你",
    "Мне очень грустно сегодня",
    "أنا سعيد جدا اليوم بلقائك",
    "오늘은 정말 슬픈 하루였어요",
]


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_refused(text: str) -> None:
    assert not is_supported(clean(text), ["en"])


@pytest.mark.parametrize(
    "text",
    [
        "i feel so tired of all this waiting",
        "@you your flight is Cancelled Flightled AGAIN wtf",
        "omg lol idk what 2 say rn tbh",
        "déjà vu at the café with my fiancé today",
        "the word Schadenfreude describes it perfectly",
    ],
)
def test_english_passes(text: str) -> None:
    assert is_supported(clean(text), ["en"])


def test_the_check_abstains_under_four_words() -> None:
    assert is_supported("muchas gracias amigo", ["en"])


def test_the_bundles_languages_decide() -> None:
    assert is_supported(clean(FOREIGN[0]), ["de", "en"])


def test_at_most_one_english_text_in_200_is_refused() -> None:
    path = shared_data("twitter-us-airline") / "Tweets.csv"
    with path.open(encoding="utf-8", newline="") as file:
        texts = [clean(row["text"]) for row in csv.DictReader(file)][:4_000]
    refused = [text for text in texts if not has_words(text) or not is_supported(text, ["en"])]
    assert len(refused) <= 0.005 * len(texts)
