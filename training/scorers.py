"""A run's network as a scorer of texts, so that it is judged and explained like a bundle.

Without the bundle's language check and windows: a longer text keeps its beginning, as in training.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from model.bundle import WEIGHTS, load_bundle
from model.network import MoodNetwork, NetworkConfig
from model.text import clean, has_words, prepare_tokenizer
from model.weights import read_state
from records import EMOTIONS, Emotion, Scores
from training.config import TrainError
from training.metrics import softmax
from training.predict import Run, load_run

#: As in a bundle's config.json where nothing else is said.
_LOW_CONFIDENCE = 0.4


class RunScorer:
    """Score with the network of a finished run; texts without a word are unsupported."""

    def __init__(self, run: Run, *, temperature: float = 1.0) -> None:
        self.run = run
        self.temperature = temperature
        self.model_name = run.folder.resolve().name
        self.emotions: tuple[Emotion, ...] = run.emotions

    @classmethod
    def load(cls, folder: Path, *, device: str = "cpu") -> RunScorer:
        """Open a run's folder.

        Raises:
            TrainError: when it is none.
        """
        return cls(load_run(folder, device=device))

    def warm_up(self) -> None:
        """Nothing to do once."""

    def score(self, texts: Sequence[str]) -> list[Scores]:
        """Return one score a text, in order."""
        worded = [index for index, text in enumerate(texts) if has_words(clean(text))]
        scores = [Scores.unsupported()] * len(texts)
        if not worded:
            return scores
        logits = self.run.logits([texts[index] for index in worded])
        for index, row in zip(worded, softmax(logits, self.temperature), strict=True):
            by_emotion = dict(zip(self.emotions, map(float, row), strict=True))
            probabilities = tuple(by_emotion.get(emotion) for emotion in EMOTIONS)
            low = max(by_emotion.values()) < _LOW_CONFIDENCE
            scores[index] = Scores("scored", probabilities, low_confidence=low)
        return scores


def run_of_bundle(folder: Path) -> Run:
    """Rebuild a bundle's network from its weights, as if it were a run: to look at, not to score.

    Raises:
        BundleError: when the bundle is refused.
        TrainError: when its network is not the hybrid over BERT.
    """
    bundle = load_bundle(folder)
    try:
        network = MoodNetwork(NetworkConfig(**bundle.config.network))
        state = read_state(bundle.read(WEIGHTS))
        network.load_state_dict({name: torch.from_numpy(array) for name, array in state.items()})
    except (TypeError, RuntimeError) as error:
        raise TrainError(
            f"expected the bundle of a hybrid network, found {error!s:.200}"
        ) from error
    return Run(
        folder=folder,
        architecture="hybrid",
        network=network.eval(),
        tokenizer=prepare_tokenizer(Tokenizer.from_str(bundle.read("tokenizer.json").decode())),
        emotions=bundle.emotions,
        max_tokens=bundle.config.max_tokens,
        description={"architecture": "hybrid", "network": bundle.config.network},
        config={},
    )
