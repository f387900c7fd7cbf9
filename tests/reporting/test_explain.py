"""Changed words are those whose use changed, not those that are common."""

from __future__ import annotations

from reporting.explain import changed_words, words_of

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
