"""Dialogue corpora from local files: MELD, EmoryNLP, IEMOCAP and any table of utterances.

Nothing is downloaded here, see `training.dialogue.hub`. Every reader gives whole dialogues in
the order they were held; ids that restart in each part get the part's name in front.
"""

from __future__ import annotations

import ast
import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from training.data import DataError
from training.dialogue.corpus import Dialogue, DialogueCorpus, Utterance, labels_of
from training.dialogue.split import by_session, stratified

#: What a table's columns are called, by what they hold; the first that is there is taken.
COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "dialogue": ("dialogue_id", "dialogue", "conversation_id", "conversation", "thread",
                 "scene_id", "dialog_id"),
    "turn": ("turn", "utterance_id", "turn_id", "order", "position"),
    "speaker": ("speaker", "speaker_id", "author", "name"),
    "text": ("text", "utterance", "sentence", "transcription", "transcript", "to_translate"),
    "emotion": ("emotion", "label", "emotions", "major_emotion"),
    "session": ("session", "session_id"),
    "utterance_name": ("id", "file", "filename", "path", "wav_file", "titre"),
}  # fmt: skip

#: Part → the names its file may have, without what follows the dot.
PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "train": ("train", "training"),
    "validation": ("validation", "val", "valid", "dev"),
    "test": ("test",),
}

#: IEMOCAP's own name of an utterance: session, actor who wears the markers, scene, speaker, turn.
_IEMOCAP_NAME: Final = re.compile(r"Ses(\d\d)([FM])_(\w+?)_([FM])(\w+)$")
#: Its labels, short and long; every other has no part in the four-class task.
_IEMOCAP_LABELS: Final[Mapping[str, str]] = {
    "ang": "angry", "angry": "angry", "anger": "angry",
    "hap": "happy", "happy": "happy", "happiness": "happy", "exc": "happy", "excited": "happy",
    "neu": "neutral", "neutral": "neutral",
    "sad": "sad", "sadness": "sad",
}  # fmt: skip

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Columns:
    """Names of a table's columns, where they are not those of COLUMNS."""

    dialogue: str | None = None
    turn: str | None = None
    speaker: str | None = None
    text: str | None = None
    emotion: str | None = None


def load_meld(folder: Path) -> DialogueCorpus:
    """Read MELD's `train_sent_emo.csv`, `dev_sent_emo.csv` and `test_sent_emo.csv`."""

    def part(name: str) -> tuple[Dialogue, ...]:
        rows = read_table(folder / f"{name}_sent_emo.csv")
        return dialogues_of(rows, where=f"{name}_sent_emo.csv", prefix=f"{name}-")

    return _corpus("meld", part("train"), part("dev"), part("test"))


def load_emorynlp(folder: Path) -> DialogueCorpus:
    """Read EmoryNLP's `emorynlp_{train,dev,test}_final.csv`; a scene is a dialogue."""

    def part(name: str) -> tuple[Dialogue, ...]:
        file = f"emorynlp_{name}_final.csv"
        rows = [
            {
                "dialogue": "{Season}-{Episode}-{Scene_ID}".format_map(row),
                "turn": row["Utterance_ID"],
                "speaker": _first_name(row["Speaker"]),
                "text": row["Utterance"],
                "emotion": row["Emotion"].lower(),
            }
            for row in _with_columns(read_table(folder / file), file, _EMORYNLP)
        ]
        return dialogues_of(rows, where=file, prefix=f"{name}-")

    return _corpus("emorynlp", part("train"), part("dev"), part("test"))


_EMORYNLP: Final = ("Season", "Episode", "Scene_ID", "Utterance_ID", "Speaker", "Utterance",
                    "Emotion")  # fmt: skip


def load_iemocap(
    rows: Iterable[Row], *, test_session: str | None, seed: int, where: str = "iemocap"
) -> DialogueCorpus:
    """Make a corpus of IEMOCAP's rows: text, label, session, and the utterance's own name.

    The name (`Ses01F_impro01_F000`) tells session, dialogue and speaker; without one a row needs
    a session, and a dialogue column or stands alone. `test_session` leaves that session out;
    None deals the dialogues out stratified by label.
    """
    plain = []
    for number, row in enumerate(rows, start=1):
        found = {role: _value(row, role) for role in COLUMNS}
        name = _IEMOCAP_NAME.search(Path(found["utterance_name"] or "").stem)
        session = name[1] if name else (found["session"] or "")
        plain.append(
            {
                "dialogue": f"{name[1]}{name[2]}_{name[3]}"
                if name
                else f"{session}-{found['dialogue'] or number}",
                "turn": found["turn"],
                "speaker": name[4] if name else (found["speaker"] or ""),
                "text": found["text"],
                "emotion": _IEMOCAP_LABELS.get((found["emotion"] or "").strip().lower(), ""),
                "session": re.sub(r"\D", "", session).lstrip("0") or session,
            }
        )
    dialogues = dialogues_of(plain, where=where)
    if test_session is None:
        parts = stratified(dialogues, seed=seed)
    else:
        parts = by_session(dialogues, test_session, seed=seed)
    return _corpus("iemocap", *parts)


