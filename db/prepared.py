"""Turns a chunk's messages and scores into rows that both databases take. Pure; for `db.store`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from db.texts import TextMode, clean, clean_or_none, fit_key, fit_key_or_none, redact, text_hash
from records import EMOTIONS, Message, Scores

#: Source and external id, as stored.
NaturalKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """One message of a chunk, ready to be stored."""

    row: dict[str, Any]
    scores: Scores | None
    hash: bytes


def prepare(
    messages: Sequence[Message],
    scores: Sequence[Scores | None],
    text_mode: TextMode,
    salt: bytes,
    now: datetime,
) -> tuple[dict[NaturalKey, Prepared], list[NaturalKey]]:
    """Return the chunk by natural key, sorted by it, and the keys repeated with another text."""
    prepared: dict[NaturalKey, Prepared] = {}
    changed = []
    for message, message_scores in zip(messages, scores, strict=True):
        key = (fit_key(message.source), fit_key(message.external_id))
        text = clean(message.text)
        hashed = text_hash(text, salt)
        first = prepared.get(key)
        if first is not None:
            if first.hash != hashed:
                changed.append(key)
            continue
        row = {
            "source": key[0],
            "external_id": key[1],
            "thread": fit_key_or_none(message.thread),
            "author": fit_key_or_none(message.author),
            "posted_at": message.posted_at,
            "text": _stored_text(text, text_mode),
            "language": clean_or_none(message.language),
            "text_hash": None if text_mode == "drop" else hashed,
            "ingested_at": now,
        }
        prepared[key] = Prepared(row, message_scores, hashed)
    # Sorted: chunks that share messages and insert them in another order would deadlock.
    return dict(sorted(prepared.items())), changed


def emotions_row(message_id: int, model_id: int, scores: Scores) -> dict[str, Any]:
    """Return a row of table `emotions`."""
    row: dict[str, Any] = {
        "message_id": message_id,
        "model_id": model_id,
        "status": scores.status,
        "emotion": scores.emotion,
        "confidence": _plain(scores.confidence),
        "low_confidence": scores.low_confidence,
    }
    for emotion, probability in zip(EMOTIONS, scores.probabilities, strict=True):
        row[emotion] = _plain(probability)
    return row


def _stored_text(text: str, text_mode: TextMode) -> str | None:
    if text_mode == "drop":
        return None
    return redact(text) if text_mode == "redact" else text


def _plain(probability: float | None) -> float | None:
    # A scorer may hand over NumPy's floats, which sqlite3 would store as bytes.
    return None if probability is None else float(probability)
