"""Texts in, emotion scores out: what every scorer shares, whatever runs its network.

A scorer's own part is `_logits`, one forward pass. Around it, here: cleaning, the language check,
tokenising, windows for long texts, batches of like length under a token budget, calibration, and
looking a repeated text up once. A score never depends on the batch its text was in.

Shapes: B windows in a batch, T tokens of the longest, E outputs of the bundle.
"""

from __future__ import annotations

import hashlib
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Final, Protocol

import numpy as np
import structlog
from numpy.typing import NDArray
from tokenizers import Tokenizer

from model.bundle import Bundle
from model.language import is_supported
from model.text import TokenWindow, clean, cut_windows, has_words, prepare_tokenizer
from records import EMOTIONS, Emotion, Scores

log = structlog.get_logger(__name__)

#: Tokens of one forward pass, padding included: above it memory grows and speed does not.
DEFAULT_TOKEN_BUDGET: Final = 2_048
#: Scores of recent texts kept for their repeats; about 250 bytes each.
DEFAULT_CACHE_SIZE: Final = 20_000

_WARM_UP_TEXTS: Final = ("I am so happy today", "why is this still broken, I am furious " * 20)


class Scorer(Protocol):
    """What a worker needs of a model."""

    model_name: str
    emotions: tuple[Emotion, ...]

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Return one score a text, in order."""

    def warm_up(self) -> None:
        """Do once what would slow the first texts down."""


class BundleScorer(ABC):
    """A scorer on a bundle; subclasses run the network."""

    def __init__(
        self,
        bundle: Bundle,
        *,
        token_budget: int = DEFAULT_TOKEN_BUDGET,
        cache_size: int = DEFAULT_CACHE_SIZE,
    ) -> None:
        if token_budget < 1 or cache_size < 0:
            raise ValueError(
                f"expected a positive token budget and a cache size of 0 or more, "
                f"found {token_budget} and {cache_size}"
            )
        self.bundle = bundle
        self.model_name = bundle.model_id
        self.emotions = bundle.emotions
        self._token_budget = token_budget
        self._tokenizer = prepare_tokenizer(
            Tokenizer.from_str(bundle.read("tokenizer.json").decode("utf-8"))
        )
        self._cache = _RecentScores(cache_size)
        self._columns = _emotion_columns(bundle)

    @abstractmethod
    def _logits(self, ids: NDArray[np.int64], lengths: NDArray[np.int32]) -> NDArray[np.float32]:
        """Return logits (B, E) for padded ids (B, T) and the rows' own lengths (B,)."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Return one score a text, in order; equal texts are scored once."""
        cleaned = [clean(text) for text in texts]
        keys = [_key(text) for text in cleaned]
        found: dict[bytes, Scores] = {}
        wanted: dict[bytes, str] = {}
        for key, text in zip(keys, cleaned, strict=True):
            if key in found or key in wanted:
                continue
            if (known := self._cache.get(key)) is not None:
                found[key] = known
            elif has_words(text) and is_supported(text, self.bundle.config.languages):
                wanted[key] = text
            else:
                found[key] = Scores.unsupported()
        fresh = dict(zip(wanted, self._score_new(list(wanted.values())), strict=True))
        for key, scores in fresh.items():
            self._cache.put(key, scores)
        found |= fresh
        return [found[key] for key in keys]

    def warm_up(self) -> None:
        """Run the whole way once, so that the first chunk meets allocated memory."""
        started = time.perf_counter()
        self._score_new(list(_WARM_UP_TEXTS))
        log.info(
            "scorer_warm", model=self.model_name, seconds=round(time.perf_counter() - started, 3)
        )

    def _score_new(self, cleaned: Sequence[str]) -> list[Scores]:
        config = self.bundle.config
        windows: list[TokenWindow] = []
        owners: list[int] = []
        for owner, encoding in enumerate(self._tokenizer.encode_batch(list(cleaned))):
            cut = cut_windows(encoding.ids, max_tokens=config.max_tokens, overlap=config.overlap)
            windows += cut
            owners += [owner] * len(cut)
        probabilities = self._window_probabilities(windows)  # (windows, E)
        weights = np.array([window.n_new for window in windows], dtype=np.float64)
        pooled = np.zeros((len(cleaned), len(config.labels)))
        np.add.at(pooled, owners, probabilities * weights[:, None])
        return [self._to_scores(row) for row in pooled]

    def _window_probabilities(self, windows: Sequence[TokenWindow]) -> NDArray[np.float64]:
        result = np.zeros((len(windows), len(self.bundle.config.labels)))
        for batch in batches_under_budget([len(w.ids) for w in windows], self._token_budget):
            ids, lengths = _pad([windows[index].ids for index in batch])
            result[batch] = self.bundle.calibration.probabilities(self._logits(ids, lengths))
        return result

    def _to_scores(self, label_weights: NDArray[np.float64]) -> Scores:
        by_emotion = label_weights @ self._columns  # (len(EMOTIONS),)
        by_emotion = by_emotion / by_emotion.sum()
        probabilities = tuple(
            float(value) if emotion in self.emotions else None
            for emotion, value in zip(EMOTIONS, by_emotion, strict=True)
        )
        low = float(by_emotion.max()) < self.bundle.config.low_confidence
        return Scores("scored", probabilities, low_confidence=low)


def batches_under_budget(lengths: Sequence[int], token_budget: int) -> Iterator[list[int]]:
    """Yield batches of indices, longest first, each of rows * longest ≤ the budget.

    A row longer than the budget is a batch of its own. Longest first, so that memory is
    allocated once and a too large budget fails at once.
    """
    order = sorted(range(len(lengths)), key=lambda index: -lengths[index])
    start = 0
    while start < len(order):
        size = max(1, token_budget // max(1, lengths[order[start]]))
        yield order[start : start + size]
        start += size


def _pad(rows: Sequence[Sequence[int]]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    lengths = np.array([len(row) for row in rows], dtype=np.int32)
    ids = np.zeros((len(rows), int(lengths.max())), dtype=np.int64)
    for index, row in enumerate(rows):
        ids[index, : len(row)] = row
    return ids, lengths


def _emotion_columns(bundle: Bundle) -> NDArray[np.float64]:
    """Return the 0/1 matrix (E, len(EMOTIONS)) that sums a bundle's outputs into emotions."""
    matrix = np.zeros((len(bundle.config.labels), len(EMOTIONS)))
    for row, emotion in enumerate(bundle.config.label_emotions):
        if emotion is not None:
            matrix[row, EMOTIONS.index(emotion)] = 1
    return matrix


def _key(cleaned: str) -> bytes:
    """Name a text without keeping it: no message text stays in a worker's memory."""
    return hashlib.blake2b(cleaned.encode("utf-8"), digest_size=16).digest()


class _RecentScores:
    """The scores of the texts asked for last, least recently used out first."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._scores: OrderedDict[bytes, Scores] = OrderedDict()

    def get(self, key: bytes) -> Scores | None:
        scores = self._scores.get(key)
        if scores is not None:
            self._scores.move_to_end(key)
        return scores

    def put(self, key: bytes, scores: Scores) -> None:
        self._scores[key] = scores
        if len(self._scores) > self._size:
            self._scores.popitem(last=False)

    def __len__(self) -> int:
        return len(self._scores)
