"""The words every room shares: messages, emotions, scores, the ledger's counts. Imports nothing."""

from records.emotions import EMOTIONS, Emotion, Scores, Status
from records.ledger import IngestCounts, IngestState, OpenChunk, Origin, Progress
from records.message import (
    PAYLOAD_SCHEMA,
    Message,
    Payload,
    PayloadError,
    Rejected,
    UnknownSchemaError,
)

__all__ = [
    "EMOTIONS",
    "PAYLOAD_SCHEMA",
    "Emotion",
    "IngestCounts",
    "IngestState",
    "Message",
    "OpenChunk",
    "Origin",
    "Payload",
    "PayloadError",
    "Progress",
    "Rejected",
    "Scores",
    "Status",
    "UnknownSchemaError",
]