def load_table(path: Path, *, columns: Columns, seed: int) -> DialogueCorpus:
    """Read a table of utterances, or a folder with one for train, validation and test.

    A single file is dealt out stratified by label. Without a turn column the rows' order is the
    order of the conversation.
    """
    if path.is_file():
        dialogues = dialogues_of(read_table(path), where=path.name, columns=columns)
        return _corpus(path.stem, *stratified(dialogues, seed=seed))
    parts = []
    for part, names in PARTS.items():
        files = sorted(f for f in path.iterdir() if f.stem in names and f.suffix in _SUFFIXES)
        if len(files) != 1:
            raise DataError(
                f"{path.name}: expected one file named {' or '.join(names)}"
                f" ({', '.join(_SUFFIXES)}), found {[file.name for file in files]!r}"
            )
        rows = read_table(files[0])
        parts.append(dialogues_of(rows, where=files[0].name, columns=columns, prefix=f"{part}-"))
    return _corpus(path.name, *parts)


def dialogues_of(
    rows: Iterable[Row], *, where: str, columns: Columns | None = None, prefix: str = ""
) -> tuple[Dialogue, ...]:
    """Gather rows to dialogues, in the order of their turns.

    Raises:
        DataError: when the columns of dialogue or text are missing, or there are no rows.
    """
    named = columns or Columns()
    gathered: dict[str, list[tuple[float, Utterance]]] = {}
    sessions: dict[str, str] = {}
    for number, row in enumerate(rows, start=1):
        found = {role: _value(row, role, getattr(named, role, None)) for role in COLUMNS}
        for role in ("dialogue", "text"):
            if found[role] is None:
                wanted = getattr(named, role) or " or ".join(COLUMNS[role])
                raise DataError(f"{where}:{number}: expected a column {wanted}")
        turn = _number(found["turn"], where, number)
        label = (found["emotion"] or "").strip().lower() or None
        utterance = Utterance((found["speaker"] or "").strip(), found["text"] or "", label)
        key = prefix + str(found["dialogue"])
        turns = gathered.setdefault(key, [])
        turns.append((len(turns) if turn is None else turn, utterance))
        sessions[key] = found["session"] or ""
    if not gathered:
        raise DataError(f"{where}: expected utterances, found none")
    return tuple(
        Dialogue(key, tuple(u for _, u in sorted(turns, key=lambda turn: turn[0])), sessions[key])
        for key, turns in gathered.items()
    )


_SUFFIXES: Final = (".csv", ".tsv", ".jsonl")


def read_table(path: Path) -> list[dict[str, Any]]:
    """Read CSV, TSV or JSON lines as rows by column name.

    Raises:
        DataError: when the file is missing, of another kind, or not UTF-8.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix == ".jsonl":
                return [json.loads(line) for line in file if line.strip()]
            if path.suffix not in _SUFFIXES:
                raise DataError(f"{path.name}: expected {', '.join(_SUFFIXES)}")
            return list(csv.DictReader(file, delimiter="\t" if path.suffix == ".tsv" else ","))
    except OSError as error:
        raise DataError(f"expected the data file {path.name!r} in {path.parent.name!r}") from error
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path.name}: expected UTF-8 rows, found other") from error


def _value(row: Row, role: str, name: str | None = None) -> str | None:
    if name is not None:
        found = row.get(name)
        return None if found is None else str(found)
    by_name = {str(key).strip().lower().replace(" ", "_"): value for key, value in row.items()}
    for candidate in (role, *COLUMNS[role]):
        if by_name.get(candidate) is not None:
            return str(by_name[candidate])
    return None


def _number(value: str | None, where: str, row: int) -> float | None:
    if value is None or not value.strip():
        return None
    try:
        return float(value)
    except ValueError:
        raise DataError(f"{where}:{row}: expected a number as turn, found {value[:40]!r}") from None


def _first_name(value: str) -> str:
    """Return the speaker of `['Monica Geller']`, all of them where several speak at once."""
    try:
        names = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    return " & ".join(names) if isinstance(names, list) else str(names)


def _with_columns(
    rows: Sequence[dict[str, Any]], where: str, names: Sequence[str]
) -> Sequence[dict[str, Any]]:
    missing = [name for name in names if rows and rows[0].get(name) is None]
    if missing:
        raise DataError(f"{where}: expected the columns {', '.join(missing)}")
    return rows


def _corpus(
    name: str,
    train: tuple[Dialogue, ...],
    validation: tuple[Dialogue, ...],
    test: tuple[Dialogue, ...],
) -> DialogueCorpus:
    labels = labels_of(train)
    if len(labels) < 2:
        raise DataError(f"{name}: expected at least two emotions in training, found {labels!r}")
    if unknown := set(labels_of((*validation, *test))) - set(labels):
        raise DataError(f"{name}: {sorted(unknown)!r} stand in no training dialogue")
    return DialogueCorpus(name, labels, train, validation, test)
