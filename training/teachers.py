"""Soft labels to learn from beside the hard ones: other networks' answers, or raters' shares.

A teacher is the folder of a run or of a hybrid's bundle, or an .npz file with `texts`, `emotions`
and either `logits` or `probabilities` (N, E), for whoever has soft labels from elsewhere. A
network's answers are computed once and kept in the student's folder, by a hash of texts and
teacher, so that an interrupted run finds them again.

Shapes: N texts, E emotions.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
from numpy.typing import NDArray

from records import Emotion
from training.config import TrainError
from training.metrics import softmax
from training.predict import Run, open_model, weights_file

log = structlog.get_logger(__name__)

#: Texts whose answers are kept in one file.
CHUNK = 2_048


def soft_labels(
    teachers: Sequence[Path],
    texts: Sequence[str],
    *,
    emotions: tuple[Emotion, ...],
    temperature: float,
    cache: Path,
    device: str = "cpu",
    bfloat16: bool = False,
) -> NDArray[np.float32]:
    """Return the teachers' mean probabilities (N, E); a row of NaN where none knows the text.

    Raises:
        TrainError: when a teacher cannot be read or lacks an emotion.
    """
    total = np.zeros((len(texts), len(emotions)))
    n_known = np.zeros((len(texts), 1))
    for teacher in teachers:
        if teacher.suffix == ".npz":
            found = _from_file(teacher, texts, emotions, temperature)
        else:
            run = open_model(teacher, device=device, bfloat16=bfloat16)
            logits = _columns(_answers(run, texts, cache), run.emotions, emotions, teacher)
            found = softmax(logits, temperature)
        known = ~np.isnan(found).any(axis=1, keepdims=True)
        total += np.where(known, found, 0.0)
        n_known += known
    with np.errstate(invalid="ignore", divide="ignore"):
        return (total / n_known).astype(np.float32)


def _answers(run: Run, texts: Sequence[str], cache: Path) -> NDArray[np.float32]:
    cache.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(weights_file(run.folder).read_bytes()).hexdigest()
    parts = []
    for start in range(0, len(texts), CHUNK):
        chunk = list(texts[start : start + CHUNK])
        key = hashlib.sha256(
            "\0".join([name, str(run.bfloat16), *chunk]).encode("utf-8", "replace")
        )
        path = cache / f"{key.hexdigest()[:32]}.npy"
        if not path.exists():
            partial = path.with_suffix(".new.npy")
            np.save(partial, run.logits(chunk))
            os.replace(partial, path)
            log.info("teacher_asked", teacher=run.folder.name, texts=start + len(chunk),
                     of=len(texts))  # fmt: skip
        parts.append(np.load(path, allow_pickle=False))
    return np.concatenate(parts)


def _from_file(
    path: Path, texts: Sequence[str], emotions: tuple[Emotion, ...], temperature: float
) -> NDArray[np.float64]:
    try:
        with np.load(path, allow_pickle=False) as file:
            known = [str(text) for text in file["texts"]]
            names = tuple(str(name) for name in file["emotions"])
            has_logits = "logits" in file
            values = np.asarray(file["logits" if has_logits else "probabilities"], np.float64)
    except (OSError, KeyError, ValueError) as error:
        raise TrainError(
            f"expected 'texts', 'emotions' and 'logits' or 'probabilities' in {path.name!r} "
            f"(no pickled objects): {error!s:.200}"
        ) from error
    if values.shape != (len(known), len(names)):
        raise TrainError(
            f"expected {len(known)} rows of {len(names)} in {path.name!r}, found {values.shape}"
        )
    values = np.asarray(_columns(values, names, emotions, path), np.float64)
    if has_logits:
        shares = softmax(values, temperature)
    else:
        shares = values / np.maximum(values.sum(axis=1, keepdims=True), 1e-12)
    places = {text: index for index, text in enumerate(known)}
    result = np.full((len(texts), len(emotions)), np.nan)
    for index, text in enumerate(texts):
        if (place := places.get(text)) is not None:
            result[index] = shares[place]
    return result


def _columns(
    values: NDArray[np.floating],
    names: Sequence[str],
    emotions: Sequence[Emotion],
    teacher: Path,
) -> NDArray[np.floating]:
    if missing := sorted(set(emotions) - set(names)):
        raise TrainError(
            f"expected the teacher {teacher.name!r} to score {missing[0]!r}, found "
            f"{', '.join(names)}"
        )
    return values[:, [list(names).index(emotion) for emotion in emotions]]
