"""A trained dialogue network, loaded from its run folder: safetensors and JSON, nothing else."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file
from tokenizers import Tokenizer

from training.dialogue.corpus import Dialogue
from training.dialogue.encoders import encoder_of, load_tokenizer
from training.dialogue.figures import DialogueFigures, judge, truth_of
from training.dialogue.network import DialogueConfig, DialogueNetwork
from training.dialogue.states import token_rows
from training.dialogue.views import make_views

#: Dialogues in one pass.
BATCH_SIZE = 16


class DialogueRunError(ValueError):
    """The folder holds no dialogue network that can be loaded."""


@dataclass(frozen=True, slots=True)
class DialogueRun:
    """A network ready to label dialogues."""

    network: DialogueNetwork
    tokenizer: Tokenizer
    #: What its scores mean, in their order.
    labels: tuple[str, ...]
    max_tokens: int
    #: The corpus it learned from.
    corpus: str

    def probabilities(self, dialogues: Sequence[Dialogue]) -> list[NDArray[np.float64]]:
        """Return one array (utterances, C) a dialogue; its rows sum to 1."""
        config = self.network.config
        found: list[NDArray[np.float64]] = []
        self.network.eval()
        for start in range(0, len(dialogues), BATCH_SIZE):
            batch = [d for d in dialogues[start : start + BATCH_SIZE] if d.utterances]
            if not batch:
                continue
            texts = [u.text for dialogue in batch for u in dialogue.utterances]
            rows = token_rows(texts, self.tokenizer, self.max_tokens)
            speakers = [[u.speaker for u in dialogue.utterances] for dialogue in batch]
            views = make_views(speakers, config.context, window=config.window)
            with torch.inference_mode():
                scores = torch.softmax(self.network(rows, views).double(), dim=-1)
            lengths = [len(dialogue.utterances) for dialogue in batch]
            found += [part.numpy() for part in torch.split(scores, lengths)]
        return found

    def judge(self, dialogues: Sequence[Dialogue]) -> DialogueFigures:
        """Return the figures of the utterances that have one of the network's labels."""
        found = np.concatenate([p.argmax(axis=1) for p in self.probabilities(dialogues)])
        return judge(truth_of(dialogues, self.labels), found, self.labels)


def load_dialogue_run(folder: Path) -> DialogueRun:
    """Load what `training.dialogue.train` wrote.

    Raises:
        DialogueRunError: when a file is missing, damaged, or of another architecture.
    """
    try:
        document: dict[str, Any] = json.loads((folder / "network.json").read_text("utf-8"))
        if document.get("architecture") != "dialogue":
            raise DialogueRunError(
                f"expected a run of `moodwatch dialogue train` in {str(folder)!r}, found"
                f" {document.get('architecture')!r}"
            )
        network = DialogueNetwork(
            DialogueConfig(**document["network"]), encoder_of(document["encoder"])
        )
        network.load_state_dict(load_file(folder / "model.safetensors"))
        tokenizer = load_tokenizer(folder / "tokenizer.json")
    except DialogueRunError:
        raise
    except FileNotFoundError as error:
        name = Path(str(error.filename or "model.safetensors")).name
        raise DialogueRunError(
            f"expected a dialogue run in {str(folder)!r}, found no {name}"
        ) from error
    except (OSError, KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
        raise DialogueRunError(
            f"{str(folder)!r}: network.json, model.safetensors and tokenizer.json do not fit"
            f" together: {error!s:.200}"
        ) from error
    network.eval()
    return DialogueRun(
        network=network,
        tokenizer=tokenizer,
        labels=tuple(document["labels"]),
        max_tokens=int(document["max_tokens"]),
        corpus=str(document["corpus"]),
    )
