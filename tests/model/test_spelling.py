"""Letters that are drawn out: as often as the word has them, whatever the case."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model.spelling import shorten


@pytest.mark.parametrize(
    ("text", "shortened"),
    [
        ("i haaaaate this", "i hate this"),
        ("sooo gooood", "so good"),
        ("Wooooow, reallyyyy", "Wow, really"),
        ("SOOO COOOOL", "SO COOL"),
        ("NoOoO", "No"),
        ("agreeeed, feeeelings and cooooold", "agreed, feelings and cold"),
        ("haaappyyyy", "happy"),
        ("shopppping", "shopping"),
        # One letter alone, numbers and signs are no drawn-out words.
        ("mmmmmm zzz", "mmm zzz"),
        ("10000 wait.... !!!! ____", "10000 wait.... !!!! ____"),
        ("World War III and Henry VIII", "World War III and Henry VIII"),
        # As it was: no letter comes three times in a row.
        ("good book, all off", "good book, all off"),
        ("", ""),
    ],
)
def test_a_drawn_out_word_is_written_as_usual(text: str, shortened: str) -> None:
    assert shorten(text) == shortened


@given(st.text(alphabet="abelo \u00e4\u00df\u0130!1", max_size=60))
def test_no_text_gets_longer_or_keeps_a_run_in_a_word(text: str) -> None:
    found = shorten(text)

    assert len(found) <= len(text)
    assert shorten(found) == found
    for word in re.findall(r"[^\W\d_]+", found):
        if len(set(word.lower())) > 1:
            assert not re.search(r"(.)\1\1", word)
