"""Train a network of any architecture, and go on after a kill.

`train(TrainConfig(...))` returns a folder with the best epoch's weights (safetensors), the
network's sizes, the tokenizer and the history; `training.bundling.export` makes a bundle of
it. The folder also keeps the state of the last minutes: called again with the same configuration,
training goes on there and ends with the same weights as an unbroken run.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
import structlog
import torch
from tokenizers import Tokenizer
from torch import nn

from model.text import clean, prepare_tokenizer
from records import Emotion
from training.config import TrainConfig, TrainError
from training.data import Corpus, Example
from training.inputs import (
    Part,
    class_weights,
    hash_of,
    load_data,
    make_training_set,
    parts_of,
    training_texts,
)
from training.loop import Loop
from training.machine import pick_device, uses_bfloat16
from training.metrics import quality, softmax
from training.networks.build import Built, encoder_folder, new_network, rebuild
from training.networks.files import encoder_source, write_tokenizer
from training.networks.scratch import load_word_vectors, word_tokenizer
from training.networks.stages import word_embedding
from training.predict import Run, in_batches, open_model, with_network
from training.progress import TrainingProgress
from training.state import load_state, save_state, save_weights, write_json

log = structlog.get_logger(__name__)

__all__ = ["TrainConfig", "TrainError", "train"]


def train(config: TrainConfig) -> Path:
    """Train, or go on, and return the folder of the result.

    Raises:
        TrainError: when the configuration does not fit together, or `out_dir` holds a run of
            another one.
        DataError: when a data set is missing or broken.
        EncoderError: when the encoder cannot be found or read.
        KeyboardInterrupt: on Ctrl-C or SIGTERM, once the state is written.
    """
    torch.set_num_threads(config.threads)
    device = pick_device(config.device)
    bfloat16 = config.bfloat16 and uses_bfloat16(config.out_dir, device)
    start = None if config.start_dir is None else open_model(config.start_dir)
    keeps_all = start is not None and config.emotions is None
    if start is not None:
        config = _continuing(config, start)
    corpora, emotions = load_data(
        config.data, config.emotions, seed=config.seed, keeps_all=keeps_all
    )
    examples = training_texts(config, corpora)
    config.out_dir.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(config.seed)
    if start is not None:
        built, source = _started(config, start), start.config.get("encoder_source")
        tokenizer = start.tokenizer
        tokenizer.save(str(config.out_dir / "tokenizer.json"))
    else:
        folder = encoder_folder(config)
        source = encoder_source(folder)
        tokenizer = _tokenizer(config, folder, examples)
        built = new_network(
            config, folder, n_emotions=len(emotions), vocabulary_size=tokenizer.get_vocab_size()
        )
        _start_words(config, built.network, tokenizer)
    _check_fit(config, built)
    facts = {
        "emotions": list(emotions),
        "encoder_source": source,
        "start": None if start is None else start.name,
        "deepened": None if start is None else start.config.get("deepened"),
        "matmuls": "bfloat16" if bfloat16 else "float32",
    }
    _describe(config, built, corpora, examples, **facts)
    training_set = make_training_set(
        config, examples, tokenizer, emotions, device=str(device), bfloat16=bfloat16
    )
    loop = Loop(
        config,
        built.network,
        training_set,
        device=device,
        bfloat16=bfloat16,
        class_weights=class_weights(config, examples, emotions),
    )
    validation = parts_of(corpora, "validation", tokenizer, emotions, config.max_tokens)
    return _run(loop, validation, emotions)


def _run(loop: Loop, validation: Sequence[Part], emotions: Sequence[Emotion]) -> Path:
    config, out = loop.config, loop.config.out_dir
    if (state := load_state(out)) is not None:
        loop.load(state)
        log.info("training_goes_on", epoch=len(loop.history) + 1, step=loop.step_in_epoch)
    n_steps = config.epochs * loop.steps_an_epoch
    with (
        _stop_requests() as is_asked_to_stop,
        TrainingProgress(n_steps, done=loop.n_steps_done) as progress,
    ):
        saver = _Saver(loop, is_asked_to_stop)
        while len(loop.history) < config.epochs and not _is_enough(loop.history, config.patience):
            figures = loop.train_epoch(progress, saver)
            found = validation_quality(loop.result, validation, emotions)
            record = {
                "epoch": len(loop.history) + 1,
                **figures,
                **found,
                "seconds": round(loop.seconds, 1),
            }
            if all(record["score"] > past["score"] for past in loop.history):
                save_weights(out, loop.result.state_dict())
            loop.finish_epoch(record)
            saver.save()
            write_json(out / "history.json", loop.history)
            log.info("epoch_trained", **record)
            saver.stop_if_asked()
    return out


def validation_quality(
    network: nn.Module, validation: Sequence[Part], emotions: Sequence[Emotion]
) -> dict[str, float]:
    """Return accuracy, macro-F1 and loss on each data set, and `score`, by which epochs compete.

    The score is the mean of accuracy and macro-F1 over the data sets.
    """
    figures: dict[str, float] = {}
    scores = []
    for part in validation:
        probabilities = softmax(in_batches(with_network(network), part.rows))
        found = quality(probabilities, part.examples, emotions=emotions, among=part.among)
        truth = [emotions.index(example.emotions[0]) for example in part.examples]
        likelihood = np.log(probabilities[np.arange(len(truth)), truth] + 1e-12)
        figures |= {
            f"{part.name}_accuracy": round(found.accuracy, 5),
            f"{part.name}_macro_f1": round(found.macro_f1, 5),
            f"{part.name}_loss": round(float(-likelihood.mean()), 5),
        }
        scores += [found.accuracy, found.macro_f1]
    return {**figures, "score": round(float(np.mean(scores)), 5)}


class _Saver:
    """Writes the state now and then, and once more when training is asked to stop."""

    def __init__(self, loop: Loop, is_asked_to_stop: threading.Event) -> None:
        self._loop, self._is_asked_to_stop = loop, is_asked_to_stop
        self._saved_at = time.monotonic()

    def __call__(self) -> None:
        config = self._loop.config
        every = config.save_every_steps
        is_due = time.monotonic() - self._saved_at >= config.save_every_s or (
            every is not None and self._loop.step_in_epoch % every == 0
        )
        if is_due or self._is_asked_to_stop.is_set():
            self.save()
        self.stop_if_asked()

    def save(self) -> None:
        save_state(self._loop.config.out_dir, self._loop.state())
        self._saved_at = time.monotonic()

    def stop_if_asked(self) -> None:
        """Leave, with everything written.

        Raises:
            KeyboardInterrupt: when asked to.
        """
        if self._is_asked_to_stop.is_set():
            log.warning(
                "training_stopped",
                epoch=len(self._loop.history) + 1,
                step=self._loop.step_in_epoch,
                go_on="the same command goes on here",
            )
            raise KeyboardInterrupt


@contextmanager
def _stop_requests() -> Iterator[threading.Event]:
    """Let Ctrl-C and SIGTERM ask for an end between two steps; a second one ends at once."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked
        return

    def ask(number: int, _: FrameType | None) -> None:
        if asked.is_set():
            raise KeyboardInterrupt
        asked.set()

    before = {number: signal.signal(number, ask) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield asked
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_enough(history: Sequence[dict[str, float]], patience: int | None) -> bool:
    if patience is None or not history:
        return False
    scores = [record["score"] for record in history]
    return len(scores) - 1 - scores.index(max(scores)) >= patience


def _tokenizer(config: TrainConfig, folder: Path | None, examples: Sequence[Example]) -> Tokenizer:
    path = config.out_dir / "tokenizer.json"
    if not path.exists():  # a run that goes on keeps the one its weights were learned with
        if folder is not None:
            write_tokenizer(folder, path)
        else:
            texts = (clean(example.text) for example in examples)
            made = word_tokenizer(texts, config.scratch.vocabulary_size)
            made.save(str(path.with_suffix(".new")))
            path.with_suffix(".new").replace(path)
    return prepare_tokenizer(Tokenizer.from_file(str(path)))


def _check_fit(config: TrainConfig, built: Built) -> None:
    if config.max_tokens > built.max_positions:
        raise TrainError(
            f"expected max_tokens of at most {built.max_positions}, which is all the encoder can "
            f"read, found {config.max_tokens}"
        )


def _continuing(config: TrainConfig, start: Run) -> TrainConfig:
    """Return the configuration of a run that goes on from `start`: its network, its emotions.

    Raises:
        TrainError: when the configuration asks for another network.
    """
    if config.encoder is not None or config.layers is not None or config.word_vectors is not None:
        raise TrainError(
            f"expected no encoder, layers or word vectors beside the model to start from, "
            f"{start.folder.name!r}, which has its own"
        )
    unscored = set(config.emotions or ()) - set(start.emotions)
    if unscored:
        raise TrainError(
            f"expected emotions that {start.folder.name!r} scores, found {', '.join(unscored)}"
        )
    return replace(config, architecture=start.architecture, emotions=start.emotions)  # type: ignore[arg-type]


def _started(config: TrainConfig, start: Run) -> Built:
    """Return the network to go on with: the same weights, the dropout that is configured."""
    is_scratch = config.architecture in {"ann", "lstm"}
    dropout = (config.scratch if is_scratch else config.network).dropout
    sizes = {**start.description["network"], "dropout": dropout}
    description = {**start.description, "network": sizes}
    network = rebuild(description)
    network.load_state_dict(start.network.state_dict())
    log.info(
        "training_starts_from",
        model=start.name,
        architecture=start.architecture,
        emotions=",".join(start.emotions),
    )
    return Built(network, description)


def _start_words(config: TrainConfig, network: nn.Module, tokenizer: Tokenizer) -> None:
    if config.word_vectors is None:
        return
    if config.architecture not in {"ann", "lstm"}:
        raise TrainError("expected word vectors only for 'ann' or 'lstm', which learn words")
    try:
        n_found = load_word_vectors(word_embedding(network), tokenizer, config.word_vectors)
    except (OSError, ValueError) as error:
        raise TrainError(str(error)) from error
    log.info("word_vectors_read", words=n_found, of=tokenizer.get_vocab_size())


def _describe(
    config: TrainConfig,
    built: Built,
    corpora: Sequence[Corpus],
    examples: Sequence[Example],
    **facts: Any,
) -> None:
    """Write what the run is, or make sure that it is the one that stands there."""
    out = config.out_dir
    wanted: dict[str, Any] = {
        **config.to_json(),
        **facts,
        "data": [
            {
                "name": corpus.name,
                "train": len(corpus.train),
                "validation": len(corpus.validation),
                "test": len(corpus.test),
            }
            for corpus in corpora
        ],
        "n_texts": len(examples),
        "texts_sha256": hash_of(examples),
    }
    wanted["learned_from"] = _learned_from(config, [corpus.name for corpus in corpora])
    wanted = json.loads(json.dumps(wanted))
    if (out / "train.json").exists():
        found = json.loads((out / "train.json").read_text(encoding="utf-8"))
        other = sorted(name for name in wanted if wanted[name] != found.get(name, wanted[name]))
        if other:
            raise TrainError(
                f"expected a run of the same configuration in {str(out)!r}, found other "
                f"{', '.join(other)}: choose another folder"
            )
    write_json(out / "train.json", wanted)
    write_json(out / "network.json", built.description)


def _learned_from(config: TrainConfig, names: Sequence[str]) -> list[str]:
    """Return every data set the weights come from: through teachers and earlier models, too.

    A licence file must name them all.
    """
    found = list(names) + [Path(path).name for path in config.unlabelled]
    for folder in (*config.teachers, *([config.start_dir] if config.start_dir else [])):
        if folder.suffix == ".npz":
            found.append(folder.name)
        else:
            found += open_model(folder).config.get("learned_from", [])
    return list(dict.fromkeys(found))
