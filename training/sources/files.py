"""Local files and folders, and ids of the hub, as `datasets` reads them: a table a part.

Files of the user are read into memory; no copy of them is left in a cache.
"""

from __future__ import annotations

import csv
import glob
import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final, Literal

from training.data import DataError

if TYPE_CHECKING:
    from datasets import Dataset

PartName = Literal["train", "validation", "test"]
PARTS: Final[tuple[PartName, ...]] = ("train", "validation", "test")

_PART_NAMES: Final[Mapping[str, PartName]] = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
}
BUILDERS: Final = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json",
    ".ndjson": "json",
    ".json": "json",
    ".parquet": "parquet",
    ".txt": "text",
}
#: Of a CSV file, in characters; Python's own limit, 131,072, is a long diary entry.
LONGEST_FIELD: Final = 2**30
SUFFIXES: Final = ", ".join(BUILDERS)
#: The same data sets under the names they had on the hub before they had owners.
_HUB_ALIASES: Final = {
    "emotion": "dair-ai/emotion",
    "go_emotions": "google-research-datasets/go_emotions",
}


def read_path(path: Path) -> dict[PartName, Dataset]:
    """Return the parts of a file (all of it `train`) or of a folder.

    Raises:
        DataError: when nothing there can be read as a data set.
    """
    if path.is_file():
        return {"train": _read_files([path])}
    if (path / "dataset_dict.json").exists() or (path / "state.json").exists():
        return _read_saved(path)
    files = sorted(child for child in path.iterdir() if child.suffix.lower() in BUILDERS)
    by_part: dict[PartName, list[Path]] = {}
    for file in files:
        if part := _part_of(file.stem):
            by_part.setdefault(part, []).append(file)
    if by_part:
        return {part: _read_files(by_part[part]) for part in PARTS if part in by_part}
    if len(files) == 1:
        return {"train": _read_files(files)}
    if files:
        raise DataError(
            f"expected train, validation and test files in {path.name!r} (or one file alone), "
            f"found {', '.join(repr(file.name) for file in files[:10])}"
        )
    return read_hub(str(path))


def read_hub(name: str) -> dict[PartName, Dataset]:
    """Return the parts of a data set of the hub, `owner/name` or `owner/name:configuration`.

    A folder laid out as a repository of the hub is read likewise. No code of a data set is run.

    Raises:
        DataError: when the hub or the folder does not give it.
    """
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    if Path(name).is_dir():
        target, configuration = name, None
    else:
        target, _, chosen = name.partition(":")
        target, configuration = _HUB_ALIASES.get(target, target), chosen or None
    with _quiet():
        try:
            loaded = load_dataset(target, configuration)
        except (DatasetsError, ValueError, OSError) as error:
            raise DataError(
                f"expected a file ({SUFFIXES}), a folder or the id of a data set on the Hugging "
                f"Face hub, found {name!r}: {_first_line(error)}{_way_out(error)}"
            ) from error
    return _known_parts(loaded, name)


def _read_saved(path: Path) -> dict[PartName, Dataset]:
    from datasets import Dataset, load_from_disk

    loaded = load_from_disk(str(path))
    return {"train": loaded} if isinstance(loaded, Dataset) else _known_parts(loaded, path.name)


def _known_parts(loaded: Mapping[Any, Dataset], name: str) -> dict[PartName, Dataset]:
    found: dict[PartName, Dataset] = {}
    for split, table in loaded.items():
        part = _part_of(str(split))
        if part and part not in found:
            found[part] = table
    if not found and len(loaded) == 1:
        found["train"] = next(iter(loaded.values()))
    if "train" not in found:
        raise DataError(
            f"{name}: expected a part named 'train', found {', '.join(map(repr, loaded))}"
        )
    return found


def _read_files(paths: Sequence[Path]) -> Dataset:
    from datasets import concatenate_datasets

    return concatenate_datasets([_read_file(path) for path in paths])


