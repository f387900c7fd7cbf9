"""An exploration counts what was put into the data, and draws it on one page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from training.data import Corpus, Example
from training.drawing.charts import Spec
from training.exploring.charts import cloud_chart, distribution_chart, lengths_chart
from training.exploring.cloud import lay_out
from training.exploring.explore import Exploration, explore
from training.exploring.page import notes, part_table, write_exploration

CORPUS = Corpus(
    train=(
        *(Example(f"what a lovely day number{i}", ("joy",)) for i in range(30)),
        *(Example(f"a grey and lonely road number{i}", ("sadness",)) for i in range(8)),
        Example("Seen BEFORE", ("joy",)),
        Example("seen before", ("sadness", "love")),
        Example("stands in test", ("love",)),
        Example("so does <this>", ("fear",)),
    ),
    validation=(Example("an unheard lovely word", ("joy",)),),
    test=(Example("Stands in test", ("love",)), Example("so does <this>", ("joy", "fear"))),
    name="made <up>",
)


@pytest.fixture(scope="module")
def found() -> Exploration:
    return explore(CORPUS)


def _rows(spec: Spec) -> list[dict[str, Any]]:
    (rows,) = [*_values(spec)]
    return rows


def _values(spec: Any) -> Iterator[list[dict[str, Any]]]:
    """Wherever Altair puts a chart's rows: on top, or in the layers that share them."""
    if isinstance(spec, dict):
        if isinstance(spec.get("data"), dict) and "values" in spec["data"]:
            yield spec["data"]["values"]
        yield from (rows for layer in spec.get("layer", [])[:1] for rows in _values(layer))
        yield from spec.get("datasets", {}).values()


def test_balance_is_counted_by_part(found: Exploration) -> None:
    train, validation, test = found.parts
    assert train.by_emotion == {"sadness": 9, "joy": 31, "love": 2, "fear": 1}
    assert [validation.n_texts, test.n_texts, train.n_several_emotions] == [1, 2, 1]
    assert found.imbalance == 31


def test_lengths_are_in_words(found: Exploration) -> None:
    lengths = found.parts[0].lengths
    assert lengths.counts == {2: 2, 3: 2, 5: 30, 6: 8}
    assert (lengths.median, lengths.longest) == (5, 6)
    assert lengths.mean == pytest.approx((2 * 2 + 2 * 3 + 30 * 5 + 8 * 6) / 42)
    assert found.mean_words["joy"] == pytest.approx((30 * 5 + 2) / 31)


def test_words_unseen_in_training_are_a_share_of_all_words(found: Exploration) -> None:
    assert found.parts[0].unseen_share is None
    assert found.parts[1].unseen_share == pytest.approx(3 / 4)  # an, unheard, word
    assert found.parts[2].unseen_share == 0


def test_repeated_texts_overlaps_and_conflicts_are_told(found: Exploration) -> None:
    assert found.parts[0].n_repeated == 1
    overlap = {(o.part, o.other): (o.n_texts, o.n_other_emotions) for o in found.overlaps}
    assert overlap == {
        ("validation", "train"): (0, 0),
        ("test", "train"): (2, 1),
        ("test", "validation"): (0, 0),
    }
    assert found.n_conflicts == 2
    assert set(found.conflicts) == {
        ("sadness", "joy", 1), ("sadness", "love", 1), ("joy", "love", 1),
    }  # fmt: skip
    said = " ".join(notes(found))
    assert "2 texts of test stand in train, too, 1 of them with other emotions" in said
    assert "2 texts occur with different emotions" in said


def test_telling_words_are_those_put_in_one_emotion(found: Exploration) -> None:
    assert {entry.word for entry in found.telling["joy"][:3]} == {"what", "lovely", "day"}
    assert {entry.word for entry in found.telling["sadness"][:4]} == {
        "grey", "and", "lonely", "road",
    }  # fmt: skip


def test_an_empty_part_is_no_fault() -> None:
    found = explore(Corpus(train=CORPUS.train, validation=(), test=(), name="train alone"))
    assert found.parts[1].lengths.longest == 0
    assert part_table(found)[1][0] == ["texts", 42, 0, 0]
    assert distribution_chart(found)


def test_the_distribution_chart_shows_counts_and_shares(found: Exploration) -> None:
    rows = _rows(distribution_chart(found))
    assert {"emotion": "joy", "part": "train", "share": round(31 / 42, 4), "label": "31"} in rows


def test_a_length_that_no_text_has_is_drawn_as_none(found: Exploration) -> None:
    rows = _rows(lengths_chart(found))
    train = {row["words"]: row["share"] for row in rows if row["part"] == "train"}
    assert train[4] == 0
    assert train[5] == round(30 / 42, 5)
    assert sum(train.values()) == pytest.approx(1, abs=1e-4)


def test_long_texts_are_counted_in_steps_and_all_of_them() -> None:
    texts = tuple(Example("word " * (37 * n), ("joy",)) for n in range(1, 61))
    many = Corpus(train=texts, validation=texts[:1], test=texts[-1:], name="diaries")
    rows = [row for row in _rows(lengths_chart(explore(many))) if row["part"] == "train"]
    assert len(rows) < 130
    assert sum(row["share"] for row in rows) == pytest.approx(1, abs=0.02)


def test_words_of_a_cloud_do_not_touch_and_the_first_is_in_the_middle() -> None:
    words = [(f"word{i}" * (1 + i % 2), 40.0 - i / 2) for i in range(50)]
    placed = lay_out(words, width=860, height=460)
    assert len(placed) > 25
    assert not [pair for pair in combinations(placed, 2) if pair[0].overlaps(pair[1])]
    assert (placed[0].word, placed[0].x, placed[0].y) == ("word0", 430, 230)
    for one in placed:
        half = len(one.word) * one.size * 0.3
        assert half <= one.x <= 860 - half


def test_a_word_that_tells_two_emotions_stands_once_in_the_cloud(found: Exploration) -> None:
    names = [row["word"] for row in _rows(cloud_chart(found))]
    assert len(names) == len(set(names)) > 5


class _Addresses(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.found += [value or "" for name, value in attrs if name in ("src", "href")]


def test_the_page_stands_alone_and_escapes_what_it_shows(
    found: Exploration, tmp_path: Path
) -> None:
    page = write_exploration([found], tmp_path)

    html = page.read_text(encoding="utf-8")
    parsed = _Addresses()
    parsed.feed(html)
    assert len(parsed.found) == 5
    assert all(address.startswith("data:image/svg+xml;base64,") for address in parsed.found)
    assert not parsed.tags & {"script", "link", "iframe", "up", "this"}
    assert "made &lt;up&gt;" in html
    names = {path.name for path in tmp_path.glob("*.png")}
    assert names == {
        "emotion_distribution.png", "text_lengths.png", "telling_words.png", "word_cloud.png",
        "label_conflicts.png",
    }  # fmt: skip
    assert all((tmp_path / name).read_bytes().startswith(b"\x89PNG") for name in names)


def test_several_data_sets_share_a_page_and_keep_their_pictures_apart(
    found: Exploration, tmp_path: Path
) -> None:
    plain = replace(found, telling={}, conflicts=())
    write_exploration([plain, plain], tmp_path)
    for folder in ("1-made_up", "2-made_up"):
        assert {path.name for path in (tmp_path / folder).iterdir()} == {
            "emotion_distribution.png", "text_lengths.png",
        }  # fmt: skip
    assert (tmp_path / "index.html").read_text(encoding="utf-8").count("<h2>") == 2
