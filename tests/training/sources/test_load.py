"""Files, folders and repositories of the hub become the same corpus; what is held out stays out."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest
from datasets import ClassLabel, Dataset, DatasetDict, Features, Value
from datasets import List as ListOf

from tests.support.paths import shared_data
from training.data import AbsentLabelsError, Corpus, DataError, Example
from training.sources import load_corpora, load_corpus, load_several
from training.sources.load import LabelMap

#: Twenty texts a label, so that each gives two to validation and two to test.
TEXTS = [(f"text {i} of {label}", label) for label in ("joy", "Sad", "scared") for i in range(20)]
EMOTION = {"joy": "joy", "Sad": "sadness", "scared": "fear"}


def _write_csv(path: Path, rows: list[tuple[str, str]], header: str = "text,label") -> Path:
    lines = "".join(f'"{text}",{label}\n' for text, label in rows)
    path.write_text(f"{header}\n{lines}", encoding="utf-8")
    return path


def _write(path: Path) -> Path:
    if path.suffix == ".csv":
        return _write_csv(path, TEXTS)
    if path.suffix == ".tsv":
        path.write_text("text\tlabel\n" + "".join(f"{t}\t{name}\n" for t, name in TEXTS))
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps({"text": t, "label": name}) + "\n" for t, name in TEXTS))
    elif path.suffix == ".txt":
        path.write_text("".join(f"{t};{name}\n" for t, name in TEXTS))
    else:
        rows = {"text": [t for t, _ in TEXTS], "label": [name for _, name in TEXTS]}
        Dataset.from_dict(rows).to_parquet(str(path))
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".txt", ".parquet"])
def test_one_file_is_split_by_emotion(tmp_path: Path, suffix: str) -> None:
    corpus = load_corpus(str(_write(tmp_path / f"posts{suffix}")), seed=3)

    assert corpus.name == "posts"
    for part, n_each in ((corpus.train, 16), (corpus.validation, 2), (corpus.test, 2)):
        assert sorted(e for x in part for e in x.emotions) == sorted(
            n_each * ["joy", "sadness", "fear"]
        )
    found = {(x.text, x.emotions) for x in (*corpus.train, *corpus.validation, *corpus.test)}
    assert found == {(text, (EMOTION[label],)) for text, label in TEXTS}


def test_the_split_follows_the_seed_alone(tmp_path: Path) -> None:
    path = str(_write(tmp_path / "posts.csv"))
    assert load_corpus(path, seed=3) == load_corpus(path, seed=3)
    assert load_corpus(path, seed=3).test != load_corpus(path, seed=4).test


def test_a_folder_of_parts_keeps_them_and_drops_held_out_texts_from_training(
    tmp_path: Path,
) -> None:
    header = "Utterance,Emotion"
    train = [("Held OUT", "joy"), ("kept", "anger"), ("seen too", "fear")]
    _write_csv(tmp_path / "train_sent_emo.csv", train, header)
    _write_csv(tmp_path / "dev_sent_emo.csv", [("seen  too", "fear")], header)
    _write_csv(tmp_path / "test_sent_emo.csv", [("held out", "joy")], header)

    corpus = load_corpus(str(tmp_path))

    assert corpus.train == (Example("kept", ("anger",)),)
    assert corpus.validation == (Example("seen  too", ("fear",)),)
    assert corpus.test == (Example("held out", ("joy",)),)


def test_an_absent_part_is_cut_from_training_and_a_given_one_is_left_alone(tmp_path: Path) -> None:
    _write_csv(tmp_path / "train.csv", TEXTS)
    _write_csv(tmp_path / "test.csv", [("other", "joy")])
    corpus = load_corpus(str(tmp_path))
    assert [len(corpus.train), len(corpus.validation), len(corpus.test)] == [54, 6, 1]


def test_words_that_look_like_missing_values_are_words(tmp_path: Path) -> None:
    train = _write_csv(tmp_path / "train.csv", [("NA", "neutral"), ("007", "joy")])
    for part in ("validation", "test"):
        _write_csv(train.with_name(f"{part}.csv"), [("null", "neutral")])
    corpus = load_corpus(str(tmp_path))
    assert [x.text for x in corpus.train] == ["NA", "007"]
    assert corpus.test == (Example("null", ("neutral",)),)


def test_bare_quotes_in_a_tsv_are_text(tmp_path: Path) -> None:
    rows = [(f'"{i}th', label) for i, (_, label) in enumerate(TEXTS)]
    path = tmp_path / "posts.tsv"
    path.write_text("text\tlabel\n" + "".join(f"{t}\t{name}\n" for t, name in rows))
    corpus = load_corpus(str(path))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == len(TEXTS)
    assert all(x.text.startswith('"') for x in corpus.train)


def _class_label_parts() -> DatasetDict:
    names = ["happy", "angry", "contempt"]
    features = Features({"text": Value("string"), "label": ClassLabel(names=names)})
    train = {"text": [f"t{i}" for i in range(40)], "label": [i % 2 for i in range(40)]}
    test = {"text": ["u", "v"], "label": [1, -1]}
    return DatasetDict(
        train=Dataset.from_dict(train, features), test=Dataset.from_dict(test, features)
    )


def test_class_labels_saved_by_datasets_are_read_by_name(tmp_path: Path) -> None:
    _class_label_parts().save_to_disk(str(tmp_path / "saved"))

    corpus = load_corpus(str(tmp_path / "saved"))

    # -1 is 'no label'; 'contempt' is unknown but occurs nowhere; validation was cut from training.
    assert corpus.test == (Example("u", ("anger",)),)
    assert {x.emotions for x in corpus.train} == {("joy",), ("anger",)}
    assert [len(corpus.train), len(corpus.validation)] == [36, 4]


def test_a_repository_of_the_hub_is_read_from_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The way of a hub id: `load_dataset` on a repository's layout, its files in `data/`."""
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", str(tmp_path / "cache"))
    repository = tmp_path / "owner--emotion"
    (repository / "data").mkdir(parents=True)
    for part, table in _class_label_parts().items():
        table.to_parquet(str(repository / "data" / f"{part}-00000-of-00001.parquet"))

    corpus = load_corpus(str(repository))

    assert corpus.test == (Example("u", ("anger",)),)
    assert [len(corpus.train), len(corpus.validation)] == [36, 4]
    assert {x.emotions for x in corpus.train} == {("joy",), ("anger",)}


