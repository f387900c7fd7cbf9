"""What the page holds adds up to what the report says, and stays small."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from reporting import explorer as module
from reporting.explorer import EXAMPLES_EACH, Excerpts, explorer
from tests.reporting.frames import hourly_frame
from tests.reporting.test_render import NOW, busy, hourly, sampled, shift

TODAY = NOW.date()


def held(frame: pd.DataFrame, excerpts: Excerpts | None = None, **more: Any) -> dict[str, Any]:
    arguments: dict[str, Any] = {"period": "week", "time_zone": "UTC", "today": TODAY} | more
    return explorer(frame, excerpts=excerpts, **arguments)


def test_counts_are_those_of_the_rollup_by_local_day() -> None:
    late = hourly_frame(
        [
            (datetime(2024, 3, 4, 23, tzinfo=UTC), "a", {"joy": 2, "unsupported": 3}),
            (datetime(2024, 3, 6, 1, tzinfo=UTC), "b", {"anger": 5, "low_confidence": 1}),
        ]
    )
    document = held(late, time_zone="Europe/Berlin")

    assert document["first"] == "2024-03-05"
    assert document["days"] == 2
    assert document["emotions"] == ["joy", "anger"]
    assert document["signs"] == [1, -1]
    assert document["sources"] == ["b", "a"]
    assert document["counts"] == {
        "day": [0, 1],
        "source": [1, 0],
        "counts": [[2, 0], [0, 5], [3, 0], [0, 1]],
    }


def test_small_sources_are_shown_together() -> None:
    start = datetime(2024, 3, 4, 12, tzinfo=UTC)
    rows = [(start, f"s{number:03d}", {"joy": 100 - number}) for number in range(70)]

    document = held(hourly_frame(rows))

    sources = document["sources"]
    assert sources[:2] == ["s000", "s001"]
    assert sources[-1] == "10 smaller sources"
    counts = document["counts"]
    assert sum(place == 60 for place in counts["source"]) == 10
    assert sum(counts["counts"][0]) == sum(100 - number for number in range(70))


def test_days_that_have_not_ended_are_not_complete() -> None:
    frame = hourly(days=10)
    last = frame["hour"].max().date()

    assert held(frame)["complete"] == 9
    assert held(frame, today=last)["complete"] == 8
    assert held(frame, today=last - timedelta(days=3))["complete"] == 5


def test_authors_are_shown_by_a_part_of_their_pseudonym_and_bounded() -> None:
    frame = hourly()
    excerpts = Excerpts(busy(frame), sampled(frame, "x"), {})

    document = held(frame, excerpts)
    people = document["people"]

    assert document["authors"] == ["a0a0a0a0", "b1b1b1b1"]
    assert sum(people["counts"][0]) == frame["n_joy"].sum()
    assert people["author"][:4] == [0, 1, 0, 1]


def test_fewer_authors_are_held_where_their_days_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "_MOST_AUTHOR_ROWS", 40)
    frame = hourly()

    document = held(frame, Excerpts(busy(frame), sampled(frame, "x"), {}))

    assert document["authors"] == ["a0a0a0a0"]
    people = document["people"]
    assert set(people["author"]) == {0}


def test_examples_are_a_few_of_each_bucket_the_clearest_ones() -> None:
    frame = hourly()
    messages = sampled(frame, "this is broken")

    document = held(frame, Excerpts(busy(frame).iloc[:0], messages, {"anger": {"broken": 4.0}}))
    examples = document["examples"]

    by_cell: dict[tuple[int, int], list[int]] = {}
    for day, _, author, emotion, score, pieces in examples:
        assert author == -1
        by_cell.setdefault((day // 7, emotion), []).append(score)
        assert ("broken" in pieces[1::2]) == ("broken" in "".join(pieces))
    assert {len(scores) for scores in by_cell.values()} <= set(range(1, EXAMPLES_EACH + 1))
    assert max(len(scores) for scores in by_cell.values()) == EXAMPLES_EACH
    # Scores rise with time, so of a week's four only the last three are held.
    first_week = messages[(messages["posted_at"] < frame["hour"].min() + timedelta(days=7))]
    clearest = first_week[first_week["emotion"] == "joy"]["score"].nlargest(EXAMPLES_EACH)
    assert sorted(by_cell[0, 0]) == sorted(round(score * 100) for score in clearest)


def test_no_more_messages_than_the_page_bears(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_EXAMPLES", 10)
    frame = hourly()
    excerpts = Excerpts(busy(frame).iloc[:0], sampled(frame, "word " * 200), {})

    examples = held(frame, excerpts)["examples"]

    assert len(examples) == 10
    assert examples[-1][0] == 59
    assert all(len("".join(row[5])) < 410 for row in examples)


def test_marks_end_where_it_is_known_that_they_end() -> None:
    frame = hourly()
    began = (shift().started_at - date(2024, 3, 4)).days
    shifts = [
        shift(),
        replace(shift(), state="over"),
        replace(shift(), state="over", persistence_days=9),
    ]

    marks = held(frame, shifts=shifts)["marks"]

    assert [mark["start"] for mark in marks] == [began] * 3
    assert [mark["end"] for mark in marks] == [None, began + 3, began + 9]


def test_an_authors_shift_is_drawn_where_that_author_is_chosen() -> None:
    frame = hourly()
    shifts = [replace(shift(), author=name) for name in (None, "b1" * 8, "elsewhere")]

    marks = held(frame, Excerpts(busy(frame), sampled(frame, "x"), {}), shifts=shifts)["marks"]

    assert [mark["author"] for mark in marks] == [-1, 1, None]


def test_an_empty_archive_holds_nothing() -> None:
    assert held(hourly().iloc[:0])["days"] == 0
