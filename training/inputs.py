"""From a configuration's data to what the loop reads: encoded texts, targets, soft labels.

Shapes: N texts, B texts in a batch, T tokens of the longest, E emotions.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import structlog
import torch
from tokenizers import Tokenizer
from torch import Tensor

from records import EMOTIONS, Emotion
from training.batches import encode, pad
from training.config import TrainConfig, TrainError
from training.data import (
    Corpus,
    DataError,
    Example,
    fingerprint,
    only_emotions,
    single_label,
    training_examples,
)
from training.teachers import soft_labels

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step reads, on the device it runs on."""

    ids: Tensor
    lengths: Tensor
    #: float32 (B, E), rows of zeros for texts without a label.
    targets: Tensor
    #: float32 (B,): how much of the loss is the label's.
    label_weights: Tensor
    #: float32 (B, E) and (B,): the teachers' probabilities and how much of the loss is theirs.
    soft_targets: Tensor
    soft_weights: Tensor


@dataclass(frozen=True, slots=True)
class Part:
    """A data set's validation or test texts, with the labels its top label is taken among."""

    name: str
    examples: tuple[Example, ...]
    rows: list[tuple[int, ...]]
    among: tuple[Emotion, ...]


class TrainingSet:
    """Every training text, encoded; and which of them an epoch reads."""

    def __init__(
        self,
        ids: Sequence[tuple[int, ...]],
        targets: Tensor,
        soft_targets: Tensor | None,
        teacher_weight: float,
        epochs: Sequence[int | None] | None = None,
    ) -> None:
        self.ids = ids
        self.lengths = [len(row) for row in ids]
        self._rounds = _rounds([None] * len(ids) if epochs is None else epochs)
        self._targets = targets
        labelled = targets.sum(dim=1) > 0
        if soft_targets is None:
            self._soft_targets = torch.zeros_like(targets)
            self._soft_weights = torch.zeros(len(ids))
        else:
            taught = ~soft_targets.isnan().any(dim=1)
            share = torch.where(labelled, teacher_weight, 1.0)
            self._soft_weights = torch.where(taught, share, 0.0)
            self._soft_targets = soft_targets.nan_to_num(0.0)
        self._label_weights = torch.where(labelled, 1 - self._soft_weights, 0.0)

    def __len__(self) -> int:
        """How many texts an epoch reads: the same in each."""
        return len(self._rounds[0])

    def of_epoch(self, epoch: int) -> list[int]:
        """Return the indices of the texts that `epoch`, from 0, reads."""
        return self._rounds[epoch % len(self._rounds)]

    @property
    def is_taught(self) -> bool:
        """Whether any text has soft labels."""
        return bool(self._soft_weights.any())

    def batch(self, indices: Sequence[int], device: torch.device) -> Batch:
        """Return the texts at `indices`, padded to the longest of them."""
        ids, lengths = pad([self.ids[index] for index in indices])
        at = torch.tensor(indices)
        tensors = (
            ids,
            lengths,
            self._targets[at],
            self._label_weights[at],
            self._soft_targets[at],
            self._soft_weights[at],
        )
        return Batch(*(tensor.to(device, non_blocking=True) for tensor in tensors))


def load_data(
    data: Sequence[Corpus | str | Path],
    emotions: tuple[Emotion, ...] | None,
    *,
    seed: int,
    keeps_all: bool = False,
) -> tuple[list[Corpus], tuple[Emotion, ...]]:
    """Return the corpora in the emotions that are scored, and these; None: all there are.

    Texts of other emotions are left out, or refused where `keeps_all` says that all are meant.

    Raises:
        DataError: when a data set cannot be read or holds no text of these emotions.
        TrainError: when fewer than two emotions are left.
    """
    from training.sources import load_corpora

    corpora: list[Corpus] = []
    for each in data:
        corpora += [each] if isinstance(each, Corpus) else load_corpora(str(each), seed=seed)
    corpora = [
        corpus if corpus.name else replace(corpus, name=f"data-{number}")
        for number, corpus in enumerate(corpora, start=1)
    ]
    if len({corpus.name for corpus in corpora}) != len(corpora):
        raise DataError("expected data sets of different names, found one named twice")
    present = {e for corpus in corpora for example in corpus.train for e in example.emotions}
    scored = emotions or tuple(emotion for emotion in EMOTIONS if emotion in present)
    if len(scored) < 2:
        raise TrainError(
            f"expected at least two emotions in the data, found {', '.join(scored) or 'none'}"
        )
    if keeps_all and (others := present - set(scored)):
        n_texts = sum(bool(others & set(e.emotions)) for corpus in corpora for e in corpus.train)
        raise TrainError(
            f"expected emotions that the model to start from scores, {', '.join(scored)}, found "
            f"{n_texts:,} training texts of {', '.join(sorted(others))}: leave them out, on the "
            f"command line with --label {min(others)}=, or start from an encoder"
        )
    return [_in_emotions(corpus, scored) for corpus in corpora], scored


