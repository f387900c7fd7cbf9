"""Which column of a table holds the text and which the label, and the labels by their names.

Works on `datasets.Dataset`, so that a ClassLabel's numbers become its names.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from training.data import DataError

if TYPE_CHECKING:
    from datasets import Dataset

#: In order of preference, compared without case.
TEXT_COLUMNS: Final = (
    "text", "sentence", "utterance", "content", "tweet", "message", "comment", "post", "body",
    "review", "document", "input", "transcript",
)  # fmt: skip
#: A column called `emotion` says more than `label`, which says more than `sentiment`.
LABEL_COLUMNS: Final = (
    "emotion", "emotions", "emotion_label", "feeling", "mood", "label_text", "label_name",
    "label_names", "label", "labels", "class", "category", "target", "sentiment",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A text and the names of its labels, as its data set spells them."""

    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One part of a data set, read but not yet mapped."""

    rows: list[Row]
    #: Names a ClassLabel declares, whether they occur or not.
    declared: tuple[str, ...]
    #: Rows left out for want of a text or of a label.
    n_skipped: int


def read_table(
    part: Dataset, *, text_column: str | None, label_column: str | None, where: str
) -> Table:
    """Return the rows of a part that have both a text and a label.

    Raises:
        DataError: when a column is not there, or none can be told to hold texts or labels.
    """
    columns = list(part.column_names)
    text_name = _pick(text_column, TEXT_COLUMNS, columns, role="text", where=where)
    label_name = _pick(
        label_column,
        LABEL_COLUMNS,
        [column for column in columns if column != text_name],
        role="label",
        where=where,
    )
    feature = part.features[label_name]
    names = _class_names(feature)
    rows = []
    for text, value in zip(list(part[text_name]), list(part[label_name]), strict=True):
        labels = _label_names(value, names)
        if isinstance(text, str) and text.strip() and labels:
            rows.append(Row(text, labels))
    return Table(rows, tuple(names or ()), len(part) - len(rows))


def _pick(
    wanted: str | None, known: Sequence[str], columns: Sequence[str], *, role: str, where: str
) -> str:
    shown = ", ".join(repr(column[:40]) for column in columns[:20])
    if wanted is not None:
        if wanted in columns:
            return wanted
        raise DataError(f"{where}: expected the {role} column {wanted!r}, found {shown}")
    by_name = {column.strip().lower(): column for column in reversed(columns)}
    for name in known:
        if name in by_name:
            return by_name[name]
    raise DataError(
        f"{where}: expected a {role} column such as {known[0]!r}, found {shown}; "
        f"name it with --{role}-column"
    )


def _class_names(feature: Any) -> Sequence[str] | None:
    """Return the names behind the numbers of a ClassLabel or of a list of them."""
    inner = getattr(feature, "feature", feature)
    names: Sequence[str] | None = getattr(inner, "names", None)
    return names


def _label_names(value: Any, names: Sequence[str] | None) -> tuple[str, ...]:
    values = value if isinstance(value, list | tuple) else [value]
    found = []
    for one in values:
        if one is None or (names is not None and isinstance(one, int) and one < 0):
            continue  # -1 stands for 'no label' in test parts of the hub
        name = names[one] if names is not None and isinstance(one, int) else str(one).strip()
        if name:
            found.append(name)
    return tuple(dict.fromkeys(found))
