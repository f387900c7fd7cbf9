"""Sentences written by hand: every line can be read, and they cover all that is scored."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from model.labels import DEFAULT_EMOTIONS
from model.text import clean, has_words
from training.phrases import WRITTEN, generate, written


def test_every_line_is_a_pair_of_worded_sentences() -> None:
    pairs = written.written_pairs()

    assert len(pairs) > 18_000
    assert all(has_words(clean(text)) for pair in pairs for text, _ in pair)
    told = [" ".join(text.split()).casefold() for pair in pairs for text, _ in pair]
    assert len(set(told)) > 0.98 * len(told)
    emotions = Counter(e for pair in pairs for _, found in pair for e in found)
    assert set(emotions) == set(DEFAULT_EMOTIONS)
    assert min(emotions.values()) > 200


def test_most_pairs_differ_in_what_is_felt() -> None:
    pairs = written.written_pairs()

    same = [pair for pair in pairs if pair[0][1] == pair[1][1]]

    assert 200 < len(same) < 0.2 * len(pairs)  # one feeling in two writings


def test_each_is_drawn_as_it_stands_before_any_comes_again() -> None:
    drawn = [p for p in generate(3_000, seed=5, noise_share=0.5) if p.capability == WRITTEN]

    assert {p.style for p in drawn} == {"tidy"}
    assert {(p.text, p.emotions) for p in drawn} <= set(written.written_sentences())


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("joy\tno pair", "line 2: expected emotions, text, emotions, text, found 2"),
        ("joy\tone\tglee\tother", "line 2: expected emotions of ours, found 'glee'"),
    ],
)
def test_a_line_that_is_none_is_named(
    line: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "written").mkdir()
    (tmp_path / "written" / "own.tsv").write_text(f"joy\tgood\tsadness\tbad\n{line}\n")
    monkeypatch.setattr(written, "files", lambda _: tmp_path)

    with pytest.raises(ValueError, match=reason):
        written.written_pairs.__wrapped__()