def test_lists_of_goemotions_numbers_follow_its_mapping(tmp_path: Path) -> None:
    from model.labels import GOEMOTIONS_MAPPING

    names = sorted({*GOEMOTIONS_MAPPING, "disgust"})
    number = {name: i for i, name in enumerate(names)}
    rows = [["caring", "grief"], ["disgust"], ["disgust", "annoyance"], ["curiosity"]]
    features = Features({"text": Value("string"), "labels": ListOf(ClassLabel(names=names))})
    for part in ("train", "validation", "test"):
        Dataset.from_dict(
            {
                "text": [f"{part} {i}" for i in range(len(rows))],
                "labels": [[number[name] for name in row] for row in rows],
            },
            features,
        ).to_parquet(str(tmp_path / f"{part}.parquet"))

    corpus = load_corpus(str(tmp_path))

    assert [x.emotions for x in corpus.test] == [("sadness", "love"), ("anger",), ("surprise",)]


def test_columns_can_be_named(tmp_path: Path) -> None:
    path = _write_csv(tmp_path / "posts.csv", TEXTS, "note,verdict")
    with pytest.raises(DataError, match=r"expected a text column .* found 'note', 'verdict'"):
        load_corpus(str(path))
    corpus = load_corpus(str(path), text_column="note", label_column="verdict")
    assert len(corpus.train) == 48
    with pytest.raises(DataError, match=r"expected the label column 'mood', found 'verdict'"):
        load_corpus(str(path), text_column="note", label_column="mood")


def test_rows_without_text_or_label_are_left_out(tmp_path: Path) -> None:
    path = _write_csv(tmp_path / "posts.csv", [*TEXTS, ("", "joy"), ("no label", "")])
    corpus = load_corpus(str(path))
    assert len(corpus.train) + len(corpus.validation) + len(corpus.test) == len(TEXTS)


def test_an_unknown_label_is_named_with_the_way_out(tmp_path: Path) -> None:
    path = str(_write_csv(tmp_path / "posts.csv", [*TEXTS, ("so calm", "calm"), ("x", "zen")]))
    with pytest.raises(DataError, match=r"posts: .* found 'calm', 'zen'; .* 'calm'=joy") as raised:
        load_corpus(path)
    assert "so calm" not in str(raised.value)

    corpus = load_corpus(path, label_map={"Calm": "neutral", "zen": None})

    assert [x for x in corpus.train if x.text in ("so calm", "x")] == [
        Example("so calm", ("neutral",))
    ]


def test_a_label_need_stand_in_one_of_several_data_sets(tmp_path: Path) -> None:
    calm = str(_write_csv(tmp_path / "calm.csv", [*TEXTS, ("so calm", "calm")]))
    zen = str(_write_csv(tmp_path / "zen.csv", [*TEXTS, ("a garden", "zen")]))
    maps: list[object] = []

    def load(spec: str, label_map: LabelMap | None) -> list[Corpus]:
        maps.append(label_map)
        return load_corpora(spec, label_map=label_map)

    given: LabelMap = {"Calm": "neutral", "zen": "joy"}
    corpora = load_several([calm, zen], load, given)

    assert [corpus.name for corpus in corpora] == ["calm", "zen"]
    assert maps == [given, {"Calm": "neutral"}, given, {"zen": "joy"}]
    assert len(load_several([zen, "goemotions"], _second_fixed, {"zen": "joy"})) == 2
    with pytest.raises(AbsentLabelsError, match="found 'nirvana' in none of"):
        load_several([calm, zen], load, {**given, "nirvana": "joy"})