def training_texts(config: TrainConfig, corpora: Sequence[Corpus]) -> list[Example]:
    """Return what is trained on: no held-out text, resampled and augmented as configured.

    Texts without a label come last, with no emotions.
    """
    examples = list(training_examples(corpora))
    held_out = {fingerprint(e.text) for c in corpora for e in (*c.validation, *c.test)}
    if config.resample is not None:
        from training.augmenting.balance import resample

        examples = list(resample(examples, config.resample, seed=config.seed))
    if config.augment is not None:
        from training.augmenting.augment import augmented

        # A copy about 'him' may be a test text about 'her'.
        examples = augmented(
            examples,
            config.augment,
            seed=config.seed,
            epochs=config.epochs if config.fresh else None,
            exclude=held_out,
        )
    if config.unlabelled:
        known = held_out | {fingerprint(example.text) for example in examples}
        for text in (text for path in config.unlabelled for text in _read_texts(path)):
            if (key := fingerprint(text)) not in known:
                known.add(key)
                epoch = len(known) % config.epochs if config.fresh else None
                examples.append(Example(text, (), epoch=epoch))
    return examples


def make_training_set(
    config: TrainConfig,
    examples: Sequence[Example],
    tokenizer: Tokenizer,
    emotions: tuple[Emotion, ...],
    *,
    device: str = "cpu",
    bfloat16: bool = False,
) -> TrainingSet:
    """Encode the training texts and ask the teachers about all but what was added to them."""
    encoded = encode(examples, tokenizer, emotions=emotions, max_tokens=config.max_tokens)
    soft = None
    if config.teachers:
        asked = [index for index, example in enumerate(examples) if not example.is_added]
        found = np.full((len(examples), len(emotions)), np.nan, dtype=np.float32)
        found[asked] = soft_labels(
            config.teachers,
            [examples[index].text for index in asked],
            emotions=emotions,
            temperature=config.teacher_temperature,
            cache=config.out_dir / "teachers",
            device=device,
            bfloat16=bfloat16,
        )
        soft = torch.from_numpy(found)
        without = sum(not e.emotions for e, row in zip(examples, found, strict=True)
                      if np.isnan(row).any())  # fmt: skip
        if without:
            log.warning("no_teacher_knows", texts=without, consequence="they teach nothing")
    targets = torch.tensor([row.target for row in encoded], dtype=torch.float32)
    return TrainingSet(
        [row.ids for row in encoded],
        targets,
        soft,
        config.teacher_weight,
        epochs=[example.epoch for example in examples],
    )


def parts_of(
    corpora: Sequence[Corpus],
    part: str,
    tokenizer: Tokenizer,
    emotions: tuple[Emotion, ...],
    max_tokens: int,
) -> list[Part]:
    """Return each corpus's `validation` or `test` texts of exactly one emotion.

    The top label is taken among the emotions that the corpus knows: a model of seven is not
    asked for neutral where there is none.
    """
    parts = []
    for corpus in corpora:
        examples = single_label(getattr(corpus, part))
        texts = (*corpus.train, *corpus.validation, *corpus.test)
        known = {emotion for example in texts for emotion in example.emotions}
        among = tuple(emotion for emotion in emotions if emotion in known)
        if not examples or len(among) < 2:
            continue
        encoded = encode(examples, tokenizer, emotions=emotions, max_tokens=max_tokens)
        parts.append(Part(corpus.name, examples, [row.ids for row in encoded], among))
    return parts


def class_weights(
    config: TrainConfig, examples: Sequence[Example], emotions: Sequence[Emotion]
) -> Tensor | None:
    """Return one weight an emotion (E,), None where all count the same."""
    if not config.class_weights:
        return None
    from training.augmenting.balance import class_weights as weigh

    labelled = [example for example in examples if example.emotions]
    return torch.tensor(weigh(labelled, tuple(emotions)), dtype=torch.float32)


def hash_of(examples: Iterable[Example]) -> str:
    """Name the training texts and their labels, so that a run goes on with no others."""
    found = hashlib.sha256()
    for example in examples:
        found.update(f"{example.text}\0{','.join(example.emotions)}\n".encode("utf-8", "replace"))
    return found.hexdigest()


def _rounds(epochs: Sequence[int | None]) -> list[list[int]]:
    """Return what each epoch reads: what all read, and its own, of which all have as many."""
    always = [index for index, epoch in enumerate(epochs) if epoch is None]
    own: dict[int, list[int]] = {}
    for index, epoch in enumerate(epochs):
        if epoch is not None:
            own.setdefault(epoch, []).append(index)
    if not own:
        return [always]
    n_own = min(map(len, own.values()))
    return [[*always, *own[epoch][:n_own]] for epoch in sorted(own)]


def _in_emotions(corpus: Corpus, emotions: tuple[Emotion, ...]) -> Corpus:
    kept = replace(
        corpus,
        train=only_emotions(corpus.train, emotions),
        validation=only_emotions(corpus.validation, emotions),
        test=only_emotions(corpus.test, emotions),
    )
    if not kept.train or not single_label(kept.validation):
        raise DataError(
            f"expected training and validation texts of {', '.join(emotions)} in {corpus.name!r}, "
            "found none"
        )
    return kept


def _read_texts(path: Path) -> list[str]:
    """Read texts without labels: the column `text` of a CSV file, else a line each."""
    import csv

    try:
        if path.suffix.lower() in {".csv", ".tsv"}:
            separator = "\t" if path.suffix.lower() == ".tsv" else ","
            with path.open(encoding="utf-8", errors="replace", newline="") as file:
                rows = csv.DictReader(file, delimiter=separator)
                if "text" not in (rows.fieldnames or ()):
                    raise DataError(f"{path.name}: expected a column 'text', found none")
                texts = [row["text"] or "" for row in rows]
        else:
            texts = path.read_text(encoding="utf-8", errors="replace").split("\n")
    except OSError as error:
        raise DataError(f"expected the file of texts {path.name!r}, found none") from error
    return [text for text in texts if text.strip()]
