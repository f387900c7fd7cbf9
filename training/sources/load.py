"""From what a user names as data to corpora: find its kind, read, map, split, keep parts apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import structlog

from records import EMOTIONS, Emotion
from training.data import (
    AbsentLabelsError,
    Corpus,
    DataError,
    Example,
    load_benchmark,
    load_goemotions,
    training_examples,
)
from training.sources.columns import Table, read_table
from training.sources.files import BUILDERS, PARTS, PartName, read_hub, read_path
from training.sources.labels import map_labels
from training.sources.split import cut_parts

log = structlog.get_logger(__name__)

LabelMap = Mapping[str, Emotion | None]
T = TypeVar("T")

BENCHMARK_FOLDER = "dair-emotion-split"
GOEMOTIONS_FOLDER = "goemotions"


def load_corpus(
    spec: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_map: LabelMap | None = None,
    seed: int = 13,
) -> Corpus:
    """Load one data set; a folder that holds both known ones gives them joined.

    Args:
        spec: A file (.csv, .tsv, .jsonl, .json, .parquet, or .txt of lines `text;label`), a
            folder of train, validation and test files, or an id of the Hugging Face hub
            (`dair-ai/emotion`, `go_emotions`, `owner/name:configuration`).
        text_column: Where the texts stand; found by name when None.
        label_column: Likewise the labels: names, ClassLabel numbers, or lists of them.
        label_map: The data set's label → our emotion, or None to leave its texts out.
        seed: Of the split, where the data set brings no validation or test part.

    Raises:
        DataError: when it cannot be found or read, a label is unknown, or there is too little.
    """
    corpora = load_corpora(
        spec, text_column=text_column, label_column=label_column, label_map=label_map, seed=seed
    )
    if len(corpora) == 1:
        return corpora[0]
    return Corpus(
        train=tuple(example for corpus in corpora for example in corpus.train),
        validation=tuple(example for corpus in corpora for example in corpus.validation),
        test=tuple(example for corpus in corpora for example in corpus.test),
        name="+".join(corpus.name for corpus in corpora),
    )


def load_corpora(
    spec: str,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    label_map: LabelMap | None = None,
    seed: int = 13,
    keep_overlap: bool = False,
) -> list[Corpus]:
    """Load the data sets that `spec` names: two for a folder that holds both known ones.

    Arguments and errors are those of `load_corpus`. No training part holds a text that stands in
    a validation or test part of any of them, unless `keep_overlap` asks for the parts as they
    are, to be looked at and not to be trained on.
    """
    path = Path(spec).expanduser()
    has_overrides = bool(text_column or label_column or label_map)
    corpora = _known_folders(path) if path.is_dir() and not has_overrides else []
    if not corpora:
        if path.is_dir() and _holds_goemotions(path):
            fixed = (
                f"{path.name}: expected no column or label of GoEmotions' own files to be renamed; "
                "their mapping is fixed"
            )
            if text_column or label_column:
                raise DataError(fixed)
            raise AbsentLabelsError(fixed, frozenset(label_map or ()))
        columns = {"text_column": text_column, "label_column": label_column}
        corpora = [_load_any(spec, path, columns, label_map, seed)]
    if keep_overlap:
        return corpora
    return [replace(corpus, train=kept) for corpus, kept in _apart(corpora)]


def load_several(
    specs: Sequence[str],
    load: Callable[[str, LabelMap | None], Sequence[T]],
    label_map: LabelMap | None = None,
) -> list[T]:
    """Load data sets that share a label map, of which each label need stand in only one.

    Args:
        specs: As `load_corpora` takes them.
        load: Called with a data set and the labels to map in it.
        label_map: As `load_corpora` takes it, for all of them.

    Raises:
        AbsentLabelsError: when a label stands in none.
        DataError: as `load` does.
    """
    absent: list[AbsentLabelsError] = []
    found: list[T] = []
    for spec in specs:
        try:
            found += load(spec, label_map or None)
        except AbsentLabelsError as error:
            absent.append(error)
            left = {n: e for n, e in (label_map or {}).items() if n not in error.absent}
            found += load(spec, left or None)
    if len(absent) < len(specs):
        return found
    if len(specs) == 1:
        raise absent[0]
    if nowhere := frozenset.intersection(*(error.absent for error in absent)):
        names = ", ".join(map(repr, sorted(nowhere)))
        raise AbsentLabelsError(
            f"expected the label map to name labels of the data, found {names} in none of "
            f"{', '.join(map(repr, specs))}",
            nowhere,
        )
    return found


def _apart(corpora: Sequence[Corpus]) -> list[tuple[Corpus, tuple[Example, ...]]]:
    held_out = Corpus(
        train=(),
        validation=tuple(example for corpus in corpora for example in corpus.validation),
        test=tuple(example for corpus in corpora for example in corpus.test),
    )
    return [(corpus, training_examples([corpus, held_out])) for corpus in corpora]


def _known_folders(path: Path) -> list[Corpus]:
    both = []
    if (path / BENCHMARK_FOLDER).is_dir():
        both.append(load_benchmark(path / BENCHMARK_FOLDER))
    if (path / GOEMOTIONS_FOLDER).is_dir():
        both.append(load_goemotions(path / GOEMOTIONS_FOLDER))
    if both:
        return both
    if _holds_goemotions(path):
        return [load_goemotions(path)]
    if path.name == BENCHMARK_FOLDER:
        return [load_benchmark(path)]
    return []


def _holds_goemotions(path: Path) -> bool:
    return (path / "emotions.txt").is_file() and (path / "train.tsv").is_file()


def _load_any(
    spec: str,
    path: Path,
    columns: Mapping[str, str | None],
    label_map: LabelMap | None,
    seed: int,
) -> Corpus:
    is_local = path.exists()
    if not is_local and (
        path.suffix.lower() in BUILDERS or spec.startswith((".", "/", "~")) or spec.count("/") > 1
    ):
        raise DataError(f"expected the data file or folder {spec!r}, found nothing there")
    name = (path.stem if path.is_file() else path.resolve().name) if is_local else spec
    parts = read_path(path) if is_local else read_hub(spec)
    tables = {
        part: read_table(
            parts[part],
            text_column=columns["text_column"],
            label_column=columns["label_column"],
            where=f"{name} ({part})",
        )
        for part in PARTS
        if part in parts
    }
    examples = _map(tables, label_map, where=name)
    return _complete(examples, name=name, seed=seed)


def _map(
    tables: Mapping[PartName, Table], label_map: LabelMap | None, *, where: str
) -> dict[PartName, tuple[Example, ...]]:
    names = {label for table in tables.values() for row in table.rows for label in row.labels}
    declared = {name for table in tables.values() for name in table.declared}
    mapped = map_labels(names, label_map, declared=declared, where=where)
    mapped_examples: dict[PartName, tuple[Example, ...]] = {}
    for part, table in tables.items():
        found = []
        for row in table.rows:
            named = {emotion for label in row.labels for emotion in mapped[label]}
            if emotions := tuple(emotion for emotion in EMOTIONS if emotion in named):
                found.append(Example(row.text, emotions))
        mapped_examples[part] = tuple(found)
        log.info(
            "part_read",
            source=where,
            part=part,
            texts=len(found),
            without_text_or_label=table.n_skipped,
            left_out=len(table.rows) - len(found),
        )
    return mapped_examples


def _complete(parts: Mapping[PartName, tuple[Example, ...]], *, name: str, seed: int) -> Corpus:
    """Cut the parts that are absent (or without labels, as some hub test parts) from training."""
    absent = [part for part in PARTS[1:] if not parts.get(part)]
    if not parts.get("train"):
        raise DataError(f"{name}: expected training texts with labels, found none")
    kept, *cut = cut_parts(parts["train"], len(absent), seed=seed, where=name)
    if absent:
        sizes = {part: len(texts) for part, texts in zip(absent, cut, strict=True)}
        log.info("parts_cut_off", source=name, train=len(kept), **sizes, seed=seed)
    found = dict(parts) | dict(zip(absent, cut, strict=True))
    return Corpus(train=kept, validation=found["validation"], test=found["test"], name=name)
