"""Chunks: every message in exactly one, in order, under both limits; payloads survive the trip."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.chunks import (
    MAX_CHUNK_CHARACTERS,
    Cutter,
    pack,
    payload_json,
    storable,
    storable_message,
    storable_reject,
)
from records import Message, Payload, Rejected


def message(text: str) -> Message:
    return Message("s", "1", None, None, None, text)


@given(sizes=st.lists(st.integers(0, 2_000), max_size=200), chunk_size=st.integers(1, 50))
@settings(max_examples=50, deadline=None)
def test_cut_chunks_joined_are_the_messages(sizes: list[int], chunk_size: int) -> None:
    messages = [message("x" * size) for size in sizes]
    cutter = Cutter(chunk_size)
    chunks = []
    for one in messages:
        cutter.add(one)
        if cutter.is_full:
            chunks.append(cutter.take())
    assert all(len(chunk) == chunk_size for chunk in chunks)
    chunks.append(cutter.take())
    assert len(cutter) == 0
    assert [one for chunk in chunks for one in chunk] == messages


def test_few_long_texts_fill_a_chunk() -> None:
    cutter = Cutter(256)
    for n in range(4):
        assert not cutter.is_full, n
        cutter.add(message("x" * (MAX_CHUNK_CHARACTERS // 4)))
    assert cutter.is_full
    cutter.take()
    cutter.add(message("x"))
    assert not cutter.is_full


def test_chunk_size_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="found 0"):
        Cutter(0)


@given(st.lists(st.text(), max_size=5))
@settings(max_examples=50, deadline=None)
def test_payload_comes_back_equal(texts: list[str]) -> None:
    messages = [storable_message(message(text)) for text in texts]
    chunk = pack("db", messages)
    assert Payload.from_json(payload_json(chunk)) == Payload("db", chunk.chunk_id, tuple(messages))


def test_payload_is_compressed_and_its_id_is_fit_for_a_job() -> None:
    chunk = pack("db", [message("the same words again and again")] * 256)
    assert len(chunk.payload) < len(payload_json(chunk)) / 10
    assert chunk.chunk_id.isalnum()
    assert chunk.chunk_id != pack("db", []).chunk_id


def test_lone_surrogates_and_nul_are_replaced_and_the_rest_kept() -> None:
    assert storable("a\x00b\ud83dc\U0001f600é") == "a\ufffdb\ufffdc\U0001f600é"
    assert storable("plain") == "plain"


@given(st.text(st.characters(codec=None)))
def test_storable_text_is_utf8_without_nul(text: str) -> None:
    clean = storable(text)
    assert "\x00" not in clean
    assert clean.encode().decode() == clean
    assert len(clean) == len(text)


def test_every_text_of_a_message_is_made_storable() -> None:
    bad = "x\ud800"
    clean = storable_message(Message(bad, bad, bad, bad, None, bad, bad))
    assert clean == Message("x\ufffd", "x\ufffd", "x\ufffd", "x\ufffd", None, "x\ufffd", "x\ufffd")
    good = message("fine")
    assert storable_message(good) is good


def test_reject_keeps_its_raw_row_only_where_allowed() -> None:
    reject = Rejected("s", 1, 0, "no\x00 text", "raw\udcff")
    assert storable_reject(reject, keep_raw=True) == Rejected(
        "s", 1, 0, "no\ufffd text", "raw\ufffd"
    )
    assert storable_reject(reject, keep_raw=False).raw is None
