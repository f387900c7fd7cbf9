from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from records import EMOTIONS, Message, Payload, PayloadError, Scores, UnknownSchemaError

_texts = st.text(st.characters(exclude_categories=["Cs"]))
_messages = st.builds(
    Message,
    source=_texts,
    external_id=_texts,
    thread=st.none() | _texts,
    author=st.none() | _texts,
    posted_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    text=_texts,
    language=st.none() | _texts,
)


@given(st.lists(_messages, max_size=5), _texts, _texts)
def test_a_payload_comes_back_as_it_went(
    messages: list[Message], database: str, chunk: str
) -> None:
    payload = Payload(database, chunk, tuple(messages))
    assert Payload.from_json(payload.to_json()) == payload


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", '{"schema": 1}', "{"])
def test_other_json_is_refused_as_no_payload(text: str) -> None:
    with pytest.raises(PayloadError):
        Payload.from_json(text)


def test_a_newer_schema_is_told_apart_from_garbage() -> None:
    document = json.loads(Payload("d", "c", ()).to_json())
    document["schema"] = 3
    with pytest.raises(UnknownSchemaError):
        Payload.from_json(json.dumps(document))


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Message("s", "1", None, None, datetime(2024, 1, 1), "hi")  # noqa: DTZ001 - the point


def test_a_zone_survives_the_payload_as_the_same_moment() -> None:
    zone = timezone(timedelta(hours=-8))
    message = Message("s", "1", None, None, datetime(1660, 1, 1, 2, tzinfo=zone), "hi")
    (back,) = Payload.from_json(Payload("d", "c", (message,)).to_json()).messages
    assert back.posted_at == message.posted_at


def test_the_top_emotion_is_the_first_of_equals_and_skips_what_is_not_scored() -> None:
    scores = Scores("scored", (None, 0.4, 0.4, 0.2, None, None, None, None))
    assert (scores.emotion, scores.confidence) == (EMOTIONS[1], 0.4)


def test_an_unsupported_text_has_no_emotion() -> None:
    scores = Scores.unsupported()
    assert (scores.emotion, scores.confidence) == (None, None)
    assert scores.probabilities == (None,) * 8


def test_scores_of_the_wrong_length_are_refused() -> None:
    with pytest.raises(ValueError, match="8 probabilities"):
        Scores("scored", (1.0,))
