"""Changed words are those whose use changed, not those that are common."""

from __future__ import annotations

from reporting.explain import changed_words, marked, typical_words, words_of

USUAL = ["the garden is lovely today", "the roses in the garden", "a walk in the garden"] * 20
OUTAGE = ["the app is broken again", "the login is broken", "a walk in the garden"] * 20


def test_new_words_rise_and_lost_words_fall() -> None:
    more, less = changed_words(USUAL, OUTAGE)

    assert more[0].word == "broken"
    assert (more[0].n_before, more[0].n_after) == (0, 40)
    assert {change.word for change in less} >= {"lovely", "roses"}
    assert all(change.z > 0 for change in more)
    assert all(change.z < 0 for change in less)


def test_a_word_used_alike_is_not_named_however_common() -> None:
    more, less = changed_words(USUAL, OUTAGE)

    assert "walk" not in {change.word for change in more + less}
    assert "the" not in {change.word for change in more}


def test_one_long_rant_counts_once() -> None:
    rant = ["refund " * 500]

    more, _ = changed_words(USUAL, USUAL + rant)

    assert more == []


def test_nothing_to_compare_gives_nothing() -> None:
    assert changed_words([], OUTAGE) == ([], [])
    assert changed_words(USUAL, []) == ([], [])


def test_addresses_names_and_numbers_are_no_words() -> None:
    text = "@ann see https://example.org/a?b=c 2024 #GardenTime don\N{RIGHT SINGLE QUOTATION MARK}t"

    assert words_of(text) == {"see", "#gardentime", "don't"}


def test_typical_words_are_those_of_one_emotion_and_not_of_all() -> None:
    labelled = [("joy", text) for text in USUAL] + [("anger", text) for text in OUTAGE]

    found = typical_words(labelled, least_z=1.96)

    assert found["anger"][0].word == "broken"
    assert (found["anger"][0].n_with, found["anger"][0].n_elsewhere) == (40, 0)
    assert {"lovely", "roses"} <= {word.word for word in found["joy"]}
    assert all("walk" not in {word.word for word in words} for words in found.values())


def test_marked_pieces_join_to_the_text_and_every_second_is_a_word() -> None:
    curly = "don\N{RIGHT SINGLE QUOTATION MARK}t"
    text = f"Broken \N{SLIGHTLY SMILING FACE} again: the app's BROKEN, {curly} ask"

    pieces = marked(text, {"broken": 5.0, "don't": 3.5, "ask": 2.0})

    assert "".join(pieces) == text
    assert pieces[1::2] == ["Broken", "BROKEN", curly]
    assert marked("nothing of it", {}) == ["nothing of it"]
