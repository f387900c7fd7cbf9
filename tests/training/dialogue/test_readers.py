"""Corpora are read as they are laid out; what is missing is named."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.support.paths import shared_data
from training.data import DataError
from training.dialogue.corpus import Utterance, labelled, without_context
from training.dialogue.hub import hub_rows, load_dialogues
from training.dialogue.readers import Columns, dialogues_of


def _write(path: Path, rows: Sequence[Mapping[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _meld(folder: Path) -> Path:
    for part in ("train", "dev", "test"):
        rows = [
            {"Sr No.": n, "Utterance": f"{part} {n}, yes", "Speaker": "Ann", "Emotion": emotion,
             "Dialogue_ID": n // 2, "Utterance_ID": n % 2}
            for n, emotion in enumerate(("joy", "neutral", "disgust"))
        ]  # fmt: skip
        _write(folder / f"{part}_sent_emo.csv", rows)
    return folder


def test_dialogue_ids_that_restart_in_each_part_of_meld_are_told_apart(tmp_path: Path) -> None:
    corpus = load_dialogues(str(_meld(tmp_path / "meld")))

    assert [d.id for d in corpus.train] == ["train-0", "train-1"]
    assert [d.id for d in corpus.validation] == ["dev-0", "dev-1"]
    assert corpus.test[0].utterances == (
        Utterance("Ann", "test 0, yes", "joy"),
        Utterance("Ann", "test 1, yes", "neutral"),
    )
    assert corpus.labels == ("disgust", "joy", "neutral")


def test_scenes_and_speakers_of_emorynlp_are_read(tmp_path: Path) -> None:
    for part in ("train", "dev", "test"):
        rows = [
            {"Utterance": "Hm", "Speaker": speaker, "Emotion": emotion, "Scene_ID": 4,
             "Utterance_ID": n, "Season": 1, "Episode": episode, "Start_Time": "", "End_Time": ""}
            for n, episode, speaker, emotion in (
                (2, 1, "['Ross Geller', 'Joey']", "Powerful"), (1, 1, "['Joey']", "Mad"),
                (1, 2, "['Joey']", "Joyful"),
            )
        ]  # fmt: skip
        _write(tmp_path / f"emorynlp_{part}_final.csv", rows)

    corpus = load_dialogues(str(tmp_path))

    assert [len(d.utterances) for d in corpus.train] == [2, 1]
    assert [u.speaker for u in corpus.train[0].utterances] == ["Joey", "Ross Geller & Joey"]
    assert labelled(corpus.train) == ["mad", "powerful", "joyful"]
    assert [e.emotions for e in without_context(corpus).train] == [("anger",), ("joy",)]


def _iemocap_rows() -> list[dict[str, str]]:
    labels = ["ang", "exc", "neu", "sad", "fru"]
    return [
        {"id": f"Ses0{session}F_impro{scene:02d}_{'FM'[n % 2]}{n:03d}", "text": f"t {n}",
         "label": labels[(scene + n) % 5]}
        for session in range(1, 6) for scene in range(4) for n in range(6)
    ]  # fmt: skip


def test_iemocap_names_tell_dialogue_speaker_and_session(tmp_path: Path) -> None:
    _write(tmp_path / "iemocap.csv", _iemocap_rows())

    corpus = load_dialogues(str(tmp_path / "iemocap.csv"), layout="iemocap", test_session="2")

    assert corpus.labels == ("angry", "happy", "neutral", "sad")
    assert {d.session for d in corpus.test} == {"2"}
    first = corpus.test[0]
    assert first.id == "02F_impro00"
    assert [u.speaker for u in first.utterances] == ["F", "M"] * 3
    # Frustration is none of the four: context, nothing more.
    assert [u.label for u in first.utterances] == ["angry", "happy", "neutral", "sad", None,
                                                   "angry"]  # fmt: skip


def test_iemocap_is_dealt_out_stratified_where_no_session_is_left_out(tmp_path: Path) -> None:
    for session in range(1, 6):
        rows = [row for row in _iemocap_rows() if row["id"].startswith(f"Ses0{session}")]
        _write(tmp_path / f"session{session}.csv", rows)

    corpus = load_dialogues(str(tmp_path))

    n = [len(part) for part in (corpus.train, corpus.validation, corpus.test)]
    assert sum(n) == 20
    assert n[0] >= 14
    assert min(n) >= 2


def test_the_hub_path_reads_splits_and_class_names(tmp_path: Path) -> None:
    """A local folder in the hub's own layout goes through `datasets` as a hub id does."""
    names = ["angry", "happy", "neutral", "sad"]
    splits = [f"session{n}" for n in range(1, 6)]
    for split in splits:
        lines = [{"text": f"hm {n}", "label": n % 4, "dialogue": n // 4} for n in range(16)]
        (tmp_path / f"{split}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    files = "".join(f"  - split: {split}\n    path: {split}.jsonl\n" for split in splits)
    classes = "".join(f"          '{n}': {name}\n" for n, name in enumerate(names))
    (tmp_path / "README.md").write_text(
        f"---\nconfigs:\n- config_name: default\n  data_files:\n{files}"
        "dataset_info:\n  features:\n  - name: text\n    dtype: string\n"
        f"  - name: label\n    dtype:\n      class_label:\n        names:\n{classes}"
        "  - name: dialogue\n    dtype: int64\n---\n"
    )

    rows = hub_rows(str(tmp_path))

    assert list(rows) == splits
    assert rows["session1"][1] == {"text": "hm 1", "label": "happy", "dialogue": 0}


def test_a_session_of_the_hubs_iemocap_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = ("angry", "happy", "neutral", "sad")
    splits = {
        f"session{n}": [{"text": f"{n} {i}", "label": labels[i % 4]} for i in range(8)]
        for n in range(1, 6)
    }
    monkeypatch.setattr("training.dialogue.hub.hub_rows", lambda _: splits)

    corpus = load_dialogues("Zahra99/IEMOCAP_Text", test_session="5")

    # No name and no dialogue column: every row stands alone, in its session.
    assert {u.text for d in corpus.test for u in d.utterances} == {f"5 {i}" for i in range(8)}
    assert len(corpus.train) + len(corpus.validation) == 32
    assert corpus.labels == labels


def test_a_hub_data_sets_own_parts_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows(part: str) -> list[dict[str, object]]:
        return [
            {"conversation_id": n // 2, "utterance": f"{part} {n}",
             "emotion": ("joy", "anger")[n % 2]}
            for n in range(6)
        ]  # fmt: skip

    splits = {"train": rows("train"), "dev": rows("dev"), "test": rows("test")}
    monkeypatch.setattr("training.dialogue.hub.hub_rows", lambda _: splits)

    corpus = load_dialogues("someone/talks")

    assert [len(part) for part in (corpus.train, corpus.validation, corpus.test)] == [3, 3, 3]
    assert corpus.test[0].utterances[0].text == "test 0"

    del splits["dev"]
    dealt = load_dialogues("someone/talks")
    assert len(dealt.train) + len(dealt.validation) + len(dealt.test) == 6


def test_a_table_is_read_in_the_order_of_its_turns(tmp_path: Path) -> None:
    rows = [
        {"talk": n % 4, "nr": 10 - n // 4, "who": "ann", "said": f"{n}",
         "mood": ("joy", "anger")[n % 2]}
        for n in range(16)
    ]  # fmt: skip
    _write(tmp_path / "talks.csv", rows)
    columns = Columns("talk", "nr", "who", "said", "mood")

    corpus = load_dialogues(str(tmp_path / "talks.csv"), columns=columns)

    everything = (*corpus.train, *corpus.validation, *corpus.test)
    (first,) = (d for d in everything if d.id == "0")
    assert [u.text for u in first.utterances] == ["12", "8", "4", "0"]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"text": "hm"}, "talks:1: expected a column dialogue_id"),
        ({"dialogue": "1"}, "talks:1: expected a column text"),
        ({"dialogue": "1", "text": "hm", "turn": "x"}, "talks:1: expected a number as turn"),
    ],
)
def test_what_a_row_lacks_is_named(row: dict[str, str], said: str) -> None:
    with pytest.raises(DataError, match=said):
        dialogues_of([row], where="talks")


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found 'nowhere'"):
        load_dialogues("nowhere")
    (tmp_path / "train.csv").write_text("dialogue,text,emotion\n1,hm,joy\n")
    with pytest.raises(DataError, match="validation or val"):
        load_dialogues(str(tmp_path))


@pytest.mark.parametrize(
    ("name", "sizes", "n_mapped"),
    [("meld", (9_989, 1_109, 2_610), 2_610), ("emorynlp", (7_551, 954, 984), 777)],
)
def test_the_real_corpora_have_their_published_sizes(
    name: str, sizes: tuple[int, ...], n_mapped: int
) -> None:
    corpus = load_dialogues(str(shared_data(name)))

    parts = (corpus.train, corpus.validation, corpus.test)
    assert tuple(len(labelled(part)) for part in parts) == sizes
    assert len(corpus.labels) == 7
    assert len(without_context(corpus).test) == n_mapped