def _second_fixed(spec: str, label_map: LabelMap | None) -> list[str]:
    if spec == "goemotions" and label_map:
        raise AbsentLabelsError("fixed", frozenset(label_map))
    return [spec]


@pytest.mark.parametrize("name", ["gone.csv", "./gone", "/no/such/folder"])
def test_a_missing_file_is_told_without_asking_the_hub(name: str) -> None:
    with pytest.raises(DataError, match="found nothing there"):
        load_corpus(name)


def test_an_id_the_hub_does_not_give_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    told = r"or the id of a data set .* found 'no-such/emotions': .*; without a network, fetch"
    with pytest.raises(DataError, match=told):
        load_corpus("no-such/emotions")


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("a.csv", b"text,label\n\xff\xfe,joy\n", "not UTF-8"),
        ("a.csv", b'text,label\nsecret,joy,"more",3\n', "a.csv:2: expected 2 fields"),
        ("a.jsonl", b"not json: secret\n", "expected json rows"),
        ("a.parquet", b"secret", "expected parquet rows"),
        ("a.txt", b"fine;joy\nsecret\n", "a.txt:2"),
        ("a.xlsx", b"", "expected a file of .csv"),
        ("a.csv", b"text,label\nonly,joy\n", "expected an emotion with 10 different texts"),
        ("a.csv", b"text,label\n", "found no rows"),
        ("a.txt", b"", "expected training texts"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_without_its_text(
    tmp_path: Path, name: str, content: bytes, told: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError) as raised:
        load_corpus(str(tmp_path / name))
    assert told in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_text_of_any_length_is_read_from_csv(tmp_path: Path) -> None:
    long = "so happy " * 20_000
    _write_csv(tmp_path / "diary.csv", [*TEXTS, (long, "joy")])
    corpus = load_corpus(str(tmp_path / "diary.csv"))
    read = (*corpus.train, *corpus.validation, *corpus.test)
    assert max(len(example.text) for example in read) == len(long)


def test_several_files_of_no_part_are_told(tmp_path: Path) -> None:
    for name in ("monday.csv", "tuesday.csv"):
        _write_csv(tmp_path / name, TEXTS)
    with pytest.raises(DataError, match=r"found 'monday.csv', 'tuesday.csv'"):
        load_corpus(str(tmp_path))


def test_spellings_of_one_text_never_stand_in_two_parts(tmp_path: Path) -> None:
    rows = [(spelt, label) for text, label in TEXTS for spelt in (text, text.upper(), f"{text} ")]
    corpus = load_corpus(str(_write_csv(tmp_path / "posts.csv", rows)))
    parts = [
        {x.text.lower().strip() for x in part}
        for part in (corpus.train, corpus.validation, corpus.test)
    ]
    assert len(set.union(*parts)) == sum(map(len, parts)) == len(TEXTS)


def _known_folders(root: Path) -> Path:
    (root / "dair-emotion-split").mkdir()
    for name in ("train", "val", "test"):
        text = f"{name}, and in both;joy\nshared;love\n"
        (root / "dair-emotion-split" / f"{name}.txt").write_text(text)
    (root / "goemotions").mkdir()
    (root / "goemotions" / "emotions.txt").write_text("grief\ndisgust\nneutral\n")
    for name in ("train", "dev", "test"):
        (root / "goemotions" / f"{name}.tsv").write_text(f"go {name}\t0,2\tid\nShared\t0\tid\n")
    return root


def test_a_folder_of_both_known_sets_gives_two_corpora(tmp_path: Path) -> None:
    root = _known_folders(tmp_path)

    benchmark, goemotions = load_corpora(str(root))

    assert [benchmark.name, goemotions.name] == ["benchmark", "goemotions"]
    # 'shared' stands in the test part of each, so in the training part of neither.
    assert benchmark.train == (Example("train, and in both", ("joy",)),)
    assert goemotions.train == (Example("go train", ("sadness", "neutral")),)
    assert load_corpora(str(root / "goemotions"))[0].name == "goemotions"
    assert load_corpora(str(root / "dair-emotion-split"))[0].name == "benchmark"
    joined = load_corpus(str(root))
    assert joined.name == "benchmark+goemotions"
    assert joined.test == (*benchmark.test, *goemotions.test)


def test_the_fixed_mapping_of_goemotions_files_cannot_be_renamed(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="mapping is fixed"):
        load_corpus(str(_known_folders(tmp_path) / "goemotions"), label_map={"grief": "joy"})


def test_meld_is_read_from_its_own_files() -> None:
    corpus = load_corpus(str(shared_data("meld")))
    assert len(corpus.test) == 2_610
    assert {e for x in corpus.test for e in x.emotions} == {
        "sadness", "joy", "anger", "fear", "surprise", "disgust", "neutral",
    }  # fmt: skip
