"""Which corpus a word on the command line means: a layout in a folder, a table, or a hub id."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final, Literal, get_args

from training.data import DataError
from training.dialogue.corpus import Dialogue, DialogueCorpus, labels_of
from training.dialogue.readers import (
    PARTS,
    Columns,
    dialogues_of,
    load_emorynlp,
    load_iemocap,
    load_meld,
    load_table,
    read_table,
)
from training.dialogue.split import stratified

Layout = Literal["auto", "meld", "emorynlp", "iemocap", "table"]
LAYOUTS: Final[tuple[str, ...]] = get_args(Layout)
#: IEMOCAP's five recordings, each with two actors of its own, as splits of a data set.
_SESSION: Final = re.compile(r"session_?(\d+)$", re.IGNORECASE)
_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+$")


def load_dialogues(
    spec: str,
    *,
    layout: Layout = "auto",
    columns: Columns | None = None,
    test_session: str | None = None,
    seed: int = 13,
) -> DialogueCorpus:
    """Load a corpus by the path of a folder or file, or by its id on the hub.

    Args:
        layout: `auto` looks at the file names; `iemocap` applies its labels and sessions.
        columns: names of a table's columns, where they are not the usual ones.
        test_session: IEMOCAP only: the session that is left out as the test part.
        seed: decides the split of a corpus that comes without one.

    Raises:
        DataError: when nothing is there, or not in the layout said.
    """
    path = Path(spec)
    if not path.exists():
        if not _HUB_ID.match(spec):
            raise DataError(f"expected a folder, a file or a hub id 'owner/name', found {spec!r}")
        return _from_hub(spec, layout, columns or Columns(), test_session, seed)
    found = _layout_of(path) if layout == "auto" else layout
    if found == "meld":
        return load_meld(path)
    if found == "emorynlp":
        return load_emorynlp(path)
    if found == "iemocap":
        rows = list(_iemocap_rows(path))
        return load_iemocap(rows, test_session=test_session, seed=seed, where=path.name)
    return load_table(path, columns=columns or Columns(), seed=seed)


def _layout_of(path: Path) -> Layout:
    if (path / "train_sent_emo.csv").exists():
        return "meld"
    if (path / "emorynlp_train_final.csv").exists():
        return "emorynlp"
    if path.is_dir() and any(_SESSION.match(file.stem) for file in path.iterdir()):
        return "iemocap"
    return "table"


def _iemocap_rows(path: Path) -> Iterable[dict[str, Any]]:
    """Read one table, or one a session."""
    if path.is_file():
        yield from read_table(path)
        return
    files = sorted(file for file in path.iterdir() if _SESSION.match(file.stem))
    if not files:
        raise DataError(f"{path.name}: expected a table a session (session1.csv …), found none")
    for file in files:
        for row in read_table(file):
            yield {"session": file.stem, **row}


def _from_hub(
    name: str, layout: Layout, columns: Columns, test_session: str | None, seed: int
) -> DialogueCorpus:
    splits = hub_rows(name)
    is_iemocap = "iemocap" in name.lower() or all(_SESSION.match(split) for split in splits)
    if layout == "iemocap" or (layout == "auto" and is_iemocap):
        rows = [{"session": split, **row} for split, rows in splits.items() for row in rows]
        return load_iemocap(rows, test_session=test_session, seed=seed, where=name)
    read: dict[str, tuple[Dialogue, ...]] = {
        split: dialogues_of(rows, where=f"{name}:{split}", columns=columns, prefix=f"{split}-")
        for split, rows in splits.items()
    }
    parts = [
        next((read[split] for split in names if split in read), None) for names in PARTS.values()
    ]
    train, validation, test = parts
    if train is None or validation is None or test is None:
        everything = [dialogue for dialogues in read.values() for dialogue in dialogues]
        train, validation, test = stratified(everything, seed=seed)
    return DialogueCorpus(name, labels_of(train), train, validation, test)


def hub_rows(name: str) -> dict[str, list[dict[str, Any]]]:
    """Load a data set through `datasets` and return its rows by split, class numbers as names.

    Raises:
        DataError: when the hub has no such data set, or cannot be reached.
    """
    import datasets

    try:
        loaded = datasets.load_dataset(name)
    except (OSError, ValueError, datasets.exceptions.DatasetsError) as error:
        reason = str(error).partition("\n")[0]
        raise DataError(f"expected the data set {name!r} on the hub: {reason}") from error
    rows = {}
    for split, dataset in loaded.items():
        numbered = {
            column: feature
            for column, feature in dataset.features.items()
            if isinstance(feature, datasets.ClassLabel)
        }
        rows[str(split)] = [
            {
                column: numbered[column].int2str(value)
                if column in numbered and value is not None
                else value
                for column, value in row.items()
            }
            for row in dataset
        ]
    return rows
