"""Two data sets in small, in which one word tells the emotion, and configurations to match."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.support.tiny import WORDS
from training.config import TrainConfig
from training.networks.scratch import ScratchConfig

TRIGGERS = {"sad": "sadness", "happy": "joy", "loved": "love", "angry": "anger",
            "afraid": "fear", "surprised": "surprise"}  # fmt: skip
GOEMOTIONS = ("sadness", "joy", "love", "anger", "fear", "surprise", "neutral")


def write_data(folder: Path) -> Path:
    """Both data sets in small, in which one word tells the emotion."""
    order = random.Random(0)
    plain = [word for word in dict.fromkeys(WORDS) if word not in TRIGGERS]

    def text(trigger: str | None, part: str, index: int) -> str:
        words = order.choices(plain, k=order.randint(3, 9))
        if trigger:
            words.insert(order.randint(0, 3), trigger)
        return f"{' '.join(words)} {part} {index}"

    benchmark, natural = folder / "dair-emotion-split", folder / "goemotions"
    benchmark.mkdir(parents=True)
    natural.mkdir()
    (natural / "emotions.txt").write_text("\n".join(GOEMOTIONS) + "\n")
    for part, other, n in (("train", "train", 30), ("val", "dev", 4), ("test", "test", 4)):
        triggers = [trigger for trigger in TRIGGERS for _ in range(n)]
        (benchmark / f"{part}.txt").write_text(
            "".join(f"{text(t, part, i)};{TRIGGERS[t]}\n" for i, t in enumerate(triggers))
        )
        labelled = [(t, GOEMOTIONS.index(TRIGGERS[t])) for t in triggers] + [(None, 6)] * n
        (natural / f"{other}.tsv").write_text(
            "".join(f"{text(t, other, i)}\t{k}\tid{i}\n" for i, (t, k) in enumerate(labelled))
        )
    return folder


def tiny_train_config(data: Path, out: Path, **changes: Any) -> TrainConfig:
    """A run of seconds: 24 tokens, one thread, a head of 16; in float32, on any processor."""
    base = TrainConfig(
        (data,), out, epochs=2, max_tokens=24, threads=1, device="cpu", bfloat16=False
    )
    head = replace(base.network, lstm_hidden=16, attention_heads=2, dropout=0.1)
    scratch = ScratchConfig(embedding=16, lstm_hidden=8, dense=(16, 8), dropout=0.1)
    return replace(base, network=head, scratch=scratch, **changes)