def _read_file(path: Path) -> Dataset:
    from datasets import load_dataset
    from datasets.exceptions import DatasetsError

    builder = BUILDERS.get(path.suffix.lower())
    if builder is None:
        raise DataError(f"expected a file of {SUFFIXES}, found {path.name!r}")
    if not path.stat().st_size:
        raise DataError(f"{path.name}: expected training texts, found an empty file")
    options = _csv_options(path) if builder == "csv" else {}
    with _quiet(), TemporaryDirectory() as cache:
        try:
            table: Dataset = load_dataset(
                builder,
                data_files={"train": [glob.escape(str(path))]},
                split="train",
                cache_dir=cache,
                keep_in_memory=True,
                **options,
            )
        except (DatasetsError, ValueError, OSError) as error:
            raise DataError(f"{path.name}: expected {builder} rows, {_cause(error)}") from error
    return _labelled_lines(table, path) if builder == "text" else table


def _labelled_lines(table: Dataset, path: Path) -> Dataset:
    """Take lines `text;label` apart; the label stands behind the last semicolon."""
    from datasets import Dataset

    texts, labels = [], []
    for number, line in enumerate(table["text"], start=1):
        text, separator, label = line.rpartition(";")
        if not line.strip():
            continue
        if not separator:
            raise DataError(f"{path.name}:{number}: expected 'text;label', found no semicolon")
        texts.append(text)
        labels.append(label.strip())
    return Dataset.from_dict({"text": texts, "label": labels})


def _csv_options(path: Path) -> dict[str, Any]:
    """Read every field as text: 'NA' and 'null' are words, '007' keeps its zeros."""
    from datasets import Features, Value

    separator = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        header, quoting = _header(path, separator)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path.name}: expected CSV in UTF-8, {_cause(error)}") from error
    return {
        "sep": separator,
        "encoding": "utf-8-sig",
        "keep_default_na": False,
        "quoting": quoting,
        "features": Features({name: Value("string") for name in header}),
    }


def _header(path: Path, separator: str) -> tuple[list[str], Literal[0, 3]]:
    """Return the column names, and whether quotes quote: in many .tsv files they are text.

    pandas would take the first fields of a row that is too wide for its index, so we look.
    """
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL
    if separator == "\t" and not _is_quoted(path):
        quoting = csv.QUOTE_NONE
    csv.field_size_limit(LONGEST_FIELD)
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter=separator, quoting=quoting)
        header = next(lines, [])
        has_rows = False
        for line in lines:
            has_rows = True
            if len(line) > len(header):
                raise DataError(
                    f"{path.name}:{lines.line_num}: expected {len(header)} fields as in the first "
                    f"line, found {len(line)}"
                )
    if not has_rows:
        raise DataError(f"{path.name}: expected a line of column names and rows, found no rows")
    return header, quoting


def _is_quoted(path: Path) -> bool:
    with path.open(encoding="utf-8-sig", newline="") as file:
        lines = csv.reader(file, delimiter="\t", strict=True)
        try:
            return len({len(line) for line in lines if line}) == 1
        except csv.Error:
            return False


def _part_of(name: str) -> PartName | None:
    for word in re.split(r"[^a-z]+", name.lower()):
        if word in _PART_NAMES:
            return _PART_NAMES[word]
    return None


def _cause(error: BaseException) -> str:
    """Say what was found instead, without a value: the reader's own message may quote a text."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, UnicodeDecodeError):
        return "found bytes that are not UTF-8; convert the file"
    return f"found other ({type(error).__name__})"


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _way_out(error: BaseException) -> str:
    if not isinstance(error, ConnectionError):
        return ""
    return (
        "; without a network, fetch its files elsewhere ('hf download --repo-type dataset') and "
        "name their folder"
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the library's bars and notes off the terminal; what matters is raised."""
    import datasets

    had_bars = not datasets.are_progress_bars_disabled()
    level = datasets.logging.get_verbosity()
    hub = logging.getLogger("huggingface_hub")  # tells each of five attempts twice
    hub_level = hub.level
    datasets.disable_progress_bars()
    datasets.logging.set_verbosity(datasets.logging.CRITICAL)
    hub.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        hub.setLevel(hub_level)
        datasets.logging.set_verbosity(level)
        if had_bars:
            datasets.enable_progress_bars()
