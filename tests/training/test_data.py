"""The data sets are read as they are, and what is held out stays out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.paths import shared_data
from training.data import (
    Corpus,
    DataError,
    Example,
    load_benchmark,
    load_goemotions,
    single_label,
    training_examples,
)

NAMES = "anger\ndisgust\njoy\nneutral\n"


def _goemotions(folder: Path, line: str) -> Path:
    folder.mkdir()
    (folder / "emotions.txt").write_text(NAMES)
    for name in ("train.tsv", "dev.tsv", "test.tsv"):
        (folder / name).write_text(line)
    return folder


def test_texts_of_validation_and_test_leave_training_however_they_are_spelt() -> None:
    seen = Example("I'm SO happy", ("joy",))
    one = Corpus(
        train=(Example("I\u2019m  so happy", ("anger",)), Example("other", ("joy",))),
        validation=(),
        test=(seen,),
    )
    two = Corpus(
        train=(Example("i'm so HAPPY", ("joy",)), Example("held", ("fear",))),
        validation=(Example("Held", ("joy",)),),
        test=(),
    )
    assert training_examples([one, two]) == (Example("other", ("joy",)),)


def test_quotes_are_text_in_goemotions(tmp_path: Path) -> None:
    corpus = load_goemotions(_goemotions(tmp_path / "g", 'he said "no\t0,1\tid1\n'))
    assert corpus.train == (Example('he said "no', ("anger",)),)


def test_rows_of_disgust_alone_are_left_out(tmp_path: Path) -> None:
    assert load_goemotions(_goemotions(tmp_path / "g", "yuck\t1\tid1\n")).test == ()


def test_single_label_counts_mapped_emotions() -> None:
    examples = (Example("a", ("joy",)), Example("b", ("joy", "anger")))
    assert single_label(examples) == examples[:1]


@pytest.mark.parametrize("line", ["text only\n", "text\tx\tid\n", "text\t9\tid\n"])
def test_a_broken_goemotions_line_is_named(tmp_path: Path, line: str) -> None:
    with pytest.raises(DataError, match=r"train\.tsv:1"):
        load_goemotions(_goemotions(tmp_path / "g", line))


@pytest.mark.parametrize("line", ["no label\n", "text;disgust\n"])
def test_a_broken_benchmark_line_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "train.txt").write_text(f"fine;joy\n{line}")
    with pytest.raises(DataError, match=r"train\.txt:2"):
        load_benchmark(tmp_path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"'train\.txt'"):
        load_benchmark(tmp_path)


def test_no_test_text_stands_in_the_real_training_examples() -> None:
    corpora = [
        load_benchmark(shared_data("dair-emotion-split")),
        load_goemotions(shared_data("goemotions")),
    ]
    assert [len(corpus.test) for corpus in corpora] == [2_000, 5_351]

    kept = {example.text.lower() for example in training_examples(corpora)}

    assert 58_000 < len(training_examples(corpora)) < 58_912
    for corpus in corpora:
        for example in (*corpus.validation, *corpus.test):
            assert example.text.lower() not in kept
