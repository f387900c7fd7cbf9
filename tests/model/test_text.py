"""Cleaning, emoji, windows."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.text import clean, cut_windows, has_words


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("@VirginAmerica &amp; you?", "[NAME] & you?"),
        ("see https://t.co/x now", "see now"),
        ("#fail again", "fail again"),
        ("write to a@b.org", "write to a@b.org"),
        ("sooooooo good", "sooo good"),
        ("I\u2019m  \n fine\x00!", "I'm fine !"),
        ("\ud800broken", "broken"),
        ("\N{FACE WITH TEARS OF JOY}" * 4, "laughing out loud"),
        ("\N{HEAVY BLACK HEART}\ufe0f", "love"),
        ("\N{CRAB}", "crab"),
        (">:( no", "angry no"),
        (":) ok :(", "happy smile ok sad"),
        ("see (page 3:0) http: x", "see (page 3:0) http: x"),
        ("", ""),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(st.text())
def test_cleaning_takes_any_text_and_leaves_nothing_unprintable(text: str) -> None:
    cleaned = clean(text)
    assert cleaned.isprintable()
    cleaned.encode("utf-8")


@pytest.mark.parametrize("text", ["", "  ", "12:30 !!", "[NAME]", "[NAME] 3"])
def test_texts_without_words(text: str) -> None:
    assert not has_words(text)


def test_a_text_of_emoji_alone_has_words() -> None:
    assert has_words(clean("\N{LOUDLY CRYING FACE}\N{BROKEN HEART}"))


def test_a_short_text_is_one_window() -> None:
    (window,) = cut_windows([2, 5, 6, 3], max_tokens=8, overlap=2)
    assert window.ids == (2, 5, 6, 3)
    assert window.n_new == 2


@given(n=st.integers(0, 300), max_tokens=st.integers(6, 40), overlap=st.integers(0, 3))
def test_windows_cover_every_token_once_as_new(n: int, max_tokens: int, overlap: int) -> None:
    body = list(range(10, 10 + n))

    windows = cut_windows([2, *body, 3], max_tokens=max_tokens, overlap=overlap)

    seen: list[int] = []
    for index, window in enumerate(windows):
        assert len(window.ids) <= max_tokens
        assert (window.ids[0], window.ids[-1]) == (2, 3)
        inside = list(window.ids[1:-1])
        if index:
            assert inside[: len(inside) - window.n_new] == seen[len(seen) - overlap :][:overlap]
        seen += inside[len(inside) - window.n_new :] if n else []
    assert seen == body


def test_an_overlap_without_room_is_refused() -> None:
    with pytest.raises(ValueError, match="under 4 tokens"):
        cut_windows([2, 3], max_tokens=6, overlap=4)
