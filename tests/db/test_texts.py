"""Texts and keys that both databases take, and people hidden on request."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from db.texts import MAX_KEY_BYTES, clean, fit_key, redact, text_hash, tombstone_hash

ANY_TEXT = st.text(st.characters(exclude_categories=())) | st.text(
    st.sampled_from("\x00\ud83d\ude00a\ufffd")
)


@given(ANY_TEXT)
def test_every_text_becomes_one_that_can_be_stored(text: str) -> None:
    cleaned = clean(text)

    assert "\x00" not in cleaned
    cleaned.encode()
    assert clean(cleaned) == cleaned


def test_halves_that_belong_together_become_their_character() -> None:
    assert clean("\ud83d\ude00 \ude00") == "\U0001f600 \ufffd"
    assert clean("as it is \U0001f600") == "as it is \U0001f600"


@given(st.lists(ANY_TEXT | st.text(min_size=500, max_size=700), unique_by=clean))
def test_keys_fit_an_index_and_stay_apart(values: list[str]) -> None:
    keys = [fit_key(value) for value in values]

    assert all(len(key.encode()) <= MAX_KEY_BYTES for key in keys)
    assert len(set(keys)) == len(values)
    assert [fit_key(key) for key in keys] == keys


def test_a_hash_needs_its_salt_of_any_length() -> None:
    hashes = {text_hash("x", salt) for salt in (b"", b"a", b"a" * 64, b"a" * 65, b"b" * 65)}
    assert len(hashes) == 5
    assert tombstone_hash("a", "bc") != tombstone_hash("ab", "c")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("thanks @Ann_B!", "thanks [name]!"),
        ("@ann@mas.to.org and u/bob, /u/eve", "[name] and [name], [name]"),
        ("mail ann.b+x@mail.example.org.", "mail [email]."),
        ("see https://x.org/a?b=c and www.y.org", "see [link] and [link]"),
        ("call +49 (0)30-123 45 67 or 555-1234", "call [phone] or [phone]"),
    ],
)
def test_people_are_replaced_by_what_they_are(text: str, expected: str) -> None:
    assert redact(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "on 2024-01-02 at 10:30, 1914-1918, 31/12/2024",
        "costs 1,250 or 99.95, 50 % off, 100000",
        "a/b, and/or, menu/options",
        "",
    ],
)
def test_what_is_nobody_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize("piece", ["a@", "1 ", "@a.", "www.", "a.b", "+1-", "((", "u/", "-"])
def test_redacting_takes_time_in_the_length_only(piece: str) -> None:
    started = time.perf_counter()
    redact(piece * 50_000)
    assert time.perf_counter() - started < 2
